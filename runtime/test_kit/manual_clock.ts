/**
 * A clock that stands still until a test puts it forward: an hour passes in no time, and never by itself.
 *
 * Timers that other clocks have started stay with them; so the clock goes into place before what is tested is started.
 * OTP has no such thing; its tests wait.
 */
import { type Clock, realClock, type TimerHandle } from '../erts/clock.js'
import { settle } from './idle.js'

interface Timer extends TimerHandle {
  readonly atMs: number
  readonly fire: () => void
}

/** The clock. Begins at the time it is made. */
export class ManualClock implements Clock {
  // Whole, so that sums of whole times are exact; not before what was armed until now.
  #nowMs = Math.ceil(realClock.monotonicMs())
  readonly #startMs = this.#nowMs
  readonly #startSystemMs = realClock.systemMs()
  #timers: Timer[] = []

  monotonicMs(): number {
    return this.#nowMs
  }

  systemMs(): number {
    return this.#startSystemMs + (this.#nowMs - this.#startMs)
  }

  setTimer(ms: number, fire: () => void): TimerHandle {
    const timer: Timer = { atMs: this.#nowMs + ms, fire, ref: () => timer, unref: () => timer }
    this.#timers.push(timer)
    return timer
  }

  /** It does not fire any more. */
  clearTimer(timer: TimerHandle): void {
    this.#timers = this.#timers.filter((one) => one !== timer)
  }

  /** Milliseconds since the clock was made. */
  get elapsedMs(): number {
    return this.#nowMs - this.#startMs
  }

  /**
   * Puts the clock forward. Timers fire one after the other, each at its own time, and what they cause comes to rest
   * before the next; so a process that waits 10 ms three times has done so after `advance(30)`.
   */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms
    await settle()
    for (let due = this.#next(untilMs); due !== undefined; due = this.#next(untilMs)) {
      this.#timers = this.#timers.filter((one) => one !== due)
      this.#nowMs = Math.max(this.#nowMs, due.atMs)
      due.fire()
      await settle()
    }
    this.#nowMs = untilMs
  }

  /** The earliest timer that is due until then; of two at once the one set first. */
  #next(untilMs: number): Timer | undefined {
    let earliest: Timer | undefined
    for (const timer of this.#timers) {
      if (timer.atMs <= untilMs && (earliest === undefined || timer.atMs < earliest.atMs)) earliest = timer
    }
    return earliest
  }
}
