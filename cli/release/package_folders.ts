/** Package folders on the build machine: found as Node finds them, read once each. */
import { readFile, realpath, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { PackageFolder } from './package_store.js'

/** `ws/lib/x.js` -> `ws`, `@scope/name/x` -> `@scope/name`. */
export function packageName(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}

/** Reads package folders, each once. */
export function openPackages() {
  const folders = new Map<string, Promise<PackageFolder | undefined>>()
  const located = new Map<string, Promise<string | undefined>>()

  /** The folder that Node finds for a package name from a folder. */
  const locate = (from: string, name: string): Promise<string | undefined> => {
    const key = `${from}\0${name}`
    const found = located.get(key) ?? find(from, name)
    located.set(key, found)
    return found
  }
  const find = async (from: string, name: string): Promise<string | undefined> => {
    if (!/[/\\]node_modules$/.test(from)) {
      const dir = await realpath(join(from, 'node_modules', name)).catch(() => undefined)
      if (dir !== undefined) return dir
    }
    const up = dirname(from)
    return up === from ? undefined : locate(up, name)
  }
  const read = (dir: string): Promise<PackageFolder | undefined> => {
    const found = folders.get(dir) ?? readFolder(dir)
    folders.set(dir, found)
    return found
  }
  const readFolder = async (dir: string): Promise<PackageFolder | undefined> => {
    const text = await readFile(join(dir, 'package.json'), 'utf8').catch(() => undefined)
    if (text === undefined) return undefined
    // package.json of a package that npm installed; every field is looked at before use
    const manifest = JSON.parse(text) as Manifest
    const { name, version } = manifest
    if (typeof name !== 'string' || typeof version !== 'string') return undefined
    const names = new Set(
      [
        manifest.dependencies,
        manifest.optionalDependencies,
        manifest.peerDependencies,
        manifest.peerDependenciesMeta,
      ].flatMap((of) => Object.keys(of ?? {})),
    )
    const dependencies = new Map<string, string>()
    for (const dependency of [...names].sort()) {
      const folder = await locate(dir, dependency)
      if (folder !== undefined) dependencies.set(dependency, folder)
    }
    const license = licenseOf(manifest)
    return { dir, name, version, dependencies, ...(license === undefined ? {} : { license }) }
  }
  /** Whether package.json lets `.SUBPATH` be imported; the tracer itself falls back to the file. */
  const exports = async (dir: string, subpath: string): Promise<boolean> => {
    const text = await readFile(join(dir, 'package.json'), 'utf8')
    return isExported((JSON.parse(text) as Manifest).exports, `.${subpath}`)
  }
  /** The file that package.json says `.SUBPATH` is, relative to the folder; undefined where it says nothing. */
  const entry = async (dir: string, subpath: string): Promise<string | undefined> => {
    const text = await readFile(join(dir, 'package.json'), 'utf8').catch(() => undefined)
    return text === undefined ? undefined : entryFile(JSON.parse(text) as Manifest, `.${subpath}`)
  }
  /** The folders and everything they depend on, by path. */
  const closure = async (dirs: readonly string[]): Promise<PackageFolder[]> => {
    const all = new Map<string, PackageFolder>()
    const walk = async (dir: string): Promise<void> => {
      if (all.has(dir)) return
      const folder = await read(dir)
      if (folder === undefined || all.has(dir)) return
      all.set(dir, folder)
      for (const next of folder.dependencies.values()) await walk(next)
    }
    for (const dir of dirs) await walk(dir)
    return [...all.values()].sort((a, b) => (a.dir < b.dir ? -1 : 1))
  }
  return { locate, read, exports, entry, closure }
}

/** Whether some condition of a package's `exports` has the subpath; conditions themselves are the tracer's. */
export function isExported(exports: unknown, subpath: string): boolean {
  if (exports === undefined || exports === null) return true
  const target = exportOf(exports, subpath)
  return target !== undefined && target[0] !== null
}

/** What `exports` has for a subpath, and what stands for the `*` in it. */
function exportOf(exports: unknown, subpath: string): readonly [target: unknown, star: string] | undefined {
  const paths =
    typeof exports === 'object' && exports !== null && !Array.isArray(exports) ? Object.entries(exports) : []
  if (!paths.some(([key]) => key.startsWith('.'))) return subpath === '.' ? [exports, ''] : undefined
  const matches = paths.filter(([key]) => {
    const [before = '', after] = key.split('*')
    if (after === undefined) return key === subpath || (key.endsWith('/') && subpath.startsWith(key))
    return subpath.startsWith(before) && subpath.endsWith(after) && subpath.length >= before.length + after.length
  })
  // the most exact key decides, and null takes back what a wider one gave
  const [best] = matches.sort(([a], [b]) => b.length - a.length)
  if (best === undefined) return undefined
  const [before = '', after = ''] = best[0].split('*')
  return [best[1], subpath.slice(before.length, subpath.length - after.length)]
}

/** Conditions that Node imports a package with. */
const CONDITIONS = new Set(['node', 'import', 'module-sync', 'node-addons', 'default', 'require'])

/** The file that package.json says a subpath is, `./dist/index.js`; undefined where it says nothing of it. */
export function entryFile({ exports, main }: EntryManifest, subpath: string): string | undefined {
  if (exports === undefined || exports === null) {
    if (subpath !== '.') return subpath
    return typeof main === 'string' ? main : undefined
  }
  const [target, star] = exportOf(exports, subpath) ?? []
  const file = firstFile(target)
  return file?.replaceAll('*', star ?? '')
}

/** The first file among conditions and alternatives. */
function firstFile(target: unknown): string | undefined {
  if (typeof target === 'string') return target
  if (typeof target !== 'object' || target === null) return undefined
  const each = Array.isArray(target)
    ? target
    : Object.entries(target).flatMap(([key, to]: [string, unknown]) => (CONDITIONS.has(key) ? [to] : []))
  return each.map(firstFile).find((file) => file !== undefined)
}

/** The license that package.json names; old packages have an object, or several. */
function licenseOf({ license, licenses }: Manifest): string | undefined {
  const named = [license, licenses].flat().map((one: unknown) => {
    return typeof one === 'object' && one !== null && 'type' in one ? one.type : one
  })
  const texts = named.filter((one): one is string => typeof one === 'string' && one !== '')
  return texts.length > 1 ? `(${texts.join(' OR ')})` : texts[0]
}

/** What of a package.json says which files it exports; any values, each is looked at before use. */
export interface EntryManifest {
  readonly exports?: unknown
  readonly main?: unknown
}

interface Manifest extends EntryManifest {
  readonly license?: unknown
  readonly licenses?: unknown
  readonly name?: unknown
  readonly version?: unknown
  readonly dependencies?: Record<string, unknown>
  readonly optionalDependencies?: Record<string, unknown>
  readonly peerDependencies?: Record<string, unknown>
  /** Names what may be there; some packages name their optional peers only here. */
  readonly peerDependenciesMeta?: Record<string, unknown>
}

/** The folder of the package that a file belongs to: its real path, or `undefined`. */
export async function packageFolder(file: string): Promise<string | undefined> {
  const path = await realpath(file).catch(() => undefined)
  // links to folders are listed as well; what is behind them is listed by itself
  if (path === undefined || !(await stat(path)).isFile()) return undefined
  const inside = /^(.*[/\\]node_modules[/\\](?:@[^/\\]+[/\\])?[^/\\]+)[/\\]/.exec(path)?.[1]
  if (inside !== undefined) return inside
  for (let dir = dirname(path); dir !== dirname(dir); dir = dirname(dir)) {
    const text = await readFile(join(dir, 'package.json'), 'utf8').catch(() => undefined)
    if (text !== undefined && /"name"\s*:/.test(text) && /"version"\s*:/.test(text)) return dir
  }
  return undefined
}
