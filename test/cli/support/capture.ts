/** The world of a command line, with what it prints kept. */
import { PassThrough } from 'node:stream'

/** What was printed. */
export interface Captured {
  out: string
  err: string
}

/** Streams that keep what is written, no terminal, no environment. */
export function capture() {
  const captured: Captured = { out: '', err: '' }
  const sink = (key: keyof Captured) => ({
    write(text: string) {
      captured[key] += text
      return true
    },
  })
  const abort = new AbortController()
  // Reason for the casts: commands use these as streams only; nothing of a terminal is asked of them without isTTY.
  const stdin = new PassThrough() as unknown as NodeJS.ReadStream
  const stdout = Object.assign(new PassThrough(), { columns: 80 }) as unknown as NodeJS.WriteStream
  return {
    captured,
    abort,
    world: { out: sink('out'), err: sink('err'), env: {}, stdin, stdout, signal: abort.signal, version: '0.0.0' },
  }
}
