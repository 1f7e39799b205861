/**
 * The files that imports of npm packages lead to, and the packages these are in: @vercel/nft reads them as Node would
 * load them. What was found is remembered until one of the files is another, or gone, or something was installed.
 */
import { statSync } from 'node:fs'
import { readFile, realpath } from 'node:fs/promises'
import { dirname, join, sep } from 'node:path'
import { type Cache, cacheKey } from './cache.js'
import { packageFolder } from './package_folders.js'
import type { PackageImport, TraceInput } from './trace.js'

/** What imports lead to. */
export interface Reach {
  /** Folders of packages, absolute. */
  readonly dirs: readonly string[]
  /** Every file that is loaded, and the package.json of each package, absolute. */
  readonly files: readonly string[]
  /** Imports that lead to no file, each with its application. */
  readonly unresolved: readonly (readonly [PackageImport, application: string])[]
  /** Files of TypeScript that imports lead to, which Node loads from no package. */
  readonly typescript: readonly (readonly [PackageImport, application: string, found: string])[]
}

/** The package folders that files loaded from the imports are in, and the imports that lead to no file. */
export async function reach(inputs: readonly TraceInput[], cache: Cache): Promise<Reach> {
  const dirs = new Set<string>()
  const files = new Set<string>()
  const unresolved: [PackageImport, string][] = []
  const typescript: [PackageImport, string, string][] = []
  for (const { application, dir, imports } of inputs) {
    const specifiers = [...new Set(imports.map(({ specifier }) => specifier))].sort()
    const key = cacheKey('trace files', dir, installStamp(dir), ...specifiers)
    let found = await cache.get<Reached>(key)
    if (found === undefined || !unchanged(found)) {
      found = await traceFiles(dir, specifiers)
      if (found.missing.length === 0 && found.typescript.length === 0) await cache.put(key, found)
    }
    for (const folder of found.packages) dirs.add(folder)
    for (const [file] of found.files) files.add(file)
    const importOf = (specifier: string) => imports.filter((one) => one.specifier === specifier).slice(0, 1)
    for (const specifier of found.missing) {
      for (const one of importOf(specifier)) unresolved.push([one, application])
    }
    for (const [specifier, file] of found.typescript) {
      for (const one of importOf(specifier)) typescript.push([one, application, file])
    }
  }
  return { dirs: [...dirs], files: [...files], unresolved, typescript }
}

interface Reached {
  /** Package folders. */
  readonly packages: readonly string[]
  /** Every file that was read, and the package.json of each package, with its stamp. */
  readonly files: readonly (readonly [file: string, stamp: string])[]
  readonly missing: readonly string[]
  /** Specifiers, each with a file of TypeScript that it leads to. */
  readonly typescript: readonly (readonly [specifier: string, file: string])[]
}

async function traceFiles(dir: string, specifiers: readonly string[]): Promise<Reached> {
  const nft = await import('@vercel/nft')
  // an entry that exists only here: it imports what the application's modules import, from where they do
  const entry = join(dir, 'otp-rel-imports.mjs')
  const missing = new Set<string>()
  const leads = new Map<string, string>()
  const { fileList, reasons } = await nft.nodeFileTrace([entry], {
    base: '/',
    processCwd: dir,
    moduleSyncCatchall: true,
    readFile: async (path) => {
      if (path === entry) return specifiers.map((specifier) => `import ${JSON.stringify(specifier)}\n`).join('')
      return readFile(path).catch(() => null)
    },
    resolve: async (specifier, parent, job, cjs) => {
      try {
        const to = await nft.resolve(specifier, parent, job, cjs)
        if (parent === entry) for (const path of [to].flat()) leads.set(await realOf(path), specifier)
        return to
      } catch (error) {
        if (parent === entry) missing.add(specifier)
        throw error
      }
    },
  })
  const packages = new Set<string>()
  const files = new Set<string>()
  for (const file of fileList) {
    const path = `${sep}${file}`
    if (path === entry) continue
    const folder = await packageFolder(path)
    if (folder === undefined) continue
    files.add(path).add(join(folder, 'package.json'))
    // files of the project itself are the application's, and travel with it or not at all
    if (!dir.startsWith(folder + sep) && folder !== dir) packages.add(folder)
  }
  /** The import of the application's that a file is loaded for. */
  const specifierOf = (path: string, seen = new Set<string>()): string | undefined => {
    if (leads.has(path) || seen.has(path)) return leads.get(path)
    seen.add(path)
    for (const parent of reasons.get(path.slice(1))?.parents ?? []) {
      const specifier = specifierOf(sep + parent, seen)
      if (specifier !== undefined) return specifier
    }
    return undefined
  }
  const typescript = new Map<string, string>()
  for (const path of files) {
    // what an installed package has beside its JavaScript is for others; a library of the project may be all TypeScript
    const isLoaded = leads.has(path) || !path.includes(`${sep}node_modules${sep}`)
    if (!TYPESCRIPT.test(path) || !isLoaded || reasons.get(path.slice(1))?.type.includes('dependency') !== true)
      continue
    const specifier = specifierOf(path)
    if (specifier !== undefined && !typescript.has(specifier)) typescript.set(specifier, path)
  }
  return {
    packages: [...packages].sort(),
    files: [...files].sort().map((file) => [file, stampOf(file)]),
    missing: [...missing],
    typescript: [...typescript],
  }
}

const TYPESCRIPT = /\.([cm]?ts|tsx)$/

const realOf = (path: string): Promise<string> => realpath(path).catch(() => path)

/** Synchronously: they are many, and asking for each takes Node a fifth of the time. */
function stampOf(file: string): string {
  const found = statSync(file, { throwIfNoEntry: false })
  return found === undefined ? 'absent' : `${found.size} ${found.mtimeMs}`
}

const unchanged = ({ files }: Reached): boolean => files.every(([file, stamp]) => stamp === stampOf(file))

/** Changes with every install: the lock files that npm, pnpm and yarn leave in node_modules. */
function installStamp(dir: string): string {
  const stamps: string[] = []
  for (let at = dir; ; at = dirname(at)) {
    for (const lock of ['.package-lock.json', '.modules.yaml', '.yarn-state.yml']) {
      const stamp = stampOf(join(at, 'node_modules', lock))
      if (stamp !== 'absent') stamps.push(`${at} ${stamp}`)
    }
    if (at === dirname(at)) return stamps.join('\n')
  }
}
