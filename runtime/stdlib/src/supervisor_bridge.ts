/**
 * Supervisor bridge: puts a subsystem that does not follow the rules of a supervision tree into one. To its supervisor
 * the bridge is a supervisor without children; it ends when the subsystem's main process does, and stops the subsystem
 * through the callback module when it is told to end.
 *
 * OTP: stdlib's supervisor_bridge.erl.
 */
import { isNormalish } from '../../erts/exit.js'
import { applyMfa, type ModuleRef, moduleName } from '../../erts/modules.js'
import { link, Pid, self, trapExit } from '../../erts/process.js'
import { report } from '../../erts/report.js'
import { shownModule } from './child_spec.js'
import * as gen from './gen_server.js'
import { setInitialCall } from './proc_lib.js'
import * as bridge from './supervisor_bridge.js'

/** Starts the subsystem. The state is handed to `terminate`. May be async. */
export type Init<Arg = unknown> = (arg: Arg) => InitResult | Promise<InitResult>

/** What `init` of a bridge's callback module returns: the subsystem's main process, or why there is none. */
export type InitResult = readonly ['ok', Pid, unknown] | 'ignore' | readonly ['error', unknown]

/** Stops the subsystem; its main process must be gone afterwards. Not called when that has ended by itself. */
export type Terminate<State = unknown> = (reason: unknown, state: State) => unknown

interface InitArgument {
  readonly name: gen.ServerName | undefined
  readonly mod: ModuleRef
  readonly arg: unknown
}

interface State {
  readonly mod: ModuleRef
  /** Main process of the subsystem; undefined when it has ended. */
  readonly pid: Pid | undefined
  readonly childState: unknown
  readonly name: readonly [unknown, unknown]
}

/**
 * Starts a bridge linked with the caller.
 *
 * @param name `{ local }`, `{ global }` or `{ via, name }`, or undefined
 * @param mod  the callback module, which exports `init` and `terminate`
 * @returns `['ok', pid]`, `'ignore'` or `['error', reason]`
 */
export function startLink(name: gen.ServerName | undefined, mod: ModuleRef, arg?: unknown): Promise<gen.StartResult> {
  return gen.startLink(name, bridge, { name, mod, arg } satisfies InitArgument)
}

/** gen_server callback. */
export async function init({ name, mod, arg }: InitArgument): Promise<gen.Init<State>> {
  trapExit(true)
  setInitialCall(['stdlib/supervisor_bridge', moduleName(mod), 1])
  const given = await applyMfa([mod, 'init', [arg]])
  if (given === 'ignore') return 'ignore'
  if (Array.isArray(given) && given[0] === 'error') return ['stop', given[1]]
  if (!Array.isArray(given) || given[0] !== 'ok' || !(given[1] instanceof Pid)) {
    return ['stop', ['bad_return', [shownModule(mod), 'init', given]]]
  }
  const [, pid, childState] = given
  link(pid)
  const shown =
    name !== undefined && 'local' in name ? (['local', name.local] as const) : ([self(), shownModule(mod)] as const)
  const facts = [
    ['supervisor', shown],
    [
      'started',
      [
        ['pid', pid],
        ['mod', moduleName(mod)],
      ],
    ],
  ]
  report('info', { label: ['supervisor', 'progress'], report: facts }, { domain: ['otp', 'sasl'] })
  return ['ok', { mod, pid, childState, name: shown }]
}

/** gen_server callback: a bridge has no children to tell of. */
export function handleCall(request: unknown, _from: gen.From, state: State): gen.CallReturn<State> {
  return ['reply', request === 'which_children' ? [] : ['error', 'badcall'], state]
}

/** gen_server callback: nobody casts to a bridge. */
export function handleCast(_request: unknown, state: State): gen.CastReturn<State> {
  return ['noreply', state]
}

/** gen_server callback: with its main process the bridge ends, for the same reason. */
export function handleInfo(message: unknown, state: State): gen.CastReturn<State> {
  if (!Array.isArray(message) || message[0] !== 'EXIT' || message[1] !== state.pid) return ['noreply', state]
  const reason: unknown = message[2]
  if (!isNormalish(reason)) {
    const facts = [
      ['supervisor', state.name],
      ['errorContext', 'child_terminated'],
      ['reason', reason],
      [
        'offender',
        [
          ['pid', state.pid],
          ['mod', moduleName(state.mod)],
        ],
      ],
    ]
    report('error', { label: ['supervisor', 'child_terminated'], report: facts }, { domain: ['otp', 'sasl'] })
  }
  return ['stop', reason, { ...state, pid: undefined }]
}

/** gen_server callback. */
export function terminate(reason: unknown, state: State): unknown {
  return state.pid === undefined ? 'ok' : applyMfa([state.mod, 'terminate', [reason, state.childState]])
}
