/**
 * Signals between processes: messages, links, monitors, exits, and the end of a process. Signals take effect at once
 * in the order in which they are sent, which gives OTP's guarantee for each pair of processes; a chain of exits over
 * links goes through a queue, so that its length costs no stack. OTP: erts `erl_proc_sig_queue.c`.
 *
 * Longer than most files: what the end of a process does to its links, monitors and aliases is one thing.
 */
import { ErlangError, Exit, error, exitReason, isNormalish } from './exit.js'
import { fenced, isFenced } from './fence.js'
import { KIND } from './mailbox.js'
import { context, current, forget, members, type Process, withMember, withoutMember } from './proc.js'
import { lookup, releaseNames, whereis, whereisGlobal } from './registry.js'
import { report } from './report.js'
import { deliver, setCrash } from './scheduler.js'
import { type AliasMode, Pid, Ref } from './term.js'

/** Where a message can go: a process, a registered name, an alias, or a name at a node. */
export type Dest = Pid | string | Ref | readonly [name: string, node: string]

/** Name of this node. A node without distribution is called so, as in OTP. */
export const NODE = 'nonode@nohost'

/** One monitor: `watcher` is told of the end of `target`. */
export class Monitor {
  readonly ref: Ref
  readonly watcher: Process
  readonly target: Process | null
  /** How the target was named: a pid, or `[name, node]`. */
  readonly object: unknown
  /** First element of the message, `DOWN` by default. */
  readonly tag: unknown

  constructor(ref: Ref, watcher: Process, target: Process | null, object: unknown, tag: unknown) {
    this.ref = ref
    this.watcher = watcher
    this.target = target
    this.object = object
    this.tag = tag
  }
}

/** The calling process. @throws ErlangError `not_a_process` outside any */
export function me(): Process {
  const proc = current()
  if (proc === null) throw new ErlangError('not_a_process')
  return proc
}

/**
 * Sends a message. OTP: `!`. Never fails for a pid, an alias or `[name, node]`.
 *
 * @throws ErlangError `badarg` for a registered name that nobody has
 */
export function send(dest: Dest, message: unknown): void {
  if (fenced('send')) return
  if (dest instanceof Pid) {
    if (dest.proc !== null) deliver(dest.proc, KIND.info, message)
  } else if (typeof dest === 'string') {
    const proc = lookup(dest)
    if (proc === undefined) error('badarg')
    deliver(proc, KIND.info, message)
  } else if (dest instanceof Ref) {
    const proc = dest.aliasOf
    if (proc === null) return
    if (dest.aliasMode === 'reply' || dest.aliasMode === 'reply_demonitor') dest.aliasOf = null
    if (dest.aliasMode === 'reply_demonitor' && dest.monitor !== null) drop(dest.monitor)
    deliver(proc, KIND.info, message)
  } else if (dest[1] === NODE) {
    const proc = lookup(dest[0])
    if (proc !== undefined) deliver(proc, KIND.info, message)
  }
}

/**
 * Sends to a global name. OTP: `global:send/2`. @returns who got it
 *
 * @throws Exit `['badarg', [name, message]]` when nobody has it
 */
export function sendGlobal(name: unknown, message: unknown): Pid {
  const pid = whereisGlobal(name)
  if (pid === undefined) throw new Exit(['badarg', [name, message]])
  send(pid, message)
  return pid
}

// ---- links

/**
 * Links the calling process with another. OTP: `link/1`.
 *
 * @throws ErlangError `noproc` when the other is dead and the caller does not trap exits
 */
export function link(pid: Pid): true {
  const proc = me()
  if (isFenced(proc, 'link') || pid === proc.pid) return true
  if (pid.proc === null || pid.proc.dead) {
    if (!proc.trapExit) error('noproc')
    deliver(proc, KIND.info, ['EXIT', pid, 'noproc'])
    return true
  }
  connect(proc, pid.proc)
  return true
}

/** Ends the link of the calling process with another, if there is one. OTP: `unlink/1`. */
export function unlink(pid: Pid): true {
  const proc = me()
  if (pid.proc !== null) disconnect(proc, pid.proc)
  return true
}

