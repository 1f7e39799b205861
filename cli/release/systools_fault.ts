/**
 * What systools says, as faults: the place stands apart from the words, and what it finds on the way up and on the way
 * down is said once.
 */
import {
  formatSystoolsError,
  formatSystoolsWarning,
  type SystoolsError,
  type SystoolsWarning,
} from '../../runtime/sasl/src/systools.js'
import type { Fault } from '../../schemas/fault.js'

/** Errors as faults, in their order. */
export const systoolsErrors = (errors: readonly SystoolsError[]): Fault[] =>
  once(
    errors.map(
      (error): Fault => ({ ...error, severity: 'error', message: placeless(error, formatSystoolsError(error)) }),
    ),
  )

/** Warnings as faults, in their order. */
export const systoolsWarnings = (warnings: readonly SystoolsWarning[]): Fault[] =>
  once(
    warnings.map(
      (warning): Fault => ({
        ...warning,
        severity: 'warning',
        message: placeless(warning, formatSystoolsWarning(warning)),
      }),
    ),
  )

/** The words without the file that they begin with, where the fault names it itself. */
function placeless(about: object, words: string): string {
  return 'file' in about && typeof about.file === 'string' ? words.replace(`${about.file}: `, '') : words
}

const once = (faults: readonly Fault[]): Fault[] =>
  faults.filter(
    ({ file, message }, index) =>
      faults.findIndex((other) => other.file === file && other.message === message) === index,
  )
