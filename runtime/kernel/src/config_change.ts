/**
 * Changing the data of applications at an upgrade, and telling them of it.
 *
 * The release handler takes the environment before, replaces resources and configuration, carries out its plan, and at
 * last every running application whose parameters differ gets `configChange`. Everything can be taken back through a
 * snapshot. OTP: `prep_config_change`, `change_application_data`, `config_change` of kernel's
 * application_controller.erl.
 *
 * Departure: parameters set by `setEnv` while the node ran stay in force over an upgrade; OTP loses them. Departure:
 * `configChange` is called in a process of the application, not in the controller, so that it may ask the controller;
 * included applications are told, and the real module behind the application starter; failures are returned.
 */
import { ok, type Result } from '../../../schemas/result.js'
import type { ModuleRef } from '../../erts/modules.js'
import { equal, type Pid, receive, self, setGroupLeader, spawn, spawnMonitor } from '../../erts/process.js'
import { callback, errorOf, hasCallback, term } from './application_callback.js'
import { type ApplData, callbackModule, makeAppl } from './application_data.js'
import { applyChanges, diffEnv } from './application_env.js'
import { environment, type Sources } from './application_load.js'
import { acTab, type Change } from './application_table.js'

/** Parameters of running applications at one moment, by application. */
export type EnvSnapshot = ReadonlyMap<string, ReadonlyMap<string, unknown>>

/** The controller's table at one moment: what an undo puts back. */
export interface TableSnapshot {
  readonly loaded: ReadonlyMap<string, ApplData>
  readonly env: EnvSnapshot
  readonly changes: ReadonlyMap<string, ReadonlyMap<string, Change>>
}

const copyAll = <V>(from: ReadonlyMap<string, ReadonlyMap<string, V>>): Map<string, Map<string, V>> =>
  new Map([...from].map(([name, inner]) => [name, new Map(inner)]))

/** @returns the parameters of every application with a running tree and of those it includes. */
export function environments(running: readonly string[]): EnvSnapshot {
  return copyAll(new Map(running.flatMap(withIncluded).map((name) => [name, acTab().env.get(name) ?? new Map()])))
}

function withIncluded(name: string): string[] {
  const included = acTab().loaded.get(name)?.includedApplications ?? []
  return [name, ...included.flatMap(withIncluded)]
}

/** @returns the table as it is now. */
export function takeTable(): TableSnapshot {
  const { loaded, env, changes } = acTab()
  return { loaded: new Map(loaded), env: copyAll(env), changes: copyAll(changes) }
}

/** Puts a table back; applications that came since and run are left alone, the others are forgotten. */
export function restoreTable(snapshot: TableSnapshot, running: readonly string[]): void {
  const { loaded, env, changes } = acTab()
  const kept = new Set(running.flatMap(withIncluded))
  for (const name of new Set([...loaded.keys(), ...env.keys()])) {
    if (snapshot.loaded.has(name) || snapshot.env.has(name) || kept.has(name)) continue
    loaded.delete(name)
    env.delete(name)
    changes.delete(name)
  }
  for (const [name, data] of snapshot.loaded) loaded.set(name, data)
  for (const [name, params] of copyAll(snapshot.env)) env.set(name, params)
  for (const [name, params] of copyAll(snapshot.changes)) changes.set(name, params)
}

/**
 * Replaces the data of those loaded applications that have a resource here; all or nothing.
 *
 * @returns the applications changed, or OTP's error term for the first resource that is refused
 */
export function changeTable(resources: readonly unknown[], sources: Sources): Result<readonly string[], unknown> {
  const next: { data: ApplData; env: Map<string, unknown> }[] = []
  for (const resource of resources) {
    const made = makeAppl(resource)
    if (!made.ok) return made
    if (!acTab().loaded.has(made.value.name)) continue
    const env = environment(made.value, sources)
    next.push({ data: made.value, env: applyChanges(env, acTab().changes.get(made.value.name) ?? new Map()) })
  }
  for (const { data, env } of next) {
    acTab().loaded.set(data.name, data)
    acTab().env.set(data.name, env)
  }
  return ok(next.map(({ data }) => data.name))
}

/**
 * Tells every running application whose parameters differ from `before`, most recently started first, each followed by
 * the applications it includes. Parameters of an application that was not running before count as added.
 *
 * @returns `ok`, or every failure as `[Application, Reason]`
 */
export async function notifyChanges(
  before: EnvSnapshot,
  running: readonly string[],
): Promise<'ok' | ['error', [string, unknown][]]> {
  const failures: [string, unknown][] = []
  for (const primary of running) {
    for (const name of withIncluded(primary)) {
      const reason = await notify(primary, name, before.get(name) ?? new Map())
      if (reason !== undefined) failures.push([name, reason.reason])
    }
  }
  return failures.length === 0 ? 'ok' : ['error', failures]
}

async function notify(
  primary: string,
  name: string,
  before: ReadonlyMap<string, unknown>,
): Promise<{ readonly reason: unknown } | undefined> {
  const diff = diffEnv(before, acTab().env.get(name) ?? new Map(), equal)
  if (diff.changed.length + diff.added.length + diff.removed.length === 0) return undefined
  const data = acTab().loaded.get(name)
  const module = data === undefined ? undefined : callbackModule(data)
  if (module === undefined || !hasCallback(module, 'configChange')) return undefined
  const value = await callAs(acTab().masters.get(primary), module, [diff.changed, diff.added, diff.removed])
  // Departure: nothing returned is `ok` (an async function's 'ok' is not a literal to TypeScript).
  return value === 'ok' || value === undefined ? undefined : (errorOf(value) ?? { reason: value })
}

/** Calls `configChange` in a process that belongs to the application. */
function callAs(master: Pid | undefined, module: ModuleRef, args: readonly unknown[]): Promise<unknown> {
  return new Promise((resolve) => {
    const call = async (): Promise<void> => {
      if (master !== undefined) setGroupLeader(self(), master)
      resolve(term(await callback(module, 'configChange', args)))
    }
    // A watcher, since the caller may be no process and the call may be killed with its application.
    spawn(async () => {
      const [, ref] = spawnMonitor(call)
      const down = await receive<unknown[]>((m) => Array.isArray(m) && m[0] === 'DOWN' && m[1] === ref)
      resolve(['EXIT', Array.isArray(down) ? down[4] : down])
    })
  })
}