/** Links two processes; a link that exists stays the one. */
export function connect(a: Process, b: Process): void {
  if (a.dead || b.dead) return
  a.links = withMember(a.links, b)
  b.links = withMember(b.links, a)
}

/** Removes a link. */
export function disconnect(a: Process, b: Process): void {
  a.links = withoutMember(a.links, b)
  b.links = withoutMember(b.links, a)
}

/** The processes linked with one, oldest link first. */
export const linksOf = (proc: Process): Process[] => members(proc.links)

// ---- monitors

/** Options of {@link monitor}. */
export interface MonitorOptions {
  /** Replaces `DOWN` as the first element of the message. */
  readonly tag?: unknown
  /** The reference is an alias of the caller as well. */
  readonly alias?: AliasMode
}

/**
 * Watches a process: at its end the caller gets `['DOWN', ref, 'process', object, reason]`, at once with reason
 * `noproc` when it is not there. `object` is the pid, or `[name, node]` when a name was given. OTP: `monitor/2,3`.
 */
export function monitor(target: Pid | string | readonly [string, string], options: MonitorOptions = {}): Ref {
  const watcher = me()
  const ref = new Ref()
  if (options.alias !== undefined) {
    ref.aliasOf = watcher
    ref.aliasMode = options.alias
  }
  if (isFenced(watcher, 'monitor')) return ref
  const byName = typeof target === 'string' ? [target, NODE] : target
  const pid =
    target instanceof Pid
      ? target
      : whereis(typeof target === 'string' ? target : (target as readonly [string, string])[0]) // not a pid, not a string: the pair
  const proc = pid?.proc ?? null
  const elsewhere = Array.isArray(target) && target[1] !== NODE
  const record = new Monitor(ref, watcher, proc, target instanceof Pid ? target : byName, options.tag ?? 'DOWN')
  if (elsewhere) down(record, 'noconnection')
  else if (proc === null || proc.dead) down(record, 'noproc')
  else if (proc !== watcher) watch(record, proc)
  return ref
}

function watch(record: Monitor, proc: Process): void {
  record.ref.monitor = record
  const mine = record.watcher.more()
  mine.monitors ??= new Set()
  mine.monitors.add(record)
  const theirs = proc.more()
  theirs.monitoredBy ??= new Set()
  theirs.monitoredBy.add(record)
}

function down(record: Monitor, reason: unknown): void {
  const { ref } = record
  if (ref.aliasMode !== 'explicit_unalias') ref.aliasOf = null
  deliver(record.watcher, KIND.info, [record.tag, ref, 'process', record.object, reason])
}

/** Options of {@link demonitor}. */
export interface DemonitorOptions {
  /** Also takes a message that came already out of the mailbox. */
  readonly flush?: boolean
  /** The result tells whether the monitor was still active. */
  readonly info?: boolean
}

/**
 * Ends a monitor of the calling process. OTP: `demonitor/1,2`.
 *
 * @returns true, or with `info` whether it was active
 * @throws ErlangError `badarg` when the monitor is another's
 */
export function demonitor(ref: Ref, options: DemonitorOptions = {}): boolean {
  const record = ref.monitor
  const active = record !== null
  if (record !== null && record.watcher !== current()) error('badarg')
  if (record !== null) drop(record)
  if (ref.aliasMode !== 'explicit_unalias' && ref.aliasOf === current()) ref.aliasOf = null
  if (!active && options.flush === true) flushDown(me(), ref)
  return options.info === true ? active : true
}

/** Nobody is told any more. */
function drop(record: Monitor): void {
  record.ref.monitor = null
  record.watcher.extra?.monitors?.delete(record)
  record.target?.extra?.monitoredBy?.delete(record)
}

function flushDown(proc: Process, ref: Ref): void {
  for (let i = 0; i < proc.count; i++) {
    const message = proc.kindAt(i) === KIND.info ? proc.payloadAt(i) : undefined
    if (Array.isArray(message) && message.length === 5 && message[1] === ref && message[2] === 'process') {
      proc.removeAt(i)
      return
    }
  }
}

// ---- exits

/**
 * Sends an exit signal. OTP: `exit/2`. A calling process that this ends is unwound at once.
 *
 * @throws Exit in the caller, when the signal ends the caller itself; ErlangError `badarg` for what is no pid
 */
