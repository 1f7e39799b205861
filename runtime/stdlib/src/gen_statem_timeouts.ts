/**
 * The time-outs of one state machine: of the event, of the state, and those by name. A machine has one record for
 * each that runs, which stands in the runtime's lists of deadlines; no timer is made for an event. OTP:
 * `loop_timeouts` and the `timers` map in stdlib's gen_statem.erl.
 */
import { clock } from '../../erts/clock.js'
import { KIND } from '../../erts/mailbox.js'
import type { Process } from '../../erts/proc.js'
import { deliver } from '../../erts/scheduler.js'
import { equal } from '../../erts/term.js'
import { arm, Deadline, disarm } from '../../erts/timer.js'
import type { TimeoutStep, TimeoutType } from './gen_statem_actions.js'

/** `zero`: to be handled when no event waits; `due`: its message stands in the mailbox. */
type Phase = 'off' | 'running' | 'zero' | 'due'

/** One time-out. When it fires it is the message by which the machine learns of it. */
export class StatemTimer extends Deadline {
  readonly proc: Process
  readonly type: TimeoutType
  content: unknown
  phase: Phase = 'off'

  constructor(proc: Process, type: TimeoutType, content: unknown) {
    super()
    this.proc = proc
    this.type = type
    this.content = content
  }

  fire(): void {
    this.phase = 'due'
    deliver(this.proc, KIND.info, this)
  }
}

/** Told of each time-out that is started (`start_timer`) or put among the events (`insert_timeout`). */
type Traced = (word: 'start_timer' | 'insert_timeout', step: TimeoutStep) => void

/** The time-outs of one machine. */
export class Timeouts {
  readonly #proc: Process
  #event: StatemTimer | null = null
  #state: StatemTimer | null = null
  #named: Map<unknown, StatemTimer> | null = null
  /** Those to be handled when no event waits, in the order in which they were set. */
  readonly #zero: StatemTimer[] = []

  constructor(proc: Process) {
    this.#proc = proc
  }

  /** Any event ends the event time-out. */
  cancelEvent(): void {
    if (this.#event !== null && this.#event.phase !== 'off') this.#stop(this.#event)
  }

  /** A change of state ends the state time-out. */
  cancelState(): void {
    if (this.#state !== null && this.#state.phase !== 'off') this.#stop(this.#state)
  }

  /** Carries out the time-out actions of a transition, in order; of several of one kind the last counts. */
  apply(steps: readonly TimeoutStep[], traced: Traced | undefined): void {
    for (const [i, step] of steps.entries()) if (!replacedLater(steps, i)) this.#apply(step, traced)
  }

  #apply(step: TimeoutStep, traced: Traced | undefined): void {
    const { type, time, content, abs } = step
    const running = this.#find(type)
    if (time === 'infinity' || time === 'cancel') {
      if (running !== null) this.#stop(running)
    } else if (time === 'update' && running !== null) running.content = content
    else if (time === 'update' || (time === 0 && !abs)) {
      const timer = this.#fresh(type, content, running)
      timer.phase = 'zero'
      this.#zero.push(timer)
      traced?.('insert_timeout', step)
    } else {
      const timer = this.#fresh(type, content, running)
      timer.phase = 'running'
      arm(timer, abs ? Math.max(0, time - clock.monotonicMs()) : time)
      traced?.('start_timer', step)
    }
  }

  /** The record for a time-out that is about to start: the one there is, unless its message is under way. */
  #fresh(type: TimeoutType, content: unknown, running: StatemTimer | null): StatemTimer {
    if (running !== null) this.#stop(running)
    const kept = type === 'timeout' ? this.#event : type === 'state_timeout' ? this.#state : null
    const timer = kept ?? new StatemTimer(this.#proc, type, content)
    timer.content = content
    if (type === 'timeout') this.#event = timer
    else if (type === 'state_timeout') this.#state = timer
    else {
      this.#named ??= new Map()
      this.#named.set(type[1], timer)
    }
    return timer
  }

  /** The time-out of a kind that runs, waits for its turn, or is due. */
  #find(type: TimeoutType): StatemTimer | null {
    const timer = type === 'timeout' ? this.#event : type === 'state_timeout' ? this.#state : this.#findNamed(type[1])
    return timer === null || timer.phase === 'off' ? null : timer
  }

  #findNamed(name: unknown): StatemTimer | null {
    if (this.#named === null) return null
    const found = this.#named.get(name)
    if (found !== undefined || typeof name !== 'object') return found ?? null
    for (const [other, timer] of this.#named) if (equal(other, name)) return timer
    return null
  }

  #stop(timer: StatemTimer): void {
    const { phase } = timer
    if (phase === 'running') disarm(timer)
    if (phase === 'zero') this.#zero.splice(this.#zero.indexOf(timer), 1)
    this.#over(timer)
    if (phase !== 'due') return
    // Its message is on its way and must not be taken for that of a later one.
    if (timer === this.#event) this.#event = null
    if (timer === this.#state) this.#state = null
  }

  #over(timer: StatemTimer): void {
    timer.phase = 'off'
    if (typeof timer.type !== 'string') this.#named?.delete(timer.type[1])
  }

  /** Whether a time-out whose message has come still holds; it is over then. */
  take(timer: StatemTimer): boolean {
    if (timer.phase !== 'due') return false
    this.#over(timer)
    return true
  }

  /** The next zero time-out whose turn it is; it is over then. */
  takeZero(): StatemTimer | undefined {
    const timer = this.#zero.shift()
    if (timer !== undefined) this.#over(timer)
    return timer
  }

  /** Stops the clock for all: the machine has ended. */
  stopAll(): void {
    for (const timer of this.#all()) disarm(timer)
  }

  /** Type and content of all that run, for people. */
  list(): readonly (readonly [TimeoutType, unknown])[] {
    return this.#all().map(({ type, content }) => [type, content])
  }

  #all(): StatemTimer[] {
    const all = [this.#event, this.#state, ...(this.#named?.values() ?? [])]
    return all.filter((timer): timer is StatemTimer => timer !== null && timer.phase !== 'off')
  }
}

/** Whether a later action of the same list is about the same time-out. */
function replacedLater(steps: readonly TimeoutStep[], at: number): boolean {
  for (let i = at + 1; i < steps.length; i++) if (equal(steps[i]?.type, steps[at]?.type)) return true
  return false
}
