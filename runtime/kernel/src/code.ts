/**
 * Code: which modules are loaded, from where, and how they are replaced one at a time. Upgrades of a release do not go
 * through here but through the release handler. OTP: kernel's code.erl; https://www.erlang.org/doc/apps/kernel/code.html
 *
 * A module has at most two versions, `current` and `old`; loading makes current old. A process runs old code while a
 * callback of that version has not returned. Without a release modules are what Node loaded: nothing can be replaced.
 */
import { existsSync, readFileSync } from 'node:fs'
import { nodeArguments } from '../../erts/arguments.js'
import { fileOf, nodeLinker } from '../../erts/loader.js'
import { type ModuleRef, moduleName } from '../../erts/modules.js'
import { type Pid, selfOrUndefined, whereis } from '../../erts/process.js'
import * as genServer from '../../stdlib/src/gen_server.js'
import { type LoadAllResult, type LoadResult, processesRunningOldCode as usersOf } from './code_loading.js'
import { change, type Request } from './code_server.js'

export type { LoadAllResult, LoadError, LoadResult } from './code_loading.js'
export {
  addPath,
  delPath,
  getPath,
  libDir,
  type PathError,
  privDir,
  replacePath,
  rootDir,
  setPath,
  whereIsFile,
} from './code_path.js'

async function ask<T>(request: Request): Promise<T> {
  const server = whereis('code_server')
  const answer =
    server === undefined || server === selfOrUndefined()
      ? change(request)
      : genServer.call('code_server', request, 'infinity')
  // Each request has its own type of answer, see code_server.ts.
  return (await answer) as T
}

/**
 * Loads a module from its application's folder, whether it is loaded or not. An old version is purged first, which
 * kills the processes that run it. OTP: `load_file/1`.
 */
export const load = (module: ModuleRef): Promise<LoadResult> => ask({ type: 'load_file', id: moduleName(module) })

/** Loads a module unless it is loaded; `embedded` as an error where everything is loaded at boot. */
export async function ensureLoaded(module: ModuleRef): Promise<LoadResult> {
  if (isLoaded(module) !== false) return ['module', moduleName(module)]
  return getMode() === 'embedded' ? ['error', 'embedded'] : ask({ type: 'ensure_loaded', id: moduleName(module) })
}

/** Loads those of several modules that are not loaded. `embedded` as for {@link ensureLoaded}. */
export async function ensureModulesLoaded(modules: readonly ModuleRef[]): Promise<LoadAllResult> {
  const ids = modules.filter((module) => isLoaded(module) === false).map(moduleName)
  if (getMode() === 'interactive') return ask({ type: 'ensure_modules_loaded', ids })
  return ids.length === 0 ? 'ok' : ['error', ids.map((id) => [id, 'embedded'])]
}

/** Loads modules together, whether they are loaded or not: all of them, or none. None may have an old version. */
export const atomicLoad = (modules: readonly ModuleRef[]): Promise<LoadAllResult> =>
  ask({ type: 'atomic_load', ids: modules.map(moduleName) })

/** Removes the old version of a module and kills the processes that run it. @returns whether some were killed */
export const purge = (module: ModuleRef): Promise<boolean> => ask({ type: 'purge', id: moduleName(module) })

/** Removes the old version of a module unless some process runs it. @returns whether none does */
export const softPurge = (module: ModuleRef): Promise<boolean> => ask({ type: 'soft_purge', id: moduleName(module) })

/** Makes the current version old, without a successor. @returns false when there is an old one or nothing is loaded */
const delete_ = (module: ModuleRef): Promise<boolean> => ask({ type: 'delete', id: moduleName(module) })

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

/** @returns module, content and name of the file that {@link load} would load; `error` when there is none. */
export function getObjectCode(module: ModuleRef): [id: string, built: Buffer, file: string] | 'error' {
  const id = moduleName(module)
  const file = fileOf(id)?.file
  return file === undefined || !existsSync(file) ? 'error' : [id, readFileSync(file), file]
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

/**
 * `embedded` in a release, where the boot script loads everything; `interactive` elsewhere, where modules are what
 * `import` brings in. In both a call to a module that is not loaded is `undef`: an import cannot be waited for there.
 */
export const getMode = (): 'embedded' | 'interactive' => (nodeArguments() === undefined ? 'interactive' : 'embedded')
