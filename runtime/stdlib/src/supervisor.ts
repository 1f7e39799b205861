/**
 * Supervisor: a gen_server that starts, watches, restarts and stops child processes.
 *
 * Here are the functions that clients call and the callbacks of the server; the rules are next door: child_spec,
 * supervisor_flags, restart_intensity (what is allowed), supervisor_children (who is there), supervisor_lifecycle
 * (start and stop in order), supervisor_restart (what follows from an end), supervisor_requests (what clients ask).
 *
 * OTP: stdlib's supervisor.erl.
 */
import { error } from '../../erts/exit.js'
import { applyMfa, type ModuleRef, moduleName } from '../../erts/modules.js'
import { Pid, self, trapExit } from '../../erts/process.js'
import {
  type ChildSpec,
  type ChildSpecTuple,
  checkChildSpec,
  checkStartSpec,
  childSpecReason,
  shownModule,
} from './child_spec.js'
import type { From, ServerName, ServerRef } from './gen_call.js'
import * as gen from './gen_server.js'
import { setInitialCall } from './proc_lib.js'
import { noRestarts } from './restart_intensity.js'
import * as supervisor from './supervisor.js'
import { StaticChildren } from './supervisor_children.js'
import { updateSupervisor } from './supervisor_code_change.js'
import {
  type AutoShutdown,
  checkSupervisorFlags,
  flagsReason,
  type SupervisorFlags,
  type SupervisorFlagsTuple,
} from './supervisor_flags.js'

export { interruptStart } from './child_start.js'

import { startChildren, stopChildren, stopSimpleChildren } from './supervisor_lifecycle.js'
import { reportUnexpected } from './supervisor_reports.js'
import { answerRequest, type ChildInfo, type Counts, type SupervisorRequest } from './supervisor_requests.js'
import { childEnded, tryAgain } from './supervisor_restart.js'
import type { SupervisorState } from './supervisor_state.js'
import * as sys from './sys.js'

export type { ChildSpec, ChildSpecTuple, ChildType, Restart, Shutdown } from './child_spec.js'
export type { AutoShutdown, Strategy, SupervisorFlags, SupervisorFlagsTuple } from './supervisor_flags.js'
export type { ChildInfo, Counts } from './supervisor_requests.js'

/** What `init` of a callback module returns: flags, and children in start order. */
export type InitResult =
  | readonly ['ok', SupervisorFlags | SupervisorFlagsTuple, readonly (ChildSpec | ChildSpecTuple)[]]
  | 'ignore'

/**
 * The one callback of a supervisor's module. It is called again when the code changes, and so must have no side
 * effects. May be async.
 */
export type Init<Arg = unknown> = (arg: Arg) => InitResult | Promise<InitResult>

/** What `startChild` and `restartChild` give. */
export type StartChildResult =
  | readonly ['ok', Pid | undefined]
  | readonly ['ok', Pid | undefined, unknown]
  | readonly ['error', unknown]

// ---- clients

/**
 * Starts a supervisor linked with the caller; returns when all its children have started.
 *
 * @param name `{ local }`, `{ global }` or `{ via, name }`; may be left out
 * @param mod  the callback module, which exports `init`
 * @param arg  given to `init`
 * @returns `['ok', pid]`, `'ignore'` or `['error', reason]`: `['shutdown', ['failed_to_start_child', id, why]]`,
 *          `['supervisor_data', why]` (flags), `['start_spec', why]`, `['bad_start_spec', specs]`,
 *          `['bad_return', [mod, 'init', value]]`, `['already_started', pid]`
 */
export function startLink(name: ServerName | undefined, mod: ModuleRef, arg?: unknown): Promise<gen.StartResult>
export function startLink(mod: ModuleRef, arg?: unknown): Promise<gen.StartResult>
export function startLink(...args: unknown[]): Promise<gen.StartResult> {
  const named = args[0] === undefined || gen.isName(args[0])
  // The overloads above are what callers can write.
  const [name, mod, arg] = (named ? args : [undefined, ...args]) as [ServerName | undefined, ModuleRef, unknown]
  return gen.startLink(name, supervisor, { name, mod, arg } satisfies InitArgument)
}

/**
 * Starts a child: under simple_one_for_one from extra arguments, else from a specification, which is kept.
 *
 * @returns `['ok', pid]`, `['ok', pid, extra]`, `['ok', undefined]` (the start function answered `ignore`), or
 *          `['error', reason]`: `['already_started', pid]`, `already_present`, `[why, child]`, a fault of the
 *          specification; under simple_one_for_one what the start function gave
 */
