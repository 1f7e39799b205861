/**
 * Helpers for tests of processes: a process to test in, messages with a time limit, reports as data, comparisons that
 * know pids and references.
 */
import { inspect } from 'node:util'
import { type Clock, realClock, setClock } from '../../runtime/erts/clock.js'
import {
  equal,
  inProcess,
  monitor,
  type Pid,
  processInfo,
  receive,
  Stack,
  self,
  send,
  timeout,
  trapExit,
} from '../../runtime/erts/process.js'
import { type Report, type ReportLevel, setReporter } from '../../runtime/erts/report.js'

/** No test waits longer for a message than this, in ms. */
const LIMIT_MS = 3000

/** A test's body, run in a process of its own whose reports are not printed. */
export const inTest = (body: () => Promise<void>) => (): Promise<void> => quietly(() => inProcess(body))

/** As {@link inTest}, in a process that traps exits. */
export const trapping = (body: () => Promise<void>) =>
  inTest(() => {
    trapExit(true)
    return body()
  })

async function quietly(body: () => Promise<void>): Promise<void> {
  const before = setReporter(() => {})
  try {
    await body()
  } finally {
    setReporter(before)
  }
}

/** One report as it was made. */
export interface Reported {
  readonly level: ReportLevel
  readonly label: string
  readonly report: unknown
}

/** Gathers the reports made while `body` runs. */
export async function reportsOf(body: () => Promise<void>): Promise<Reported[]> {
  const reports: Reported[] = []
  const before = setReporter((level: ReportLevel, { label, report }: Report) => {
    reports.push({ level, label: label.join(' '), report })
  })
  try {
    await body()
  } finally {
    setReporter(before)
  }
  return reports
}

/** Fails when two terms differ; identifiers are compared by identity. */
export function same(actual: unknown, expected: unknown, what = 'term'): void {
  if (equal(actual, expected)) return
  const show = (term: unknown) => inspect(term, { depth: 8 })
  throw new Error(`${what}: expected ${show(expected)}, got ${show(actual)}`)
}

/** The next message, of any kind or one that matches. Fails when none comes. */
export async function next<T = unknown>(match: (message: unknown) => boolean = () => true): Promise<T> {
  const message = await receive(match, LIMIT_MS)
  if (message !== timeout) return message as T // the caller says what it waits for
  const waiting = processInfo(self(), 'messages')
  throw new Error(`no such message came; waiting: ${inspect(waiting)}`)
}

/** The next message whose first element is this word. */
export const nextOf = <T = readonly unknown[]>(word: unknown) =>
  next<T>((message) => Array.isArray(message) && message[0] === word)

/** Fails when a message waits. */
export async function nothing(): Promise<void> {
  const message = await receive(() => true, 0)
  if (message !== timeout) throw new Error(`unexpected message ${inspect(message)}`)
}

/** Watches a process from now on. @returns what waits for its end and gives the reason */
export function watch(pid: Pid): () => Promise<unknown> {
  const ref = monitor(pid)
  return async () => {
    const down = await next<readonly unknown[]>((m) => Array.isArray(m) && m[0] === 'DOWN' && m[1] === ref)
    return down[4]
  }
}

/** The reason with which a promise is rejected. */
export async function reasonOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (thrown) {
    if (thrown instanceof Error && 'reason' in thrown) return thrown.reason
    throw thrown
  }
  throw new Error('expected a failure')
}

/** The reason of what a function throws. */
export function thrownReason(code: () => unknown): unknown {
  try {
    code()
  } catch (thrown) {
    if (thrown instanceof Error && 'reason' in thrown) return thrown.reason
    throw thrown
  }
  throw new Error('expected a failure')
}

/** A reason `[reason, stack]` without its stack; any other fails. */
export function stackless(reason: unknown): unknown {
  if (Array.isArray(reason) && reason.length === 2 && reason[1] instanceof Stack) return reason[0]
  throw new Error(`expected [reason, stack], got ${inspect(reason)}`)
}

/** Lets everything that is under way without a timer come to rest. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve))
}

/** Where parts of a test write down what happened, in order. */
export function journal() {
  const lines: unknown[] = []
  return { lines, note: (line: unknown) => void lines.push(line), take: () => lines.splice(0) }
}

/** Sends to the process it is made in, from wherever. */
export function probe() {
  const pid = self()
  return (message: unknown) => send(pid, message)
}

/** Puts the clock forward without waiting; timers keep running in real time. @returns how to put it back */
export function shiftClock(): { forward(ms: number): void; restore(): void } {
  let shiftMs = 0
  const shifted: Clock = { ...realClock, monotonicMs: () => realClock.monotonicMs() + shiftMs }
  setClock(shifted)
  return {
    forward: (ms) => {
      shiftMs += ms
    },
    restore: () => setClock(realClock),
  }
}
