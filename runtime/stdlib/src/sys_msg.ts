/**
 * System messages, the callee's side: what a process answers to the functions of `sys`.
 *
 * OTP: `do_cmd/6`, `do_change_code/5`, `do_get_state/2` and their like in stdlib's sys.erl.
 *
 * A behaviour implements {@link SystemHost} over its own loop; a special process without a behaviour goes through
 * `handleSystemMsg` of sys_special, which does so for it.
 */
import { ErlangError, Exit, exitReason } from '../../erts/exit.js'
import { processInfo, selfOrUndefined } from '../../erts/process.js'
import { isThenable } from '../../erts/spawn.js'
import type { Pid } from '../../erts/term.js'
import { type Debug, debugCommand, shownDebug } from './sys_debug.js'

/** A state that was converted and is not yet in place: a conversion that took too long is dropped. */
export class Converted {
  /** Puts it in place. @returns `'ok'`, anything else refuses and leaves the old one */
  readonly install: () => unknown

  constructor(install: () => unknown) {
    this.install = install
  }
}

/** A process as its system messages see it. */
export interface SystemHost {
  /** The behaviour's module, `gen_server` and the like, or the module of a special process. */
  readonly module: string
  /** Its name for people: registered name or pid. */
  name(): string
  parent(): Pid | undefined
  /** Only system messages and the parent's exit are handled while this is true. */
  suspended: boolean
  debug: Debug | null
  getState(): unknown
  /** Replaces the state by what `fun` makes of it. @returns what `sys:replace_state` gives */
  replaceState(fun: (state: unknown) => unknown): unknown
  /** The last element of a status, in the behaviour's own words. */
  getStatus(): unknown
  /** Converts the state beside what it has. @returns a {@link Converted}; anything else refuses */
  codeChange(module: unknown, oldVsn: unknown, extra: unknown): unknown
  /** Ends the process with a reason, once the request is answered. */
  terminate(reason: unknown): void
  /** Requests beyond those of `sys`. @returns undefined when it knows none such */
  other?(request: unknown): { readonly reply: unknown } | undefined
}

/** @returns what is to be answered; a promise when a callback of the process has to be awaited. */
export function handleSystemRequest(host: SystemHost, request: unknown): unknown {
  switch (request) {
    case 'suspend':
      host.suspended = true
      return 'ok'
    case 'resume':
      host.suspended = false
      return 'ok'
    case 'get_status':
      return status(host)
    case 'get_state':
      return guarded(host, 'system_get_state', () => host.getState())
  }
  if (!Array.isArray(request)) return otherRequest(host, request)
  const [word, value] = request
  switch (word) {
    case 'replace_state':
      return guarded(host, 'system_replace_state', () => host.replaceState(value))
    case 'change_code':
      return host.suspended && request.length === 4 ? changeCode(host, request) : unknownRequest(request)
    case 'debug': {
      const { answer, debug } = debugCommand(host.debug, value)
      host.debug = debug
      return answer
    }
    case 'terminate':
      host.terminate(value)
      return 'ok'
    default:
      return otherRequest(host, request)
  }
}

const unknownRequest = (request: unknown) => ['error', ['unknown_system_msg', request]]

function otherRequest(host: SystemHost, request: unknown): unknown {
  const known = host.other?.(request)
  return known === undefined ? unknownRequest(request) : known.reply
}

function status(host: SystemHost): unknown {
  const pid = selfOrUndefined()
  const state = host.suspended ? 'suspended' : 'running'
  const facts = [dictionary(pid), state, host.parent(), shownDebug(host.debug), host.getStatus()]
  return ['status', pid, ['module', host.module], facts]
}

/** The process dictionary as OTP shows it, with what stands there under reserved names. */
function dictionary(pid: Pid | undefined): unknown[] {
  const info = pid === undefined ? undefined : processInfo(pid)
  const entries = Array.isArray(info?.dictionary) ? info.dictionary : []
  return [['$ancestors', info?.ancestors ?? []], ['$initial_call', info?.initial_call], ...entries]
}

/** Runs a callback that reads or replaces the state: `['ok', state]`, or `['error', ...]` naming callback and fault. */
function guarded(host: SystemHost, callback: string, code: () => unknown): unknown {
  const failed = (thrown: unknown) => ['error', ['callback_failed', [host.module, callback], classAndReason(thrown)]]
  try {
    const state = code()
    return isThenable(state) ? state.then((value) => ['ok', value], failed) : ['ok', state]
  } catch (thrown) {
    return failed(thrown)
  }
}

/** Class and reason of something thrown, without the stack. */
function classAndReason(thrown: unknown): readonly [string, unknown] {
  if (thrown instanceof Exit) return ['exit', thrown.reason]
  if (thrown instanceof ErlangError) return ['error', thrown.reason]
  return thrown instanceof Error ? ['error', thrown] : ['throw', thrown]
}

function changeCode(host: SystemHost, [, module, oldVsn, extra]: readonly unknown[]): unknown {
  const converted = convert(host, module, oldVsn, extra)
  return isThenable(converted) ? converted.then(installed) : installed(converted)
}

/** Runs the callback of a conversion. @returns a {@link Converted} or what refuses; a promise of it when it waits */
export function convert(host: SystemHost, module: unknown, oldVsn: unknown, extra: unknown): unknown {
  try {
    const converted = host.codeChange(module, oldVsn, extra)
    return isThenable(converted) ? Promise.resolve(converted).catch(caught) : converted
  } catch (thrown) {
    return caught(thrown)
  }
}

/** Puts a conversion in place. @returns `'ok'` or `['error', why]`, as `sys:change_code` */
export function installed(converted: unknown): unknown {
  const answer = converted instanceof Converted ? converted.install() : converted
  return answer === 'ok' && converted instanceof Converted ? 'ok' : ['error', answer]
}

/** What Erlang's `catch` makes of something thrown: an exit or error is tagged, a thrown term is itself. */
export function caught(thrown: unknown): unknown {
  if (thrown instanceof Error) return ['EXIT', exitReason(thrown)]
  return thrown
}
