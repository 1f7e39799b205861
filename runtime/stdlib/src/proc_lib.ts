/**
 * Processes that belong to the system: they know their ancestors, their start can be waited for, and their abnormal
 * end is reported. All behaviours start through the same machinery. OTP: stdlib `proc_lib.erl`.
 */
import { ErlangError, Stack } from '../../erts/exit.js'
import { isFenced } from '../../erts/fence.js'

export { hibernate } from '../../erts/hibernate.js'

import { type ModuleRef, moduleName } from '../../erts/modules.js'
import { context, current, type Process, type Wait, withMember, withoutMember } from '../../erts/proc.js'
import type { Timeout } from '../../erts/receive.js'
import { report } from '../../erts/report.js'
import { visible } from '../../erts/scheduler.js'
import {
  connect,
  disconnect,
  exitPid,
  linksOf,
  type MonitorOptions,
  monitor,
  setCrashReport,
} from '../../erts/signal.js'
import { type Body, begin, create, runBody, type SpawnOptions } from '../../erts/spawn.js'
import { makeRef, type Pid, type Ref } from '../../erts/term.js'
import { arm, disarm } from '../../erts/timer.js'
import type { ServerRef } from './gen_call.js'
import { childAncestors, StartWait } from './gen_start.js'
import { stopProcess } from './gen_stop.js'

/** Starts a process asynchronously. OTP: `proc_lib:spawn/1,3`. */
export function spawn<Args extends unknown[]>(body: Body<Args>, ...args: Args): Pid {
  const proc = make(body, args.length)
  begin(proc, body, args)
  return proc.pid
}

/** Starts a process linked with the caller. OTP: `proc_lib:spawn_link/1,3`. */
export function spawnLink<Args extends unknown[]>(body: Body<Args>, ...args: Args): Pid {
  const parent = current()
  if (parent === null) throw new ErlangError('not_a_process')
  const proc = make(body, args.length)
  connect(parent, proc)
  begin(proc, body, args)
  return proc.pid
}

/** Starts a process monitored by the caller. */
export function spawnMonitor<Args extends unknown[]>(body: Body<Args>, ...args: Args): [Pid, Ref] {
  return spawnOpt({ monitor: true }, body, ...args)
}

/** Starts a process with options. OTP: `proc_lib:spawn_opt/2,4`. @returns the pid, with `monitor` also the reference */
export function spawnOpt<Args extends unknown[]>(
  options: SpawnOptions & { readonly monitor: true | MonitorOptions },
  body: Body<Args>,
  ...args: Args
): [Pid, Ref]
export function spawnOpt<Args extends unknown[]>(
  options: SpawnOptions & { readonly monitor?: false },
  body: Body<Args>,
  ...args: Args
): Pid
export function spawnOpt<Args extends unknown[]>(
  { link = false, monitor: watch = false }: SpawnOptions,
  body: Body<Args>,
  ...args: Args
): Pid | [Pid, Ref] {
  const parent = current()
  if (parent === null && (link || watch !== false)) throw new ErlangError('not_a_process')
  const proc = make(body, args.length)
  if (link && parent !== null) connect(parent, proc)
  const ref = watch === false ? undefined : monitor(proc.pid, watch === true ? {} : watch)
  begin(proc, body, args)
  return ref === undefined ? proc.pid : [proc.pid, ref]
}

function make<Args extends unknown[]>(body: Body<Args>, arity: number): Process {
  const parent = current()
  const proc = create(parent, childAncestors(parent))
  proc.procLib = true
  // A function has no name of its own here: OTP shows such a process as proc_lib's.
  proc.initialCall = typeof body === 'function' ? ['stdlib/proc_lib', 'init_p', 5] : [body[0], body[1], arity]
  return proc
}

// ---- synchronous start

/** Who waits for a process to say that it is ready. */
class Starting extends StartWait {
  readonly proc: Process
  readonly starter: Process | null
  readonly linked: boolean
  readonly done: (result: unknown) => void
  told = false

