/**
 * The kernel's application callback: sets the logger up and starts the kernel's supervisor. OTP: kernel's kernel.erl.
 */
import { setFenceWarnings } from '../../erts/fence.js'
import type { Start } from './application_callbacks.js'
import { lookup } from './application_env.js'
import * as kernelSup from './kernel_sup.js'
import * as logger from './logger.js'
import { configureLogging } from './logger_setup.js'

/** @returns the supervisor; what is wrong with the logger's parameters is an error */
export const start: Start = async () => {
  setFenceWarnings(lookup('kernel', 'fence_warnings')?.[1] !== false)
  const faults = configureLogging()
  if (faults.length > 0) return ['error', ['bad_config', ['kernel', faults]]]
  const started = await kernelSup.startLink()
  return started
}

/** Nothing is left to do. */
export const stop = (): void => {
  logger.debug('kernel stopped')
}
