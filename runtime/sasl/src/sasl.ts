/** The callback module of the application sasl. OTP: sasl's sasl.erl. */
import type { Start, Stop } from '../../kernel/src/application.js'
import { registerReleaseMethods } from './release_handler_control.js'
import * as saslSup from './sasl_sup.js'

/** Starts the supervisor, and makes releases reachable over the node's socket. */
export const start: Start = async () => {
  const started = await saslSup.startLink()
  if (started === 'ignore' || started[0] === 'error') return started
  return ['ok', started[1], registerReleaseMethods()]
}

/** @param unregister what {@link start} gave: takes the control methods away */
export const stop: Stop = (unregister) => {
  if (typeof unregister === 'function') unregister()
}
