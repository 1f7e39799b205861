/**
 * A wrap log: texts go to `FILE.1`, then `FILE.2` ... and after the last to the first again, which is emptied before.
 * `FILE.idx` holds the number of the current one. OTP: kernel's disk_log.erl with `{type, wrap}` and
 * `{format, external}`.
 *
 * Departure: the index is a number as text, not OTP's binary, and no `FILE.siz` is written.
 */
import {
  closeSync,
  fdatasync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { ALWAYS_READY, type LogDevice } from './log_device.js'

/** See the head of this file. */
export interface WrapLimits {
  /** `wrap`: as said above; `halt`: one file, `FILE`; when it is full what comes is lost. */
  readonly type: 'wrap' | 'halt'
  /** Files; for `halt` it does not count. */
  readonly maxNoFiles: number
  /** Bytes a file takes. A text is never cut: one that is longer than that has a file for itself. */
  readonly maxNoBytes: number | 'infinity'
}

/** See the head of this file. */
export class WrapLog implements LogDevice {
  readonly ready = ALWAYS_READY.ready
  readonly whenReady = ALWAYS_READY.whenReady
  readonly #path: string
  readonly #limits: WrapLimits
  #number: number
  #fd: number
  #size: number
  #full = false

  /** Goes on in the file that was the current one. @throws as `openSync` does */
  constructor(path: string, limits: WrapLimits) {
    this.#path = path
    this.#limits = limits
    mkdirSync(dirname(path), { recursive: true })
    this.#number = limits.type === 'wrap' ? readIndex(path, limits.maxNoFiles) : 0
    this.#fd = openSync(this.#file(), 'a')
    this.#size = fstatSync(this.#fd).size
    this.#writeIndex()
  }

  #file(): string {
    return this.#limits.type === 'wrap' ? `${this.#path}.${this.#number}` : this.#path
  }

  write(text: string): void {
    for (const part of this.#parts(text)) this.#writePart(Buffer.from(part))
  }

  /** Several texts come in one piece: each line may be the first of the next file. */
  #parts(text: string): readonly string[] {
    const { maxNoBytes } = this.#limits
    if (maxNoBytes === 'infinity' || this.#size + Buffer.byteLength(text) <= maxNoBytes) return [text]
    return text.split(/(?<=\n)/)
  }

  #writePart(bytes: Buffer): void {
    const { maxNoBytes, type } = this.#limits
    if (this.#full) throw new Error(`${this.#path} is full`)
    if (maxNoBytes !== 'infinity' && this.#size > 0 && this.#size + bytes.length > maxNoBytes) {
      if (type === 'halt') {
        this.#full = true
        throw new Error(`${this.#path} is full`)
      }
      this.#next()
    }
    for (let from = 0; from < bytes.length; ) from += writeSync(this.#fd, bytes, from)
    this.#size += bytes.length
  }

  #next(): void {
    this.#number = (this.#number % this.#limits.maxNoFiles) + 1
    const fd = openSync(this.#file(), 'w')
    closeSync(this.#fd)
    this.#fd = fd
    this.#size = 0
    this.#writeIndex()
  }

  #writeIndex(): void {
    if (this.#limits.type !== 'wrap') return
    writeFileSync(`${this.#path}.idx.tmp`, `${this.#number}\n`)
    renameSync(`${this.#path}.idx.tmp`, `${this.#path}.idx`)
  }

  sync(): void {
    fsyncSync(this.#fd)
  }

  syncSoon(): void {
    fdatasync(this.#fd, () => {})
  }

  close(): void {
    closeSync(this.#fd)
  }
}

function readIndex(path: string, maxNoFiles: number): number {
  try {
    const number = Number(readFileSync(`${path}.idx`, 'utf8'))
    if (Number.isInteger(number) && number >= 1 && number <= maxNoFiles) return number
  } catch {
    // The first start.
  }
  return 1
}
