/**
 * Selective receive, and what else a process does with what is its own: sleep, aliases, dictionary, flags. OTP: `receive ...
 * after`, and the functions of module `erlang` on the calling process.
 */

import { error } from './exit.js'
import { isFenced } from './fence.js'
import { currentVersion, type ModuleRef, moduleName } from './modules.js'
import { context, current, type Process, type Wait, type Waiter, withMember, withoutMember } from './proc.js'
import { soon, visible } from './scheduler.js'
import { me } from './signal.js'
import { type AliasMode, type Pid, Ref } from './term.js'
import { arm, Deadline, disarm } from './timer.js'

/** What {@link receive} gives when nothing matched in time. */
export const timeout: unique symbol = Symbol('timeout')

/** A time to wait: milliseconds, or for ever. */
export type Timeout = number | 'infinity'

/** Whether a value is a time to wait. */
export const isTimeout = (ms: unknown): ms is Timeout =>
  ms === 'infinity' || (typeof ms === 'number' && ms >= 0 && ms < 2 ** 32)

/** Checks a time to wait. @throws ErlangError `timeout_value` */
export function checkTimeout(ms: Timeout): Timeout {
  if (!isTimeout(ms)) error('timeout_value')
  return ms
}

const any = (): boolean => true

class Receive extends Deadline implements Waiter {
  readonly proc: Process
  readonly match: (message: unknown) => boolean
  readonly resolve: (value: unknown) => void
  readonly reject: (thrown: unknown) => void

  constructor(
    proc: Process,
    match: (message: unknown) => boolean,
    resolve: (value: unknown) => void,
    reject: (thrown: unknown) => void,
  ) {
    super()
    this.proc = proc
    this.match = match
    this.resolve = resolve
    this.reject = reject
  }

  /** Runs on the sender's stack, but is the receiver's code: in its context, and its faults are the receiver's. */
  matches(message: unknown): boolean {
    const { match, proc } = this
    if (match === any) return true
    try {
      return context.run(proc, match, message)
    } catch (thrown) {
      this.giveUp()
      proc.more().waiter = null
      soon(() => {
        if (!proc.dead) this.reject(thrown)
      })
      return false
    }
  }

  resume(message: unknown): void {
    disarm(this)
    if (!this.proc.dead) this.resolve(message)
  }

  giveUp(): void {
    disarm(this)
  }

  fire(): void {
    this.proc.more().waiter = null
    soon(() => this.resume(timeout))
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
  return new Promise((resolve, reject) => {
    if (isFenced(proc, 'receive')) return
    // The caller's pattern says what a matching message is; the type argument is its claim.
    const take = (value: unknown): void => {
      if (!proc.dead) (resolve as (value: unknown) => void)(value)
    }
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
    const waiter = new Receive(proc, match, take, reject)
    const extra = proc.more()
    extra.waiter?.giveUp()
    extra.waiter = waiter
    if (afterMs !== 'infinity') arm(waiter, afterMs)
  })
}

/** Waits without looking at messages. OTP: `timer:sleep/1`. Works outside processes, too. */
export function sleep(ms: Timeout): Promise<void> {
  checkTimeout(ms)
  const proc = current()
  return new Promise((resolve) => {
    if (ms === 'infinity' || proc?.dead === true) return
    const sleep = new Sleep(proc, resolve)
    if (proc !== null) proc.waits = withMember(proc.waits, sleep)
    arm(sleep, ms)
  })
}

class Sleep extends Deadline implements Wait {
  readonly proc: Process | null
  readonly resolve: () => void

  constructor(proc: Process | null, resolve: () => void) {
    super()
    this.proc = proc
    this.resolve = resolve
  }

  giveUp(): void {
    disarm(this)
  }

  fire(): void {
    const { proc } = this
    if (proc !== null) proc.waits = withoutMember<Wait>(proc.waits, this)
    soon(() => {
      if (proc?.dead !== true) this.resolve()
    })
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

// ---- dictionary and other properties of the calling process

/** Process dictionary. OTP: `put/2`. @returns the value before, or undefined */
export function put(key: unknown, value: unknown): unknown {
  const extra = me().more()
  extra.dictionary ??= new Map()
  const before = extra.dictionary.get(key)
  extra.dictionary.set(key, value)
  return before
}

/**
 * OTP: `get/0,1`. Without a key all entries, in order. `$ancestors` and `$initial_call` are there for processes of
 * proc_lib, though no entries.
 */
export function get(): [key: unknown, value: unknown][]
export function get(key: unknown): unknown
export function get(...keys: [] | [unknown]): unknown {
  const { extra, procLib, ancestors, initialCall } = me()
  if (keys.length === 0) return [...(extra?.dictionary ?? [])]
  const [key] = keys
  const value = extra?.dictionary?.get(key)
  if (value !== undefined || !procLib) return value
  if (key === '$ancestors') return ancestors
  return key === '$initial_call' && initialCall !== null
    ? [moduleName(initialCall[0]), initialCall[1], initialCall[2]]
    : undefined
}

/** OTP: `erase/0,1`. @returns the value before, or undefined; without a key all entries there were */
export function erase(): [key: unknown, value: unknown][]
export function erase(key: unknown): unknown
export function erase(...keys: [] | [unknown]): unknown {
  const dictionary = me().extra?.dictionary
  if (keys.length === 0) {
    const before = [...(dictionary ?? [])]
    dictionary?.clear()
    return before
  }
  const [key] = keys
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
  if (pid.proc !== null && current()?.dead !== true) pid.proc.groupLeader = leader
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
