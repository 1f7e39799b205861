/** Which returns of a gen_server's callbacks are legal. OTP: `handle_common_reply` in `gen_server.erl`. */

/** Last element of a return: arm a time-out (ms), `hibernate`, or go on with `handleContinue` at once. */
export type Option = number | 'infinity' | 'hibernate' | { readonly continue: unknown }

/** Something a callback threw. Values that are no Error count as returned. */
export type Thrown = unknown

/** Whether a value can be the last element of a return. */
export function isOption(value: unknown): value is Option {
  if (typeof value === 'number') return Number.isInteger(value) && value >= 0
  if (value === 'infinity' || value === 'hibernate') return true
  return typeof value === 'object' && value !== null && 'continue' in value && Object.keys(value).length === 1
}

/** The reason with which a server ends that returned something else. */
export const badReturn = (value: unknown): readonly [string, unknown] => ['bad_return_value', value]
