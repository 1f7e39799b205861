/**
 * sys: looking into a running process, suspending it, and changing its code.
 *
 * Every function sends a system message and waits for its answer, 5000 ms unless said otherwise. It rejects with an
 * Exit of reason `[cause, ['sys', function, args]]` when there is none: `noproc`, `timeout`, or the reason with which
 * the process ended.
 *
 * OTP: stdlib's sys.erl. The callee's side is sys_msg, for processes without a behaviour sys_special.
 */

import { ErlangError } from '../../erts/exit.js'
import type { ModuleRef } from '../../erts/modules.js'
import type { Timeout } from '../../erts/receive.js'
import type { Pid } from '../../erts/term.js'
import { type ServerRef, systemCall } from './gen.js'
import type { DebugFun } from './sys_debug.js'

export type { Debug, DebugFun, Device, FormatFun } from './sys_debug.js'
export { debugOptions, getLog, handleDebug, printLog } from './sys_debug.js'
export { handleSystemMsg } from './sys_special.js'

const TIMEOUT_MS = 5000

/** Asks, and says in a failure what the client wrote. */
function ask(
  ref: ServerRef,
  request: unknown,
  fun: string,
  args: readonly unknown[],
  timeoutMs: Timeout | undefined,
): Promise<unknown> {
  const written = timeoutMs === undefined ? args : [...args, timeoutMs]
  return systemCall(ref, request, timeoutMs ?? TIMEOUT_MS, [fun, written])
}

/** As {@link ask}, for functions that answer `'ok'` or the like. */
async function tell<T>(...args: Parameters<typeof ask>): Promise<T> {
  return (await ask(...args)) as T // the callee's side, sys_msg, answers so
}

/** Stops the handling of messages: all but system messages and the parent's exit wait. Twice is as good as once. */
export const suspend = (ref: ServerRef, timeoutMs?: Timeout) => tell<'ok'>(ref, 'suspend', 'suspend', [ref], timeoutMs)

/** Goes on after {@link suspend}. */
export const resume = (ref: ServerRef, timeoutMs?: Timeout) => tell<'ok'>(ref, 'resume', 'resume', [ref], timeoutMs)

/**
 * Has a suspended process convert its state to its module's current version.
 *
 * @param mod    the module that was changed
 * @param oldVsn version of the state: the old one, or `['down', vsn]` with the version gone down to
 * @param extra  whatever the upgrade instructions say
 * @returns `'ok'`, or `['error', why]`: the state is as before
 */
export const changeCode = (ref: ServerRef, mod: ModuleRef, oldVsn: unknown, extra: unknown, timeoutMs?: Timeout) =>
  tell<'ok' | readonly ['error', unknown]>(
    ref,
    ['change_code', mod, oldVsn, extra],
    'change_code',
    [ref, mod, oldVsn, extra],
    timeoutMs,
  )

/** What {@link getStatus} gives. */
export type Status = readonly [
  'status',
  pid: Pid,
  module: readonly ['module', string],
  facts: readonly [
    dictionary: readonly (readonly [unknown, unknown])[],
    sysState: 'running' | 'suspended',
    parent: Pid | undefined,
    debug: readonly (readonly [string, unknown])[],
    misc: unknown,
  ],
]

/** Everything worth knowing of a process, with its state as `formatStatus` shows it. */
export const getStatus = (ref: ServerRef, timeoutMs?: Timeout) =>
  tell<Status>(ref, 'get_status', 'get_status', [ref], timeoutMs)

/**
 * The state of a process. For debugging.
 *
 * @throws ErlangError `['callback_failed', [module, callback], [class, reason]]`
 */
export async function getState<State = unknown>(ref: ServerRef, timeoutMs?: Timeout): Promise<State> {
  // The type of the state is the caller's knowledge of the process.
  return stateOf(await ask(ref, 'get_state', 'get_state', [ref], timeoutMs)) as State
}

/**
 * Replaces the state by `fun(state)`, which runs in the process. For debugging, and for an upgrade that is undone.
 *
 * @returns the new state
 * @throws ErlangError as {@link getState}, also when `fun` failed; the state is as before then
 */
export async function replaceState<State = unknown>(
  ref: ServerRef,
  fun: (state: State) => unknown,
  timeoutMs?: Timeout,
): Promise<State> {
  // The type of the state is the caller's knowledge of the process.
  return stateOf(await ask(ref, ['replace_state', fun], 'replace_state', [ref, fun], timeoutMs)) as State
}

function stateOf(answer: unknown): unknown {
  if (Array.isArray(answer) && answer[0] === 'ok') return answer[1]
  throw new ErlangError(Array.isArray(answer) ? answer[1] : answer)
}

/** Has a process terminate with a reason. @returns `'ok'` as soon as it has accepted; its end follows */
export const terminate = (ref: ServerRef, reason: unknown, timeoutMs?: Timeout) =>
  tell<'ok'>(ref, ['terminate', reason], 'terminate', [ref, reason], timeoutMs)

/** Answer to a debug command that is none. */
type Unknown = 'unknown_debug'

/** Prints every event of the process to standard output, or stops that. */
export const trace = (ref: ServerRef, on: boolean, timeoutMs?: Timeout) =>
  tell<'ok' | Unknown>(ref, ['debug', ['trace', on]], 'trace', [ref, on], timeoutMs)

/**
 * Keeps the last events: `true` (10 of them), `[true, n]`, `false`; `'get'` gives `['ok', events]`, oldest first;
 * `'print'` prints them. A log that is on keeps its size.
 */
export const log = (ref: ServerRef, flag: boolean | readonly [true, number] | 'get' | 'print', timeoutMs?: Timeout) =>
  tell<'ok' | readonly ['ok', unknown[]] | Unknown>(ref, ['debug', ['log', flag]], 'log', [ref, flag], timeoutMs)

/** Writes every event to a file, which is made anew; `false` closes it. */
export const logToFile = (ref: ServerRef, file: string | false, timeoutMs?: Timeout) =>
  tell<'ok' | readonly ['error', 'open_file']>(
    ref,
    ['debug', ['log_to_file', file]],
    'log_to_file',
    [ref, file],
    timeoutMs,
  )

/**
 * Counts messages, from `true` to `false`; `'get'` gives `['ok', [['start_time', ms], ['current_time', ms],
 * ['reductions', n], ['messages_in', n], ['messages_out', n]]]` or `['ok', 'no_statistics']`.
 */
export const statistics = (ref: ServerRef, flag: boolean | 'get', timeoutMs?: Timeout) =>
  tell<'ok' | readonly ['ok', 'no_statistics' | (readonly [string, number])[]] | Unknown>(
    ref,
    ['debug', ['statistics', flag]],
    'statistics',
    [ref, flag],
    timeoutMs,
  )

/** Installs a function that looks on at every event; see {@link DebugFun}. With an `id` it is removed by that. */
export const install = (
  ref: ServerRef,
  what: readonly [DebugFun, unknown] | readonly [id: unknown, DebugFun, unknown],
  timeoutMs?: Timeout,
) => tell<'ok'>(ref, ['debug', ['install', what]], 'install', [ref, what], timeoutMs)

/** Removes an installed function, by itself or by its id. */
export const remove = (ref: ServerRef, funOrId: unknown, timeoutMs?: Timeout) =>
  tell<'ok'>(ref, ['debug', ['remove', funOrId]], 'remove', [ref, funOrId], timeoutMs)

/** Switches everything off; a log file is closed. */
export const noDebug = (ref: ServerRef, timeoutMs?: Timeout) =>
  tell<'ok'>(ref, ['debug', 'no_debug'], 'no_debug', [ref], timeoutMs)