  constructor(proc: Process, starter: Process | null, linked: boolean, done: (result: unknown) => void) {
    super()
    this.proc = proc
    this.starter = starter
    this.linked = linked
    this.done = done
  }

  readonly ended = (reason: unknown): void => {
    // A starter that traps exits learns of it by the result, and not by a message besides; another dies of it.
    if (!this.told && this.linked && this.starter?.trapExit === true) disconnect(this.starter, this.proc)
    this.tell(['error', reason])
  }

  tell(result: unknown): void {
    if (this.told) return
    this.told = true
    disarm(this)
    if (this.starter !== null) this.starter.waits = withoutMember<Wait>(this.starter.waits, this)
    starting.delete(this.proc)
    this.proc.extra?.atEnd?.delete(this.ended)
    if (this.starter?.dead !== true) this.done(result)
  }

  /** The starter has ended: nobody waits any more. */
  giveUp(): void {
    disarm(this)
  }

  fire(): void {
    if (this.linked && this.starter !== null) disconnect(this.starter, this.proc)
    this.tell(['error', 'timeout'])
    exitPid(this.proc.pid, 'kill')
  }
}

const starting = new WeakMap<Process, Starting>()

function startSync<Args extends unknown[]>(
  body: Body<Args>,
  args: Args,
  timeout: Timeout,
  relation: 'nolink' | 'link' | 'monitor',
): { readonly result: Promise<unknown>; readonly ref: Ref | undefined } {
  const starter = current()
  if (starter === null && relation === 'monitor') throw new ErlangError('not_a_process')
  if (isFenced(starter, 'start')) return { result: new Promise(() => {}), ref: undefined }
  const proc = make(body, args.length)
  const linked = relation === 'link' && starter !== null
  if (linked) connect(starter, proc)
  const ref = relation === 'monitor' ? monitor(proc.pid) : undefined
  const result = new Promise<unknown>((resolve) => {
    const start = new Starting(proc, starter, linked, resolve)
    starting.set(proc, start)
    const extra = proc.more()
    extra.atEnd ??= new Set()
    extra.atEnd.add(start.ended)
    if (starter !== null) starter.waits = withMember(starter.waits, start)
    if (timeout !== 'infinity') arm(start, timeout)
  })
  proc.busy = true
  context.run(proc, runBody<Args>, proc, body, args)
  return { result, ref }
}

/**
 * Starts a process and waits until it calls {@link initAck}. OTP: `proc_lib:start/3,4`.
 *
 * @param timeout milliseconds; then the process is killed and the result is `['error', 'timeout']`
 * @returns what was given to initAck; `['error', reason]` when it ended before, `normal` for a silent return
 */
export function start<Args extends unknown[]>(
  body: Body<Args>,
  args: Args,
  timeout: Timeout = 'infinity',
): Promise<unknown> {
  return startSync(body, args, timeout, 'nolink').result
}

/** As {@link start}, linked with the caller. OTP: `proc_lib:start_link/3,4`. */
export function startLink<Args extends unknown[]>(
  body: Body<Args>,
  args: Args,
  timeout: Timeout = 'infinity',
): Promise<unknown> {
  return startSync(body, args, timeout, 'link').result
}

/** As {@link start}, monitored by the caller. @returns the result and the reference; `DOWN` follows every failure */
export async function startMonitor<Args extends unknown[]>(
  body: Body<Args>,
  args: Args,
  timeout: Timeout = 'infinity',
): Promise<[result: unknown, ref: Ref]> {
  const { result, ref = makeRef() } = startSync(body, args, timeout, 'monitor')
  return [await result, ref]
}

/** Releases the starter of the calling process with a result. OTP: `proc_lib:init_ack/1`. */
export function initAck(result: unknown): 'ok' {
  const proc = current()
  if (proc !== null && !proc.dead) starting.get(proc)?.tell(result)
  return 'ok'
}