export function exitPid(pid: Pid, reason: unknown): true {
  if (!(pid instanceof Pid)) error('badarg')
  const sender = current()
  if (isFenced(sender, 'exit signal') || pid.proc === null) return true
  const target = pid.proc
  if (reason === 'kill') end(target, 'killed')
  else if (target.trapExit) deliver(target, KIND.info, ['EXIT', sender?.pid ?? pid, reason])
  else if (reason !== 'normal' || sender === target) end(target, reason)
  if (sender !== null && sender === target && target.dead) throw new Exit(reason === 'kill' ? 'killed' : reason)
  return true
}

/** The exit signal of a link: reason `kill` is an ordinary reason here, `normal` none. */
function linkExit(target: Process, from: Pid, reason: unknown): void {
  if (target.dead) return
  if (target.trapExit) deliver(target, KIND.info, ['EXIT', from, reason])
  else if (reason !== 'normal') end(target, reason)
}

const ending: { proc: Process; reason: unknown }[] = []
let telling = false

/** Ends a process now: it runs no more, its name is free, its links and monitors are told. */
export function end(proc: Process, reason: unknown): void {
  if (proc.dead) return
  proc.dead = true
  releaseNames(proc)
  if (telling) {
    ending.push({ proc, reason })
    return
  }
  telling = true
  let told = 0
  try {
    tell(proc, reason)
    while (told < ending.length) {
      const next = ending[told++]
      if (next !== undefined) tell(next.proc, next.reason)
    }
  } finally {
    if (told > 0) ending.splice(0, told)
    telling = false
  }
}

function tell(proc: Process, reason: unknown): void {
  const { pid, loop, extra } = proc
  loop?.ended(reason)
  for (let call = proc.unanswered; call !== null; call = proc.unanswered) call.serverEnded(reason)
  proc.clear()
  proc.loop = null
  proc.running = null
  const { waits } = proc
  proc.waits = null
  if (waits !== null) for (const wait of members(waits)) wait.giveUp()
  if (extra !== null) {
    extra.waiter?.giveUp()
    extra.waiter = null
    if (extra.atEnd !== null) for (const atEnd of extra.atEnd) atEnd(reason)
    // Who listens is code of the ended process, and may not act as the one that ended it.
    if (extra.abort !== null) context.run(proc, abort, extra.abort, reason)
    if (extra.monitors !== null) for (const record of extra.monitors) drop(record)
  }
  const { links } = proc
  proc.links = null
  if (links !== null) {
    for (const peer of members(links)) {
      peer.links = withoutMember(peer.links, proc)
      linkExit(peer, pid, reason)
    }
  }
  if (extra !== null && extra.monitoredBy !== null) {
    for (const record of extra.monitoredBy) {
      record.ref.monitor = null
      record.watcher.extra?.monitors?.delete(record)
      down(record, reason)
    }
  }
  proc.extra = null
  forget(proc)
}

const abort = (controller: AbortController, reason: unknown): void => controller.abort(reason)

let crashReport: ((proc: Process, reason: unknown) => void) | undefined

/**
 * A process ends by what its own code did. One started through proc_lib reports that as a crash, unless the reason is
 * normal-ish; the end by another's exit signal is never reported so.
 */
export function endItself(proc: Process, reason: unknown): void {
  if (proc.dead) return
  if (proc.procLib && !isNormalish(reason)) crashReport?.(proc, reason)
  end(proc, reason)
}

/** Says who writes crash reports of proc_lib processes: proc_lib itself. Called while the process still lives. */
export function setCrashReport(handler: (proc: Process, reason: unknown) => void): void {
  crashReport = handler
}

/** The code of a process has thrown: it ends with the reason that stands for what was thrown. */
export function crashed(proc: Process, thrown: unknown): void {
  if (proc.dead) return
  const reason = exitReason(thrown)
  if (!proc.procLib && !(thrown instanceof Exit)) {
    const what = { label: ['erts', 'error_in_process'] as const, report: { pid: proc.pid, reason } }
    report('error', what, {})
  }
  endItself(proc, reason)
}

setCrash(crashed)
