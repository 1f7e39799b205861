/**
 * Printing: where progress, reports and failures go.
 *
 * For people: progress and reports on standard output, warnings and failures on standard error. With `--json`: one
 * document on standard output, whether success or failure, and progress as one JSON line each on standard error.
 */
import { failureLines, warningLines } from './error.js'
import { EXIT_CODES } from './exit_codes.js'
import type { Outcome, Report } from './failure.js'
import { dataDocument, dataLine, failureDocument, progressLine } from './json.js'
import { type Step, stepLine } from './steps.js'
import { type Style, styleFor } from './style.js'

/** A stream to print on. */
export interface Sink {
  readonly isTTY?: boolean
  /** Width of a terminal. */
  readonly columns?: number
  write(text: string): unknown
}

/** What printing needs to know. */
export interface Terminal {
  readonly out: Sink
  readonly err: Sink
  readonly env: NodeJS.ProcessEnv
  readonly json: boolean
  /** How a command ended is one line as `--json`, as its parts before were. Default false: a document over several. */
  readonly jsonLines?: boolean
  /** How the program is called whose "explain" has a page of every failure; people at a terminal are pointed at it. */
  readonly explain?: string
}

/** How wide lines of text are to be, at most 100: `COLUMNS`, else the terminal, else all of it. */
export function columnsOf({ out, env }: Terminal): number {
  const wanted = Number(env.COLUMNS)
  return Math.min(100, Math.max(40, wanted > 0 ? wanted : (out.columns ?? 100)))
}

/** Shows a step as it happens. @param facts what `--json` prints of it */
export function printStep(step: Step, terminal: Terminal, facts: unknown = step): void {
  if (terminal.json) terminal.err.write(`${progressLine(facts)}\n`)
  else print(terminal.out, [stepLine(step, outStyle(terminal))])
}

/** Shows a part of a report that has no end: as `--json` it is one line. */
export function printPart({ data, lines }: Omit<Report, 'warnings'>, terminal: Terminal): void {
  if (terminal.json) terminal.out.write(`${dataLine(data)}\n`)
  else print(terminal.out, lines(outStyle(terminal)))
}

/** Prints how a command ended. @returns the exit code */
export function printOutcome(outcome: Outcome, terminal: Terminal): number {
  const { out, err, json, jsonLines = false } = terminal
  if (!outcome.ok) {
    if (outcome.error.quiet === true) return EXIT_CODES[outcome.error.exit].code
    if (json) out.write(`${failureDocument(outcome.error, jsonLines)}\n`)
    else print(err, failureLines(outcome.error, errStyle(terminal), err.isTTY === true ? terminal.explain : undefined))
    return EXIT_CODES[outcome.error.exit].code
  }
  const { data, lines, warnings = [] } = outcome.value
  if (json) {
    out.write(`${jsonLines ? dataLine(data) : dataDocument(data)}\n`)
  } else {
    print(err, warningLines(warnings, errStyle(terminal)))
    print(out, lines(outStyle(terminal)))
  }
  return EXIT_CODES.ok.code
}

/** Prints lines on a stream. */
export function print(sink: Sink, lines: readonly string[]): void {
  if (lines.length > 0) sink.write(`${lines.join('\n')}\n`)
}

/** The style of standard output. */
export function outStyle({ out, env, json }: Terminal): Style {
  return styleFor(json ? {} : out, env)
}

/** The style of standard error. */
export function errStyle({ err, env, json }: Terminal): Style {
  return styleFor(json ? {} : err, env)
}
