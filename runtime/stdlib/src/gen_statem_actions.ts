/**
 * Actions: what a state machine's callback asks for besides its next state. Replies go out while the list is read;
 * the rest is gathered in a {@link Transition} and carried out when the state has changed. OTP: `parse_actions/4` in
 * stdlib's gen_statem.erl.
 *
 * Tuples and lists are both arrays here, so one action and a list of actions are told apart by what they say: an
 * array that is an action by itself is one.
 */
import type { ModuleRef } from '../../erts/modules.js'
import type { From } from './gen_call.js'
import { type Event, type EventType, isEventType, isFrom } from './gen_statem_events.js'

/** A time: milliseconds, a whole number, 0 or more; `infinity` cancels. */
export type Time = number | 'infinity'

/** `abs`: the time is one of the monotonic clock, in ms, instead of a time from now. */
export type TimeoutOptions =
  | { readonly abs: boolean }
  | readonly ['abs', boolean]
  | readonly (readonly ['abs', boolean])[]

/** Which time-out: of an event, of a state, or one by name. */
export type TimeoutType = 'timeout' | 'state_timeout' | readonly ['timeout', name: unknown]

/** Sends an answer. */
export type ReplyAction = readonly ['reply', From, unknown]

/** Starts, changes or cancels a time-out; one of its kind that runs is replaced. */
export type TimeoutAction =
  /** Event time-out whose content is the time itself. */
  | Time
  | readonly [TimeoutType, Time, content: unknown]
  | readonly [TimeoutType, number, content: unknown, TimeoutOptions]
  | readonly [TimeoutType, 'cancel']
  /** Changes the content of one that runs; one that does not fires at once. */
  | readonly [TimeoutType, 'update', content: unknown]

/** What an enter call may ask for. */
export type EnterAction = ReplyAction | TimeoutAction | 'hibernate' | readonly ['hibernate', boolean]

/** What a callback may ask for. */
export type Action =
  | EnterAction
  /** Keeps the event, to be handled again after a change of state. */
  | 'postpone'
  | readonly ['postpone', boolean]
  /** An event that is handled before all that wait; the first in the list first. */
  | readonly ['next_event', EventType, content: unknown]
  /** From now on another module's callbacks are called. */
  | readonly ['change_callback_module', ModuleRef]
  /** As before, and the module until now comes back with `pop_callback_module`. */
  | readonly ['push_callback_module', ModuleRef]
  | 'pop_callback_module'

/** One action or several, carried out in order. */
export type Actions = Action | readonly Action[]

/** A time-out action, checked. */
export interface TimeoutStep {
  readonly type: TimeoutType
  readonly time: Time | 'cancel' | 'update'
  readonly content: unknown
  /** The time is one of the monotonic clock. */
  readonly abs: boolean
}

/** What takes effect at once while actions are read. */
export interface Effects {
  reply(from: From, answer: unknown): void
  /** An event was asked for: for the trace. */
  inserted(event: Event): void
  change(module: ModuleRef): void
  push(module: ModuleRef): void
  /** @returns false when there is no module below */
  pop(): boolean
}

/** What the actions of one event ask for: gathered over its callback and the enter calls after it. */
export class Transition {
  postpone = false
  /** In the order asked for. */
  nextEvents: Event[] | null = null
  /** In the order asked for. */
  timeouts: TimeoutStep[] | null = null

  reset(): void {
    this.postpone = false
    this.nextEvents = this.timeouts = null
  }
}

/** An action that is none, or not here. */
export interface BadAction {
  readonly action: unknown
}

/**
 * Reads actions up to the first bad one.
 *
 * @param entering these are of an enter call: it may not postpone, insert events or change modules
 */
export function takeActions(
  actions: unknown,
  transition: Transition,
  effects: Effects,
  entering: boolean,
): BadAction | undefined {
  if (!Array.isArray(actions) || isOneAction(actions)) {
    return takeAction(actions, transition, effects, entering) ? undefined : { action: actions }
  }
  for (const action of actions) if (!takeAction(action, transition, effects, entering)) return { action }
  return undefined
}

