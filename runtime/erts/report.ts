/**
 * Reports of the runtime (crash, supervisor and progress reports, terminations): the hook through which the lower
 * layers speak before and below the logger. The logger puts itself in place when it starts.
 */
import { format } from './term.js'

/** Severity, most severe first. OTP: `logger:level()`. */
export type ReportLevel = 'emergency' | 'alert' | 'critical' | 'error' | 'warning' | 'notice' | 'info' | 'debug'

/** A report as OTP makes it: what kind of report, and its facts (pairs in order, or a map). */
export interface Report {
  /** Who reports and what: `['supervisor', 'progress']`, `['proc_lib', 'crash']`, `['gen_server', 'terminate']`. */
  readonly label: readonly [string, string]
  /** The facts. */
  readonly report: unknown
}

/** Meta data of a report: at least the `domain`, such as `['otp', 'sasl']`. */
export interface ReportMeta {
  readonly domain?: readonly string[]
  readonly [key: string]: unknown
}

/** Takes reports. Runs in the reporting process and must not throw. */
export type Reporter = (level: ReportLevel, report: Report, meta: ReportMeta) => void

const SHOWN: ReadonlySet<ReportLevel> = new Set(['emergency', 'alert', 'critical', 'error', 'warning'])

/** Before there is a logger: what is wrong goes to standard error, the rest is dropped. */
const toStderr: Reporter = (level, report) => {
  if (SHOWN.has(level)) process.stderr.write(`${level}: ${report.label.join(' ')}: ${format(report.report)}\n`)
}

let reporter: Reporter = toStderr

/** Puts another taker of reports in place; undefined restores the first one. @returns the one before. */
export function setReporter(next: Reporter | undefined): Reporter {
  const before = reporter
  reporter = next ?? toStderr
  return before
}

/** Reports. Never throws: a reporter that fails must not take the reporting process down. */
export function report(level: ReportLevel, what: Report, meta: ReportMeta = {}): void {
  try {
    reporter(level, what, meta)
  } catch (failure) {
    process.stderr.write(`the reporter failed: ${format(failure)}\n`)
  }
}
