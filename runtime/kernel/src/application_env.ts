/**
 * Parameters of applications: what stands in force, where it comes from, and how it is read.
 *
 * Sources, lowest first: `env` of app.json, the configuration files, the command line, and what was set while the node
 * ran. Merging is per parameter, whole values replace each other. Reads go to the table, never through the controller.
 * OTP: `get_env`, `merge_app_env` and `get_cmd_env` of kernel's application_controller.erl.
 */
import type { Env } from './application_data.js'
import { acTab, type Change } from './application_table.js'

/** @returns the value of a parameter as `['ok', Value]`, or undefined. */
export function lookup(application: string, key: string): ['ok', unknown] | undefined {
  const env = acTab().env.get(application)
  return env?.has(key) ? ['ok', env.get(key)] : undefined
}

/** @returns all parameters of an application as `[Key, Value]`, in no order; none when it is unknown. */
export const lookupAll = (application: string): [string, unknown][] => [...(acTab().env.get(application) ?? [])]

/** Parameters of one application with the later sources winning, parameter by parameter. */
export function mergeEnv(...sources: readonly Env[]): Map<string, unknown> {
  const merged = new Map<string, unknown>()
  for (const source of sources) for (const [key, value] of Object.entries(source)) merged.set(key, value)
  return merged
}

/** Puts what was changed while the node ran over parameters that were worked out anew. */
export function applyChanges(env: Map<string, unknown>, changes: ReadonlyMap<string, Change>): Map<string, unknown> {
  for (const [key, change] of changes) {
    if (change.set) env.set(key, change.value)
    else env.delete(key)
  }
  return env
}

/** How parameters differ, each list in order of the names. */
export interface EnvDiff {
  /** In both, with another value: name and new value. */
  readonly changed: readonly (readonly [string, unknown])[]
  /** Only afterwards: name and value. */
  readonly added: readonly (readonly [string, unknown])[]
  /** Only before. */
  readonly removed: readonly string[]
}

/** Compares the parameters of one application before and after. */
export function diffEnv(
  before: ReadonlyMap<string, unknown>,
  after: ReadonlyMap<string, unknown>,
  same: (a: unknown, b: unknown) => boolean,
): EnvDiff {
  const names = (env: ReadonlyMap<string, unknown>): string[] => [...env.keys()].sort()
  return {
    changed: names(after).flatMap((key) =>
      before.has(key) && !same(before.get(key), after.get(key)) ? [[key, after.get(key)] as const] : [],
    ),
    added: names(after).flatMap((key) => (before.has(key) ? [] : [[key, after.get(key)] as const])),
    removed: names(before).filter((key) => !after.has(key)),
  }
}
