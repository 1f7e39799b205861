/**
 * gen_event: an event manager, to which handlers are added and removed while it runs. Each event goes to all of them,
 * newest first. A handler is a module with a state; one that fails is removed, the others go on. OTP: stdlib
 * `gen_event.erl`.
 *
 *     import { GenEvent } from 'otp-rel'
 *     import * as fileLogger from './file_logger.js'
 *
 *     await GenEvent.startLink({ local: 'alarms' })
 *     await GenEvent.addHandler('alarms', fileLogger, 'alarms.txt')
 *     GenEvent.notify('alarms', ['disk_full', '/var'])
 *
 * A handler's module exports `init`, `handleEvent` and `handleCall`, and if it wants `handleInfo`, `terminate`,
 * `codeChange` and `formatStatus`. They may be async, but for `formatStatus`: handlers share the manager's process,
 * and a slow one delays all. In a child specification a manager has `modules: 'dynamic'`.
 *
 * Departure: an event is sent as a cast, which costs no allocation; a `GenServer.cast` to a manager is an event, too,
 * where OTP's handlers would get it through `handle_info`.
 */
import { Exit, error } from '../../erts/exit.js'
import { KIND } from '../../erts/mailbox.js'
import type { Process } from '../../erts/proc.js'
import type { Timeout } from '../../erts/receive.js'
import { whereis } from '../../erts/registry.js'
import { me } from '../../erts/signal.js'
import type { Pid } from '../../erts/term.js'
import { call as genCall, cast as genCast, type ServerName, type ServerRef } from './gen_call.js'
import * as genEvent from './gen_event.js'
import { ManagerLoop, type Request } from './gen_event_loop.js'
import type { CallReturn, EventReturn, HandlerName, Init } from './gen_event_returns.js'
import { isName } from './gen_server.js'
import {
  type Relation,
  type StartMonitorResult,
  type StartOptions,
  type StartResult,
  startProcess,
} from './gen_start.js'
import { stopProcess } from './gen_stop.js'
import { debugOptions } from './sys_debug.js'

export type { ServerName, ServerRef } from './gen_call.js'
export {
  checkResponse,
  type HandlerResponse,
  type LabelledHandlerResponse,
  receiveResponse,
  sendRequest,
  waitResponse,
} from './gen_event_request.js'
export type { CallReturn, EventReturn, HandlerName, Init } from './gen_event_returns.js'
export type { RequestId, RequestIds, WaitTime } from './gen_request.js'
export { reqidsAdd, reqidsNew, reqidsSize, reqidsToList } from './gen_request.js'
export type { StartMonitorResult, StartOptions, StartResult } from './gen_start.js'

type Awaitable<T> = T | Promise<T>

/**
 * Begins a handler. After a swap the argument is `[arg, value]`: what the swap said, and what `terminate` of the old
 * handler gave, or `'error'` when that was not installed.
 */
export type HandlerInit<State = unknown, Arg = unknown> = (arg: Arg) => Awaitable<Init<State>>

/** Handles an event. */
export type HandleEvent<State = unknown, Event = unknown> = (
  event: Event,
  state: State,
) => Awaitable<EventReturn<State>>

/** Handles any other message of the manager. */
export type HandleInfo<State = unknown, Message = unknown> = (
  message: Message,
  state: State,
) => Awaitable<EventReturn<State>>

/** Answers a question that was for this handler. */
export type HandleCall<State = unknown, Question = unknown> = (
  request: Question,
  state: State,
) => Awaitable<CallReturn<State>>

/**
 * Ends a handler. The argument says why: what `deleteHandler` or a swap gave, `'remove_handler'`, `'stop'` (the
 * manager stops), `['stop', reason]` (its supervising process has ended), `['error', result]` (it failed).
 *
 * @returns the value for who deleted it, or for the handler that takes its place
 */
export type Terminate<State = unknown> = (arg: unknown, state: State) => unknown

/** Converts the state in an upgrade: `oldVsn` is the old version, or `['down', vsn]`. Anything but `ok` refuses. */
export type CodeChange<State = unknown, OldState = unknown> = (
  oldVsn: unknown,
  state: OldState,
  extra: unknown,
) => Awaitable<readonly ['ok', State]>

