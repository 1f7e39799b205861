/**
 * The controller's table: loaded applications, their parameters, masters and top processes. The controller and the
 * masters write it; everybody reads it without asking the controller, so that a callback may look up its parameters
 * while the controller waits for that very callback. OTP: the ets table `ac_tab` of kernel's
 * application_controller.erl.
 */
import type { ModuleRef } from '../../erts/modules.js'
import type { Pid } from '../../erts/term.js'
import type { ApplData } from './application_data.js'
import { namedTable } from './named_table.js'

/** A parameter that was set or unset while the node ran. */
export type Change = { readonly set: true; readonly value: unknown } | { readonly set: false }

/** The top process of a running application and the module whose `start` made it. */
export interface Top {
  readonly pid: Pid
  readonly module: ModuleRef
}

/** See the head of this file. */
export interface ApplicationTable {
  /** By application name. */
  readonly loaded: Map<string, ApplData>
  /** Parameters in force, also of applications that are not loaded but had parameters set. */
  readonly env: Map<string, Map<string, unknown>>
  /** What `setEnv` and `unsetEnv` did since the application was loaded: it survives an upgrade. */
  readonly changes: Map<string, Map<string, Change>>
  /** Masters by application, in order of their start; a master is the group leader of its application. */
  readonly masters: Map<string, Pid>
  /** Top processes by application, from the success of `start` on. */
  readonly tops: Map<string, Top>
  /** Start types of applications that are being started. */
  readonly startTypes: Map<string, unknown>
}

/** @returns the one table of this node. */
export const acTab = (): ApplicationTable =>
  namedTable('kernel/ac_tab', () => ({
    loaded: new Map(),
    env: new Map(),
    changes: new Map(),
    masters: new Map(),
    tops: new Map(),
    startTypes: new Map(),
  }))

/** @returns the application whose master that process is, or undefined. */
export function applicationOfLeader(leader: Pid): string | undefined {
  for (const [name, master] of acTab().masters) if (master === leader) return name
  return undefined
}

/** Empties the table: a controller begins with nothing. */
export function clearTable(): void {
  for (const map of Object.values(acTab())) map.clear()
}
