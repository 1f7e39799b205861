/**
 * The code path: where each application lies. OTP: the path part of kernel's code_server.erl.
 *
 * A path entry is the folder of one application, `.../lib/NAME-VSN`; its modules are in `ebin`.
 */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { nodeArguments } from '../../erts/arguments.js'
import { applicationDir, codePath, removeApplicationDir, setApplicationDir } from '../../erts/loader.js'

/** What the path functions refuse. */
export type PathError = ['error', 'bad_directory' | 'bad_name']

/** @returns the `ebin` folders of all applications on the path, in order. */
export const getPath = (): string[] => codePath().map(([, dir]) => join(dir, 'ebin'))

/** Makes these folders the whole path, in this order; see {@link addPath}. When one is refused nothing changes. */
export function setPath(dirs: readonly string[]): true | PathError {
  const roots = dirs.map(applicationRoot)
  for (const root of roots) if (root === undefined) return ['error', 'bad_directory']
  for (const [application] of codePath()) removeApplicationDir(application)
  for (const root of roots) if (root !== undefined) setApplicationDir(nameOf(root), root)
  return true
}

/** @returns the first file of this name in the folders of {@link getPath}, or `non_existing`. */
export function whereIsFile(name: string): string {
  const file = getPath()
    .map((dir) => join(dir, name))
    .find((candidate) => existsSync(candidate))
  return file ?? 'non_existing'
}

/** Puts the application of a folder on the path; `dir` is the application's folder or its `ebin`. */
export function addPath(dir: string): true | PathError {
  const root = applicationRoot(dir)
  if (root === undefined) return ['error', 'bad_directory']
  setApplicationDir(nameOf(root), root)
  return true
}

/** Takes an application off the path, by name or folder. @returns whether it was there */
export function delPath(nameOrDir: string): boolean {
  const dir = resolve(nameOrDir)
  const found = codePath().find(([name, path]) => name === nameOrDir || path === dir || join(path, 'ebin') === dir)
  return found !== undefined && removeApplicationDir(found[0])
}

/** Puts another folder in place of an application's; modules loaded later come from it. */
export function replacePath(application: string, dir: string): true | PathError {
  if (application === '') return ['error', 'bad_name']
  const root = applicationRoot(dir)
  if (root === undefined) return ['error', 'bad_directory']
  setApplicationDir(application, root)
  return true
}

/** @returns the folder of an application. */
export const libDir = (application: string): string | PathError => ownDir(application) ?? ['error', 'bad_name']

/** @returns the folder for an application's other files; it need not exist. */
export function privDir(application: string): string | PathError {
  const dir = ownDir(application)
  return dir === undefined ? ['error', 'bad_name'] : join(dir, 'priv')
}

/** @returns the folder of the installation; without a release the present one. */
export const rootDir = (): string => nodeArguments()?.root ?? process.cwd()

/** @returns app.json of an application on the path, or of one of the runtime's own; undefined when there is none. */
export function appFile(application: string): string | undefined {
  const dir = ownDir(application)
  if (dir === undefined) return undefined
  return [join(dir, 'ebin', 'app.json'), join(dir, 'app.json')].find((file) => existsSync(file))
}

/** The runtime's own applications; without a release they lie beside this one. */
const RUNTIME: ReadonlySet<string> = new Set(['kernel', 'stdlib', 'sasl'])

function ownDir(application: string): string | undefined {
  const dir = applicationDir(application)
  if (dir !== undefined || nodeArguments() !== undefined || !RUNTIME.has(application)) return dir
  return fileURLToPath(new URL(`../../${application}`, import.meta.url))
}

function applicationRoot(dir: string): string | undefined {
  const full = resolve(dir)
  if (!statSync(full, { throwIfNoEntry: false })?.isDirectory()) return undefined
  return basename(full) === 'ebin' ? dirname(full) : full
}

/** The name that app.json says, else that of the folder without the version. */
function nameOf(root: string): string {
  for (const file of [join(root, 'ebin', 'app.json'), join(root, 'app.json')]) {
    try {
      const resource: unknown = JSON.parse(readFileSync(file, 'utf8'))
      if (typeof resource === 'object' && resource !== null && 'name' in resource && typeof resource.name === 'string')
        return resource.name
    } catch {
      // Not there or not JSON: the folder's name says it.
    }
  }
  return basename(root).replace(/-[^-]*$/, '')
}
