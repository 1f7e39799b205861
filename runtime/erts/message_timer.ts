/**
 * Timers that send a message. OTP: `erlang:send_after/3`, `start_timer/3`, `cancel_timer/1,2`, `read_timer/1`.
 */

import { clock } from './clock.js'
import { error } from './exit.js'
import { fenced } from './fence.js'
import { KIND } from './mailbox.js'
import { current } from './proc.js'
import { lookup } from './registry.js'
import { deliver } from './scheduler.js'
import { me } from './signal.js'
import { Pid, Ref } from './term.js'
import { arm, Deadline, disarm, remainingMs } from './timer.js'

class MessageTimer extends Deadline {
  readonly ref: Ref
  readonly dest: Pid | string
  readonly message: unknown
  readonly atEnd = (): void => {
    disarm(this)
    timers.delete(this.ref)
  }

  constructor(ref: Ref, dest: Pid | string, message: unknown) {
    super()
    this.ref = ref
    this.dest = dest
    this.message = message
  }

  fire(): void {
    this.forget()
    const proc = this.dest instanceof Pid ? this.dest.proc : lookup(this.dest)
    if (proc != null) deliver(proc, KIND.info, this.message)
  }

  forget(): void {
    timers.delete(this.ref)
    if (this.dest instanceof Pid) this.dest.proc?.extra?.atEnd?.delete(this.atEnd)
  }
}

const timers = new Map<Ref, MessageTimer>()

/** Options of {@link sendAfter} and {@link startTimer}. */
export interface TimerOptions {
  /** The time is a moment on the monotonic clock, not so long from now; one that is over is now. Default false. */
  readonly abs?: boolean
}

function startMessageTimer(
  time: number,
  dest: Pid | string,
  message: (ref: Ref) => unknown,
  { abs = false }: TimerOptions = {},
): Ref {
  const ms = abs && Number.isInteger(time) ? Math.max(0, Math.ceil(time - clock.monotonicMs())) : time
  if (!Number.isInteger(ms) || ms < 0 || !(dest instanceof Pid || typeof dest === 'string')) error('badarg')
  const ref = new Ref()
  if (fenced('timer') || (dest instanceof Pid && dest.proc === null)) return ref
  const timer = new MessageTimer(ref, dest, message(ref))
  if (dest instanceof Pid) {
    const extra = dest.proc?.more()
    if (extra !== undefined) {
      extra.atEnd ??= new Set()
      extra.atEnd.add(timer.atEnd)
    }
  }
  timers.set(ref, timer)
  arm(timer, ms)
  return ref
}

/**
 * Sends a message after `ms` milliseconds. A pid that ends cancels it; a name is looked up when it is due, and the
 * message dropped when nobody has it. OTP: `erlang:send_after/3`.
 *
 * @throws ErlangError `badarg`: not a whole number of milliseconds, 0 or more; neither pid nor name
 */
export const sendAfter = (ms: number, dest: Pid | string, message: unknown, options?: TimerOptions): Ref =>
  startMessageTimer(ms, dest, () => message, options)

/** As {@link sendAfter}, but sends `['timeout', ref, message]`. OTP: `erlang:start_timer/3`. */
export const startTimer = (ms: number, dest: Pid | string, message: unknown, options?: TimerOptions): Ref =>
  startMessageTimer(ms, dest, (ref) => ['timeout', ref, message], options)

/** Options of {@link cancelTimer}. */
export interface CancelOptions {
  /** The result comes as a message `['cancel_timer', ref, result]`. */
  readonly async?: boolean
  /** With `false` nobody is told the result. */
  readonly info?: boolean
}

/**
 * Stops a timer. OTP: `erlang:cancel_timer/1,2`.
 *
 * @returns ms left, or false: fired, cancelled or unknown. `'ok'` with `async` or without `info`
 */
export function cancelTimer(ref: Ref): number | false
export function cancelTimer(ref: Ref, options: CancelOptions): number | false | 'ok'
export function cancelTimer(ref: Ref, { async = false, info = true }: CancelOptions = {}): number | false | 'ok' {
  const result = stopTimer(ref)
  if (async && info) deliver(me(), KIND.info, ['cancel_timer', ref, result])
  return async || !info ? 'ok' : result
}

function stopTimer(ref: Ref): number | false {
  const timer = timers.get(ref)
  if (timer === undefined || current()?.dead === true) return false
  timer.forget()
  const left = remainingMs(timer)
  disarm(timer)
  return left === false ? false : Math.round(left)
}

/** OTP: `erlang:read_timer/1`. @returns ms left, or false */
export function readTimer(ref: Ref): number | false {
  const timer = timers.get(ref)
  const left = timer === undefined ? false : remainingMs(timer)
  return left === false ? false : Math.round(left)
}
