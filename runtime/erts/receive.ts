/**
 * Selective receive, and what else a process does with its own mailbox and time: sleep, aliases, timers, dictionary.
 * OTP: `receive ... after`, `erlang:send_after/3` and the functions next to it.
 */
import { error } from './exit.js'
import { KIND } from './mailbox.js'
import { currentVersion, type ModuleRef } from './modules.js'
import { current, type Process, type Waiter } from './proc.js'
import { lookup } from './registry.js'
import { deliver, soon, visible } from './scheduler.js'
import { me } from './signal.js'
import { type AliasMode, Pid, Ref } from './term.js'
import { arm, Deadline, disarm, remainingMs } from './timer.js'

/** What {@link receive} gives when nothing matched in time. */
export const timeout: unique symbol = Symbol('timeout')

/** A time to wait: milliseconds, or for ever. */
export type Timeout = number | 'infinity'

/** Checks a time to wait. @throws ErlangError `timeout_value` */
export function checkTimeout(ms: Timeout): Timeout {
  if (ms !== 'infinity' && !(typeof ms === 'number' && ms >= 0 && ms < 2 ** 32)) error('timeout_value')
  return ms
}

const any = (): boolean => true

class Receive extends Deadline implements Waiter {
  readonly proc: Process
  readonly matches: (message: unknown) => boolean
  readonly resolve: (value: unknown) => void

  constructor(proc: Process, matches: (message: unknown) => boolean, resolve: (value: unknown) => void) {
    super()
    this.proc = proc
    this.matches = matches
    this.resolve = resolve
  }

  resume(message: unknown): void {
    disarm(this)
    if (!this.proc.dead) this.resolve(message)
  }

  fire(): void {
    const { extra } = this.proc
    if (extra?.waiter !== this) return
    extra.waiter = null
    soon(() => this.resolve(timeout))
  }
}

/**
 * Takes the oldest message that matches out of the mailbox of the calling process, waiting for it if need be; the
 * others stay in order. With `afterMs` 0 it looks once and does not wait. A process has one receive at a time: a new one
 * takes the place of one that still waits (one that lost a `Promise.race`), which then never settles.
 *
 * @param match   every message by default
 * @param afterMs milliseconds to wait, `infinity` by default; messages that do not match do not restart it
 * @returns the message, or {@link timeout}; never settles once the process has ended
 */
export function receive<T = unknown>(
  match: (message: unknown) => boolean = any,
  afterMs: Timeout = 'infinity',
): Promise<T | typeof timeout> {
  const proc = me()
  checkTimeout(afterMs)
  return new Promise((resolve) => {
    if (proc.dead) return
    // The caller's pattern says what a matching message is; the type argument is its claim.
    const take = resolve as (value: unknown) => void
    for (let i = 0; i < proc.count; i++) {
      const message = visible(proc.kindAt(i), proc.payloadAt(i))
      if (!match(message)) continue
      proc.removeAt(i)
      soon(() => take(message))
      return
    }
    if (afterMs === 0) {
      soon(() => take(timeout))
      return
    }
    const waiter = new Receive(proc, match, take)
    proc.more().waiter = waiter
    if (afterMs !== 'infinity') arm(waiter, afterMs)
  })
}

/** Waits without looking at messages. OTP: `timer:sleep/1`. Works outside processes, too. */
export function sleep(ms: Timeout): Promise<void> {
  checkTimeout(ms)
  const proc = current()
  return new Promise((resolve) => {
    if (ms === 'infinity') return
    arm(new Sleep(proc, resolve), ms)
  })
}

class Sleep extends Deadline {
  readonly proc: Process | null
  readonly resolve: () => void

  constructor(proc: Process | null, resolve: () => void) {
    super()
    this.proc = proc
    this.resolve = resolve
  }

  fire(): void {
    if (this.proc?.dead !== true) soon(this.resolve)
  }
}

// ---- aliases

