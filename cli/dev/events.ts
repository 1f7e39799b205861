/** What a session of `otp-rel dev` tells while it runs. With `--json` each is a line. */
import type { Fault } from '../../schemas/fault.js'

/** Where the time of a save went, in ms. */
export interface Stages {
  /** From the first notice of the system until the burst of changes was over and what was saved before was done. */
  readonly wait: number
  readonly compile: number
  /** Finding what differs, and making the script of it. */
  readonly script: number
  /** Putting the new modules where the node reads them. */
  readonly write: number
  /** What the node says: compiling them and evaluating them aside. */
  readonly check: number
  /** What the node says: suspending, loading, converting, resuming. */
  readonly change: number
  /** To the node and back. */
  readonly ask: number
}

/** One thing that happened. */
export type DevEvent =
  | {
      readonly event: 'started'
      readonly name: string
      readonly vsn: string
      readonly pid: number
      readonly ms: number
    }
  /** A change runs. */
  | {
      readonly event: 'live'
      /** From the first notice of the save. */
      readonly ms: number
      readonly stages_ms: Stages
      readonly changed: readonly string[]
      readonly added: readonly string[]
      readonly removed: readonly string[]
      /** Processes whose state was converted; children of supervisors that began and ended with it. */
      readonly migrated: number
      readonly started: readonly string[]
      readonly stopped: readonly string[]
      readonly longest_pause_ms: number
      readonly warnings: readonly Fault[]
      /** What a person should look at; each is told once. */
      readonly notes: readonly string[]
    }
  /** What was saved makes the same code. */
  | { readonly event: 'same'; readonly paths: readonly string[] }
  /** A source of a library of the project was saved, which the release does not load: the library is to be built. */
  | { readonly event: 'unbuilt'; readonly path: string; readonly package: string }
  /** It cannot be built; what ran before runs. */
  | { readonly event: 'faults'; readonly faults: readonly Fault[] }
  /** The node refused it or took it back. */
  | { readonly event: 'refused'; readonly message: string }
  | { readonly event: 'restarting'; readonly why: string }
  | { readonly event: 'ended'; readonly how: number | string }
