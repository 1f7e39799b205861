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

/** Applications whose modules refuse to be loaded again. */
const STICKY: ReadonlySet<string> = new Set(['kernel', 'stdlib'])

const applicationOf = (id: string): string => id.slice(0, id.indexOf('/'))

/** Whether a module belongs to an application that must not be replaced piece by piece. */
export const isSticky = (id: string): boolean => STICKY.has(applicationOf(id))

/** Loads a module from its application's folder: current becomes old, an older one is purged, killing its users. */
export async function loadFile(id: string): Promise<LoadResult> {
  const linker = nodeLinker()
  const dir = applicationDir(applicationOf(id))
  if (linker === undefined || dir === undefined) return ['error', 'nofile']
  if (isSticky(id) && linker.isLoaded(id)) return ['error', 'sticky_directory']
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

/** Loads a module unless it is loaded. */
export async function loadUnlessLoaded(id: string): Promise<LoadResult> {
  return nodeLinker()?.isLoaded(id) ? ['module', id] : loadFile(id)
}

function loadError(failure: unknown): LoadError {
  if (!(failure instanceof PrepareError)) throw failure
  switch (failure.problems[0]?.tag) {
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