export const startChild = (ref: ServerRef, spec: ChildSpec | ChildSpecTuple | readonly unknown[]) =>
  ask<StartChildResult>(ref, ['start_child', spec])

/**
 * Stops a child and keeps its specification, unless it is temporary.
 *
 * @param id the child's id; under simple_one_for_one its pid
 * @returns `'ok'` also when it was not running; `not_found`, `simple_one_for_one` (an id was given there)
 */
export const terminateChild = (ref: ServerRef, id: unknown) =>
  ask<'ok' | readonly ['error', 'not_found' | 'simple_one_for_one']>(ref, ['terminate_child', id])

/** Starts a stopped child again. @returns as {@link startChild}; `running`, `restarting`, `not_found` */
export const restartChild = (ref: ServerRef, id: unknown) => ask<StartChildResult>(ref, ['restart_child', id])

/** Forgets the specification of a stopped child. @returns `'ok'`; `running`, `restarting`, `not_found` */
export const deleteChild = (ref: ServerRef, id: unknown) =>
  ask<'ok' | readonly ['error', string]>(ref, ['delete_child', id])

/** The children, the one started last first: `[id, pid | undefined | 'restarting', type, modules]`. */
export const whichChildren = (ref: ServerRef) => ask<ChildInfo[]>(ref, 'which_children')

/** Numbers of specifications, living children, supervisors and workers, as pairs in this order. */
export const countChildren = (ref: ServerRef) => ask<Counts>(ref, 'count_children')

/** The full specification of a child, by id or (under simple_one_for_one) pid. */
export const getChildspec = (ref: ServerRef, id: unknown) =>
  ask<readonly ['ok', ChildSpec] | readonly ['error', 'not_found']>(ref, ['get_childspec', id])

/** Supervisors are asked without a limit of time: a child may be slow to start or stop. */
function ask<T>(ref: ServerRef, request: SupervisorRequest): Promise<T> {
  return gen.call<T>(ref, request, 'infinity')
}

/**
 * Checks child specifications without a supervisor.
 *
 * @param auto the `auto_shutdown` they shall work under; left out, significant children are not checked against it
 * @returns `'ok'`, or the first fault: `['error', why]`, `['error', ['badarg', value]]`
 */
export function checkChildspecs(specs: unknown, auto?: AutoShutdown): 'ok' | readonly ['error', unknown] {
  if (auto !== undefined) {
    const flags = checkSupervisorFlags({ auto_shutdown: auto })
    if (!flags.ok) return ['error', ['badarg', auto]]
  }
  const checked = checkStartSpec(specs, auto)
  return checked.ok ? 'ok' : ['error', childSpecReason(checked.error)]
}

/** The callback module of a supervisor: its id, or the namespace of a module that nobody named. */
export async function getCallbackModule(ref: ServerRef): Promise<ModuleRef> {
  // State of a supervisor, and so it has a module.
  return shownModule(((await sys.getState(ref)) as SupervisorState).module)
}

// ---- the server

interface InitArgument {
  readonly name: ServerName | undefined
  readonly mod: ModuleRef
  readonly arg: unknown
}

/** gen_server callback. */
export async function init({ name, mod, arg }: InitArgument): Promise<gen.Init<SupervisorState>> {
  trapExit(true)
  setInitialCall(['stdlib/supervisor', moduleName(mod), 1])
  const given = await callInit(mod, arg)
  if (given === 'ignore') return 'ignore'
  if (!isInitOk(given)) return ['stop', ['bad_return', [shownModule(mod), 'init', given]]]
  const flags = checkSupervisorFlags(given[1])
  if (!flags.ok) return ['stop', ['supervisor_data', flagsReason(flags.error)]]
  const common = { name: shownName(name, mod), module: mod, args: arg, flags: flags.value, restarts: noRestarts() }
  return flags.value.strategy === 'simple_one_for_one' ? initSimple(common, given[2]) : initStatic(common, given[2])
}

type Common = Pick<SupervisorState, 'name' | 'module' | 'args' | 'flags' | 'restarts'>

function initSimple(common: Common, specs: readonly unknown[]): gen.Init<SupervisorState> {
  const [spec] = specs
  if (specs.length !== 1) return ['stop', ['bad_start_spec', specs]]
  const checked = checkChildSpec(spec, common.flags.auto_shutdown)
  if (!checked.ok) return ['stop', ['start_spec', childSpecReason(checked.error)]]
  const children = { template: checked.value, running: new Map(), restarting: new Map() }
  return ['ok', { ...common, kind: 'simple', children }]
}

