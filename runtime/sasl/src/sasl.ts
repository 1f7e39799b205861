/** The callback module of the application sasl. OTP: sasl's sasl.erl. */
import type { Start, Stop } from '../../kernel/src/application.js'
import { registerReleaseMethods } from './release_handler_control.js'
import { startLogging, stopLogging } from './sasl_logging.js'
import type { SaslSettings } from './sasl_settings.js'
import * as saslSup from './sasl_sup.js'

interface State {
  /** Takes the control methods away. */
  readonly unregister: () => void
  readonly logging: SaslSettings
}

/**
 * Puts the logging parameters in force, starts the supervisor, and makes releases reachable over the node's socket.
 *
 * @throws Exit `['missing_config', ['sasl', parameter]]`, `['bad_config', ['sasl', [parameter, value]]]`
 */
export const start: Start = async () => {
  const logging = await startLogging()
  const started = await saslSup.startLink()
  if (started === 'ignore' || started[0] === 'error') {
    await stopLogging(logging)
    return started
  }
  const state: State = { unregister: registerReleaseMethods(), logging }
  return ['ok', started[1], state]
}

/** @param state what {@link start} gave */
export const stop: Stop = async (state) => {
  const { unregister, logging } = state as State // start made it
  unregister()
  await stopLogging(logging)
}
