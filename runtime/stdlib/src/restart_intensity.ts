/**
 * Restart intensity: the rule by which a supervisor gives up.
 *
 * The caller owns the clock, and keeps the history. A restart costs constant time however many restarts the
 * intensity tolerates: instants leave the history at the old end only.
 *
 * OTP: `add_restart/1` and the checks of `set_flags/2` in stdlib's supervisor.erl.
 *
 * Departure: OTP reads its clock in whole seconds, this keeps milliseconds, so that a period is as long as it says.
 */
import { err, ok, type Result } from '../../../schemas/result.js'

/** How many restarts in how long a supervisor tolerates. */
export interface RestartLimit {
  /** Restarts tolerated within the period: a whole number, 0 or more. */
  readonly intensity: number
  /** Length of the sliding window: a whole number of seconds, 1 or more. */
  readonly period: number
}

/** The first rule a limit breaks; `got` is the value given. */
export type RestartLimitError =
  | { readonly tag: 'invalid_intensity'; readonly got: unknown }
  | { readonly tag: 'invalid_period'; readonly got: unknown }

/** Restarts that still count, oldest first, in ms on a monotonic clock. Made by {@link noRestarts}. */
export interface RestartHistory {
  /** Instants; those before `head` are forgotten already. */
  atMs: number[]
  head: number
}

/** The history of a supervisor that has restarted nothing. */
export const noRestarts = (): RestartHistory => ({ atMs: [], head: 0 })

/** @returns the limit itself, or the first rule it breaks. */
export function checkRestartLimit(limit: {
  readonly intensity: unknown
  readonly period: unknown
}): Result<RestartLimit, RestartLimitError> {
  const { intensity, period } = limit
  if (!isWhole(intensity) || intensity < 0) return err({ tag: 'invalid_intensity', got: intensity })
  if (!isWhole(period) || period < 1) return err({ tag: 'invalid_period', got: period })
  return ok({ intensity, period })
}

const isWhole = (value: unknown): value is number => Number.isInteger(value)

/**
 * Records one restart and decides whether the supervisor may carry it out. A restart exactly one period old still
 * counts, as in OTP.
 *
 * @param limit   one that passed {@link checkRestartLimit}
 * @param history earlier restarts; takes this one in
 * @param nowMs   this restart, in ms on the history's clock
 */
export function addRestart(limit: RestartLimit, history: RestartHistory, nowMs: number): 'restart' | 'shutdown' {
  const oldestMs = nowMs - limit.period * 1_000
  const { atMs } = history
  while (history.head < atMs.length && (atMs[history.head] ?? 0) < oldestMs) history.head++
  if (history.head > 32 && history.head * 2 > atMs.length) {
    history.atMs = atMs.slice(history.head)
    history.head = 0
  }
  history.atMs.push(nowMs)
  return history.atMs.length - history.head <= limit.intensity ? 'restart' : 'shutdown'
}

/** What is wrong with a limit, for people. */
export function formatRestartLimitError(error: RestartLimitError): string {
  switch (error.tag) {
    case 'invalid_intensity':
      return `"intensity" must be a whole number of restarts, 0 or more; got ${String(error.got)}`
    case 'invalid_period':
      return `"period" must be a whole number of seconds, 1 or more; got ${String(error.got)}`
  }
}
