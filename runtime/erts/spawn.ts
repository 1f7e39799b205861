/**
 * Making processes. A new process inherits its creator's group leader and nothing else. OTP: `spawn/1,3`,
 * `spawn_opt/2,4`.
 */

import { ErlangError, Exit, exitReason } from './exit.js'
import { isFenced } from './fence.js'
import { currentVersion, exportedFunction, type ModuleRef, moduleName } from './modules.js'
import { context, current, NO_ANCESTORS, Process } from './proc.js'
import { release, soon } from './scheduler.js'
import { connect, crashed, end, type MonitorOptions, monitor } from './signal.js'
import type { Pid, Ref } from './term.js'

/** Code of a process: a function, or module and name of an exported function (in the version current at the start). */
export type Body<Args extends unknown[]> = ((...args: Args) => unknown) | readonly [module: ModuleRef, fun: string]

/** Options of {@link spawnOpt}. */
export interface SpawnOptions {
  /** Link with the caller, atomically with the creation. */
  readonly link?: boolean
  /** Monitor by the caller, atomically with the creation. */
  readonly monitor?: boolean | MonitorOptions
  /** Accepted for compatibility, as the next ones are: there is no preemption, and one heap. */
  readonly priority?: 'low' | 'normal' | 'high' | 'max'
  /** Accepted for compatibility. */
  readonly fullsweep_after?: number
  /** Accepted for compatibility. */
  readonly min_heap_size?: number
  /** Accepted for compatibility. */
  readonly max_heap_size?: unknown
  /** Accepted for compatibility. */
  readonly message_queue_data?: 'on_heap' | 'off_heap'
}

/**
 * Starts a process that runs `body`. It begins after the caller has come to its next await or end. Never fails: a
 * function that does not exist is the end of the new process (`undef`). OTP: `spawn/1`.
 */
export function spawn<Args extends unknown[]>(body: Body<Args>, ...args: Args): Pid {
  const proc = create(current())
  begin(proc, body, args)
  return proc.pid
}

/** Starts a process linked with the caller. OTP: `spawn_link/1`. */
export function spawnLink<Args extends unknown[]>(body: Body<Args>, ...args: Args): Pid {
  return spawnOpt({ link: true }, body, ...args)
}

/** Starts a process monitored by the caller. OTP: `spawn_monitor/1`. */
export function spawnMonitor<Args extends unknown[]>(body: Body<Args>, ...args: Args): [Pid, Ref] {
  return spawnOpt({ monitor: true }, body, ...args)
}

/** Starts a process with options. OTP: `spawn_opt/2`. @returns the pid, with `monitor` the pid and the reference */
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
  options: SpawnOptions,
  body: Body<Args>,
  ...args: Args
): Pid | [Pid, Ref] {
  const parent = current()
  const { monitor: watch = false } = options
  if (parent === null && (options.link === true || watch !== false)) throw new ErlangError('not_a_process')
  const proc = create(parent)
  if (options.link === true && parent !== null) connect(parent, proc)
  const ref = watch === false ? undefined : monitor(proc.pid, watch === true ? {} : watch)
  begin(proc, body, args)
  return ref === undefined ? proc.pid : [proc.pid, ref]
}

/** Makes a process record. That of a dead creator's fenced code is dead from the start. */
export function create(parent: Process | null, ancestors: readonly (Pid | string)[] = NO_ANCESTORS): Process {
  const proc = new Process(parent, ancestors)
  if (isFenced(parent, 'spawn')) end(proc, 'killed')
  return proc
}

/** Runs the body of a new process from the next microtask on, or the next turn when this one's budget is spent. */
export function begin<Args extends unknown[]>(proc: Process, body: Body<Args>, args: Args): void {
  proc.busy = true
  const run = (): void => {
    if (!proc.dead) context.run(proc, runBody<Args>, proc, body, args)
  }
  queueMicrotask(() => soon(run))
}

/**
 * Runs the body of a process, in its context. Without a loop the process ends when the body does; a body that made
 * its process a loop (a server) leaves it to its messages.
 */
export function runBody<Args extends unknown[]>(proc: Process, body: Body<Args>, args: Args): void {
  let result: unknown
  try {
    result = typeof body === 'function' ? body(...args) : applyNamed(proc, body, args)
  } catch (thrown) {
    crashed(proc, thrown)
    return
  }
  if (isThenable(result)) {
    Promise.resolve(result).then(
      () => finished(proc),
      (thrown: unknown) => crashed(proc, thrown),
    )
  } else finished(proc)
}

function applyNamed(proc: Process, [module, fun]: readonly [ModuleRef, string], args: readonly unknown[]): unknown {
  let value: ((...args: never[]) => unknown) | undefined
  try {
    value = exportedFunction(module, fun)
  } catch (thrown) {
    if (!(thrown instanceof ErlangError)) throw thrown
  }
  if (value === undefined) throw new ErlangError(['undef', [moduleName(module), fun, args]])
  // A function reached by its name belongs to the version current now, for as long as it runs.
  proc.running = { module, token: currentVersion(module) }
  return Reflect.apply(value, undefined, args)
}

function finished(proc: Process): void {
  if (proc.dead) return
  if (proc.loop === null) end(proc, 'normal')
  else if (proc.busy) release(proc)
}

/**
 * Whether a callback's result has to be awaited. Await a user's through `Promise.resolve`: a thenable's own `then` may
 * give nothing, or call back at once.
 */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}

/** Runs `code` as a process of its own and waits for its value; its failure is thrown here. For scripts and tests. */
export function inProcess<T>(code: () => T | Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const pid = spawn(async () => {
      try {
        resolve(await code())
      } catch (thrown) {
        reject(thrown instanceof Error ? thrown : new ErlangError(exitReason(thrown)))
      }
    })
    // Ended from outside (a link, a kill) the code above says nothing any more.
    const extra = pid.proc?.more()
    if (extra === undefined) return
    extra.atEnd ??= new Set()
    extra.atEnd.add((reason) => reject(new Exit(reason)))
  })
}
