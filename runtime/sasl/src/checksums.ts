/**
 * The checksums of a release, `releases/VSN/checksums.json`: `{ "lib/...": "sha256 in hex", "lib/...": "-> target" }`,
 * one entry for every file and every symbolic link of the release. OTP has no counterpart.
 */
import { createReadStream } from 'node:fs'
import { lstat, readdir, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { err, ok, type Result } from '../../../schemas/result.js'
import type { ReleaseError } from './release_error.js'

/** Path relative to the root, with `/`, to the sum of a file or link; see {@link sumOf}. */
export type Checksums = ReadonlyMap<string, string>

/** Files read at the same time. */
const PARALLEL = 8

/** Reads the checksums of a release. @param root the folder that the paths are relative to */
export async function readChecksums(root: string, vsn: string): Promise<Result<Checksums, ReleaseError>> {
  const file = `releases/${vsn}/checksums.json`
  const bad = (why: string): Result<never, ReleaseError> => err({ tag: 'bad_file', file, why })
  let value: unknown
  try {
    value = JSON.parse(await readFile(join(root, file), 'utf8'))
  } catch (failure) {
    if (failure instanceof Error && 'code' in failure && failure.code === 'ENOENT') {
      return err({ tag: 'no_such_file', file, why: 'is missing; the files of the release cannot be verified' })
    }
    return bad(failure instanceof Error ? failure.message : String(failure))
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return bad('must be an object')
  const checksums = new Map<string, string>()
  for (const [path, sum] of Object.entries(value)) {
    const unsafe = path.startsWith('/') || path.includes('\\') || path.split('/').includes('..')
    if (unsafe) return bad(`"${path}" leads out of the release`)
    if (typeof sum !== 'string' || !/^([0-9a-f]{64}|-> .+)$/.test(sum)) {
      return bad(`"${path}" must be a SHA-256 in hex, or "-> " and where a link leads`)
    }
    checksums.set(path, sum)
  }
  return ok(checksums)
}

/** The sum of a symbolic link: where it leads, as it stands in it. */
export const linkSum = (target: string): string => `-> ${target}`

/** SHA-256 of a file in hex, or the {@link linkSum} of a link; undefined when there is nothing of that name. */
export async function sumOf(path: string): Promise<string | undefined> {
  // Loaded with the first sum: no start of a node needs one.
  const { createHash } = await import('node:crypto')
  const hash = createHash('sha256')
  try {
    const found = await lstat(path)
    if (found.isSymbolicLink()) return linkSum(await readlink(path))
    // Small files in one read; a node binary in pieces.
    if (found.size < 1 << 20) return hash.update(await readFile(path)).digest('hex')
    for await (const chunk of createReadStream(path)) hash.update(chunk)
    return hash.digest('hex')
  } catch (failure) {
    if (failure instanceof Error && 'code' in failure && (failure.code === 'ENOENT' || failure.code === 'ENOTDIR')) {
      return undefined
    }
    throw failure
  }
}

/** The sums of many files, in the order given. */
export async function sumsOf(root: string, paths: readonly string[]): Promise<readonly (string | undefined)[]> {
  const sums: (string | undefined)[] = new Array(paths.length)
  let next = 0
  const work = async (): Promise<void> => {
    while (next < paths.length) {
      const index = next++
      sums[index] = await sumOf(join(root, paths[index] ?? ''))
    }
  }
  await Promise.all(Array.from({ length: Math.min(PARALLEL, paths.length) }, work))
  return sums
}

/** Every regular file and symbolic link below `dir`, relative to `root`, with `/`, sorted. Links are not followed. */
export async function filesBelow(root: string, dir: string): Promise<readonly string[]> {
  const found: string[] = []
  const walk = async (at: string): Promise<void> => {
    for (const entry of await readdir(join(root, at), { withFileTypes: true })) {
      const path = at === '' ? entry.name : `${at}/${entry.name}`
      if (entry.isDirectory()) await walk(path)
      else if (entry.isFile() || entry.isSymbolicLink()) found.push(path)
    }
  }
  try {
    await walk(dir)
  } catch (failure) {
    if (!(failure instanceof Error && 'code' in failure && failure.code === 'ENOENT')) throw failure
  }
  return found.sort()
}

/**
 * Compares files with checksums.
 *
 * @param present the files there, relative to `root`; those not in `checksums` are "not listed"
 * @returns undefined when all agree
 */
export async function verify(
  root: string,
  vsn: string,
  checksums: Checksums,
  present: readonly string[],
): Promise<ReleaseError | undefined> {
  const listed = [...checksums.keys()]
  const sums = await sumsOf(root, listed)
  const missing = listed.filter((_path, index) => sums[index] === undefined)
  const different = listed.filter((path, index) => sums[index] !== undefined && sums[index] !== checksums.get(path))
  const extra = present.filter((path) => !checksums.has(path))
  if (missing.length + different.length + extra.length === 0) return undefined
  return { tag: 'checksum_mismatch', vsn, missing, extra, different }
}

/**
 * Verifies a release that lies in its root: the files of its own folders (applications, npm packages, node binary,
 * `releases/VSN`). What releases share, such as `bin`, is not looked at, since a later build may have replaced it.
 */
export async function verifyInPlace(root: string, vsn: string): Promise<ReleaseError | undefined> {
  const read = await readChecksums(root, vsn)
  if (!read.ok) return read.error
  const own = new Map([...read.value].filter(([path]) => isOwn(path, vsn)))
  const dirs = new Set([...own.keys()].map(unitOf))
  const present = (await Promise.all([...dirs].map((dir) => filesBelow(root, dir)))).flat()
  return verify(
    root,
    vsn,
    own,
    present.filter((path) => isOwn(path, vsn)),
  )
}

const isOwn = (path: string, vsn: string): boolean =>
  /^(lib|erts-[^/]+)\//.test(path) || (path.startsWith(`releases/${vsn}/`) && !isList(path, vsn))

/** Whether a file is the list of the checksums, or the signature of it: neither can be in the list. */
export const isList = (path: string, vsn: string): boolean =>
  path === `releases/${vsn}/checksums.json` || path === `releases/${vsn}/checksums.sig`

/**
 * The unit of a release that a file belongs to, the folder that is put in place as a whole: an application's, an npm
 * package's in the store, the node binary's, `releases/VSN`.
 */
export function unitOf(path: string): string {
  const parts = path.split('/')
  const depth = parts[0]?.startsWith('erts-')
    ? 1
    : parts[0] === 'lib' && parts[1] === '.npm'
      ? parts[2]?.startsWith('@')
        ? 4
        : 3
      : 2
  return parts.slice(0, depth).join('/')
}