async function initStatic(common: Common, specs: readonly unknown[]): Promise<gen.Init<SupervisorState>> {
  const checked = checkStartSpec(specs, common.flags.auto_shutdown)
  if (!checked.ok) return ['stop', ['start_spec', childSpecReason(checked.error)]]
  const children = new StaticChildren()
  for (const spec of checked.value) children.add(spec, undefined)
  children.named = new Set(children.byId.keys())
  const state = { ...common, kind: 'static', children } as const
  const failed = await startChildren(state, children.inStartOrder())
  if (failed === undefined) return ['ok', state]
  await stopChildren(state, children.inStartOrder())
  return ['stop', ['shutdown', ['failed_to_start_child', failed.child.spec.id, failed.reason]]]
}

/** gen_server callback. */
export async function handleCall(
  request: SupervisorRequest,
  _from: From,
  state: SupervisorState,
): Promise<gen.CallReturn<SupervisorState>> {
  return ['reply', await answerRequest(request, state), state]
}

/** gen_server callback: the supervisor's message to itself; any other is a fault of its sender and ends it. */
export async function handleCast(
  request: readonly ['try_again_restart', unknown],
  state: SupervisorState,
): Promise<gen.CastReturn<SupervisorState>> {
  if (!Array.isArray(request) || request[0] !== 'try_again_restart') error('function_clause')
  return verdict(await tryAgain(state, request[1]), state)
}

/** gen_server callback: ends of children. */
export function handleInfo(
  message: unknown,
  state: SupervisorState,
): gen.CastReturn<SupervisorState> | Promise<gen.CastReturn<SupervisorState>> {
  if (!isExit(message)) {
    reportUnexpected(message)
    return ['noreply', state]
  }
  const decided = childEnded(state, message[1], message[2])
  return typeof decided === 'string' ? verdict(decided, state) : decided.then((word) => verdict(word, state))
}

const isExit = (message: unknown): message is readonly ['EXIT', Pid, unknown] =>
  Array.isArray(message) && message.length === 3 && message[0] === 'EXIT' && message[1] instanceof Pid

function verdict(word: 'go_on' | 'shutdown', state: SupervisorState): gen.CastReturn<SupervisorState> {
  return word === 'go_on' ? ['noreply', state] : ['stop', 'shutdown', state]
}

/** gen_server callback: stops all children. */
export async function terminate(_reason: unknown, state: SupervisorState): Promise<void> {
  if (state.kind === 'simple') await stopSimpleChildren(state)
  else await stopChildren(state, state.children.inStartOrder())
}

/** gen_server callback, in its older form: a status also names the callback module. */
export function formatStatus(
  option: 'normal' | 'terminate',
  [, state]: readonly [dictionary: readonly unknown[], state: SupervisorState],
): unknown {
  if (option === 'terminate') return state
  return [
    ['data', [['State', state]]],
    ['supervisor', [['Callback', shownModule(state.module)]]],
  ]
}

/** gen_server callback: asks the callback module's `init` anew and takes over what it says; starts and stops nothing. */
export async function codeChange(
  _oldVsn: unknown,
  state: SupervisorState,
  _extra: unknown,
): Promise<readonly ['ok', SupervisorState] | readonly ['error', unknown]> {
  const given = await callInit(state.module, state.args)
  if (given === 'ignore') return ['ok', state]
  // What is no answer of init refuses the change as it is, as OTP hands it through.
  if (!isInitOk(given)) return given as readonly ['error', unknown]
  return updateSupervisor(state, given[1], given[2])
}

async function callInit(mod: ModuleRef, arg: unknown): Promise<unknown> {
  return await applyMfa([mod, 'init', [arg]])
}

const isInitOk = (given: unknown): given is readonly ['ok', unknown, readonly unknown[]] =>
  Array.isArray(given) && given.length === 3 && given[0] === 'ok' && Array.isArray(given[2])

/** A supervisor's name as reports show it. */
const shownName = (name: ServerName | undefined, mod: ModuleRef): readonly [unknown, unknown] => {
  if (name === undefined) return [self(), shownModule(mod)]
  if ('local' in name) return ['local', name.local]
  return 'global' in name ? ['global', name.global] : ['via', name.name]
}
