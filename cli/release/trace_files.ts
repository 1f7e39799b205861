/**
 * The files that imports of npm packages lead to, and the packages these are in: @vercel/nft reads them as Node would
 * load them. What was found is remembered until one of the files is another, or gone, or something was installed.
 */
import { statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join, sep } from 'node:path'
import { type Cache, cacheKey } from './cache.js'
import { packageFolder } from './package_folders.js'
import type { PackageImport, TraceInput } from './trace.js'

/** What imports lead to. */
export interface Reach {
  /** Folders of packages, absolute. */
  readonly dirs: readonly string[]
  /** Imports that lead to no file, each with the folder of its application. */
  readonly unresolved: readonly (readonly [PackageImport, dir: string])[]
}

/** The package folders that files loaded from the imports are in, and the imports that lead to no file. */
export async function reach(inputs: readonly TraceInput[], cache: Cache): Promise<Reach> {
  const dirs = new Set<string>()
  const unresolved: [PackageImport, string][] = []
  for (const { dir, imports } of inputs) {
    const specifiers = [...new Set(imports.map(({ specifier }) => specifier))].sort()
    const key = cacheKey('trace files', dir, installStamp(dir), ...specifiers)
    let found = await cache.get<Reached>(key)
    if (found === undefined || !unchanged(found)) {
      found = await traceFiles(dir, specifiers)
      if (found.missing.length === 0) await cache.put(key, found)
    }
    for (const folder of found.packages) dirs.add(folder)
    for (const specifier of found.missing) {
      const one = imports.find((candidate) => candidate.specifier === specifier)
      if (one !== undefined) unresolved.push([one, dir])
    }
  }
  return { dirs: [...dirs], unresolved }
}

interface Reached {
  /** Package folders. */
  readonly packages: readonly string[]
  /** Every file that was read, and the package.json of each package, with its stamp. */
  readonly files: readonly (readonly [file: string, stamp: string])[]
  readonly missing: readonly string[]
}

async function traceFiles(dir: string, specifiers: readonly string[]): Promise<Reached> {
  const nft = await import('@vercel/nft')
  // an entry that exists only here: it imports what the application's modules import, from where they do
  const entry = join(dir, 'otp-rel-imports.mjs')
  const missing = new Set<string>()
  const { fileList } = await nft.nodeFileTrace([entry], {
    base: '/',
    processCwd: dir,
    moduleSyncCatchall: true,
    readFile: async (path) => {
      if (path === entry) return specifiers.map((specifier) => `import ${JSON.stringify(specifier)}\n`).join('')
      return readFile(path).catch(() => null)
    },
    resolve: async (specifier, parent, job, cjs) => {
      try {
        return await nft.resolve(specifier, parent, job, cjs)
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
  return {
    packages: [...packages].sort(),
    files: [...files].sort().map((file) => [file, stampOf(file)]),
    missing: [...missing],
  }
}

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
