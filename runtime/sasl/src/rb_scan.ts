/** Reading a multi-file log: its reports with their numbers, 1 the newest. OTP: `scan_files/3` of sasl's rb.erl. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { err, ok, type Result } from '../../../schemas/result.js'
import { filesNewestFirst } from './log_mf_files.js'
import { decodeFile, type LogRecord, typeOf } from './log_mf_record.js'
import type { NumberedReport } from './rb_text.js'

/** Which reports are read. */
export interface Scope {
  /** At most so many, the newest. */
  readonly max: number | 'all'
  /** Of these types. */
  readonly type: string | readonly string[]
}

/** What a log holds. */
export interface Scan {
  /** The oldest first. */
  readonly reports: readonly NumberedReport[]
  /** What could not be read, a sentence each. */
  readonly faults: readonly string[]
}

/** Reads the log in a folder. The error is OTP's exit reason. */
export function scan(dir: string, { max, type }: Scope): Result<Scan, string> {
  const files = filesNewestFirst(dir)
  if (files === undefined) return err('cannot read the index file')
  const newestFirst: LogRecord[] = []
  const faults: string[] = []
  for (const file of files) {
    const limit = max === 'all' ? Number.POSITIVE_INFINITY : max
    if (newestFirst.length >= limit) break
    const records = readFile(dir, file, faults)
      .filter((record) => isOfType(typeOf(record), type))
      .reverse()
    for (const record of records.slice(0, limit - newestFirst.length)) newestFirst.push(record)
  }
  const reports = newestFirst.map((record, i) => ({ number: i + 1, type: typeOf(record), record }))
  return ok({ reports: reports.reverse(), faults })
}

/** Whether a type is one of those asked for. */
export const isOfType = (type: string, asked: string | readonly string[]): boolean =>
  typeof asked === 'string' ? asked === 'all' || asked === type : asked.includes(type)

function readFile(dir: string, file: number, faults: string[]): LogRecord[] {
  let bytes: Buffer
  try {
    bytes = readFileSync(join(dir, String(file)))
  } catch {
    faults.push(`Can't open file ${file}`)
    return []
  }
  const { records, fault } = decodeFile(bytes)
  if (fault !== undefined) {
    faults.push(`Error: ${fault.text}`, `Salvaged ${records.length} entries from corrupt report file ${file}...`)
  }
  return records.map(({ record }) => record)
}
