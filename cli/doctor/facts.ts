/** What `otp-rel doctor` looks at: facts, gathered before any is judged. Printable; absent means not to be had here. */
import type { Fault } from '../../schemas/fault.js'
import type { ClientError } from '../node/client_error.js'
import type { ExitClass } from '../render/exit_codes.js'

/** Everything. */
export interface DoctorFacts {
  /** How the user calls this program. */
  readonly program: string
  /** Version of the Node that runs it, and the oldest one that otp-rel runs on. */
  readonly node: { readonly found: string; readonly oldest: string }
  /** The otp-rel that runs, and those that the project would find from its folder upwards, nearest first. */
  readonly otpRel: Installed & { readonly inProject: readonly Installed[]; readonly asked?: string }
  /** Absent: the release is looked at, not a project. */
  readonly project?: ProjectFacts
  readonly releases: readonly ReleaseFacts[]
  /** Where the releases lie. */
  readonly disk?: { readonly dir: string; readonly freeBytes: number }
  /** Limits of watching files, on Linux. */
  readonly inotify?: { readonly watches: number; readonly instances: number }
}

/** One installed otp-rel. */
export interface Installed {
  readonly vsn: string
  readonly dir: string
}

/** The project, from its configuration to its git. */
export interface ProjectFacts {
  readonly dir: string
  /** Faults of the configuration; then nothing else of the project is known. */
  readonly configFaults: readonly Fault[]
  /** Names and versions of the project's own applications. */
  readonly applications: readonly { readonly name: string; readonly vsn: string }[]
  /** Faults of app.json files. */
  readonly applicationFaults: readonly Fault[]
  /** What keeps its releases from being built, and what is odd about them: the answer of `check`. */
  readonly build: {
    readonly releases: readonly string[]
    readonly faults: readonly { readonly fault: Fault; readonly exit: ExitClass }[]
    readonly warnings: readonly Fault[]
  }
  /** Files that are not committed; undefined: no git, or no repository. */
  readonly uncommitted?: number
}

/** A release folder, and its node. */
export interface ReleaseFacts {
  readonly name: string
  readonly root: string
  /** Versions that lie there, oldest first, and those each has a relup from. */
  readonly versions: readonly { readonly vsn: string; readonly from: readonly string[] }[]
  readonly node:
    | {
        readonly vsn: string
        readonly pid: number
        /** Applications that its release starts permanently and that do not run. */
        readonly notRunning: readonly string[]
      }
    | { readonly error: ClientError }
  /** Permission bits of the socket and of its folder; absent where there is none. */
  readonly socket?: { readonly path: string; readonly mode: number }
  /** Processes of this release that the node is not. */
  readonly leftovers: readonly number[]
  /** Ports of the configuration of the version that boots, where nothing of the release runs. */
  readonly ports: readonly { readonly setting: string; readonly port: number; readonly busy: boolean }[]
}
