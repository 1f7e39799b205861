/**
 * The process record and the table of processes. Everything a process needs always is a field; what few need is in
 * `extra`, made on demand, so that an idle server stays small. OTP: erts `erl_process.h`.
 */
import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks'
import { type Kind, Mailbox } from './mailbox.js'
import type { OwnedTimers } from './message_timer.js'
import type { ModuleRef } from './modules.js'
import type { Monitor } from './signal.js'
import { Pid } from './term.js'

/**
 * The code of a process that is called for each message, such as a gen_server's loop. It catches the errors of the
 * user's callbacks itself; what it throws ends the process.
 */
export interface Loop {
  /** The callback module whose code runs while a message is being handled. */
  readonly code: ModuleRef
  /** Handles one message; a promise means that the next message waits until it settles. */
  handle(kind: Kind, payload: unknown): undefined | PromiseLike<void>
  /** Kinds to pass over for now (a suspended server passes over all but system messages); undefined: none. */
  readonly accepts?: ((kind: Kind, payload: unknown) => boolean) | undefined
  /** The process has ended: whoever still waits for an answer must be told. */
  ended(reason: unknown): void
}

/** Something a process waits for, other than its loop's messages. */
export interface Wait {
  /** The process whose answer it is, where it is one's. */
  readonly server?: Process | null
  /** The process has ended: nothing may remain of the waiting, and what waits never goes on. */
  giveUp(): void
}

/** A `receive` that waits. */
export interface Waiter extends Wait {
  matches(message: unknown): boolean
  resume(message: unknown): void
}

/** A set that mostly has no member or one, and takes no space of its own then. */
export type Few<T extends object> = T | Set<T> | null

/** The set with one more member. */
export function withMember<T extends object>(few: Few<T>, member: T): Few<T> {
  if (few === null || few === member) return member
  if (few instanceof Set) return few.add(member)
  return new Set([few, member])
}

/** The set without a member. */
export function withoutMember<T extends object>(few: Few<T>, member: T): Few<T> {
  if (few === member) return null
  if (few instanceof Set) few.delete(member)
  return few
}

/** The members, oldest first. */
export const members = <T extends object>(few: Few<T>): T[] =>
  few === null ? [] : few instanceof Set ? [...few] : [few]

/** A call that waits for an answer of a process and must fail with it: a member of a doubly linked list. */
export interface Unanswered {
  older: Unanswered | null
  newer: Unanswered | null
  serverEnded(reason: unknown): void
}

/** A version of a module that a process is executing. `token` is undefined where modules have no versions. */
export interface RunningCode {
  readonly module: ModuleRef
  readonly token: object | undefined
}

/** What few processes need. */
export class Extra {
  /** Process dictionary. */
  dictionary: Map<unknown, unknown> | null = null
  /** Monitors this process holds on others. */
  monitors: Set<Monitor> | null = null
  /** Monitors others hold on this process. */
  monitoredBy: Set<Monitor> | null = null
  /** The receive that waits. */
  waiter: Waiter | null = null
  /** Aborted when the process ends. */
  abort: AbortController | null = null
  /** What its children's ancestors are, made with the first one and shared. */
  childAncestors: readonly (Pid | string)[] | null = null
  /** Timers whose message is for this process, and which end with it. */
  timers: OwnedTimers | null = null
  /** What to do at the end, in order: timers to cancel and the like. */
  atEnd: Set<(reason: unknown) => void> | null = null
  /** Its async context, once it is worth keeping; see {@link enter}. */
  frame: AsyncResource | null = null
}

const DEAD = 1
const BUSY = 2
const SCHEDULED = 4
const TRAP_EXIT = 8
const PROC_LIB = 16

/** Those of a process that nobody has started: one list for all. */
export const NO_ANCESTORS: readonly (Pid | string)[] = []

/** One process. */
export class Process extends Mailbox {
  readonly pid: Pid
  /** Its code, when that is a loop; null for a process that runs a function. */
  loop: Loop | null = null
  /** Linked processes. */
  links: Few<Process> = null
  /** What it waits for besides a message. */
  waits: Few<Wait> = null
  name: string | null = null
  groupLeader: Pid
  /** Names or pids of the ancestors, nearest first; shared with the siblings. OTP: `$ancestors`. */
  ancestors: readonly (Pid | string)[]
  /** Calls that this process has not answered, newest first. */
  unanswered: Unanswered | null = null
  /** Module, function, arity to show for it. OTP: `$initial_call`. */
  initialCall: readonly [ModuleRef, string, number] | null = null
  /** The code it runs at this moment, over an await or for ever. */
  running: RunningCode | null = null
  extra: Extra | null = null
  prev: Process | null = null
  next: Process | null = null
  /** Messages handled so far: OTP's reductions, coarsely. */
  reductions = 0
  /** Yes and no in one field, which saves a tenth of an idle server. */
  #flags = 0

