/**
 * Timers that do things: call functions, send messages again and again, end processes. Messages once are
 * `Process.sendAfter`'s. What is called runs in a process of its own, so one that takes long holds up no other timer.
 * OTP: stdlib's timer.erl.
 */
import { clock } from '../../erts/clock.js'
import { applyMfa, type Mfa } from '../../erts/modules.js'
import { context } from '../../erts/proc.js'
import { exitPid, selfOrUndefined, send, sleep, spawn, whereis } from '../../erts/process.js'
import { Pid, Ref } from '../../erts/term.js'
import { arm, Deadline, disarm } from '../../erts/timer.js'

/** What is called: a function, or module, name and arguments, in the version that is current when it is due. */
export type Action = (() => unknown) | Mfa

/** The timer, or `badarg`: no whole number of milliseconds, 0 or more; no process. */
export type TimerResult = ['ok', Ref] | ['error', 'badarg']

const timers = new Map<Ref, ActionTimer>()

class ActionTimer extends Deadline {
  readonly ref = new Ref()
  readonly #action: () => void
  readonly #everyMs: number | undefined
  readonly #owner: Pid | undefined
  #dueMs: number

  constructor(ms: number, action: () => void, repeats: boolean, owner: Pid | undefined) {
    super()
    this.#action = action
    this.#everyMs = repeats ? ms : undefined
    this.#owner = owner
    this.#dueMs = clock.monotonicMs() + ms
    timers.set(this.ref, this)
    const extra = owner?.proc?.more()
    if (extra !== undefined) {
      extra.atEnd ??= new Set()
      extra.atEnd.add(this.stop)
    }
    arm(this, ms)
  }

  fire(): void {
    if (this.#everyMs === undefined) this.stop()
    else {
      // By the time it was due, not by when it fired: what is late once is not late for ever.
      const nowMs = clock.monotonicMs()
      this.#dueMs = Math.max(this.#dueMs + this.#everyMs, nowMs)
      arm(this, Math.max(0, this.#dueMs - nowMs))
    }
    context.run(null, this.#action)
  }

  readonly stop = (): void => {
    disarm(this)
    timers.delete(this.ref)
    this.#owner?.proc?.extra?.atEnd?.delete(this.stop)
  }
}

function begin(ms: number, action: () => void, repeats: boolean, owner?: Pid): TimerResult {
  if (!Number.isInteger(ms) || ms < 0) return ['error', 'badarg']
  return ['ok', new ActionTimer(ms, action, repeats, owner).ref]
}

const run = (action: Action) => (): void => {
  spawn(() => (typeof action === 'function' ? action() : applyMfa(action)))
}

/** Calls a function in a process of its own after `ms` milliseconds. OTP: `apply_after/4`. */
export const applyAfter = (ms: number, action: Action): TimerResult => begin(ms, run(action), false)

/** Calls a function every `ms` milliseconds, until the calling process ends. OTP: `apply_interval/4`. */
export const applyInterval = (ms: number, action: Action): TimerResult =>
  begin(Math.max(1, ms), run(action), true, selfOrUndefined())

/** Sends a message every `ms` milliseconds, until the receiver ends. OTP: `send_interval/2,3`. */
export function sendInterval(ms: number, dest: Pid | string, message: unknown): TimerResult {
  const owner = dest instanceof Pid ? dest : whereis(dest)
  if (owner === undefined) return ['error', 'badarg']
  // A name without a process is no reason to fail: its process may have ended this very moment.
  const tell = (): void => {
    if (dest instanceof Pid || whereis(dest) !== undefined) send(dest, message)
  }
  return begin(Math.max(1, ms), tell, true, owner)
}

/** Sends an exit signal after `ms` milliseconds. OTP: `exit_after/2,3`. */
export const exitAfter = (ms: number, pid: Pid, reason: unknown): TimerResult =>
  pid instanceof Pid ? begin(ms, () => exitPid(pid, reason), false) : ['error', 'badarg']

/** Kills a process after `ms` milliseconds. OTP: `kill_after/1,2`. */
export const killAfter = (ms: number, pid: Pid): TimerResult => exitAfter(ms, pid, 'kill')

/** Stops a timer of this module, whether it is still running or not. OTP: `cancel/1`. */
export function cancel(timer: Ref): ['ok', 'cancel'] | ['error', 'badarg'] {
  if (!(timer instanceof Ref)) return ['error', 'badarg']
  timers.get(timer)?.stop()
  return ['ok', 'cancel']
}

/** Runs a function and takes its time. OTP: `tc/1`. @returns microseconds and value */
export async function tc<T>(code: () => T | Promise<T>): Promise<[microseconds: number, value: T]> {
  const startMs = clock.monotonicMs()
  const value = await code()
  return [Math.round((clock.monotonicMs() - startMs) * 1000), value]
}

export { sleep }