/** Ends a process with a system message and waits until it is gone. OTP: `proc_lib:stop/1,3`. */
export function stop(ref: ServerRef, reason: unknown = 'normal', timeout: Timeout = 'infinity'): Promise<'ok'> {
  return stopProcess(ref, reason, timeout, ['proc_lib', 'stop'])
}

// ---- what is known of a process

/** Module, function and arity with which a process began, or false for one not started by proc_lib. */
export function translateInitialCall(pid: Pid): readonly [module: string, fun: string, arity: number] {
  const call = pid.proc?.procLib === true ? pid.proc.initialCall : null
  return call === null ? ['stdlib/proc_lib', 'init_p', 5] : [moduleName(call[0]), call[1], call[2]]
}

/** As {@link translateInitialCall}, with names of the arguments. OTP: `proc_lib:initial_call/1`. */
export function initialCall(pid: Pid): readonly [module: string, fun: string, args: readonly string[]] | false {
  if (pid.proc?.procLib !== true) return false
  const [module, fun, arity] = translateInitialCall(pid)
  return [module, fun, Array.from({ length: arity }, (_, i) => `Argument__${i + 1}`)]
}

/** Says with which callback module a process began: the behaviours' part. @internal */
export function setInitialCall(call: readonly [ModuleRef, string, number]): void {
  const proc = current()
  if (proc !== null) proc.initialCall = call
}

// ---- crash reports

/** Linked processes shown in a crash report, at most. */
const MOST_NEIGHBOURS = 15

function crashReport(proc: Process, reason: unknown): void {
  report(
    'error',
    { label: ['proc_lib', 'crash'], report: [crasher(proc, reason), neighbours(proc)] },
    { domain: ['otp', 'sasl'], pid: proc.pid },
  )
}

function crasher(proc: Process, reason: unknown): readonly (readonly [string, unknown])[] {
  const [module, fun, arity] = proc.initialCall ?? ['stdlib/proc_lib', 'init_p', 5]
  return [
    ['initial_call', [moduleName(module), fun, Array.from({ length: arity }, (_, i) => `Argument__${i + 1}`)]],
    ['pid', proc.pid],
    ['registered_name', proc.name ?? []],
    ['error_info', errorInfo(reason)],
    ['ancestors', proc.ancestors],
    ['message_queue_len', proc.count],
    ['messages', Array.from({ length: proc.count }, (_, i) => visible(proc.kindAt(i), proc.payloadAt(i)))],
    ['links', linksOf(proc).map((peer) => peer.pid)],
    ['dictionary', [...(proc.extra?.dictionary ?? [])]],
    ['trap_exit', proc.trapExit],
    ['status', 'running'],
    ['reductions', proc.reductions],
  ]
}

/** Class, reason and stack of an exit reason. */
function errorInfo(reason: unknown): readonly [kind: string, reason: unknown, stack: readonly string[]] {
  if (Array.isArray(reason) && reason.length === 2 && reason[1] instanceof Stack) {
    return ['error', reason[0], reason[1].frames]
  }
  return ['exit', reason, []]
}

function neighbours(proc: Process): readonly (readonly [string, unknown])[] {
  const seen = new Set([proc])
  const found: Process[] = []
  const waiting = linksOf(proc)
  for (let next = waiting.shift(); next !== undefined && found.length < MOST_NEIGHBOURS; next = waiting.shift()) {
    if (seen.has(next) || next.trapExit || next.dead) continue
    seen.add(next)
    found.push(next)
    for (const peer of linksOf(next)) waiting.push(peer)
  }
  return found.map((peer) => [
    'neighbour',
    [
      ['pid', peer.pid],
      ['registered_name', peer.name ?? []],
      ['initial_call', peer.initialCall === null ? [] : moduleName(peer.initialCall[0])],
    ],
  ])
}

setCrashReport(crashReport)
