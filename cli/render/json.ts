/**
 * The `--json` form: one document on standard output, progress as one JSON line each on standard error.
 *
 * Success is the data itself; failure is `{ "error": { "tag", "message", "exit", ... } }`, with the same words as the
 * terminal gets. Anything that JSON does not know becomes text, so that printing never fails.
 */
import { EXIT_CODES } from './exit_codes.js'
import type { Failure } from './failure.js'
import { formatTerm } from './term.js'

/** The document of a success. `undefined` is written as `null`. */
export function dataDocument(data: unknown): string {
  return JSON.stringify(data ?? null, replacer, 2)
}

/** The same on one line: a part of a report that has no end. */
export function dataLine(data: unknown): string {
  return JSON.stringify(data ?? null, replacer)
}

/** The document of a failure. @param line on one line */
export function failureDocument(failure: Failure, line = false): string {
  const { exit, tag, message, faults, hints, facts } = failure
  return JSON.stringify(
    {
      error: {
        tag,
        message,
        exit,
        code: EXIT_CODES[exit].code,
        ...(facts === undefined ? {} : { facts }),
        ...(faults === undefined || faults.length === 0 ? {} : { faults }),
        ...(hints === undefined || hints.length === 0 ? {} : { hints }),
      },
    },
    replacer,
    line ? undefined : 2,
  )
}

/** One line of progress. */
export function progressLine(progress: unknown): string {
  return JSON.stringify({ progress }, replacer)
}

function replacer(_key: string, value: unknown): unknown {
  switch (typeof value) {
    case 'bigint':
      return value.toString()
    case 'function':
    case 'symbol':
      return formatTerm(value)
    default:
      return value instanceof Error ? { name: value.name, message: value.message } : value
  }
}
