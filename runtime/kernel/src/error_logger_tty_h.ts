/** Report handler that prints to standard output. OTP: stdlib's error_logger_tty_h.erl. */
import { clock } from '../../erts/clock.js'
import type { HandleEvent, HandlerInit } from '../../stdlib/src/gen_event.js'
import { type ErrorLoggerEvent, eventText } from './error_logger_event.js'

/** Begins; nothing is kept. */
export const init: HandlerInit<null> = () => ['ok', null]

/** Prints messages and reports of the standard types. */
export const handleEvent: HandleEvent<null, ErrorLoggerEvent> = (event, state) => {
  const text = eventText(event, Math.round(clock.systemMs() * 1000))
  if (text !== undefined) process.stdout.write(text)
  return ['ok', state]
}

/** Nothing can be asked. */
export const handleCall = (_request: unknown, state: null): readonly ['ok', 'bad_query', null] => [
  'ok',
  'bad_query',
  state,
]
