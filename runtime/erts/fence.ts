/**
 * The fence around ended processes: JavaScript cannot stop code that goes on after an await, so what such code sends,
 * calls or starts is dropped. Whoever wrote it is told, once for each kind of process and of doing: it is mostly a
 * promise that nobody awaited, or work that {@link abortSignal} could have stopped. OTP has no such code.
 */
import { ErlangError, Stack } from './exit.js'
import { moduleName } from './modules.js'
import { current, type Process } from './proc.js'
import { report } from './report.js'

/** So many are told of; a program that has more has other troubles. */
const MOST = 100

const told = new Set<string>()
let telling = true

/**
 * Turns the warning about code of processes that have ended on (the default) or off. In a release: kernel's parameter
 * `fence_warnings`. @returns before
 */
export function setFenceWarnings(on: boolean): boolean {
  const before = telling
  telling = on
  return before
}

/**
 * Whether the running code belongs to a process that has ended, so that what it does must be dropped.
 *
 * @param doing what it does, for the warning: `send`
 */
export function fenced(doing: string): boolean {
  return isFenced(current(), doing)
}

/** The same, where the calling process is known. */
export function isFenced(caller: Process | null, doing: string): boolean {
  if (caller === null || !caller.dead) return false
  if (telling) warn(caller, doing)
  return true
}

function warn({ pid, initialCall }: Process, doing: string): void {
  const initial = initialCall === null ? undefined : `${moduleName(initialCall[0])}:${initialCall[1]}/${initialCall[2]}`
  const key = `${initial} ${doing}`
  if (told.has(key) || told.size >= MOST) return
  told.add(key)
  const facts = { pid, initial_call: initial, dropped: doing, stack: new Stack(new ErlangError(doing)) }
  report('warning', { label: ['erts', 'fenced'], report: facts }, { domain: ['otp'] })
}
