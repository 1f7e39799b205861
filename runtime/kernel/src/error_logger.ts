/**
 * The old logging functions, on top of the logger. OTP: kernel's error_logger.erl.
 *
 * A report of a type of one's own gets the domain `[Type]`, which the default handler does not print.
 */
import { log } from './logger.js'
import type { Level } from './logger_level.js'

type Kind = 'error' | 'warning' | 'info'

/** Information is a notice, as in OTP. */
const LEVEL: Readonly<Record<Kind, Level>> = { error: 'error', warning: 'warning', info: 'notice' }

function message(kind: Kind, tag: string, format: string, args: readonly unknown[]): 'ok' {
  return log(LEVEL[kind], format, args, { error_logger: { tag, emulator: false } })
}

function typedReport(kind: Kind, args: readonly [unknown] | readonly [type: unknown, report: unknown]): 'ok' {
  const standard = `std_${kind}`
  const [type, report] = args.length === 1 ? [standard, args[0]] : args
  const own = type === standard ? {} : { domain: [String(type)] }
  return log(LEVEL[kind], reportOf(report), { error_logger: { tag: `${kind}_report`, type }, ...own })
}

/** A text is a report, too. */
const reportOf = (report: unknown): unknown => (typeof report === 'object' && report !== null ? report : [report])

/** Logs at level error. */
export const errorMsg = (format: string, args: readonly unknown[] = []): 'ok' => message('error', 'error', format, args)

/** As {@link errorMsg}. */
export const format = errorMsg

/** Logs at level warning. */
export const warningMsg = (format: string, args: readonly unknown[] = []): 'ok' =>
  message('warning', 'warning_msg', format, args)

/** Logs at level notice. */
export const infoMsg = (format: string, args: readonly unknown[] = []): 'ok' =>
  message('info', 'info_msg', format, args)

/** Logs a report, `errorReport(report)` or `errorReport(type, report)`, at level error. */
export const errorReport = (...args: readonly [unknown] | readonly [type: unknown, report: unknown]): 'ok' =>
  typedReport('error', args)

/** Logs a report at level warning. */
export const warningReport = (...args: readonly [unknown] | readonly [type: unknown, report: unknown]): 'ok' =>
  typedReport('warning', args)

/** Logs a report at level notice. */
export const infoReport = (...args: readonly [unknown] | readonly [type: unknown, report: unknown]): 'ok' =>
  typedReport('info', args)
