/**
 * Events of the old error logger: what a log event is to the handlers of the event manager `error_logger`, and the text
 * of such an event. Pure. OTP: `do_log/3` of kernel's error_logger.erl, and the metadata `error_logger` that OTP's own
 * reports carry.
 */
import type { Pid } from '../../erts/process.js'
import { ioFormat } from './io_format.js'
import type { LogEvent } from './logger_event.js'
import { format, reportText } from './logger_formatter.js'
import type { Level } from './logger_level.js'

/** Kinds of events. */
export const TAGS = [
  'error',
  'error_report',
  'warning_msg',
  'warning_report',
  'info',
  'info_msg',
  'info_report',
] as const

/** A kind of event: of a message with arguments, or of a report with a type. */
export type Tag = (typeof TAGS)[number]

/** The metadata `error_logger` of a log event: how the old handlers see it. */
export interface ErrorLoggerMeta {
  readonly tag: Tag
  /** Of a report: `std_error`, `crash_report`, `progress`, or one's own. */
  readonly type?: unknown
  /** The runtime itself speaks. */
  readonly emulator?: boolean
}

/**
 * What a report handler's `handleEvent` gets: a format and its arguments, or a report's type and the report. The group
 * leader is undefined outside any process.
 */
export type ErrorLoggerEvent = readonly [
  tag: Tag,
  groupLeader: Pid | undefined,
  said: readonly [pid: unknown, formatOrType: unknown, argsOrReport: unknown],
]

/** @returns the event for the old handlers, or undefined: it has nothing for them */
export function toErrorLogger({ msg, meta }: LogEvent): ErrorLoggerEvent | undefined {
  const own = metaOf(meta.error_logger)
  if (own === undefined) return undefined
  const pid = own.emulator === true ? 'emulator' : meta.pid
  // The logger's own key.
  const leader = meta.gl as Pid | undefined
  if ('string' in msg) return [own.tag, leader, [pid, '~s', [msg.string]]]
  if ('format' in msg) return [own.tag, leader, [pid, msg.format, msg.args]]
  if ('type' in own) return [own.tag, leader, [pid, own.type, bareReport(msg.report)]]
  return [own.tag, leader, [pid, '~s', [reportText({ msg, meta })]]]
}

function metaOf(value: unknown): ErrorLoggerMeta | undefined {
  if (typeof value !== 'object' || value === null || !('tag' in value)) return undefined
  return TAGS.some((tag) => tag === value.tag) ? (value as ErrorLoggerMeta) : undefined // its tag has been looked at
}

/** The facts of a report of the runtime, without its label. */
function bareReport(report: unknown): unknown {
  return typeof report === 'object' && report !== null && 'label' in report && 'report' in report
    ? report.report
    : report
}

/** How the reports of the runtime appear to the old handlers, by their label. */
export function errorLoggerMeta([who, what]: readonly [string, string], level: Level): ErrorLoggerMeta {
  if (what === 'progress') return { tag: 'info_report', type: 'progress' }
  if (who === 'proc_lib') return { tag: 'error_report', type: 'crash_report' }
  if (who === 'supervisor' && what !== 'unexpected_msg') return { tag: 'error_report', type: 'supervisor_report' }
  if (who === 'application_controller') return { tag: 'info_report', type: 'std_info' }
  if (who === 'erts') return { tag: 'error', emulator: true }
  if (level === 'warning') return { tag: 'warning_msg' }
  return { tag: level === 'notice' || level === 'info' || level === 'debug' ? 'info_msg' : 'error' }
}

/** Level of a kind of event. */
export function levelOf(tag: Tag): Level {
  switch (tag) {
    case 'error':
    case 'error_report':
      return 'error'
    case 'warning_msg':
    case 'warning_report':
      return 'warning'
    case 'info':
    case 'info_msg':
    case 'info_report':
      return 'notice'
  }
}

const STANDARD: ReadonlySet<unknown> = new Set(['std_error', 'std_warning', 'std_info'])

/**
 * The text of an event for people, with its heading; undefined for reports of a type of somebody's own.
 *
 * @param timeUs microseconds since 1970 UTC
 */
export function eventText(event: ErrorLoggerEvent, timeUs: number): string | undefined {
  const [tag, , [, first, second]] = event
  const isReport = tag.endsWith('_report')
  if (isReport && !STANDARD.has(first)) return undefined
  const msg = isReport ? { report: second } : { string: ioFormat(String(first), Array.isArray(second) ? second : []) }
  return format({ level: levelOf(tag), msg, meta: { time: timeUs, error_logger: { tag } } }, HEADED)
}

const HEADED = { legacy_header: true, single_line: false } as const
