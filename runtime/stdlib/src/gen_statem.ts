/**
 * gen_statem: a state machine as a process. Its callback module says for each state what an event does: next state,
 * new data, and actions such as replies, time-outs and postponing. OTP: stdlib `gen_statem.erl`.
 *
 *     import { GenStatem } from 'otp-rel'
 *     import * as door from './door.js'
 *
 *     export const startLink = () => GenStatem.startLink({ local: 'door' }, door)
 *     export const init = (): GenStatem.Init<State, Data> => ['ok', 'closed', { opened: 0 }]
 *     export const callbackMode = (): GenStatem.CallbackModeResult => 'state_functions'
 *     export const closed: GenStatem.StateFunction<State, Data> = (type, content, data) => ...
 *
 * A callback module exports `init` and `callbackMode`, one function for each state (named like the state) or
 * `handleEvent`, and if it wants `terminate`, `codeChange` and `formatStatus`. All but `callbackMode` and
 * `formatStatus` may be async: the next event waits. A state must not be called like one of these callbacks.
 */
import { error } from '../../erts/exit.js'
import { KIND } from '../../erts/mailbox.js'
import type { ModuleRef } from '../../erts/modules.js'
import type { Timeout } from '../../erts/receive.js'
import type { Pid } from '../../erts/term.js'
import { warnAtStart } from './behaviour.js'
import {
  type CallSite,
  type From,
  call as genCall,
  cast as genCast,
  type ServerName,
  type ServerRef,
} from './gen_call.js'
import { checkEntering, enterProcess } from './gen_enter.js'
import { reply as genReply, isName } from './gen_server.js'
import { type StartMonitorResult, type StartOptions, type StartResult, startProcess } from './gen_start.js'
import type { Actions, ReplyAction } from './gen_statem_actions.js'
import type { EventType } from './gen_statem_events.js'
import { STATEM, StatemLoop } from './gen_statem_loop.js'
import type { CallbackModeResult, EnterReturn, Init, Return } from './gen_statem_returns.js'
import { initialise } from './gen_statem_start.js'
import { stopProcess } from './gen_stop.js'
import { debugOptions } from './sys_debug.js'

export type { From, ServerName, ServerRef } from './gen_call.js'
export {
  checkResponse,
  type LabelledResponse,
  type RequestId,
  type RequestIds,
  type Response,
  receiveResponse,
  reqidsAdd,
  reqidsNew,
  reqidsSize,
  reqidsToList,
  sendRequest,
  type WaitTime,
  waitResponse,
} from './gen_request.js'
export type { StartMonitorResult, StartOptions, StartResult } from './gen_start.js'
export type {
  Action,
  Actions,
  EnterAction,
  ReplyAction,
  Time,
  TimeoutAction,
  TimeoutOptions,
  TimeoutType,
} from './gen_statem_actions.js'
export type { Event, EventType } from './gen_statem_events.js'
export type { CallbackModeResult, EnterReturn, Init, Mode, Return } from './gen_statem_returns.js'

type Awaitable<T> = T | Promise<T>

/** Asks how the callbacks are to be called: `state_functions` or `handle_event_function`, and with `state_enter`? */
export type CallbackMode = () => CallbackModeResult

/** Callback of one state in mode `state_functions`. */
export type StateFunction<State extends string = string, Data = unknown, Content = unknown> = (
  type: EventType,
  content: Content,
  data: Data,
) => Awaitable<Return<State, Data>>

/** As {@link StateFunction} with `state_enter`: also called as `('enter', oldState, data)` when the state is entered. */
export type EnterStateFunction<State extends string = string, Data = unknown, Content = unknown> = (
  type: EventType | 'enter',
  content: Content,
  data: Data,
) => Awaitable<Return<State, Data> | EnterReturn<State, Data>>

/** The one callback of mode `handle_event_function`. States can be any terms. */
export type HandleEvent<State = unknown, Data = unknown, Content = unknown> = (
  type: EventType,
  content: Content,
  state: State,
  data: Data,
) => Awaitable<Return<State, Data>>

/** As {@link HandleEvent} with `state_enter`: also called as `('enter', oldState, state, data)`. */
export type EnterHandleEvent<State = unknown, Data = unknown, Content = unknown> = (
  type: EventType | 'enter',
  content: Content,
  state: State,
  data: Data,
) => Awaitable<Return<State, Data> | EnterReturn<State, Data>>