/** Whether an array is one action rather than a list. No word that begins a tuple is an action by itself. */
function isOneAction(array: readonly unknown[]): boolean {
  const [word, second] = array
  switch (word) {
    case 'reply':
    case 'next_event':
    case 'timeout':
    case 'state_timeout':
    case 'change_callback_module':
    case 'push_callback_module':
      return true
    case 'postpone':
    case 'hibernate':
      return typeof second === 'boolean'
    default:
      return isNamed(word) && (isTime(second) || second === 'cancel' || second === 'update')
  }
}

function takeAction(action: unknown, transition: Transition, effects: Effects, entering: boolean): boolean {
  if (typeof action === 'number' || action === 'infinity') {
    return takeTimeout(['timeout', action, action], transition)
  }
  if (action === 'hibernate') return true
  if (action === 'postpone') {
    transition.postpone = true
    return !entering
  }
  if (action === 'pop_callback_module') return !entering && effects.pop()
  if (!Array.isArray(action)) return false
  const [word, second, third] = action
  switch (word) {
    case 'reply':
      if (action.length !== 3 || !isFrom(second)) return false
      effects.reply(second, third)
      return true
    case 'next_event': {
      if (entering || action.length !== 3 || !isEventType(second)) return false
      const event: Event = { type: second, content: third }
      transition.nextEvents ??= []
      transition.nextEvents.push(event)
      effects.inserted(event)
      return true
    }
    case 'postpone':
      if (action.length !== 2 || typeof second !== 'boolean' || (entering && second)) return false
      transition.postpone = second
      return true
    case 'hibernate':
      return action.length === 2 && typeof second === 'boolean'
    case 'change_callback_module':
    case 'push_callback_module':
      if (entering || action.length !== 2 || !isModule(second)) return false
      if (word === 'push_callback_module') effects.push(second)
      else effects.change(second)
      return true
    default:
      return takeTimeout(action, transition)
  }
}

function takeTimeout(action: readonly unknown[], transition: Transition): boolean {
  const [type, time, content, options] = action
  if (type !== 'timeout' && type !== 'state_timeout' && !isNamed(type)) return false
  const { length } = action
  if (length === 2 ? time !== 'cancel' : length !== 3 && length !== 4) return false
  const abs = length === 4 ? readOptions(options) : false
  if (abs === undefined || (length > 2 && !(isTime(time) || (length === 3 && time === 'update')))) {
    if (abs !== true || typeof time !== 'number' || !Number.isFinite(time)) return false
  }
  transition.timeouts ??= []
  // Checked above: a time of the clock may be any number, the others are times or the two words.
  transition.timeouts.push({ type, time: time as TimeoutStep['time'], content, abs })
  return true
}

/** @returns whether the time is absolute; undefined when the options are none */
function readOptions(options: unknown): boolean | undefined {
  if (typeof options !== 'object' || options === null) return undefined
  if ('abs' in options) return typeof options.abs === 'boolean' ? options.abs : undefined
  if (!Array.isArray(options)) return undefined
  let abs: unknown = false
  for (const option of options[0] === 'abs' ? [options] : options) {
    if (!Array.isArray(option) || option[0] !== 'abs' || option.length !== 2) return undefined
    abs = option[1]
  }
  return typeof abs === 'boolean' ? abs : undefined
}

const isTime = (value: unknown): value is Time =>
  value === 'infinity' || (typeof value === 'number' && Number.isInteger(value) && value >= 0)

const isNamed = (value: unknown): value is readonly ['timeout', unknown] =>
  Array.isArray(value) && value.length === 2 && value[0] === 'timeout'

const isModule = (value: unknown): value is ModuleRef =>
  typeof value === 'string' || (typeof value === 'object' && value !== null && !Array.isArray(value))

/** Reads the replies of `stop_and_reply`: one or a list. @returns the first element that is no reply */
export function takeReplies(replies: unknown, effects: Pick<Effects, 'reply'>): BadAction | undefined {
  const list: readonly unknown[] = Array.isArray(replies) && replies[0] !== 'reply' ? replies : [replies]
  for (const one of list) {
    if (!Array.isArray(one) || one[0] !== 'reply' || one.length !== 3 || !isFrom(one[1])) return { action: one }
    effects.reply(one[1], one[2])
  }
  return undefined
}
