/**
 * Entries of log files, in whatever form they were written: with a heading line, on one line, as JSON. Pure.
 *
 * What a program prints besides has no form: such lines belong to the entry before them, but behind a line of JSON,
 * which is whole, they are output of that time.
 */
import { record } from '../render/record.js'
import { jsonLine } from './logs_json.js'

/** Levels, most severe first. */
export const LEVELS = ['emergency', 'alert', 'critical', 'error', 'warning', 'notice', 'info', 'debug'] as const

/** A severity. */
export type LogLevel = (typeof LEVELS)[number]

/** Kinds of entries: reports of the runtime, and everything else. */
export const TYPES = ['crash_report', 'supervisor_report', 'progress', 'message', 'output'] as const

/** `message` was logged, `output` was printed by the program itself. */
export type LogType = (typeof TYPES)[number]

/** One entry of a log. */
export interface LogEntry {
  /** ISO 8601 in UTC; undefined for what was printed before anything was logged, and where an entry has no time. */
  readonly time?: string
  /** Undefined for `output`. */
  readonly level?: LogLevel
  readonly type: LogType
  /** What it says, over as many lines as it takes. */
  readonly text: string
  /** The process, where the log has it. */
  readonly pid?: string
  /** Where it stands. */
  readonly file: string
}

interface Started {
  readonly time?: string
  readonly level?: LogLevel
  readonly type?: LogType
  readonly pid?: string
  readonly lines: string[]
  /** It is whole: the next line is not its own. */
  readonly whole?: boolean
}

/** The entries of a text file, in order. */
export function parseLog(text: string, file: string): LogEntry[] {
  const entries: LogEntry[] = []
  let current: Started | undefined
  let time: string | undefined
  const finish = (): void => {
    if (current === undefined) return
    const { lines, type, whole: _, ...facts } = current
    time = facts.time ?? time
    const said = lines.join('\n').replace(/^\n+|\s+$/g, '')
    if (said !== '' || facts.level !== undefined) {
      entries.push({ ...facts, type: type ?? typeOfText(said, facts.level), text: said, file })
    }
    current = undefined
  }
  for (const line of text.split(/\r?\n/)) {
    const started = startOf(line)
    if (started !== undefined) {
      finish()
      current = started
    } else {
      if (current?.whole === true) finish()
      current ??= { type: 'output', ...(time === undefined ? {} : { time }), lines: [] }
      current.lines.push(line)
    }
  }
  finish()
  return entries
}

/** The entry that a line begins, if it begins one. */
function startOf(line: string): Started | undefined {
  if (line.startsWith('{"')) return json(line)
  if (line.startsWith('=')) return headed(line)
  const found = /^(\d{4}-\d\d-\d\d.\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)) (\w+):(?: (.*))?$/.exec(line)
  if (found === null) return undefined
  const [, time = '', level = '', rest = ''] = found
  const at = isoTime(time.replace(/^(.{10})./, '$1T'))
  return isLevel(level) && at !== undefined ? { time: at, level, lines: rest === '' ? [] : [rest] } : undefined
}

const isLevel = (word: string): word is LogLevel => LEVELS.some((level) => level === word)

function isoTime(text: string): string | undefined {
  const at = new Date(text)
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString()
}

// ---- JSON

/** How the lines of this project's formatter begin. */
const OWN = /^\{"time":"[^"]+","level":"\w+","msg":/

function json(line: string): Started | undefined {
  const own = OWN.test(line) ? ownJson(line) : undefined
  const started = own ?? jsonLine(line)
  return started === undefined ? undefined : { ...started, whole: true }
}

function ownJson(line: string): Started | undefined {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return undefined
  }
  const { time, level, msg, pid, report } = record(value) ?? {}
  if (typeof time !== 'string' || typeof level !== 'string' || typeof msg !== 'string' || !isLevel(level))
    return undefined
  const at = isoTime(time)
  const about = typeof pid === 'string' ? { pid } : {}
  const type = typeOfLabel(record(report)?.label)
  return { level, ...about, ...(at === undefined ? {} : { time: at }), ...(type && { type }), lines: msg.split('\n') }
}

/** The type that the label of a report of the runtime says. */
function typeOfLabel(label: unknown): LogType | undefined {
  const [who, what]: unknown[] = Array.isArray(label) ? label : []
  if (what === 'progress') return 'progress'
  if (who === 'proc_lib') return 'crash_report'
  return who === 'supervisor' && what !== 'unexpected_msg' ? 'supervisor_report' : undefined
}

// ---- heading lines

const TITLES: Readonly<Record<string, readonly [LogLevel, LogType?]>> = {
  CRASH: ['error', 'crash_report'],
  SUPERVISOR: ['error', 'supervisor_report'],
  PROGRESS: ['info', 'progress'],
  // A notice of the old error logger has this title, and its information is a notice.
  INFO: ['notice'],
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** `=CRASH REPORT==== 1-Jan-1970::00:00:00.000000 UTC ===` */
function headed(line: string): Started | undefined {
  const found = /^=([A-Z]+) REPORT==== (\d+)-(\w{3})-(\d{4})::(\d\d):(\d\d):(\d\d)(?:\.(\d+))?( UTC)? ===$/.exec(line)
  if (found === null) return undefined
  const [, title = '', day, monthName = '', year, hour, minute, second, fraction = '0', utc] = found
  const lower = title.toLowerCase()
  const [level, type] = TITLES[title] ?? [isLevel(lower) ? lower : undefined]
  if (level === undefined) return undefined
  const numbers = [year, MONTHS.indexOf(monthName), day, hour, minute, second].map(Number)
  const [y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0] = numbers
  const ms = Math.floor(Number(`0.${fraction}`) * 1000)
  const time = new Date(utc === undefined ? new Date(y, mo, d, h, mi, s, ms) : Date.UTC(y, mo, d, h, mi, s, ms))
  return { time: time.toISOString(), level, ...(type && { type }), lines: [] }
}

/** The type of an entry whose form does not say it: by how the texts of the runtime's reports begin. */
function typeOfText(text: string, level: LogLevel | undefined): LogType {
  if (level === undefined) return 'output'
  if (/^\s*crasher:/.test(text)) return 'crash_report'
  if (/^\s*supervisor: [\s\S]*?\berrorContext: /.test(text)) return 'supervisor_report'
  return /^\s*(?:supervisor: [\s\S]*?\bstarted: |application: .*[\s\S]*?\bstarted_at: )/.test(text)
    ? 'progress'
    : 'message'
}
