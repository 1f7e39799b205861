/**
 * What a command gives back: a report or a failure. Both are data; `main.ts` alone prints them and ends the program.
 */
import type { Fault } from '../../schemas/fault.js'
import type { Result } from '../../schemas/result.js'
import type { ExitClass } from './exit_codes.js'
import type { Style } from './style.js'

/** Why a command did not do what was asked. */
export interface Failure {
  /** The class of failure, and with it the exit code. */
  readonly exit: ExitClass
  /** The exact reason, for programs; OTP's word where OTP has one. */
  readonly tag: string
  /** One sentence without full stop: what was found, then what is allowed. */
  readonly message: string
  /** Ways out, in order of likelihood, each a line. */
  readonly hints?: readonly string[]
  /** Faults of input files, each with its place. */
  readonly faults?: readonly Fault[]
  /** Nothing of it is printed: what was printed so far says everything. Default false. */
  readonly quiet?: boolean
  /** The values in the message, for programs. */
  readonly facts?: Readonly<Record<string, unknown>>
}

/** What a command did or found. */
export interface Report {
  /** The same facts for `--json`. */
  readonly data: unknown
  /** The lines for a terminal; none where the command's progress said everything. */
  readonly lines: (style: Style) => readonly string[]
  /** Warnings gathered on the way; they do not change the exit code. */
  readonly warnings?: readonly Fault[]
}

/** The outcome of every command. */
export type Outcome = Result<Report, Failure>

/** A failure of the command line itself. */
export function usage(tag: string, message: string, hints: readonly string[] = []): Failure {
  return { exit: 'usage', tag, message, hints }
}

/** A report of lines that do not depend on the terminal. */
export function report(data: unknown, lines: readonly string[] = []): Report {
  return { data, lines: () => lines }
}
