/**
 * otp-rel/sasl: release handling and the release tools as functions.
 *
 *     import { ReleaseHandler, Systools } from 'otp-rel/sasl'
 */
export { formatReleaseError, type ReleaseError } from './release_error.js'
export * as ReleaseHandler from './release_handler.js'
export * as Systools from './systools.js'
