/**
 * Records of the multi-file log: two bytes of length, the higher first, then the event. Pure. OTP: `log_mf_h` of stdlib,
 * and `read_report` of sasl's rb.erl.
 *
 * Departure: the event is JSON, `[time, [tag, groupLeader, [pid, formatOrType, argsOrReport]]]`, not Erlang's external
 * term format; the time is UTC, not local.
 */
import { inspect } from 'node:util'
import { Stack } from '../../erts/process.js'
import { encodeTerm } from '../../kernel/src/control_terms.js'
import type { ErrorLoggerEvent } from '../../kernel/src/error_logger_event.js'
import { ioFormat } from '../../kernel/src/io_format.js'
import { termText } from '../../kernel/src/term_text.js'

/** An event as it is read back. */
export interface LogRecord {
  /** When it was logged, ISO 8601 in UTC. */
  readonly time: string
  /** Its kind, such as `error_report`. */
  readonly tag: string
  readonly pid: unknown
  /** A format, or for reports their type. */
  readonly first: unknown
  /** The format's arguments, or the report. */
  readonly second: unknown
}

/** A record, and where in its file it begins. */
export interface PlacedRecord {
  readonly at: number
  readonly record: LogRecord
}

/** What two bytes of length can say. */
const LONGEST = 65_535
/** Characters that are left of a report that is too long. */
const REST = 16_000

/**
 * The event as bytes, without the length. Departure: one that is too long is shortened to the beginning of its text;
 * OTP writes a record that cannot be read.
 */
export function encodeEvent(time: string, event: ErrorLoggerEvent): Buffer {
  const whole = Buffer.from(JSON.stringify([time, encodeTerm(event)]))
  if (whole.length <= LONGEST) return whole
  const [tag, leader, [pid, first, second]] = event
  const isReport = tag.endsWith('_report')
  const text = `${(isReport ? termText(second) : messageText(first, second)).slice(0, REST)}...`
  const said = isReport ? [pid, first, [text]] : [pid, '~s', [text]]
  return Buffer.from(JSON.stringify([time, encodeTerm([tag, leader, said])]))
}

/** The text of a message. */
export const messageText = (format: unknown, args: unknown): string =>
  ioFormat(String(format), Array.isArray(args) ? args : [])

/** Length and event. */
export function frame(event: Buffer): Buffer {
  const framed = Buffer.allocUnsafe(event.length + 2)
  framed.writeUInt16BE(event.length)
  event.copy(framed, 2)
  return framed
}

/** What a file holds: its records in order, and what is wrong at its end. */
export interface FileContent {
  readonly records: readonly PlacedRecord[]
  readonly fault?: { readonly at: number; readonly text: string }
}

/** Reads a file; at the first fault it ends, as in OTP, since no later beginning of a record is known. */
export function decodeFile(bytes: Buffer): FileContent {
  const records: PlacedRecord[] = []
  for (let at = 0; at < bytes.length; ) {
    const decoded = decodeAt(bytes, at)
    if (typeof decoded === 'string') return { records, fault: { at, text: decoded } }
    records.push({ at, record: decoded })
    at += 2 + bytes.readUInt16BE(at)
  }
  return { records }
}

function decodeAt(bytes: Buffer, at: number): LogRecord | string {
  if (at + 2 > bytes.length) return 'Premature end of file'
  const end = at + 2 + bytes.readUInt16BE(at)
  if (end > bytes.length) return 'Premature end of file'
  try {
    return toRecord(JSON.parse(bytes.toString('utf8', at + 2, end))) ?? 'Unknown term in log'
  } catch {
    return 'Incomplete term in log'
  }
}

function toRecord(value: unknown): LogRecord | undefined {
  if (!Array.isArray(value) || typeof value[0] !== 'string' || !Array.isArray(value[1])) return undefined
  const [time, [tag, , said]] = value
  if (typeof tag !== 'string' || !Array.isArray(said)) return undefined
  return { time, tag, pid: revive(said[0]), first: revive(said[1]), second: revive(said[2]) }
}

/** An identifier of a node that may be long gone: its text. */
export class Identifier {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  toString(): string {
    return this.text
  }

  toJSON(): string {
    return this.text
  }

  [inspect.custom](): string {
    return this.text
  }
}

/** A term for people: identifiers by their text, errors with their stack. */
function revive(json: unknown): unknown {
  if (Array.isArray(json)) return withStack(json.map(revive))
  if (typeof json !== 'object' || json === null) return json
  const entries = Object.entries(json)
  const [first] = entries
  if (entries.length === 1 && first !== undefined && first[0].startsWith('$')) return reviveForm(first[0], first[1])
  return Object.fromEntries(entries.map(([key, value]) => [key, revive(value)]))
}

function reviveForm(form: string, value: unknown): unknown {
  if (form === '$undefined') return undefined
  if (form === '$object') return typeof value === 'object' && value !== null ? mapValues(value) : value
  if (form !== '$error' || typeof value !== 'object' || value === null) return new Identifier(formText(value))
  const { name, message, stack } = { name: 'Error', message: '', stack: undefined, ...value }
  const failure = new Error(String(message))
  failure.name = String(name)
  failure.stack = typeof stack === 'string' ? stack : ''
  return failure
}

const mapValues = (value: object): object =>
  Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, revive(inner)]))

const formText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

/** `[error, frames]`, an exit reason: with the stack as one. */
function withStack(list: unknown[]): unknown[] {
  const [failure, frames] = list
  const isReason = list.length === 2 && failure instanceof Error && Array.isArray(frames)
  return isReason && frames.every((line) => typeof line === 'string') ? [failure, new Stack(failure)] : list
}

/** Kind of a record as the report browser sees it. OTP: `get_type/1`. */
export function typeOf({ tag, first }: LogRecord): string {
  if (tag === 'error_report' && (first === 'crash_report' || first === 'supervisor_report')) return first
  if (tag === 'info_report' && first === 'progress') return 'progress'
  return tag
}