  constructor(parent: Process | null, ancestors: readonly (Pid | string)[]) {
    super()
    this.pid = new Pid(this)
    this.groupLeader = parent === null ? this.pid : parent.groupLeader
    this.ancestors = ancestors
    this.prev = lastProcess
    if (lastProcess === null) firstProcess = this
    else lastProcess.next = this
    lastProcess = this
    processCount++
  }

  get dead(): boolean {
    return (this.#flags & DEAD) !== 0
  }

  set dead(value: boolean) {
    this.#flags = value ? this.#flags | DEAD : this.#flags & ~DEAD
  }

  /** User code is running: no message may be handed to the loop. */
  get busy(): boolean {
    return (this.#flags & BUSY) !== 0
  }

  set busy(value: boolean) {
    this.#flags = value ? this.#flags | BUSY : this.#flags & ~BUSY
  }

  /** Stands in the run queue. */
  get scheduled(): boolean {
    return (this.#flags & SCHEDULED) !== 0
  }

  set scheduled(value: boolean) {
    this.#flags = value ? this.#flags | SCHEDULED : this.#flags & ~SCHEDULED
  }

  get trapExit(): boolean {
    return (this.#flags & TRAP_EXIT) !== 0
  }

  set trapExit(value: boolean) {
    this.#flags = value ? this.#flags | TRAP_EXIT : this.#flags & ~TRAP_EXIT
  }

  /** Started through proc_lib: its abnormal end is reported as a crash. */
  get procLib(): boolean {
    return (this.#flags & PROC_LIB) !== 0
  }

  set procLib(value: boolean) {
    this.#flags = value ? this.#flags | PROC_LIB : this.#flags & ~PROC_LIB
  }

  /** The rarely needed part, made now if it is not there. */
  more(): Extra {
    this.extra ??= new Extra()
    return this.extra
  }
}

let firstProcess: Process | null = null
let lastProcess: Process | null = null
let processCount = 0

/** Takes an ended process out of the table. */
export function forget(proc: Process): void {
  const { prev, next } = proc
  if (prev === null) firstProcess = next
  else prev.next = next
  if (next === null) lastProcess = prev
  else next.prev = prev
  proc.prev = proc.next = null
  proc.pid.proc = null
  processCount--
}

/** All living processes, oldest first. */
export function allProcesses(): Process[] {
  const all: Process[] = []
  for (let proc = firstProcess; proc !== null; proc = proc.next) all.push(proc)
  return all
}

/** The newest of the living processes, at no cost; undefined when there is none. */
export const newestProcess = (): Pid | undefined => lastProcess?.pid

/** How many processes live. */
export const countProcesses = (): number => processCount

/**
 * Which process the running code belongs to. It follows async functions, so that a callback may await anything and
 * still be its process afterwards.
 */
export const context = new AsyncLocalStorage<Process | null>()

/** A process that has handled so many messages keeps its context: 150 to 330 bytes that idle ones need not pay. */
const OFTEN = 16
/** The context of nobody: what a process keeps must hold nothing of the one who happened to call it. */
const nobody = new AsyncResource('otp', { requireManualDestroy: true })

/**
 * Runs code as a process, as `context.run` does, but fast for processes that are entered again and again: since Node 24
 * `run` makes a new map each time, which costs more than the rest of a call.
 *
 * @param fun is given the process and the rest
 */
export function enter<Args extends unknown[]>(
  proc: Process,
  fun: (proc: Process, ...args: Args) => void,
  ...args: Args
): void {
  if (proc.reductions < OFTEN) context.run(proc, fun, proc, ...args)
  else {
    const extra = proc.more()
    extra.frame ??= frameOf(proc)
    extra.frame.runInAsyncScope(fun, undefined, proc, ...args)
  }
}

const frameOf = (proc: Process): AsyncResource =>
  nobody.runInAsyncScope(() =>
    context.run(proc, () => new AsyncResource('otp_process', { requireManualDestroy: true })),
  )

/** The calling process, also one that has been killed meanwhile; null outside any process. */
export const current = (): Process | null => context.getStore() ?? null
