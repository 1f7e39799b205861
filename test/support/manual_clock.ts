/** A clock that stands still until a test puts it forward. */
import { type Clock, realClock, setClock } from '../../runtime/erts/clock.js'
import { inTest, settle, trapping } from './processes.js'

/** A test at manual time takes no longer than this in real time, ms. */
const LIMIT_MS = 5000

/** The time of a test. */
export interface ManualTime {
  /** Milliseconds on the monotonic clock. */
  nowMs(): number
  /** Puts the clock forward; timers fire at their moments, and what they set off comes to rest before the next one. */
  advance(ms: number): Promise<void>
}

interface Timer {
  readonly atMs: number
  readonly fire: () => void
}

class ManualClock implements Clock, ManualTime {
  /** In order of creation. */
  readonly #timers = new Set<Timer>()
  #nowMs = Math.ceil(realClock.monotonicMs())

  monotonicMs = (): number => this.#nowMs
  nowMs = this.monotonicMs
  systemMs = realClock.systemMs

  setTimer(ms: number, fire: () => void) {
    const timer = { atMs: this.#nowMs + ms, fire, ref: () => timer, unref: () => timer }
    this.#timers.add(timer)
    return timer
  }

  clearTimer(timer: object): void {
    // Only handles made by setTimer come back here.
    this.#timers.delete(timer as Timer)
  }

  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms
    await settle()
    for (let due = this.#next(untilMs); due !== undefined; due = this.#next(untilMs)) {
      this.#nowMs = Math.max(this.#nowMs, due.atMs)
      this.#timers.delete(due)
      due.fire()
      await settle()
    }
    this.#nowMs = untilMs
  }

  #next(untilMs: number): Timer | undefined {
    const due = [...this.#timers].filter(({ atMs }) => atMs <= untilMs)
    return due.sort((a, b) => a.atMs - b.atMs)[0]
  }
}

async function atManualTime(body: (time: ManualTime) => Promise<void>): Promise<void> {
  const clock = new ManualClock()
  setClock(clock)
  // Limits of the helpers go by the manual clock: what never comes would be waited for without end.
  let tooLate: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    tooLate = setTimeout(() => reject(new Error('expected to be over by now')), LIMIT_MS)
  })
  try {
    await Promise.race([body(clock), limit])
  } finally {
    clearTimeout(tooLate)
    setClock(realClock)
  }
}

/** As `inTest`, at manual time. */
export const inManualTime = (body: (time: ManualTime) => Promise<void>) => inTest(() => atManualTime(body))

/** As `trapping`, at manual time. */
export const trappingInManualTime = (body: (time: ManualTime) => Promise<void>) => trapping(() => atManualTime(body))
