/**
 * Logs as they grow: what was written since the last look, from all the files there are by then.
 *
 * A file is known by its inode, so one that is rotated, and so renamed, is read to its end and no line is shown twice.
 * One that became shorter was begun anew.
 */
import { type BigIntStats, closeSync, openSync, readSync, statSync } from 'node:fs'
import { ok, type Result } from '../../schemas/result.js'
import type { Failure } from '../render/failure.js'
import type { Target } from './command.js'
import type { LogEntry } from './logs_entry.js'
import { entriesIn, inOrder, type LogFile, logFiles } from './logs_read.js'

/** How often files are looked at, ms. Notifications of the file system miss files on a network. */
const LOOK_MS = 200

/** See the head of this file. */
export class LogFollower {
  readonly #target: Target
  readonly #named: readonly string[]
  /** Bytes read of each file, by device and inode. */
  #read = new Map<string, number>()
  #looked = false

  /** @param named files and folders; none: all of the release, also those that come to be */
  constructor(target: Target, named: readonly string[]) {
    this.#target = target
    this.#named = named
  }

  /** What is new, in order of time: everything there is at the first look. What cannot be read now is tried again. */
  look(): Result<readonly LogEntry[], Failure> {
    // A named file that is gone for the moment of a rotation is no mistake of the user any more.
    const files = logFiles(this.#target, this.#looked ? this.#named.filter(exists) : this.#named)
    if (!files.ok) return files
    const seen = new Map<string, number>()
    const entries = files.value.flatMap((file) => this.#newOf(file, seen))
    this.#read = seen
    this.#looked = true
    return ok(inOrder(entries))
  }

  #newOf(file: LogFile, seen: Map<string, number>): LogEntry[] {
    const found = statSync(file.path, { bigint: true, throwIfNoEntry: false })
    if (found === undefined) return []
    const id = `${found.dev}:${found.ino}`
    // A compressed file that comes later is the copy of one that was read.
    if (file.form === 'gzip' && this.#looked) return []
    const before = this.#read.get(id) ?? 0
    const from = found.size < before ? 0 : before
    seen.set(id, from)
    if (found.size === BigInt(from)) return []
    try {
      const { entries, read } = wholeEntries(file, readFrom(file.path, from, found))
      seen.set(id, from + read)
      return entries
    } catch {
      return []
    }
  }
}

const exists = (path: string): boolean => statSync(path, { throwIfNoEntry: false }) !== undefined

/** What is not yet written to its end is left for the next look. */
function wholeEntries(file: LogFile, bytes: Buffer): { entries: LogEntry[]; read: number } {
  const whole = file.form === 'text' ? bytes.subarray(0, bytes.lastIndexOf(0x0a) + 1) : bytes
  const { entries, read } = entriesIn(file, whole)
  return { entries, read }
}

function readFrom(path: string, from: number, { size }: BigIntStats): Buffer {
  const fd = openSync(path, 'r')
  try {
    const bytes = Buffer.alloc(Number(size) - from)
    return bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, from))
  } finally {
    closeSync(fd)
  }
}

/** Calls `look` again and again until the signal is aborted. */
export function untilAborted(signal: AbortSignal, look: () => void): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const timer = setInterval(look, LOOK_MS)
    signal.addEventListener(
      'abort',
      () => {
        clearInterval(timer)
        resolve()
      },
      { once: true },
    )
  })
}
