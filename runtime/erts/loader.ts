/**
 * The node's linker and its code path: which folder each application's modules come from. One for the node, made by
 * init when it boots a release; without a release there is none, and modules are what Node loaded.
 * OTP: `erl_prim_loader`.
 */
import { Linker, type Place } from './linker/linker.js'
import { placeIn } from './linker/meta.js'
import { anchoredImports, importHere, type NodeImport } from './linker/native.js'
import { type ModuleNamespace, registerModule, setModuleLookup, setVersionLookup } from './modules.js'

const dirs = new Map<string, string>()
let linker: Linker | undefined

/** Folder of an application, `.../lib/NAME-VSN`; undefined when it is not on the path. */
export const applicationDir = (application: string): string | undefined => dirs.get(application)

/** All applications on the path with their folders, in order of addition. */
export const codePath = (): readonly (readonly [application: string, dir: string])[] => [...dirs]

/** Puts an application on the path, in place of the folder it had. @returns the folder it had */
export function setApplicationDir(application: string, dir: string): string | undefined {
  const before = dirs.get(application)
  dirs.set(application, dir)
  return before
}

/** Takes an application off the path; its modules stay. */
export const removeApplicationDir = (application: string): boolean => dirs.delete(application)

/** Where a module of an application on the path lies; the file need not exist. */
export function fileOf(id: string): Place | undefined {
  const dir = dirs.get(id.slice(0, id.indexOf('/')))
  return dir === undefined ? undefined : placeIn(dir, id)
}

/**
 * Makes the node's linker with the modules that the runtime brings along.
 *
 * @param preloaded by id; a namespace is not read before its module is first used
 */
export function startLinker(
  preloaded: Readonly<Record<string, ModuleNamespace>>,
  nodeImport: NodeImport = importHere,
): Linker {
  const made = new Linker({ fileOf, onFacade: registerModule, native: anchoredImports(nodeImport) })
  for (const id of Object.keys(preloaded)) made.registerPreloaded(id, () => ({ ...preloaded[id] }))
  setModuleLookup((id) => made.facade(id))
  setVersionLookup((module) => made.versionOf(module))
  linker = made
  return made
}

/** The node's linker, or undefined without a release. */
export const nodeLinker = (): Linker | undefined => linker
