/**
 * How the steps of a scale run are measured: processor time of this process, which a busy machine hardly moves, wall
 * clock beside it, and the longest time the event loop stood still.
 */
import { exitPid, type Pid, spawn } from '../../runtime/erts/process.js'

/** One step of a run. */
export interface Figure {
  readonly what: string
  /** How many of something it was done to. */
  readonly n: number
  /** Processor time of the process, ms; 0 where another process did the work. */
  readonly cpuMs: number
  readonly wallMs: number
  /** Anything worth a word: bytes each, longest pause. */
  readonly note?: string
}

/** Runs a step and measures it. `note` is asked after it. */
export async function step<T>(
  what: string,
  n: number,
  work: () => T | Promise<T>,
  note?: (value: T) => string,
): Promise<{ readonly figure: Figure; readonly value: T }> {
  const startMs = performance.now()
  const before = process.cpuUsage()
  const value = await work()
  const { user, system } = process.cpuUsage(before)
  const figure = { what, n, cpuMs: (user + system) / 1000, wallMs: performance.now() - startMs }
  return { figure: note === undefined ? figure : { ...figure, note: note(value) }, value }
}

/** Runs work in a process of its own, as applications do, and gives what it gives; rejects as it fails. */
export function inProcess<T>(work: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const pid: Pid = spawn(async () => {
      try {
        resolve(await work())
      } catch (failure) {
        reject(failure)
      }
      exitPid(pid, 'kill')
    })
  })
}

/** Collects garbage, where the program was started with `--expose-gc`. */
export const collect = (): void => (globalThis as { gc?: () => void }).gc?.() // there with --expose-gc

/** Bytes that live on the heap after collection; twice, since what weak references hold goes only then. */
export async function heapBytes(): Promise<number> {
  collect()
  await new Promise((resolve) => setTimeout(resolve, 20))
  collect()
  return process.memoryUsage().heapUsed
}

/** Watches how long the event loop does not come round. @returns what stops it and gives the longest time, ms */
export function watchLoop(): () => number {
  let longest = 0
  let last = performance.now()
  const look = (): void => {
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
  }
  const timer = setInterval(look, 1)
  return () => {
    look()
    clearInterval(timer)
    return longest
  }
}

/** Figures as a table; growth is time by time of the run before, over n by n: 1 is linear. */
export function tableOf(runs: readonly (readonly Figure[])[]): string {
  const lines = ['| what | n | CPU ms | wall ms | µs each | growth | |', '|---|---|---|---|---|---|---|']
  runs.forEach((run, i) => {
    for (const { what, n, cpuMs, wallMs, note } of run) {
      const before = runs[i - 1]?.find((other) => other.what === what)
      const ms = (figure: { cpuMs: number; wallMs: number }) => (figure.cpuMs > 0 ? figure.cpuMs : figure.wallMs)
      const grown = before === undefined ? '' : (ms({ cpuMs, wallMs }) / ms(before) / (n / before.n)).toFixed(2)
      const each = ((ms({ cpuMs, wallMs }) * 1000) / n).toFixed(2)
      const cpu = cpuMs > 0 ? cpuMs.toFixed(0) : ''
      lines.push(`| ${what} | ${n} | ${cpu} | ${wallMs.toFixed(0)} | ${each} | ${grown} | ${note ?? ''} |`)
    }
  })
  return lines.join('\n')
}
