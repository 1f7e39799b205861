/**
 * A log file: texts are gathered for the rest of a turn and written in one go, in order; at a size it is rotated to
 * `FILE.0`, `FILE.1` ... OTP: `logger_std_h`'s file device.
 *
 * Writing is synchronous: a log line that was accepted is in the file before anything of the next turn runs, and at
 * the end of the OS process nothing is lost.
 */
import { closeSync, fstatSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import type { LogDevice } from './log_device.js'

/** Sizes and archives. */
export interface RotationLimits {
  /** Bytes at which the file is rotated; default `infinity`. */
  readonly maxNoBytes: number | 'infinity'
  /** Archives kept; 0: the file is emptied. */
  readonly maxNoFiles: number
}

/** See the head of this file. */
export class LogFile implements LogDevice {
  readonly #path: string
  readonly #limits: RotationLimits
  #fd: number
  #size: number
  #waiting: string[] = []
  #scheduled: NodeJS.Immediate | undefined

  /** Opens the file for appending. @throws as `openSync` does */
  constructor(path: string, limits: RotationLimits) {
    this.#path = path
    this.#limits = limits
    mkdirSync(dirname(path), { recursive: true })
    this.#fd = openSync(path, 'a')
    this.#size = fstatSync(this.#fd).size
    process.once('exit', this.#atExit)
  }

  /** Texts accepted and not yet written. */
  get queued(): number {
    return this.#waiting.length
  }

  write(text: string): void {
    this.#waiting.push(text)
    this.#scheduled ??= setImmediate(() => this.flush())
  }

  /** Writes what waits. */
  flush(): void {
    if (this.#scheduled !== undefined) clearImmediate(this.#scheduled)
    this.#scheduled = undefined
    if (this.#waiting.length === 0) return
    const text = this.#waiting.join('')
    this.#waiting = []
    this.#reopenIfMoved()
    writeSync(this.#fd, text)
    this.#size += Buffer.byteLength(text)
    if (this.#limits.maxNoBytes !== 'infinity' && this.#size >= this.#limits.maxNoBytes) this.#rotate()
  }

  sync(): void {
    this.flush()
    fsyncSync(this.#fd)
  }

  close(): void {
    this.flush()
    process.removeListener('exit', this.#atExit)
    closeSync(this.#fd)
  }

  readonly #atExit = (): void => this.flush()

  /** Somebody else (logrotate) may have moved the file away. */
  #reopenIfMoved(): void {
    const now = statSync(this.#path, { throwIfNoEntry: false })
    if (now !== undefined && now.ino === fstatSync(this.#fd).ino) return
    closeSync(this.#fd)
    this.#open('a')
  }

  #rotate(): void {
    closeSync(this.#fd)
    const { maxNoFiles } = this.#limits
    if (maxNoFiles > 0) {
      rmSync(`${this.#path}.${maxNoFiles - 1}`, { force: true })
      for (let i = maxNoFiles - 2; i >= 0; i--) renameIfThere(`${this.#path}.${i}`, `${this.#path}.${i + 1}`)
      renameIfThere(this.#path, `${this.#path}.0`)
    }
    this.#open('w')
  }

  #open(flags: 'a' | 'w'): void {
    mkdirSync(dirname(this.#path), { recursive: true })
    this.#fd = openSync(this.#path, flags)
    this.#size = fstatSync(this.#fd).size
  }
}

function renameIfThere(from: string, to: string): void {
  if (statSync(from, { throwIfNoEntry: false }) !== undefined) renameSync(from, to)
}
