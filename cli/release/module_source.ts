/**
 * The source modules of an application: which files below its source folder are modules, and under which names.
 *
 * A module's name is its path below the source folder without ending (`http/router`), everywhere else preceded by the
 * application's (`shop/http/router`). A JSON file keeps its ending in the name (`shop/prices.json`) and is a module
 * only where one imports it or app.json names it.
 */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Fault } from '../../schemas/fault.js'
import { nearest } from '../../schemas/nearest.js'

/** A file that is, or can be, a module. */
export interface ModuleSource {
  /** Application that it belongs to. */
  readonly application: string
  /** Name inside the application. */
  readonly name: string
  /** `APPLICATION/NAME`. */
  readonly id: string
  /** The file, absolute. */
  readonly file: string
  /** `code` is compiled, `json` is copied. */
  readonly kind: 'code' | 'json'
}

/** The files of one application, by module name; more than one file for a name is a fault that {@link claims} finds. */
export interface SourceTree {
  readonly application: string
  /** Source folder, absolute. */
  readonly dir: string
  /** In order of name. */
  readonly files: readonly ModuleSource[]
}

/** Why an application's modules are not what its app.json or its folder says. */
export type SourceFault =
  /** app.json names a module that no file is. */
  | {
      readonly tag: 'module_not_found'
      readonly appFile: string
      readonly application: string
      readonly module: string
      readonly sourceDir: string
      readonly nearest: string | undefined
    }
  /** Two files make the same module, in one application or in two whose source folders overlap. */
  | { readonly tag: 'duplicate_modules'; readonly module: string; readonly files: readonly [string, string] }
  /** Two applications have the same source file. */
  | { readonly tag: 'file_claimed_twice'; readonly file: string; readonly applications: readonly [string, string] }

const CODE = /\.(ts|mts|tsx|js|mjs|jsx)$/

/** Files that stand beside modules without being any: declarations and tests. */
const BESIDE = /\.(d\.(ts|mts)|(test|spec)\.\w+)$/

/** The name of the module that a file below the source folder is, or `undefined` when it is none. */
export function moduleNameOf(path: string): { readonly name: string; readonly kind: 'code' | 'json' } | undefined {
  if (BESIDE.test(path)) return undefined
  if (CODE.test(path)) return { name: path.replace(CODE, ''), kind: 'code' }
  return path.endsWith('.json') ? { name: path, kind: 'json' } : undefined
}

/**
 * Reads the source folder of an application.
 *
 * Folders called node_modules, hidden ones and {@link skip}ped ones are left alone; a folder that is absent has no files.
 */
export async function readSources(application: string, dir: string): Promise<SourceTree> {
  const files: ModuleSource[] = []
  const walk = async (folder: string, below: string): Promise<void> => {
    const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return []
      throw error
    })
    for (const entry of entries) {
      const path = below + entry.name
      if (entry.isDirectory()) {
        if (!skipped(entry.name, below)) await walk(join(folder, entry.name), `${path}/`)
        continue
      }
      const module = moduleNameOf(path)
      if (module === undefined) continue
      files.push({ application, ...module, id: `${application}/${module.name}`, file: join(folder, entry.name) })
    }
  }
  await walk(dir, '')
  files.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : a.file < b.file ? -1 : 1))
  return { application, dir, files }
}

/** What lies at the top of an application whose source folder is its own folder, without being source. */
const BESIDE_SOURCES = new Set(['priv', 'test', 'tests', 'dist', 'ebin'])

const skipped = (name: string, below: string): boolean =>
  name === 'node_modules' || name.startsWith('.') || name.startsWith('_') || (below === '' && BESIDE_SOURCES.has(name))

/**
 * The modules an application has: those that app.json names, in its order, or all code files, by name.
 *
 * @param modules the `modules` of app.json, `undefined` where it has none
 */
export function wantedModules(
  tree: SourceTree,
  modules: readonly string[] | undefined,
  appFile: string,
): { readonly modules: readonly ModuleSource[]; readonly faults: readonly SourceFault[] } {
  if (modules === undefined) return { modules: tree.files.filter(({ kind }) => kind === 'code'), faults: [] }
  const byName = new Map(tree.files.map((file) => [file.name, file]))
  const found: ModuleSource[] = []
  const faults: SourceFault[] = []
  for (const module of new Set(modules)) {
    const file = byName.get(module)
    if (file !== undefined) found.push(file)
    else {
      const { application, dir: sourceDir } = tree
      const near = nearest(module, [...byName.keys()])
      faults.push({ tag: 'module_not_found', appFile, application, module, sourceDir, nearest: near })
    }
  }
  return { modules: found, faults }
}

/** Files that make the same module, and files that two applications have; each once, in order. */
export function claims(trees: readonly SourceTree[]): SourceFault[] {
  const faults: SourceFault[] = []
  const owners = new Map<string, string>()
  for (const tree of trees) {
    const byId = new Map<string, string>()
    for (const { id, file, application } of tree.files) {
      const other = byId.get(id)
      if (other !== undefined) faults.push({ tag: 'duplicate_modules', module: id, files: [other, file] })
      byId.set(id, file)
      const owner = owners.get(file)
      if (owner !== undefined) faults.push({ tag: 'file_claimed_twice', file, applications: [owner, application] })
      owners.set(file, application)
    }
  }
  return faults
}

/** The fault with its place and words; `show` says how files are called in them. */
export function sourceFault(fault: SourceFault, show: (file: string) => string): Fault {
  const words = { severity: 'error', ...fault } as const
  switch (fault.tag) {
    case 'module_not_found': {
      const hint = fault.nearest === undefined ? '' : `; did you mean "${fault.nearest}"?`
      const message = `"${fault.module}" is no file below ${show(fault.sourceDir)}${hint}`
      return { ...words, message, file: fault.appFile, path: 'modules' }
    }
    case 'duplicate_modules': {
      const [first, second] = fault.files
      return {
        ...words,
        message: `module "${fault.module}" is also ${show(first)}; rename or remove one of the two files`,
        file: second,
      }
    }
    case 'file_claimed_twice': {
      const [first, second] = fault.applications
      return {
        ...words,
        message: `belongs to both "${first}" and "${second}"; give each application a source folder of its own`,
      }
    }
  }
}