/** Makes an alias: a reference to which messages can be sent until it is given up. OTP: `alias/0,1`. */
export function alias(mode: AliasMode = 'explicit_unalias'): Ref {
  const ref = new Ref()
  ref.aliasOf = me()
  ref.aliasMode = mode
  return ref
}

/** Gives an alias up. OTP: `unalias/1`. @returns whether it was active */
export function unalias(ref: Ref): boolean {
  const active = ref.aliasOf !== null && ref.aliasOf === current()
  if (active) ref.aliasOf = null
  return active
}

// ---- timers

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

function startMessageTimer(ms: number, dest: Pid | string, message: (ref: Ref) => unknown): Ref {
  if (!Number.isInteger(ms) || ms < 0 || !(dest instanceof Pid || typeof dest === 'string')) error('badarg')
  const ref = new Ref()
  if (current()?.dead === true || (dest instanceof Pid && dest.proc === null)) return ref
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
export const sendAfter = (ms: number, dest: Pid | string, message: unknown): Ref =>
  startMessageTimer(ms, dest, () => message)

/** As {@link sendAfter}, but sends `['timeout', ref, message]`. OTP: `erlang:start_timer/3`. */
export const startTimer = (ms: number, dest: Pid | string, message: unknown): Ref =>
  startMessageTimer(ms, dest, (ref) => ['timeout', ref, message])

/** Stops a timer. OTP: `erlang:cancel_timer/1`. @returns ms left, or false: fired, cancelled or unknown */
export function cancelTimer(ref: Ref): number | false {
  const timer = timers.get(ref)
  if (timer === undefined) return false
  timer.forget()
  const left = disarm(timer)
  return left === false ? false : Math.round(left)
}

/** OTP: `erlang:read_timer/1`. @returns ms left, or false */
export function readTimer(ref: Ref): number | false {
  const timer = timers.get(ref)
  const left = timer === undefined ? false : remainingMs(timer)
  return left === false ? false : Math.round(left)
}

// ---- dictionary and other properties of the calling process

/** Process dictionary. OTP: `put/2`. @returns the value before, or undefined */
export function put(key: unknown, value: unknown): unknown {
  const extra = me().more()
  extra.dictionary ??= new Map()
  const before = extra.dictionary.get(key)
  extra.dictionary.set(key, value)
  return before
}

/** OTP: `get/1`. */
export const get = (key: unknown): unknown => me().extra?.dictionary?.get(key)

/** OTP: `erase/1`. @returns the value before, or undefined */
export function erase(key: unknown): unknown {
  const dictionary = me().extra?.dictionary
  const before = dictionary?.get(key)
  dictionary?.delete(key)
  return before
}

/** OTP: `get_keys/0`. */
export const getKeys = (): unknown[] => [...(me().extra?.dictionary?.keys() ?? [])]

/** Turns trapping of exit signals on or off for the caller. OTP: `process_flag(trap_exit, _)`. @returns before */
export function trapExit(flag: boolean): boolean {
  const proc = me()
  const before = proc.trapExit
  proc.trapExit = flag
  return before
}

/** The group leader: which application a process belongs to. OTP: `group_leader/0`. */
export const groupLeader = (): Pid => me().groupLeader

/** OTP: `group_leader/2`. */
export function setGroupLeader(pid: Pid, leader: Pid): true {
  if (pid.proc !== null) pid.proc.groupLeader = leader
  return true
}

/**
 * A signal that is aborted when the calling process ends. Give it to `fetch`, timers and the like: what JavaScript
 * cannot stop can at least be told.
 */
export function abortSignal(): AbortSignal {
  const proc = me()
  const extra = proc.more()
  extra.abort ??= new AbortController()
  if (proc.dead) extra.abort.abort('killed')
  return extra.abort.signal
}

/**
 * Moves the rest of a long-running function of the calling process to the current version of its module, for those
 * that ask which processes run old code: the counterpart of a fully qualified call in its loop.
 */
export function enterVersion(module: ModuleRef): void {
  me().running = { module, token: currentVersion(module) }
}
