/**
 * Choosing reports: by regular expression, by the facts of a report, by time. Pure. OTP: `filter_report/2`,
 * `compare_dates/2` and `run_re/2` of sasl's rb.erl.
 */
import { Pid } from '../../erts/process.js'
import { equal } from '../../erts/term.js'
import { termText } from '../../kernel/src/term_text.js'
import type { LogRecord } from './log_mf_record.js'
import { factOf, reportText } from './rb_text.js'

/** A regular expression: itself, its source, or source and flags. */
export type Pattern = RegExp | string | readonly [source: string, flags: string]

/** A condition on the facts of a report: a key has a value or does not (`no`), or its text matches (`re`). */
export type Filter =
  | readonly [key: string, value: unknown]
  | readonly [key: string, value: unknown, 'no']
  | readonly [key: string, pattern: Pattern, 're']
  | readonly [key: string, pattern: Pattern, 're', 'no']

/** A moment: ISO 8601, a Date, or OTP's `[[Y, M, D], [H, M, S]]` in local time. */
export type Moment = string | Date | readonly [readonly [number, number, number], readonly [number, number, number]]

/** From one moment to another, from one on, or up to one; both ends count. */
export type Dates = readonly [Moment, Moment] | readonly [Moment, 'from'] | readonly [Moment, 'to']

/** @returns the expression, or undefined: it is none */
export function compile(pattern: Pattern): RegExp | undefined {
  try {
    // Without the state of `g` and `y`: the same expression is tried on many texts.
    if (pattern instanceof RegExp) return new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ''))
    return typeof pattern === 'string'
      ? new RegExp(pattern, 'u')
      : new RegExp(pattern[0], pattern[1].replace(/[gy]/g, ''))
  } catch {
    return undefined
  }
}

/** Whether a report holds a text that matches, as a term or as it is printed. */
export function contains(record: LogRecord, pattern: RegExp): boolean {
  const { tag, pid, first, second } = record
  return pattern.test(termText([tag, pid, first, second])) || pattern.test(reportText(record, false))
}

/** A filter ready to be used. */
export type Test = (report: unknown) => boolean

/** @returns the filters as one test, or undefined: one of them is no filter */
export function compileFilters(filters: readonly Filter[]): Test | undefined {
  const tests = filters.map(compileFilter)
  if (!tests.every((test) => test !== undefined)) return undefined
  return (report) => tests.every((test) => test(report))
}

function compileFilter(filter: unknown): Test | undefined {
  if (!Array.isArray(filter) || filter.length < 2 || typeof filter[0] !== 'string') return undefined
  const [key, wanted, third, fourth]: unknown[] = filter
  const name = String(key)
  if (filter.length === 2) return (report) => isValue(factOf(report, name), wanted)
  if (filter.length === 3 && third === 'no') return (report) => !isValue(factOf(report, name), wanted)
  if (third !== 're' || (filter.length === 4 && fourth !== 'no') || filter.length > 4) return undefined
  const pattern = compile(wanted as Pattern) // what is none gives undefined
  if (pattern === undefined) return undefined
  const matches = (report: unknown): boolean => {
    const value = factOf(report, name)
    return value !== undefined && pattern.test(typeof value === 'string' ? value : termText(value))
  }
  return filter.length === 3 ? matches : (report) => !matches(report)
}

/** Identifiers in a log are texts, those given may be alive. */
const isValue = (value: unknown, wanted: unknown): boolean =>
  equal(value, wanted) || (wanted instanceof Pid && String(value) === String(wanted))

/**
 * The facts of a record that filters look at: the report; of a crash those of the process. Departure: OTP looks for keys
 * in a crash report as a whole, where there is none.
 */
export const factsOf = ({ first, second }: LogRecord): unknown =>
  first === 'crash_report' && Array.isArray(second) ? second[0] : second

/** @returns whether a moment (ISO 8601) lies in a range, or undefined: the range is none */
export function compileDates(dates: Dates): ((time: string) => boolean) | undefined {
  const [first, second]: readonly unknown[] = Array.isArray(dates) ? dates : []
  const firstMs = momentMs(first)
  const secondMs = second === 'from' || second === 'to' ? firstMs : momentMs(second)
  if (firstMs === undefined || secondMs === undefined) return undefined
  // A log's moments have milliseconds, those given often none: the whole second counts.
  const fromMs = second === 'to' ? Number.NEGATIVE_INFINITY : firstMs
  const toMs = second === 'from' ? Number.POSITIVE_INFINITY : secondMs + 999
  return (time) => {
    const ms = Date.parse(time)
    return ms >= fromMs && ms <= toMs
  }
}

function momentMs(moment: unknown): number | undefined {
  const at = moment instanceof Date ? moment : typeof moment === 'string' ? new Date(moment) : localMoment(moment)
  const ms = at?.getTime()
  return ms === undefined || Number.isNaN(ms) ? undefined : ms
}

function localMoment(moment: unknown): Date | undefined {
  if (!Array.isArray(moment) || !Array.isArray(moment[0]) || !Array.isArray(moment[1])) return undefined
  const [year, month, day] = moment[0].map(Number)
  const [hour, minute, second] = moment[1].map(Number)
  return year === undefined || month === undefined ? undefined : new Date(year, month - 1, day, hour, minute, second)
}
