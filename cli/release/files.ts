/**
 * Files to copy into a release: listed with mode and SHA-256, so that a plan can say what it will write without
 * reading anything itself.
 *
 * Sums of files that were not touched since the last build come from `_build/cache/sums.json` (path, size, times).
 */
import { type Stats, statSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { sumOf } from '../../runtime/sasl/src/checksums.js'

/** A regular file as it lies on the build machine. */
export interface FoundFile {
  /** Below the folder that was listed, with `/`. */
  readonly path: string
  /** Absolute. */
  readonly from: string
  readonly sha256: string
  /** Permission bits: 0o755 where its owner may execute it, else 0o644; the build machine's umask does not travel. */
  readonly mode: 0o644 | 0o755
}

/** Sums of files by path, remembered between builds. */
export interface Sums {
  /** The file with its sum; undefined where there is no such regular file. */
  of(from: string, path: string): Promise<FoundFile | undefined>
  /** Writes what was learned. */
  save(): Promise<void>
}

type Remembered = Record<string, readonly [stamp: string, sha256: string]>

/** @param file where sums are remembered; undefined: nowhere */
export async function openSums(file: string | undefined): Promise<Sums> {
  const known: Remembered = file === undefined ? {} : await readRemembered(file)
  let changed = false
  return {
    async of(from, path) {
      const found = statOf(from)
      if (found === undefined || !found.isFile()) return undefined
      const stamp = `${found.size} ${found.mtimeMs} ${found.ctimeMs} ${found.ino}`
      const mode = (found.mode & 0o100) === 0 ? 0o644 : 0o755
      const [lastStamp, last] = known[from] ?? []
      if (lastStamp === stamp && last !== undefined) return { path, from, sha256: last, mode }
      const sha256 = await sumOf(from)
      if (sha256 === undefined) return undefined
      known[from] = [stamp, sha256]
      changed = true
      return { path, from, sha256, mode }
    },
    async save() {
      if (!changed || file === undefined) return
      await outputFile(`${file}.${process.pid}`, JSON.stringify(known))
      await rename(`${file}.${process.pid}`, file)
    },
  }
}

/** Synchronously: they are many, and Node takes a fifth of the time. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path)
  } catch {
    return undefined
  }
}

async function readRemembered(file: string): Promise<Remembered> {
  try {
    // what save() wrote; a file that is no JSON counts as absent
    return JSON.parse(await readFile(file, 'utf8')) as Remembered
  } catch {
    return {}
  }
}

/** Makes a folder, and those above it. */
export const ensureDir = (dir: string): Promise<unknown> => mkdir(dir, { recursive: true })

/** Removes a file, or a folder with everything in it; what is not there is removed. */
export const remove = (path: string): Promise<void> => rm(path, { recursive: true, force: true })

/** Writes a file, its folder too where there is none. */
export async function outputFile(file: string, text: string): Promise<void> {
  await ensureDir(dirname(file))
  await writeFile(file, text)
}

/** Names that travel in no release: other people's dependencies and version control. */
const LEFT_OUT = new Set(['node_modules', '.git', '.DS_Store'])

/**
 * What node-gyp leaves in a package's `build` beside what it was called for: object files, makefiles, the settings of
 * the build machine. A `build` without its `config.gypi` is the package's own.
 */
const GYP_LEFTOVER =
  /^build\/([^/]*(Makefile|\.mk|\.gypi)$|(.*\/)?(obj|obj\.target|\.deps|gen)\/|.*\.(o|a|d|mk|stamp|Makefile)$)/

/** The files of an npm package that travel: all but those that only compiling it needed. */
export async function findPackageFiles(dir: string, sums: Sums): Promise<readonly FoundFile[]> {
  const files = await findFiles(dir, sums)
  const isCompiled = files.some(({ path }) => path === 'build/config.gypi')
  return isCompiled ? files.filter(({ path }) => !GYP_LEFTOVER.test(path)) : files
}

/** Every regular file below a folder, sorted by path; links are followed; a folder that is absent has none. */
export async function findFiles(dir: string, sums: Sums): Promise<readonly FoundFile[]> {
  const paths: string[] = []
  const walk = async (at: string): Promise<void> => {
    const entries = await readdir(join(dir, at), { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return []
      throw error
    })
    for (const entry of entries) {
      if (LEFT_OUT.has(entry.name)) continue
      const path = at === '' ? entry.name : `${at}/${entry.name}`
      if (entry.isDirectory()) await walk(path)
      else paths.push(path)
    }
  }
  await walk('')
  const found = await Promise.all(paths.sort().map((path) => sums.of(join(dir, path), path)))
  return found.filter((file) => file !== undefined)
}
