/**
 * What a handler's callbacks may return, and what that means for the handler. Pure. OTP: `server_update/4` and
 * `server_call_update/4` in stdlib's gen_event.erl.
 */
import type { ModuleRef } from '../../erts/modules.js'

/** How a handler is named: by its module, or by module and id where there are several of one module. */
export type HandlerName = ModuleRef | readonly [module: ModuleRef, id: unknown]

/** What `init` of a handler may return. */
export type Init<State = unknown> =
  | readonly ['ok', State]
  | readonly ['ok', State, 'hibernate']
  | readonly ['error', reason: unknown]

/** What `handleEvent` and `handleInfo` may return. */
export type EventReturn<State = unknown> =
  | readonly ['ok', State]
  | readonly ['ok', State, 'hibernate']
  /** Another handler takes this one's place; the arguments are for `terminate` of this one and `init` of that. */
  | readonly ['swap_handler', arg1: unknown, State, HandlerName, arg2: unknown]
  | 'remove_handler'

/** What `handleCall` may return. */
export type CallReturn<State = unknown> =
  | readonly ['ok', reply: unknown, State]
  | readonly ['ok', reply: unknown, State, 'hibernate']
  | readonly ['swap_handler', reply: unknown, arg1: unknown, State, HandlerName, arg2: unknown]
  | readonly ['remove_handler', reply: unknown]

/** What becomes of a handler. */
export type Outcome =
  | { readonly do: 'keep'; readonly state: unknown }
  | { readonly do: 'remove' }
  | {
      readonly do: 'swap'
      readonly state: unknown
      readonly arg1: unknown
      readonly name: HandlerName
      readonly arg2: unknown
    }
  /** The result is nonsense, or the callback has failed: `['EXIT', reason]`. */
  | { readonly do: 'fail'; readonly result: unknown }

/** `['ok', state]`, perhaps with `hibernate`. */
export const isState = (result: unknown): result is readonly ['ok', unknown, 'hibernate'?] =>
  Array.isArray(result) &&
  result[0] === 'ok' &&
  (result.length === 2 || (result.length === 3 && result[2] === 'hibernate'))

/** What the result of `handleEvent` or `handleInfo` means. */
export function eventOutcome(result: unknown): Outcome {
  if (isState(result)) return { do: 'keep', state: result[1] }
  if (result === 'remove_handler') return { do: 'remove' }
  if (Array.isArray(result) && result[0] === 'swap_handler' && result.length === 5) {
    const [, arg1, state, name, arg2] = result
    return { do: 'swap', state, arg1, name, arg2 }
  }
  return { do: 'fail', result }
}

/** What the result of `handleCall` means, and the answer to the caller. */
export function callOutcome(result: unknown): { readonly answer: unknown; readonly outcome: Outcome } {
  if (Array.isArray(result)) {
    const [word, answer, third, fourth, name, arg2] = result
    const { length } = result
    if (word === 'ok' && (length === 3 || (length === 4 && fourth === 'hibernate'))) {
      return { answer, outcome: { do: 'keep', state: third } }
    }
    if (word === 'remove_handler' && length === 2) return { answer, outcome: { do: 'remove' } }
    if (word === 'swap_handler' && length === 6) {
      return { answer, outcome: { do: 'swap', state: fourth, arg1: third, name, arg2 } }
    }
  }
  return { answer: ['error', result], outcome: { do: 'fail', result } }
}
