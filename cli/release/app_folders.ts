/**
 * Folders that may be an application's: those of `lib_dirs`, the workspaces, packages of npm, and the runtime's own.
 * Nothing is read here but folders.
 */
import { readdir, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Config } from './config.js'
import { foldersOf } from './glob.js'
import { workspaceFolders } from './workspaces.js'

/** A place where applications are looked for. */
export interface AppPlace {
  /** In words: a pattern of lib_dirs, `workspaces`, `node_modules` or `otp-rel`. */
  readonly origin: string
  /** Absolute, in order. */
  readonly candidates: readonly string[]
  /** Why folders of it cannot be read, where one cannot. */
  readonly unreadable?: Error & { readonly path?: string }
}

/** The runtime's applications. */
const RUNTIME_APPS = ['kernel', 'stdlib', 'sasl']

/** All places, in the order in which they count. */
export async function appPlaces({ root, libDirs }: Config, runtimeDir: string): Promise<readonly AppPlace[]> {
  const own = await Promise.all([
    ...libDirs.map((dir) => placeOf(dir, () => libFolders(root, dir))),
    placeOf('workspaces', () => workspaceFolders(root)),
  ])
  const around = [root, ...own.flatMap(({ candidates }) => candidates)]
  return [
    // a project without workspaces is not told that none of them has it
    ...own.filter(({ origin, candidates, unreadable }) => {
      return origin !== 'workspaces' || candidates.length > 0 || unreadable !== undefined
    }),
    await placeOf('node_modules', () => packageFolders(around.map((dir) => join(dir, 'node_modules')))),
    { origin: 'otp-rel', candidates: RUNTIME_APPS.map((name) => join(runtimeDir, name)) },
  ]
}

async function placeOf(origin: string, look: () => Promise<string[]>): Promise<AppPlace> {
  try {
    return { origin, candidates: await look() }
  } catch (failure) {
    // what is no failure of the file system is one of ours
    if (!(failure instanceof Error && 'code' in failure)) throw failure
    return { origin, candidates: [], unreadable: failure }
  }
}

/** The folders of a pattern; one without `*` is an application's or one that applications stand in. */
async function libFolders(root: string, dir: string): Promise<string[]> {
  const folders = await foldersOf(root, dir)
  if (dir.includes('*')) return folders
  const nested = await Promise.all(folders.map(async (one) => ((await isApp(one)) ? [one] : foldersOf(one, '*'))))
  return nested.flat()
}

const isApp = (dir: string): Promise<boolean> =>
  stat(join(dir, 'app.json')).then(
    () => true,
    () => false,
  )

/**
 * Packages in folders called node_modules, and around those packages that are applications: pnpm puts what a package
 * needs beside its real folder, npm into a second version's own node_modules.
 */
async function packageFolders(dirs: readonly string[]): Promise<string[]> {
  const found: string[] = []
  const seen = new Set<string>()
  const waiting = [...dirs]
  for (let dir = waiting.shift(); dir !== undefined; dir = waiting.shift()) {
    const at = await realpath(dir).catch(() => undefined)
    if (at === undefined || seen.has(at)) continue
    seen.add(at)
    for (const folder of await packagesIn(dir)) {
      found.push(folder)
      if (!(await isApp(folder))) continue
      const real = await realpath(folder)
      const beside = basename(dirname(real)).startsWith('@') ? dirname(dirname(real)) : dirname(real)
      if (basename(beside) === 'node_modules') waiting.push(beside)
      waiting.push(join(real, 'node_modules'))
    }
  }
  return found
}

async function packagesIn(dir: string): Promise<string[]> {
  const names = (await readdir(dir).catch(() => [])).filter((name) => !name.startsWith('.')).sort()
  const nested = await Promise.all(
    names.map(async (name) => (name.startsWith('@') ? packagesIn(join(dir, name)) : [join(dir, name)])),
  )
  return nested.flat()
}
