/**
 * gen_fsm: the older form of state machines, as a mapping on gen_statem, for code that was written for it. New code
 * uses gen_statem. OTP: stdlib `gen_fsm.erl`, deprecated there.
 *
 * For each state the callback module exports a function named like it, for events of `sendEvent` and time-outs:
 * `closed(event, data)`. Returns are OTP's: `['next_state', name, data, timeoutMs?]`, `['stop', reason, data]`, and
 * where somebody waits `['reply', answer, name, data, timeoutMs?]` and `['stop', reason, answer, data]`.
 *
 * Departure: JavaScript has no two functions of one name, so that events of `syncSendEvent` go to the state's name
 * with `Sync` behind it: `closedSync(event, from, data)`. The answer of a `stop` is sent before `terminate` runs.
 */
import { exit } from '../../erts/exit.js'
import { KIND } from '../../erts/mailbox.js'
import { type ModuleRef, resolveModule } from '../../erts/modules.js'
import { cancelTimer, self, startTimer as startErtsTimer, type Timeout } from '../../erts/process.js'
import { isThenable } from '../../erts/spawn.js'
import type { Ref } from '../../erts/term.js'
import { type From, call as genCall, cast as genCast, type ServerName, type ServerRef } from './gen_call.js'
import { reply as genReply } from './gen_server.js'
import { type StartOptions, type StartResult, startProcess } from './gen_start.js'
import { type EventType, fromOf, shown, undefFunction } from './gen_statem_events.js'
import type { Callbacks, Dialect } from './gen_statem_loop.js'
import { initialise } from './gen_statem_start.js'
import type { TraceEvent } from './gen_statem_status.js'
import { stopProcess } from './gen_stop.js'
import type { Device } from './sys_debug.js'

export type { From, ServerName, ServerRef } from './gen_call.js'
export type { StartOptions, StartResult } from './gen_start.js'
export { cancelTimer }

type Awaitable<T> = T | Promise<T>

/** What a function for an event may return; the last element is a time-out for the next wait. */
export type Return<State extends string = string, Data = unknown> =
  | readonly ['next_state', State, Data]
  | readonly ['next_state', State, Data, Timeout | 'hibernate']
  | readonly ['stop', reason: unknown, Data]

/** What a function for a synchronous event may return. */
export type SyncReturn<State extends string = string, Data = unknown, Reply = unknown> =
  | Return<State, Data>
  | readonly ['reply', Reply, State, Data]
  | readonly ['reply', Reply, State, Data, Timeout | 'hibernate']
  | readonly ['stop', reason: unknown, Reply, Data]

/** What `init` may return. */
export type Init<State extends string = string, Data = unknown> =
  | readonly ['ok', State, Data]
  | readonly ['ok', State, Data, Timeout | 'hibernate']
  | readonly ['stop', reason: unknown]
  | 'ignore'

/** The function of a state, for events of `sendEvent` and `'timeout'`. */
export type StateFunction<State extends string = string, Data = unknown, Event = unknown> = (
  event: Event,
  data: Data,
) => Awaitable<Return<State, Data>>

/** The function of a state with `Sync` behind its name, for events of `syncSendEvent`. */
export type SyncStateFunction<State extends string = string, Data = unknown, Event = unknown, Reply = unknown> = (
  event: Event,
  from: From,
  data: Data,
) => Awaitable<SyncReturn<State, Data, Reply>>

/** The callback for events that every state has, and `handleInfo` for other messages. */
export type HandleEvent<State extends string = string, Data = unknown, Event = unknown> = (
  event: Event,
  state: State,
  data: Data,
) => Awaitable<Return<State, Data>>

/** The callback for synchronous events that every state has. */
export type HandleSyncEvent<State extends string = string, Data = unknown, Event = unknown, Reply = unknown> = (
  event: Event,
  from: From,
  state: State,
  data: Data,
) => Awaitable<SyncReturn<State, Data, Reply>>

/** Starts a machine linked with the caller. @returns `['ok', pid]`, `['error', reason]` or `'ignore'` */
export const startLink = (
  name: ServerName | undefined,
  mod: ModuleRef,
  arg?: unknown,
  options: StartOptions = {},
): Promise<StartResult> => startProcess('link', name, [mod, 'init', 1], initialise(mod, arg, options, FSM), options)

