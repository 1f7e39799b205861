/** The logger's handler `error_logger`: hands events on to the event manager of that name. OTP: kernel's error_logger.erl, `log/2`. */
import { whereis } from '../../erts/process.js'
import * as genEvent from '../../stdlib/src/gen_event.js'
import { toErrorLogger } from './error_logger_event.js'
import type { LogEvent } from './logger_event.js'

/** Name of the event manager and of the handler. */
export const ERROR_LOGGER = 'error_logger'

/** Hands an event on. */
export function log(event: LogEvent): void {
  const forHandlers = toErrorLogger(event)
  // The manager may have ended with the node's supervisors: events of the very end have nobody to go to.
  if (forHandlers !== undefined && whereis(ERROR_LOGGER) !== undefined) genEvent.notify(ERROR_LOGGER, forHandlers)
}
