/**
 * Words of the application controller: start types, its requests and its state. OTP: the record `state` of kernel's
 * application_controller.erl.
 */
import type { SysConfigSection } from '../../../schemas/types.js'
import type { Pid } from '../../erts/process.js'
import type { From } from '../../stdlib/src/gen_server.js'
import type { Env } from './application_data.js'
import type { Sources } from './application_load.js'
import type { TableSnapshot } from './config_change.js'

/** What the end of an application means for the node. See section "End of an application" of the runtime reference. */
export type RestartType = 'permanent' | 'transient' | 'temporary'

/** @returns whether a value is a start type. */
export const isRestartType = (value: unknown): value is RestartType =>
  value === 'permanent' || value === 'transient' || value === 'temporary'

/** Name, description, version. */
export type ApplicationInfo = [name: string, description: string, vsn: string]

/** How a node ends on behalf of the controller. Called once, after all applications have stopped. */
export type TerminateNode = (reason: unknown, status: number) => unknown

/** What `application_controller.start` can be given besides the kernel's resource. */
export interface ControllerOptions {
  /** Configuration instead of the files of the command line. */
  readonly config?: SysConfigSection
  /** Parameters instead of the command line's. */
  readonly commandLine?: Readonly<Record<string, Env>>
  /** Instead of ending the OS process. */
  readonly terminateNode?: TerminateNode
}

/** Everything the controller knows of applications, for an undo. */
export interface Snapshot {
  readonly table: TableSnapshot
  readonly config: SysConfigSection
  readonly started: readonly Started[]
}

/** A request of application.ts or of the release handler. */
export type Request =
  | { readonly type: 'load'; readonly what: unknown }
  | { readonly type: 'unload'; readonly name: string }
  | { readonly type: 'start'; readonly name: string; readonly restartType: RestartType }
  | { readonly type: 'stop'; readonly name: string }
  | { readonly type: 'permit'; readonly name: string; readonly permitted: boolean }
  | { readonly type: 'which_applications' }
  | { readonly type: 'info' }
  | {
      readonly type: 'set_env'
      readonly env: readonly (readonly [application: string, key: string, value: unknown])[]
      readonly persistent: boolean
    }
  | { readonly type: 'unset_env'; readonly application: string; readonly key: string; readonly persistent: boolean }
  | { readonly type: 'set_restart_types'; readonly types: ReadonlyMap<string, RestartType> }
  | { readonly type: 'change_data'; readonly resources: readonly unknown[]; readonly config: SysConfigSection }
  | { readonly type: 'snapshot' }
  | { readonly type: 'restore'; readonly snapshot: Snapshot }

/** What a starting process found out. */
export interface Cast {
  readonly type: 'started'
  readonly name: string
  readonly result: ['ok', Pid | undefined] | ['error', unknown]
}

/** An application whose start is under way or refused by a permission. */
export interface Starting {
  readonly name: string
  readonly restartType: RestartType
}

/** An application that was started and not stopped; it may have ended by itself. */
export interface Started {
  readonly name: string
  readonly restartType: RestartType
}

/** An application that runs. */
export interface Running {
  readonly name: string
  /** Undefined for a library application. */
  readonly master: Pid | undefined
}

/** The controller's state. */
export interface State {
  readonly sources: Sources
  readonly terminateNode: TerminateNode
  readonly starting: readonly Starting[]
  /** Started, but not permitted to run. */
  readonly notPermitted: readonly Starting[]
  /** Who waits for a start. */
  readonly requests: readonly { readonly name: string; readonly from: From }[]
  /** Newest first. */
  readonly running: readonly Running[]
  readonly started: readonly Started[]
  readonly permissions: ReadonlyMap<string, boolean>
}

/** A start that ended with exit reason normal: the one failure that a transient application may have. */
export const startedNormal = (reason: unknown): boolean =>
  Array.isArray(reason) && Array.isArray(reason[0]) && reason[0][0] === 'EXIT' && reason[0][1] === 'normal'