/** As {@link startLink} without a link. */
export const start = (
  name: ServerName | undefined,
  mod: ModuleRef,
  arg?: unknown,
  options: StartOptions = {},
): Promise<StartResult> => startProcess('nolink', name, [mod, 'init', 1], initialise(mod, arg, options, FSM), options)

/** Sends an event to the function of the state the machine is in. */
export const sendEvent = (ref: ServerRef, event: unknown): 'ok' => tell(ref, ['$gen_event', event])

/** Sends an event to `handleEvent(event, stateName, data)`, whatever the state. */
export const sendAllStateEvent = (ref: ServerRef, event: unknown): 'ok' => tell(ref, ['$gen_all_state_event', event])

function tell(ref: ServerRef, message: readonly [string, unknown]): 'ok' {
  genCast(ref, message)
  return 'ok'
}

/** Sends an event to the state's `...Sync` function and waits for the answer, 5000 ms unless said otherwise. */
export const syncSendEvent = <Reply = unknown>(ref: ServerRef, event: unknown, timeoutMs?: Timeout): Promise<Reply> =>
  ask(ref, '$gen_sync_event', event, 'sync_send_event', timeoutMs)

/** Sends an event to `handleSyncEvent(event, from, stateName, data)` and waits for the answer. */
export const syncSendAllStateEvent = <Reply = unknown>(
  ref: ServerRef,
  event: unknown,
  timeoutMs?: Timeout,
): Promise<Reply> => ask(ref, '$gen_sync_all_state_event', event, 'sync_send_all_state_event', timeoutMs)

function ask<Reply>(
  ref: ServerRef,
  word: string,
  event: unknown,
  fun: string,
  ms: Timeout | undefined,
): Promise<Reply> {
  const args = ms === undefined ? [ref, event] : [ref, event, ms]
  // The type of the answer is the callback module's promise.
  return genCall(KIND.call, ref, [word, event], ms ?? 5000, ['gen_fsm', fun], args) as Promise<Reply>
}

/** Answers an event that somebody waits on. */
export const reply = (from: From, answer: unknown): 'ok' => genReply(from, answer)

/** Stops a machine; see `GenStatem.stop`. */
export const stop = (ref: ServerRef, reason: unknown = 'normal', timeoutMs: Timeout = 'infinity'): Promise<'ok'> =>
  stopProcess(ref, reason, timeoutMs, ['gen_fsm', 'stop'])

/** Called in a machine: after `ms` milliseconds it gets the event `['timeout', ref, message]`. */
export const startTimer = (ms: number, message: unknown): Ref => startErtsTimer(ms, self(), ['$gen_timer', message])

/** Called in a machine: after `ms` milliseconds it gets this event. {@link cancelTimer} takes both back. */
export const sendEventAfter = (ms: number, event: unknown): Ref => startErtsTimer(ms, self(), ['$gen_event', event])

// ---- the mapping

type Module = Readonly<Record<string, unknown>>

const adapters = new WeakMap<object, Callbacks>()

const FSM: Dialect = {
  module: 'stdlib/gen_fsm',
  behaviour: 'gen_fsm',
  title: 'Status for state machine',
  line: traceLine,
  callbacks: (ref) => {
    const module = resolveModule(ref)
    const made = adapters.get(module) ?? adapter(ref, module as Module) // used by what it exports
    adapters.set(module, made)
    return made
  },
}

