/**
 * What an upgrade does to a running node, as an interface: the interpreter (relup_eval.ts) decides and this carries
 * out. node_world.ts is the real one; tests put others in place that record and fail.
 */
import type { Pid } from '../../erts/term.js'
import type { ChildChanges } from '../../stdlib/src/supervisor_children.js'
import type { ApplyWorld } from './apply_step.js'
import type { FoundProcess } from './process_walk.js'

/** Milliseconds, or no limit. */
export type Timeout = number | 'infinity'

/** Versions of modules at one moment; opaque. */
export type CodeSnapshot = object

/** A process that is running some version of a module, in a callback that has not returned. */
export interface CodeUser {
  readonly pid: Pid
  /** Whether it still does. */
  isStill(): boolean
}

/** Effects on code. All that is not a promise happens at once, so that no process sees half of a batch. */
export interface CodeWorld {
  /** Whether a module has an old version besides its current one. */
  hasOld(module: string): boolean
  /** Makes the prepared version current; the current one becomes old. A promise only for top-level await. */
  load(module: string): void | Promise<void>
  /** Makes the current version old; nothing is current then. */
  remove(module: string): void
  /** Drops the old version. Kills nobody: see {@link usersOfOld}. */
  purge(module: string): void
  /** Processes that are running the old version at this moment. */
  usersOfOld(module: string): readonly CodeUser[]
  snapshot(modules: readonly string[]): CodeSnapshot
  restore(snapshot: CodeSnapshot): void
  /** Points an application at another folder. @returns how to take that back */
  usePath(application: string, dir: string): () => void
}

/** A state, in a box: a state may itself be a promise. */
export interface State {
  readonly state: unknown
}

/**
 * Effects on processes. A value is an answer that is there already; a promise rejects with the reason when the process
 * has ended or does not answer in time. With ten thousand processes the difference is that of an upgrade nobody
 * notices.
 */
export interface ProcessWorld {
  /** Processes of all supervision trees; see {@link walkProcesses} for the arguments. */
  walk(known: readonly FoundProcess[], suspended: (pid: Pid) => boolean): Promise<readonly FoundProcess[]>
  isAlive(pid: Pid): boolean
  /** The id of the newest living process: all made later have a greater one. */
  newestId(): number
  /** Ends it whatever it does. Its supervisor may have started another when this returns. */
  kill(pid: Pid): void
  /** The processes whose answers it waits for at this moment. */
  waitsFor(pid: Pid): readonly Pid[]
  suspend(pid: Pid, timeout: Timeout): unknown
  resume(pid: Pid): unknown
  /** The state, or a promise of it: see {@link State}. */
  getState(pid: Pid): State | Promise<State>
  /** Puts back what {@link getState} gave. */
  putState(pid: Pid, state: unknown, dynamic: boolean): unknown
  /** @returns `'ok'` or `['error', reason]` */
  changeCode(pid: Pid, module: string, oldVsn: unknown, extra: unknown, timeout: Timeout): unknown
  /** Children in the state of a supervisor, in start order; none of one whose children have no ids. */
  childrenIn(state: unknown): readonly ChildState[]
  /** What the code change from one state of a supervisor to another has to do with children. */
  childChanges(before: unknown, after: unknown): ChildChanges
  childIds(supervisor: Pid): Promise<readonly unknown[]>
  terminateChild(supervisor: Pid, id: unknown): Promise<unknown>
  restartChild(supervisor: Pid, id: unknown): Promise<unknown>
  /** Ends the start that a supervisor waits for; see `interruptStart` of stdlib's supervisor. */
  interruptStart(supervisor: Pid): void
  deleteChild(supervisor: Pid, id: unknown): Promise<unknown>
}

/** A child in the state of a supervisor. */
export interface ChildState {
  readonly id: unknown
  readonly runs: boolean
}

/** Everything an upgrade can do to the node. */
export interface UpgradeWorld {
  readonly code: CodeWorld
  readonly processes: ProcessWorld
  readonly applies: ApplyWorld
  /** Milliseconds of a clock that never goes back. */
  nowMs(): number
}
