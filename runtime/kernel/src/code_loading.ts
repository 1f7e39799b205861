/**
 * Loading, purging and deleting modules over the node's linker: what the code server does for each request. OTP:
 * kernel's code_server.erl and the runtime's `load_module`, `purge_module`, `check_process_code`.
 */
import type { Linker } from '../../erts/linker/linker.js'
import { PrepareError } from '../../erts/linker/linker.js'
import { applicationDir, nodeLinker } from '../../erts/loader.js'
import { exitPid, type Pid, processes, runningCode, selfOrUndefined } from '../../erts/process.js'

/** Why a module cannot be loaded. */
export type LoadError = 'nofile' | 'badfile' | 'sticky_directory' | 'on_load_failure' | 'not_purged' | 'embedded'

/** `['module', Id]`, or why not. */
export type LoadResult = ['module', string] | ['error', LoadError]

/** `'ok'`, or which modules of several cannot be loaded and why. */
export type LoadAllResult = 'ok' | ['error', [id: string, why: LoadError][]]

/** Applications whose modules refuse to be loaded again. */
const STICKY: ReadonlySet<string> = new Set(['kernel', 'stdlib'])

const applicationOf = (id: string): string => id.slice(0, id.indexOf('/'))

/** Whether a module belongs to an application that must not be replaced piece by piece. */
export const isSticky = (id: string): boolean => STICKY.has(applicationOf(id))

/** Loads a module from its application's folder: current becomes old, an older one is purged, killing its users. */
export async function loadFile(id: string): Promise<LoadResult> {
  const linker = nodeLinker()
  if (linker !== undefined && refusesReload(linker, id)) return ['error', 'sticky_directory']
  const dir = applicationDir(applicationOf(id))
  if (linker === undefined || dir === undefined) return ['error', 'nofile']
  try {
    if (!linker.isLoaded(id)) await linker.load([id])
    else {
      const prepared = await linker.prepare([{ id, dir }])
      purge(id)
      await linker.swap(prepared, id)
    }
    return ['module', id]
  } catch (failure) {
    return ['error', loadError(failure)]
  }
}

/** Preloaded modules have no version that could be replaced. */
const refusesReload = (linker: Linker, id: string): boolean =>
  linker.isLoaded(id) && (isSticky(id) || linker.current(id) === undefined)

/**
 * Loads modules together: all of them, or none and nothing has changed. None may have an old version.
 *
 * @returns `'ok'`, or what is wrong with which
 */
export async function loadTogether(ids: readonly string[]): Promise<LoadAllResult> {
  const linker = nodeLinker()
  const changes: { id: string; dir: string }[] = []
  const wrong: [string, LoadError][] = []
  for (const id of ids) {
    const dir = applicationDir(applicationOf(id))
    if (linker !== undefined && refusesReload(linker, id)) wrong.push([id, 'sticky_directory'])
    else if (linker?.hasOld(id)) wrong.push([id, 'not_purged'])
    else if (dir === undefined) wrong.push([id, 'nofile'])
    else changes.push({ id, dir })
  }
  if (wrong.length > 0) return ['error', wrong]
  if (linker === undefined || changes.length === 0) return 'ok'
  try {
    const prepared = await linker.prepare(changes)
    const before = linker.snapshot(prepared.units.keys())
    try {
      for (const { id } of changes) await linker.swap(prepared, id)
    } catch (failure) {
      linker.restore(before)
      throw failure
    }
    return 'ok'
  } catch (failure) {
    if (!(failure instanceof PrepareError)) throw failure
    return ['error', failure.problems.map((problem) => [moduleOf(problem), errorOf(problem.tag)])]
  }
}

/** The module that a problem is told of: the one that imports what cannot be had. */
const moduleOf = (problem: PrepareError['problems'][number]): string =>
  'module' in problem ? problem.module : problem.importer.module

/** Loads those that are not loaded, one after the other. @returns `'ok'`, or which could not be, and why */
export async function loadMissing(ids: readonly string[]): Promise<LoadAllResult> {
  const wrong: [string, LoadError][] = []
  for (const id of ids) {
    const result = await loadUnlessLoaded(id)
    if (result[0] === 'error') wrong.push([id, result[1]])
  }
  return wrong.length === 0 ? 'ok' : ['error', wrong]
}

/** Loads a module unless it is loaded. */
export async function loadUnlessLoaded(id: string): Promise<LoadResult> {
  return nodeLinker()?.isLoaded(id) ? ['module', id] : loadFile(id)
}

function loadError(failure: unknown): LoadError {
  if (!(failure instanceof PrepareError)) throw failure
  return errorOf(failure.problems[0]?.tag)
}

function errorOf(tag: PrepareError['problems'][number]['tag'] | undefined): LoadError {
  switch (tag) {
    case 'module_not_found':
      return 'nofile'
    case 'evaluation_failed':
      return 'on_load_failure'
    case 'not_purged':
      return 'not_purged'
    case 'preloaded':
      return 'sticky_directory'
    default:
      return 'badfile'
  }
}

/** The processes that run old code of a module: a callback of that version has not returned yet. */
export function processesRunningOldCode(id: string): Pid[] {
  const old = nodeLinker()?.old(id)
  if (old === undefined) return []
  return processes().filter((pid) => runningCode(pid).some(({ token }) => token === old))
}

/** Removes the old version, killing the processes that run it. @returns whether some were killed */
export function purge(id: string): boolean {
  const users = processesRunningOldCode(id).filter((pid) => pid !== selfOrUndefined())
  for (const pid of users) exitPid(pid, 'kill')
  nodeLinker()?.purge(id)
  return users.length > 0
}

/** Removes the old version unless some process runs it. @returns whether none did */
export function softPurge(id: string): boolean {
  if (processesRunningOldCode(id).length > 0) return false
  nodeLinker()?.purge(id)
  return true
}

/** Makes the current version old, without a successor. @returns false when there is an old one or none at all */
export function remove(id: string): boolean {
  const linker: Linker | undefined = nodeLinker()
  if (linker === undefined || linker.hasOld(id) || linker.current(id) === undefined) return false
  return linker.remove(id)
}
