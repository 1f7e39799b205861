/**
 * What a state machine's callbacks may return, and its callback mode. OTP: `loop_state_callback_result` and
 * `callback_mode/1` in stdlib's gen_statem.erl.
 */
import type { Actions, EnterAction, ReplyAction } from './gen_statem_actions.js'

/** How events reach the callback module. */
export type Mode = 'state_functions' | 'handle_event_function'

/** What `callbackMode` returns: the mode, and with `state_enter` that entering a state calls its callback. */
export type CallbackModeResult = Mode | readonly (Mode | 'state_enter')[]

/** What `init` may return. */
export type Init<State = unknown, Data = unknown> =
  | readonly ['ok', State, Data]
  | readonly ['ok', State, Data, Actions]
  | readonly ['stop', reason: unknown]
  | 'ignore'

/** Staying in the state. */
type Keep<Data, Asked> =
  | readonly ['keep_state', Data]
  | readonly ['keep_state', Data, Asked]
  | 'keep_state_and_data'
  | readonly ['keep_state_and_data', Asked]
  /** The same state, entered once more: with `state_enter` its enter call is made again. */
  | readonly ['repeat_state', Data]
  | readonly ['repeat_state', Data, Asked]
  | 'repeat_state_and_data'
  | readonly ['repeat_state_and_data', Asked]

/** The end. */
type Stop<Data> =
  | 'stop'
  | readonly ['stop', reason: unknown]
  | readonly ['stop', reason: unknown, Data]
  /** The replies are sent before `terminate` runs. */
  | readonly ['stop_and_reply', reason: unknown, ReplyAction | readonly ReplyAction[]]
  | readonly ['stop_and_reply', reason: unknown, ReplyAction | readonly ReplyAction[], Data]

/** What the callback for an event may return. */
export type Return<State = unknown, Data = unknown> =
  | readonly ['next_state', State, Data]
  | readonly ['next_state', State, Data, Actions]
  | Keep<Data, Actions>
  | Stop<Data>

/** What an enter call may return: it cannot leave the state. */
export type EnterReturn<State = unknown, Data = unknown> =
  | readonly ['next_state', State, Data]
  | readonly ['next_state', State, Data, EnterAction | readonly EnterAction[]]
  | Keep<Data, EnterAction | readonly EnterAction[]>
  | Stop<Data>

/** A callback mode, checked. */
export interface CheckedMode {
  readonly mode: Mode
  readonly stateEnter: boolean
}

/** Reads what `callbackMode` gave; undefined when it is no mode. */
export function checkMode(given: unknown): CheckedMode | undefined {
  let mode: Mode | undefined
  let stateEnter = false
  for (const word of Array.isArray(given) ? given : [given]) {
    if (word === 'state_enter') stateEnter = true
    else if (word === 'state_functions' || word === 'handle_event_function') mode = word
    else return undefined
  }
  return mode === undefined ? undefined : { mode, stateEnter }
}

/** The reason for which an illegal return ends the machine. */
export const badReturn = (value: unknown, entering: boolean): readonly [string, unknown] => [
  entering ? 'bad_state_enter_return_from_state_function' : 'bad_return_from_state_function',
  value,
]

/** The reason for which an illegal action ends the machine. */
export const badAction = (action: unknown, entering: boolean): readonly [string, unknown] => [
  entering ? 'bad_state_enter_action_from_state_function' : 'bad_action_from_state_function',
  action,
]
