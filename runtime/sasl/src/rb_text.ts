/**
 * The report browser's words: the list of reports, and a report on 79 columns. Pure. OTP: sasl's rb.erl and
 * rb_format_supp.erl.
 */
import { Stack } from '../../erts/process.js'
import { termText } from '../../kernel/src/term_text.js'
import { type LogRecord, messageText, typeOf } from './log_mf_record.js'

/** A report with the number it is asked for by: 1 is the newest. */
export interface NumberedReport {
  readonly number: number
  readonly type: string
  readonly record: LogRecord
}

/** `2026-11-21 04:50:03`, local time or UTC. */
export function dateText(time: string, utc: boolean): string {
  const at = new Date(time)
  const shifted = utc ? at : new Date(at.getTime() - at.getTimezoneOffset() * 60_000)
  if (Number.isNaN(shifted.getTime())) return time
  return `${shifted.toISOString().slice(0, 19).replace('T', ' ')}${utc ? ' UTC' : ''}`
}

/**
 * Who a report is about, in few words: the name of the process that crashed, the module it began with, the supervisor's
 * name, else the process. Departure: OTP shows the group leader of a process, not the process.
 */
export function processOf({ first, second, pid }: LogRecord): string {
  if (first === 'crash_report' && Array.isArray(second)) {
    const name = factOf(second[0], 'registered_name')
    const call = factOf(second[0], 'initial_call')
    if (typeof name === 'string') return name
    return Array.isArray(call) ? String(call[0]) : String(pid)
  }
  if (first === 'supervisor_report') {
    const name = factOf(second, 'supervisor')
    if (Array.isArray(name) && name[0] === 'local') return String(name[1])
  }
  return pid === undefined ? '-' : String(pid)
}

/** The value of a key in a report of pairs or a map; undefined: it has none. */
export function factOf(report: unknown, key: string): unknown {
  if (!Array.isArray(report)) {
    return typeof report === 'object' && report !== null && Object.hasOwn(report, key)
      ? Reflect.get(report, key)
      : undefined
  }
  const pair: unknown = report.find((entry: unknown) => Array.isArray(entry) && entry.length === 2 && entry[0] === key)
  return Array.isArray(pair) ? pair[1] : undefined
}

/**
 * The table of reports, in the order given.
 *
 * @param all   the columns are as wide as these need, so that every table of a log looks the same
 * @param shown those that are in the table
 */
export function listText(
  all: readonly NumberedReport[],
  shown: (report: NumberedReport) => boolean,
  utc: boolean,
): string {
  const cells = ({ number, type, record }: NumberedReport): string[] => [
    String(number),
    type,
    processOf(record),
    dateText(record.time, utc),
  ]
  const width = (column: number, least: number): number =>
    all.reduce((most, report) => Math.max(most, cells(report)[column]?.length ?? 0), least) + 1
  const [processes, dates] = [width(2, 7), width(3, 13)]
  const line = ([number, type, process, date]: readonly unknown[], dateWidth: number): string =>
    `${right(number, 4)}${right(type, 20)} ${right(process, processes)}${right(date, dateWidth)}\n`
  const heading =
    line(['No', 'Type', 'Process', 'Date     Time'], 20) + line(['==', '====', '=======', '====     ===='], 20)
  return (
    heading +
    all
      .filter(shown)
      .map((report) => line(cells(report), dates))
      .join('')
  )
}

const right = (value: unknown, width: number): string => String(value).padStart(width)

const WIDTH = 79

/** A whole report. */
export function reportText(record: LogRecord, utc: boolean): string {
  const { tag, first, second } = record
  const date = dateText(record.time, utc)
  const title = `${titleOf(record)}  ${record.pid ?? '-'}`
  const heading = `\n${title.padEnd(WIDTH - date.length)}${date}\n${'='.repeat(WIDTH)}\n`
  if (!tag.endsWith('_report')) {
    const text = messageText(first, second)
    return `${heading}\n${text}${text.endsWith('\n') ? '' : '\n'}`
  }
  return `${heading}${bodyOf(first, second)}\n`
}

const TITLES: Readonly<Record<string, string>> = {
  crash_report: 'CRASH REPORT',
  supervisor_report: 'SUPERVISOR REPORT',
  progress: 'PROGRESS REPORT',
}

function titleOf(record: LogRecord): string {
  const own = TITLES[typeOf(record)]
  if (own !== undefined) return own
  if (record.tag.startsWith('error')) return 'ERROR REPORT'
  return record.tag.startsWith('warning') ? 'WARNING REPORT' : 'INFO REPORT'
}

function bodyOf(type: unknown, report: unknown): string {
  if (type === 'crash_report' && Array.isArray(report)) return crash(report)
  if (type === 'supervisor_report') return supervisor(report)
  return data(report)
}

function crash([own, neighbours]: readonly unknown[]): string {
  const others = Array.isArray(neighbours) ? neighbours : []
  const text = others.map((one: unknown) => `\n${items('Neighbour process', Array.isArray(one) ? one[1] : one)}`)
  return items('Crashing process', own) + text.join('')
}

function supervisor(report: unknown): string {
  const offender = factOf(report, 'offender')
  const facts = [
    ['errorContext', factOf(report, 'errorContext')],
    ['reason', factOf(report, 'reason')],
    ...(Array.isArray(offender) ? offender : [['offender', offender]]),
  ]
  return `${row('', 'Reporting supervisor', factOf(report, 'supervisor'))}\n${items('Child process', facts)}`
}

function items(title: string, facts: unknown): string {
  return `${title.padEnd(WIDTH)}\n${entriesOf(facts)
    .map((entry) => entryText('   ', entry))
    .join('')}`
}

const data = (report: unknown): string =>
  entriesOf(report)
    .map((entry) => entryText('', entry))
    .join('')

/** Pairs and whatever else a report holds, in order. */
function entriesOf(report: unknown): readonly unknown[] {
  if (Array.isArray(report)) return report
  return typeof report === 'object' && report !== null ? Object.entries(report) : [report]
}

const entryText = (indent: string, entry: unknown): string =>
  Array.isArray(entry) && entry.length === 2 && typeof entry[0] === 'string'
    ? row(indent, entry[0], entry[1])
    : `${indent}${shown(entry)}\n`

/** Key and value on one line where there is room, else the value below. */
function row(indent: string, key: string, value: unknown): string {
  const label = indent + key
  const lines = linesOf(key, value)
  const [only = ''] = lines
  if (lines.length === 1 && label.length + 1 + only.length <= WIDTH) {
    return `${label}${only.padStart(WIDTH - label.length)}\n`
  }
  return `${label}\n${lines.map((line) => `         ${line}\n`).join('')}`
}

const shown = (value: unknown): string => (typeof value === 'string' ? value : termText(value))

/** A value in lines: reasons with their stack, lists of pairs a pair a line. */
function linesOf(key: string, value: unknown): readonly string[] {
  if (key === 'error_info' && Array.isArray(value)) {
    const [kind, reason, frames] = value
    return [`${kind}: ${shown(reason)}`, ...(Array.isArray(frames) ? frames : []).map((frame) => `  in ${frame}`)]
  }
  if (Array.isArray(value) && value[1] instanceof Stack) {
    return [shown(value[0]), ...value[1].frames.map((frame) => `  in ${frame}`)]
  }
  const isPairs = Array.isArray(value) && value.length > 1 && value.every((pair) => Array.isArray(pair))
  if (!isPairs) return shown(value).split('\n')
  return value.map((pair: unknown, i) => `${i === 0 ? '[' : ' '}${termText(pair)}${i === value.length - 1 ? ']' : ','}`)
}
