/**
 * Timers that send a message. OTP: `erlang:send_after/3`, `start_timer/3`, `cancel_timer/1,2`, `read_timer/1`.
 */

import { clock } from './clock.js'
import { error } from './exit.js'
import { fenced } from './fence.js'
import { KIND } from './mailbox.js'
import { current, type Process } from './proc.js'
import { lookup } from './registry.js'
import { deliver } from './scheduler.js'
import { me } from './signal.js'
import { Pid, Ref } from './term.js'
import { arm, Deadline, disarm, remainingMs } from './timer.js'

/** The timers that end with a process, as a doubly linked list: one more costs two pointers, not a place in a set. */
export class OwnedTimers {
  first: MessageTimer | null = null

  readonly atEnd = (): void => {
    for (let timer = this.first; timer !== null; timer = this.first) {
      timer.forget()
      disarm(timer)
    }
  }
}

/** One timer, for as long as it runs. */
export class MessageTimer extends Deadline {
  readonly ref: Ref
  readonly dest: Pid | string
  readonly message: unknown
  owned: OwnedTimers | null = null
  older: MessageTimer | null = null
  newer: MessageTimer | null = null

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

  /** Ends with this process. */
  belongTo(proc: Process): void {
    const owned = ownedBy(proc)
    this.owned = owned
    this.older = owned.first
    if (owned.first !== null) owned.first.newer = this
    owned.first = this
  }

  forget(): void {
    this.ref.timer = null
    const { owned, older, newer } = this
    if (owned === null) return
    if (newer === null) owned.first = older
    else newer.older = older
    if (older !== null) older.newer = newer
    this.owned = this.older = this.newer = null
  }
}

/** A process's timers are the first thing that ends with it, unless something else was noted before. */
function ownedBy(proc: Process): OwnedTimers {
  const extra = proc.more()
  if (extra.timers === null) {
    const owned = new OwnedTimers()
    extra.timers = owned
    extra.atEnd ??= new Set()
    extra.atEnd.add(owned.atEnd)
  }
  return extra.timers
}

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
  if (dest instanceof Pid && dest.proc !== null) timer.belongTo(dest.proc)
  ref.timer = timer
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

/** The timer that a reference stands for, while it runs; anything but a reference stands for none. */
const timerOf = (ref: Ref): MessageTimer | null => (ref instanceof Ref ? ref.timer : null)

function stopTimer(ref: Ref): number | false {
  const timer = timerOf(ref)
  if (timer === null || current()?.dead === true) return false
  timer.forget()
  const left = remainingMs(timer)
  disarm(timer)
  return left === false ? false : Math.round(left)
}

/** OTP: `erlang:read_timer/1`. @returns ms left, or false */
export function readTimer(ref: Ref): number | false {
  const timer = timerOf(ref)
  const left = timer === null ? false : remainingMs(timer)
  return left === false ? false : Math.round(left)
}