/** gen_statem's callbacks over those of a gen_fsm module. */
function adapter(ref: ModuleRef, module: Module): Callbacks {
  const run = (fun: unknown, args: readonly unknown[], from?: From): unknown => {
    const returned = apply(fun, args)
    return isThenable(returned) ? returned.then((value) => translate(value, from)) : translate(returned, from)
  }
  const apply = (fun: unknown, args: readonly unknown[]): unknown => {
    const callback = typeof fun === 'string' ? module[fun] : undefined
    if (typeof callback !== 'function') throw undefFunction(ref, fun, args.length)
    return Reflect.apply(callback, module, args)
  }
  return {
    init: (arg) => {
      const returned = apply('init', [arg])
      return isThenable(returned) ? returned.then(translateInit) : translateInit(returned)
    },
    callbackMode: () => 'handle_event_function',
    handleEvent: (type, content, state, data) => {
      const from = type === 'enter' ? undefined : fromOf(type)
      const [word, event] = Array.isArray(content) ? content : []
      if (type === 'timeout') return run(state, ['timeout', data])
      if (from !== undefined && word === '$gen_sync_event') return run(`${state}Sync`, [event, from, data], from)
      if (from !== undefined) return run('handleSyncEvent', [event, from, state, data], from)
      if (type === 'cast' && word === '$gen_event') return run(state, [event, data])
      if (type === 'cast' && word === '$gen_all_state_event') return run('handleEvent', [event, state, data])
      const timer = timerEvent(content)
      return timer === undefined ? run('handleInfo', [content, state, data]) : run(state, [timer.event, data])
    },
    terminate: (reason, state, data) =>
      module.terminate === undefined ? undefined : apply('terminate', [reason, state, data]),
    codeChange: (oldVsn, state, data, extra) => apply('codeChange', [oldVsn, state, data, extra]),
  }
}

/** The event that a timer of this module stands for. */
function timerEvent(message: unknown): { readonly event: unknown } | undefined {
  if (!Array.isArray(message) || message[0] !== 'timeout' || !Array.isArray(message[2])) return undefined
  const [, ref, [word, event]] = message
  if (word === '$gen_event') return { event }
  return word === '$gen_timer' ? { event: ['timeout', ref, event] } : undefined
}

function translateInit(returned: unknown): unknown {
  if (returned === 'ignore') return returned
  if (Array.isArray(returned)) {
    const [word, state, data, limit] = returned
    if (word === 'ok' && (returned.length === 3 || (returned.length === 4 && isLimit(limit)))) {
      return ['ok', state, data, limits(limit)]
    }
    if (word === 'stop' && returned.length === 2) return returned
  }
  return exit(['bad_return_value', returned])
}

function translate(returned: unknown, from: From | undefined): unknown {
  if (Array.isArray(returned)) {
    const [word, second, third, fourth, fifth] = returned
    const { length } = returned
    if (word === 'next_state' && (length === 3 || (length === 4 && isLimit(fourth)))) {
      return ['next_state', second, third, limits(fourth)]
    }
    if (word === 'reply' && from !== undefined && (length === 4 || (length === 5 && isLimit(fifth)))) {
      return ['next_state', third, fourth, [['reply', from, second], ...limits(fifth)]]
    }
    if (word === 'stop' && length === 3) return returned
    if (word === 'stop' && length === 4 && from !== undefined) {
      return ['stop_and_reply', second, [['reply', from, third]], fourth]
    }
  }
  return exit(['bad_return_value', returned])
}

const isLimit = (value: unknown): boolean =>
  value === 'hibernate' || value === 'infinity' || (typeof value === 'number' && Number.isInteger(value) && value >= 0)

/** The action for the last element of a return. */
const limits = (value: unknown): readonly unknown[] =>
  value === undefined ? [] : [value === 'hibernate' ? value : ['timeout', value, 'timeout']]

/** The lines that gen_fsm prints; what it does not know of is not printed. */
function traceLine(device: Device, event: unknown, name: unknown): void {
  const text = traceText(event as TraceEvent) // the loop traces nothing else
  if (text !== undefined) device.write(`*DBG* ${String(name)} ${text}\n`)
}

function traceText(event: TraceEvent): string | undefined {
  if (event[0] === 'in') return `got ${arrival(...event[1])} in state ${shown(event[2])}`
  if (event[0] === 'consume') return `switched to state ${shown(event[3])}`
  if (event[0] === 'out') return `sent ${shown(event[1])} to ${event[2]?.toString() ?? 'nobody'}`
  return undefined
}

function arrival(type: EventType, content: unknown): string {
  if (type === 'timeout') return 'event timeout'
  const [word, event] = Array.isArray(content) ? content : []
  if (type === 'cast' && word === '$gen_event') return `event ${shown(event)}`
  if (type === 'cast' && word === '$gen_all_state_event') return `all_state_event ${shown(event)}`
  const timer = timerEvent(content)
  return timer === undefined ? shown(content) : `timer ${shown(timer.event)}`
}
