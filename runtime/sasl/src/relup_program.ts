/** What the interpreter of relup instructions is given, and what it tells: the words of relup_eval.ts and its parts. */
import type { LowLevelInstruction, Mfa } from '../../../schemas/types.js'
import type { CodeUser, Timeout } from './upgrade_world.js'

/** Options of an evaluation. */
export interface EvalOptions {
  /** Limit for suspending each process, in ms; overrides the instructions'. */
  readonly suspend_timeout?: Timeout
  /** Limit for each process's code_change, in ms. Default 60000. */
  readonly code_change_timeout?: Timeout
  /** Limit for each start of a child or of applications, also while taking back, in ms. Default 60000. OTP has none. */
  readonly start_timeout?: Timeout
  /**
   * A process that does not suspend in time: `abort` takes everything back (default); `skip` goes on without it, as
   * OTP does: it is neither converted nor resumed; `kill` ends it, and its supervisor starts it again. A failure later
   * does not bring its state back.
   */
  readonly unsuspended?: 'abort' | 'skip' | 'kill'
  /**
   * Points every application of the release at its folder, also those whose version is the same: for one that lies
   * elsewhere now. Default: those whose folder differs, which is the same but for OTP.
   */
  readonly update_paths?: boolean
  /**
   * Whether children that the `init` of a changed supervisor names anew are started, and those it names no longer
   * stopped. Default true; with false they are as OTP leaves them: added and not started, kept and running.
   */
  readonly update_children?: boolean
}

/** A program for the interpreter. */
export interface Program {
  readonly instructions: readonly LowLevelInstruction[]
  /** Folders that applications are pointed at, at point_of_no_return. */
  readonly paths: readonly { readonly application: string; readonly dir: string }[]
  /** Version of a module's application before. */
  oldVsn(module: string): string | undefined
  /** Version of a module's application afterwards. */
  newVsn(module: string): string | undefined
}

/** What was done, as it is done. */
export type EvalProgress =
  | { readonly step: 'suspended'; readonly processes: number }
  | { readonly step: 'loaded'; readonly modules: readonly string[] }
  | { readonly step: 'converted'; readonly processes: number; readonly supervisors: number; readonly module: string }
  | {
      readonly step: 'resumed'
      readonly processes: number
      readonly longest_pause_ms: number
      /** Children of changed supervisors, as `child 'id' of module`. */
      readonly started: readonly string[]
      readonly stopped: readonly string[]
    }
  | { readonly step: 'applied'; readonly mfa: Mfa }
  | { readonly step: 'stopped'; readonly processes: number }
  | { readonly step: 'started'; readonly processes: number }

/** What an evaluation did. */
export interface EvalSummary {
  /** Processes suspended. */
  readonly suspended: number
  /** Processes whose state code_change converted; supervisors are not counted. */
  readonly migrated: number
  /** Children restarted by `stop` and `start`, and applications stopped and started again. */
  readonly restarted: number
  /** The longest time for which one process was suspended, in ms. */
  readonly longestPauseMs: number
  /** Processes left out, with `unsuspended: 'skip'`. */
  readonly skipped: readonly string[]
  /** Processes killed, with `unsuspended: 'kill'`. */
  readonly killed: readonly string[]
  /** Processes that ended by themselves before they were converted. */
  readonly died: readonly string[]
  /** Children of changed supervisors that were started and stopped, as `child 'id' of module`. */
  readonly childrenStarted: readonly string[]
  readonly childrenStopped: readonly string[]
  /** Modules whose replaced code may still be in use, with their purge method. */
  readonly unpurged: ReadonlyMap<string, 'soft_purge' | 'brutal_purge'>
  /** Processes on code that was already old and is dropped: to be killed once all is well. */
  readonly doomed: readonly CodeUser[]
}