/**
 * All callbacks of a handler: `self satisfies GenEvent.Callbacks<State, Event, Question>` beside its exports has
 * TypeScript say what is missing or of a wrong type.
 */
export interface Callbacks<State, Event = never, Question = never, Arg = never> {
  /** Begins, with what it was added with. */
  readonly init: HandlerInit<State, Arg>
  /** Handles an event. */
  readonly handleEvent: HandleEvent<State, Event>
  /** Answers a question that was for this handler. */
  readonly handleCall: HandleCall<State, Question>
  /** Handles other messages; without it they are dropped with a warning. */
  readonly handleInfo?: HandleInfo<State, never>
  /** Cleans up when the handler goes; what it returns goes to who deleted or swapped it. */
  readonly terminate?: Terminate<State>
  /** Converts the state in an upgrade. */
  readonly codeChange?: CodeChange<State, never>
  /** Hides or shortens what `sys.getStatus` and reports show. */
  readonly formatStatus?: FormatStatus
}

/** What is shown of a handler's `state`, and of `message` and `reason` in a report. */
export type FormatStatus = (status: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>

/**
 * Starts a manager linked with the caller. It always traps exits.
 *
 * @param name    `{ local }`, `{ global }` or `{ via, name }`; may be left out
 * @returns `['ok', pid]`, or `['error', ['already_started', pid]]` when the name is taken
 */
export function startLink(name?: ServerName, options?: StartOptions): Promise<StartResult>
export function startLink(options: StartOptions): Promise<StartResult>
export function startLink(...args: unknown[]): Promise<StartResult> {
  return startAs('link', args)
}

/** As {@link startLink} without a link; the manager is its own parent. */
export function start(name?: ServerName, options?: StartOptions): Promise<StartResult>
export function start(options: StartOptions): Promise<StartResult>
export function start(...args: unknown[]): Promise<StartResult> {
  return startAs('nolink', args)
}

/** As {@link startLink} with a monitor instead of a link. @returns `['ok', [pid, ref]]` */
export function startMonitor(name?: ServerName, options?: StartOptions): Promise<StartMonitorResult>
export function startMonitor(options: StartOptions): Promise<StartMonitorResult>
export function startMonitor(...args: unknown[]): Promise<StartMonitorResult> {
  const [name, options] = startArguments(args)
  return startProcess('monitor', name, INITIAL_CALL, initialise(options), options)
}

const INITIAL_CALL = ['stdlib/gen_event', 'init_it', 6] as const

function startAs(relation: Exclude<Relation, 'monitor'>, args: unknown[]): Promise<StartResult> {
  const [name, options] = startArguments(args)
  return startProcess(relation, name, INITIAL_CALL, initialise(options), options)
}

function startArguments([first, second]: unknown[]): readonly [ServerName | undefined, StartOptions] {
  // The overloads above are what callers can write.
  if (first === undefined || isName(first)) return [first, (second ?? {}) as StartOptions]
  return [undefined, first as StartOptions]
}

const initialise = (options: StartOptions) => (proc: Process, parent: Pid, name: ServerName | undefined) => ({
  loop: new ManagerLoop(proc, parent, name, genEvent, debugOptions(options.debug ?? [])),
})

/**
 * Asks a manager and waits without limit.
 *
 * @returns the answer; rejects with an Exit of the plain cause: `noproc`, or the reason with which the manager ended
 */
async function ask<T>(ref: ServerRef, request: Request): Promise<T> {
  try {
    // The manager's loop answers so.
    return (await genCall(KIND.call, ref, request, 'infinity', ['gen_event', 'rpc'], [])) as T
  } catch (failure) {
    if (failure instanceof Exit && Array.isArray(failure.reason)) throw new Exit(failure.reason[0])
    throw failure
  }
}

/** Installs a handler. @returns `'ok'`, or what its init gave instead of a state; `['EXIT', reason]` when that failed */
export const addHandler = (ref: ServerRef, handler: HandlerName, arg?: unknown): Promise<unknown> =>
  ask(ref, ['add_handler', handler, arg])

/**
 * As {@link addHandler}, supervised by the caller: when the handler goes the caller gets `['gen_event_EXIT', handler,
 * reason]` (`normal`, `shutdown`, `['swapped', newHandler, pid]`, or what was wrong), and when the caller ends the
 * handler is removed. Manager and caller are linked from now on.
 *
 * @throws ErlangError `not_a_process` outside any process
 */
export const addSupHandler = (ref: ServerRef, handler: HandlerName, arg?: unknown): Promise<unknown> =>
  ask(ref, ['add_sup_handler', handler, arg, me().pid])

/**
 * Removes a handler.
 *
 * @param arg given to its `terminate`
 * @returns what `terminate` gave (`'ok'` without one), `['EXIT', reason]` when that failed, or
 *          `['error', 'module_not_found']`
 */
export const deleteHandler = (ref: ServerRef, handler: HandlerName, arg?: unknown): Promise<unknown> =>
  ask(ref, ['delete_handler', handler, arg])

/** A handler, and what its callback is given. */
export type HandlerAndArg = readonly [handler: HandlerName, arg: unknown]

/**
 * Replaces a handler: what `terminate(arg1)` of the old one gives goes to `init([arg2, value])` of the new one, which
 * inherits the supervising process.
 *
 * @returns `'ok'`, or `['error', given]` with what init gave: neither handler is installed then
 */
export const swapHandler = (
  ref: ServerRef,
  [handler1, arg1]: HandlerAndArg,
  [handler2, arg2]: HandlerAndArg,
): Promise<'ok' | readonly ['error', unknown]> => ask(ref, ['swap_handler', handler1, arg1, handler2, arg2])

/** As {@link swapHandler}; the caller supervises the new handler. */
export const swapSupHandler = (
  ref: ServerRef,
  [handler1, arg1]: HandlerAndArg,
  [handler2, arg2]: HandlerAndArg,
): Promise<'ok' | readonly ['error', unknown]> =>
  ask(ref, ['swap_sup_handler', handler1, arg1, handler2, arg2, me().pid])

/** The names of the handlers, newest first. */
export const whichHandlers = (ref: ServerRef): Promise<HandlerName[]> => ask(ref, 'which_handlers')

/**
 * Sends an event to all handlers, without waiting.
 *
 * @returns `'ok'`, also when there is no such manager
 * @throws ErlangError `badarg` for a name that nobody has
 */
export function notify(ref: ServerRef, event: unknown): 'ok' {
  if (typeof ref === 'string' && whereis(ref) === undefined) error('badarg')
  genCast(ref, event)
  return 'ok'
}

/** Sends an event to all handlers. @returns `'ok'` when all have handled it; rejects with the Exit `noproc` and such */
export const syncNotify = (ref: ServerRef, event: unknown): Promise<'ok'> => ask(ref, ['sync_notify', event])

/**
 * Asks one handler.
 *
 * @param timeoutMs milliseconds, 5000 by default
 * @returns the answer; `['error', 'bad_module']` when it is not installed, `['error', given]` when it failed. Rejects
 *          with an Exit of reason `[cause, ['gen_event', 'call', args]]`
 */
export function call<Reply = unknown>(
  ref: ServerRef,
  handler: HandlerName,
  request: unknown,
  timeoutMs?: Timeout,
): Promise<Reply> {
  const args = timeoutMs === undefined ? [ref, handler, request] : [ref, handler, request, timeoutMs]
  const asked: Request = ['call', handler, request]
  // The type of the answer is the handler's promise.
  return genCall(KIND.call, ref, asked, timeoutMs ?? 5000, ['gen_event', 'call'], args) as Promise<Reply>
}

/** Stops a manager; see `GenServer.stop`. All handlers terminate with `'stop'`, whatever the reason. */
export function stop(ref: ServerRef, reason: unknown = 'normal', timeoutMs: Timeout = 'infinity'): Promise<'ok'> {
  return stopProcess(ref, reason, timeoutMs, ['gen_event', 'stop'])
}

// ---- questions whose answer is looked for later