/** Cleans up before the machine ends. Not called when it is killed or its init failed. */
export type Terminate<State = unknown, Data = unknown> = (reason: unknown, state: State, data: Data) => unknown

/**
 * Converts state and data in an upgrade: `oldVsn` is the old version, or `['down', vsn]`. Anything but `ok` refuses.
 * The callback mode is asked for anew afterwards, so that it may change; no enter call is made.
 */
export type CodeChange<State = unknown, Data = unknown, OldState = unknown, OldData = unknown> = (
  oldVsn: unknown,
  state: OldState,
  data: OldData,
  extra: unknown,
) => Awaitable<readonly ['ok', State, Data] | readonly ['error', unknown]>

/** What is shown of `state`, `data`, `queue`, `postponed`, `timeouts`, `log`, and of `reason` in a report. */
export type FormatStatus = (status: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>

/** The callbacks that both modes have. */
export interface CommonCallbacks<State, Data, Arg = never> {
  /** How the others are called. */
  readonly callbackMode: CallbackMode
  /** Makes the first state and data of what the machine was started with. The starter waits for it. */
  readonly init: (arg: Arg) => Awaitable<Init<State, Data>>
  /** Cleans up; see {@link Terminate} for when it is not called. */
  readonly terminate?: Terminate<State, Data>
  /** Converts state and data in an upgrade. */
  readonly codeChange?: CodeChange<State, Data, never, never>
  /** Hides or shortens what `sys.getStatus` and reports show. */
  readonly formatStatus?: FormatStatus
}

/**
 * All callbacks of a module of mode `handle_event_function`: `self satisfies GenStatem.HandleEventCallbacks<State, Data>`
 * beside its exports has TypeScript say what is missing or of a wrong type.
 */
export interface HandleEventCallbacks<State, Data, Content = never, Arg = never>
  extends CommonCallbacks<State, Data, Arg> {
  /** Every event, and with `state_enter` every entering of a state. */
  readonly handleEvent: HandleEvent<State, Data, Content> | EnterHandleEvent<State, Data, Content>
}

/** The same for mode `state_functions`: a function for each state. */
export type StateFunctionCallbacks<State extends string, Data, Content = never, Arg = never> = CommonCallbacks<
  State,
  Data,
  Arg
> & {
  readonly [Name in State]: StateFunction<State, Data, Content> | EnterStateFunction<State, Data, Content>
}

/**
 * How long a call waits: milliseconds or `infinity`. The two tuples are OTP's; neither leaves a late answer here.
 */
export type CallTimeout = Timeout | readonly ['clean_timeout' | 'dirty_timeout', Timeout]

const CALL: CallSite = ['gen_statem', 'call']

/** A machine's name may be left out. */
type StartArguments = [name: ServerName | undefined, mod: ModuleRef, arg?: unknown, options?: StartOptions]

/**
 * Starts a state machine linked with the caller, and waits until its init is over. The first enter call and the
 * actions of init come after that.
 *
 * @param name `{ local }`, `{ global }` or `{ via, name }`; may be left out
 * @param mod  the callback module
 * @param arg  given to `init`
 * @returns `['ok', pid]`, `['error', reason]` or `'ignore'`; `['error', ['already_started', pid]]` when the name is taken
 */
export function startLink(
  name: ServerName | undefined,
  mod: ModuleRef,
  arg?: unknown,
  options?: StartOptions,
): Promise<StartResult>
export function startLink(mod: ModuleRef, arg?: unknown, options?: StartOptions): Promise<StartResult>
export function startLink(...args: unknown[]): Promise<StartResult> {
  return startAs('link', args)
}

/** As {@link startLink} without a link; the machine is its own parent. */
export function start(
  name: ServerName | undefined,
  mod: ModuleRef,
  arg?: unknown,
  options?: StartOptions,
): Promise<StartResult>
export function start(mod: ModuleRef, arg?: unknown, options?: StartOptions): Promise<StartResult>
export function start(...args: unknown[]): Promise<StartResult> {
  return startAs('nolink', args)
}

/** As {@link startLink} with a monitor instead of a link. @returns `['ok', [pid, ref]]` */
export function startMonitor(
  name: ServerName | undefined,
  mod: ModuleRef,
  arg?: unknown,
  options?: StartOptions,
): Promise<StartMonitorResult>
export function startMonitor(mod: ModuleRef, arg?: unknown, options?: StartOptions): Promise<StartMonitorResult>
export function startMonitor(...args: unknown[]): Promise<StartMonitorResult> {
  const [name, mod, arg, options = {}] = startArguments(args)
  warnAtStart('gen_statem', mod)
  return startProcess('monitor', name, [mod, 'init', 1], initialise(mod, arg, options, STATEM), options)
}

function startAs(relation: 'link' | 'nolink', args: unknown[]): Promise<StartResult> {
  const [name, mod, arg, options = {}] = startArguments(args)
  warnAtStart('gen_statem', mod)
  return startProcess(relation, name, [mod, 'init', 1], initialise(mod, arg, options, STATEM), options)
}

function startArguments(args: unknown[]): StartArguments {
  // The overloads above are what callers can write.
  return (args[0] === undefined || isName(args[0]) ? args : [undefined, ...args]) as StartArguments
}

/**
 * Sends a request, an event of type `['call', from]`, and waits for the answer.
 *
 * @param timeout `infinity` by default. When it is over the machine may still handle the event; its answer is dropped
 * @returns the answer. Rejects with an Exit of reason `[cause, ['gen_statem', 'call', [ref, request, timeout]]]`;
 *          causes: `noproc`, `timeout`, `calling_self`, `['nodedown', node]`, or the reason with which it ended
 * @throws ErlangError `badarg`: a tuple that is no time-out
 */
export function call<Reply = unknown>(
  ref: ServerRef,
  request: unknown,
  timeout: CallTimeout = 'infinity',
): Promise<Reply> {
  // The type of the answer is the callback module's promise.
  return genCall(KIND.call, ref, request, waitOf(timeout), CALL, [ref, request, timeout]) as Promise<Reply>
}

function waitOf(timeout: CallTimeout): Timeout {
  if (typeof timeout === 'number' || timeout === 'infinity') return timeout
  if (!Array.isArray(timeout) || timeout.length !== 2 || !/^(clean|dirty)_timeout$/.test(timeout[0])) error('badarg')
  return timeout[1]
}

/** Sends an event of type `cast`. @returns `'ok'` always, also when there is no such machine */
export function cast(ref: ServerRef, event: unknown): 'ok' {
  genCast(ref, event)
  return 'ok'
}

/** Answers a call, or several given as reply actions. Any process may do it, and the first answer counts. */
export function reply(from: From, answer: unknown): 'ok'
export function reply(replies: ReplyAction | readonly ReplyAction[]): 'ok'
export function reply(first: From | ReplyAction | readonly ReplyAction[], answer?: unknown): 'ok' {
  if ('reply' in first) return genReply(first, answer)
  // An array: one reply action, which begins with its word, or several.
  const replies = (first[0] === 'reply' ? [first] : first) as readonly ReplyAction[]
  for (const [, from, one] of replies) genReply(from, one)
  return 'ok'
}

/**
 * Stops a machine: it terminates with `reason` and is gone afterwards.
 *
 * @returns `'ok'`; rejects with an Exit: `noproc`, `timeout` (the machine may still end later), or the reason with
 *          which it ended instead
 */
export function stop(ref: ServerRef, reason: unknown = 'normal', timeoutMs: Timeout = 'infinity'): Promise<'ok'> {
  return stopProcess(ref, reason, timeoutMs, ['gen_statem', 'stop'])
}

/**
 * Makes the calling process, started by proc_lib, a state machine in this state; never settles. Its name, if it is
 * given, must be its own.
 *
 * @throws Exit `process_was_not_started_by_proc_lib`, `process_not_registered`, `process_not_registered_globally`,
 *         `['process_not_registered_via', module]`
 */
export function enterLoop(
  mod: ModuleRef,
  options: StartOptions,
  state: unknown,
  data: unknown,
  name?: ServerName | Pid,
  actions?: Actions,
): Promise<never> {
  const { proc, parent, name: own } = checkEntering(name)
  const loop = new StatemLoop(proc, parent, own, mod, debugOptions(options.debug ?? []), STATEM)
  return enterProcess(proc, loop, () => loop.enter(state, data, actions))
}
