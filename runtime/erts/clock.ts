/**
 * The clock of the node: the one place that knows the time and how to wait. Tests put a manual clock in its place.
 */

/** A timer of the clock. While it is `unref`ed it does not keep the OS process alive. */
export interface TimerHandle {
  ref(): unknown
  unref(): unknown
}

/** What the runtime needs of time. */
export interface Clock {
  /** Milliseconds since an arbitrary moment; never goes back. */
  monotonicMs(): number
  /** Milliseconds since 1970 UTC. */
  systemMs(): number
  /** Calls `fire` once after `ms` milliseconds, never before this returns. */
  setTimer(ms: number, fire: () => void): TimerHandle
  /** A timer that has fired or was cleared is left alone. */
  clearTimer(timer: TimerHandle): void
}

/** Milliseconds since an arbitrary moment. Not `performance.now`: Node loads that at its first use, and a start waits. */
export function nowMs(): number {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1e3 + nanoseconds / 1e6
}

/** Node's own clock. */
export const realClock: Clock = {
  monotonicMs: nowMs,
  systemMs: () => Date.now(),
  setTimer: (ms, fire) => setTimeout(fire, ms),
  // Only handles made by setTimer come back here.
  clearTimer: (timer) => clearTimeout(timer as NodeJS.Timeout),
}

/** The clock in use. */
export let clock: Clock = realClock

/** Puts another clock in place; timers already running stay with the one that made them. */
export function setClock(next: Clock): void {
  clock = next
}
