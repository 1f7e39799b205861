/**
 * Code: which modules are loaded, from where, and how they are replaced one at a time. Upgrades of a release do not go
 * through here but through the release handler. OTP: kernel's code.erl; https://www.erlang.org/doc/apps/kernel/code.html
 *
 * A module has at most two versions, `current` and `old`; loading makes current old. A process runs old code while a
 * callback of that version has not returned. Without a release modules are what Node loaded: nothing can be replaced.
 */
import { nodeArguments } from '../../erts/arguments.js'
import { nodeLinker } from '../../erts/loader.js'
import { type ModuleRef, moduleName } from '../../erts/modules.js'
import { type Pid, selfOrUndefined, whereis } from '../../erts/process.js'
import * as genServer from '../../stdlib/src/gen_server.js'
import { type LoadResult, processesRunningOldCode as usersOf } from './code_loading.js'
import { change, type Request } from './code_server.js'

export type { LoadError, LoadResult } from './code_loading.js'
export { addPath, delPath, getPath, libDir, type PathError, privDir, replacePath, rootDir } from './code_path.js'

async function ask<T>(type: Request['type'], module: ModuleRef): Promise<T> {
  const id = moduleName(module)
  const server = whereis('code_server')
  const answer = server === undefined || server === selfOrUndefined() ? change(type, id) : call({ type, id })
  // Each request has its own type of answer, see code_server.ts.
  return (await answer) as T
}

const call = (request: Request): Promise<unknown> => genServer.call('code_server', request, 'infinity')

/**
 * Loads a module from its application's folder, whether it is loaded or not. An old version is purged first, which
 * kills the processes that run it. OTP: `load_file/1`.
 */
export const load = (module: ModuleRef): Promise<LoadResult> => ask('load_file', module)

/** Loads a module unless it is loaded; `embedded` as an error where everything is loaded at boot. */
export async function ensureLoaded(module: ModuleRef): Promise<LoadResult> {
  if (isLoaded(module) !== false) return ['module', moduleName(module)]
  return getMode() === 'embedded' ? ['error', 'embedded'] : ask('ensure_loaded', module)
}

/** Removes the old version of a module and kills the processes that run it. @returns whether some were killed */
export const purge = (module: ModuleRef): Promise<boolean> => ask('purge', module)

/** Removes the old version of a module unless some process runs it. @returns whether none does */
export const softPurge = (module: ModuleRef): Promise<boolean> => ask('soft_purge', module)

/** Makes the current version old, without a successor. @returns false when there is an old one or nothing is loaded */
const delete_ = (module: ModuleRef): Promise<boolean> => ask('delete', module)

export { delete_ as delete }

/** @returns `['file', built file]` (`preloaded` for the runtime's own), or false. */
export function isLoaded(module: ModuleRef): ['file', string] | false {
  const linker = nodeLinker()
  const id = moduleName(module)
  if (linker === undefined || !linker.isLoaded(id)) return false
  return ['file', linker.current(id)?.file ?? 'preloaded']
}

/** @returns the built file of a loaded module, or `non_existing`. */
export function which(module: ModuleRef): string {
  const loaded = isLoaded(module)
  return loaded === false ? 'non_existing' : loaded[1]
}

/** @returns all loaded modules with their files, in order of their load. */
export function allLoaded(): [id: string, file: string][] {
  const linker = nodeLinker()
  return (linker?.loaded() ?? []).map((id) => [id, linker?.current(id)?.file ?? 'preloaded'])
}

/** Whether an old version of a module exists. OTP: `erlang:check_old_code/1`. */
export const checkOldCode = (module: ModuleRef): boolean => nodeLinker()?.hasOld(moduleName(module)) ?? false

/** Whether a process runs old code of a module. OTP: `erlang:check_process_code/2`. */
export const checkProcessCode = (pid: Pid, module: ModuleRef): boolean => processesRunningOldCode(module).includes(pid)

/** @returns the processes that run old code of a module. */
export const processesRunningOldCode = (module: ModuleRef): Pid[] => usersOf(moduleName(module))

/** `embedded` in a release, where the boot script loads everything; `interactive` elsewhere. */
export const getMode = (): 'embedded' | 'interactive' => (nodeArguments() === undefined ? 'interactive' : 'embedded')
