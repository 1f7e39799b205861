/**
 * Versions at one moment, to undo an upgrade with.
 *
 * Only here, and only while an upgrade is under way, is code kept that may no longer run.
 *
 * OTP has no counterpart: a failed upgrade restarts the node there.
 */
import { reexportersOf, registerReexports, sync } from './facade.js'
import type { RunningSpace } from './space.js'
import type { Module, Version, VersionInfo } from './version.js'

interface Entry {
  readonly module: Module
  readonly current: Version | undefined
  readonly old: VersionInfo | undefined
}

/** Versions of some modules at one moment. Keeps their code alive, so drop it when the upgrade is over. */
export interface Snapshot {
  readonly entries: readonly Entry[]
}

/** The versions of `ids` as they are, those not loaded as not loaded. */
export function takeSnapshot(space: RunningSpace, ids: Iterable<string>): Snapshot {
  const modules = [...new Set(ids)].map((id) => space.known(id) ?? space.module(id))
  return { entries: modules.map((module) => ({ module, current: module.current, old: module.old })) }
}

/** Makes versions what they were, then the facades of those modules and of all that re-export from them. */
export function restoreSnapshot(space: RunningSpace, snapshot: Snapshot): void {
  const changed: Module[] = []
  for (const { module, current, old } of snapshot.entries) {
    module.old = old
    if (module.current === current && module.view === current) continue
    module.current = current
    module.view = current
    if (current !== undefined) registerReexports(space, module, current)
    changed.push(module)
  }
  for (const module of reexportersOf(changed)) sync(space, module)
}
