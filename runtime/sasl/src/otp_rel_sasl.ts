/**
 * otp-rel/sasl: release handling and the release tools as functions, alarms, the report browser.
 *
 *     import { AlarmHandler, Rb, ReleaseHandler, Systools } from 'otp-rel/sasl'
 *
 * @module otp-rel/sasl
 */
export * as AlarmHandler from './alarm_handler.js'
export * as LogMfH from './log_mf_h.js'
export * as Rb from './rb.js'
export { formatReleaseError, type ReleaseError } from './release_error.js'
export * as ReleaseHandler from './release_handler.js'
export * as Systools from './systools.js'
