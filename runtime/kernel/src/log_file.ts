/**
 * A log file: at a size it is rotated to `FILE.0`, `FILE.1` ... OTP: `logger_std_h`'s file device.
 *
 * Writing is synchronous: what was written is in the file when `write` returns, and nothing is lost with the end of the
 * OS process.
 */
import {
  closeSync,
  fdatasync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { clock } from '../../erts/clock.js'
import { compress } from './log_compress.js'
import { ALWAYS_READY, type LogDevice } from './log_device.js'

/** How a file is opened, and when it makes room for the next one. */
export interface LogFileOptions {
  /** Bytes at which the file is rotated. */
  readonly maxNoBytes: number | 'infinity'
  /** Archives kept; 0: the file is emptied. */
  readonly maxNoFiles: number
  /** Whether archives are compressed, to `FILE.0.gz` ... */
  readonly compressOnRotate: boolean
  /** What is there already is kept (`a`), removed (`w`), or an error (`ax`). */
  readonly flags: 'a' | 'w' | 'ax'
  /** Milliseconds between two looks whether the file is still the one of that name; 0: before each write. */
  readonly fileCheckMs: number
}

/** See the head of this file. */
export class LogFile implements LogDevice {
  readonly ready = ALWAYS_READY.ready
  readonly whenReady = ALWAYS_READY.whenReady
  readonly #path: string
  readonly #options: LogFileOptions
  #fd: number
  #size: number
  #checkedMs = clock.monotonicMs()
  #compression: AbortController | undefined

  /** Opens the file. @throws as `openSync` does */
  constructor(path: string, options: LogFileOptions) {
    this.#path = path
    this.#options = options
    mkdirSync(dirname(path), { recursive: true })
    this.#fd = openSync(path, options.flags)
    this.#size = fstatSync(this.#fd).size
  }

  write(text: string): void {
    this.#reopenIfMoved()
    const bytes = Buffer.from(text)
    // A disk that is nearly full takes a part.
    for (let from = 0; from < bytes.length; ) from += writeSync(this.#fd, bytes, from)
    this.#size += bytes.length
    if (this.#options.maxNoBytes !== 'infinity' && this.#size >= this.#options.maxNoBytes) this.#rotate()
  }

  sync(): void {
    fsyncSync(this.#fd)
  }

  syncSoon(): void {
    // The next write meets what is wrong with the file, and tells.
    fdatasync(this.#fd, () => {})
  }

  close(): void {
    closeSync(this.#fd)
  }

  /** Somebody else (logrotate) may have moved the file away. */
  #reopenIfMoved(): void {
    const nowMs = clock.monotonicMs()
    if (nowMs - this.#checkedMs < this.#options.fileCheckMs) return
    this.#checkedMs = nowMs
    const now = statSync(this.#path, { throwIfNoEntry: false })
    if (now !== undefined && now.ino === fstatSync(this.#fd).ino) return
    this.#reopen('a')
  }

  #rotate(): void {
    const { maxNoFiles, compressOnRotate } = this.#options
    this.#compression?.abort()
    if (maxNoFiles > 0) {
      const archive = (i: number): string => `${this.#path}.${i}`
      for (const suffix of ['', '.gz']) {
        rmSync(archive(maxNoFiles - 1) + suffix, { force: true })
        for (let i = maxNoFiles - 2; i >= 0; i--) renameIfThere(archive(i) + suffix, archive(i + 1) + suffix)
      }
      renameIfThere(this.#path, archive(0))
      if (compressOnRotate) {
        this.#compression = new AbortController()
        compress(archive(0), this.#compression.signal)
      }
    }
    this.#reopen('w')
  }

  /** The new file is opened before the old one is let go: when that fails, the old one goes on. */
  #reopen(flags: 'a' | 'w'): void {
    mkdirSync(dirname(this.#path), { recursive: true })
    const fd = openSync(this.#path, flags)
    closeSync(this.#fd)
    this.#fd = fd
    this.#size = fstatSync(fd).size
  }
}

function renameIfThere(from: string, to: string): void {
  if (statSync(from, { throwIfNoEntry: false }) !== undefined) renameSync(from, to)
}
