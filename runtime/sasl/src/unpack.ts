/**
 * From a package `NAME-VSN.tar.gz` to files in place: judge every entry, unpack into a staging folder, verify every
 * file, compare with what is here already, and only then rename into place, `releases/VSN` last.
 *
 * Whatever fails or is killed before the last rename leaves no known release behind: a unit put in place early is
 * complete, has the right content and is used by the next attempt. OTP: release_handler.erl, `do_unpack_release/4`.
 */
import { mkdir, mkdtemp, readdir, rename, rm, stat, statfs } from 'node:fs/promises'
import { dirname, isAbsolute, join } from 'node:path'
import { err, ok, type Result } from '../../../schemas/result.js'
import { filesBelow, isList, readChecksums, sumsOf, unitOf, verify } from './checksums.js'
import { durableFs, syncFolder } from './durable_write.js'
import { checkEntries, cleanPath, type PackageEntry } from './package_entry.js'
import { ioError, type ReleaseError } from './release_error.js'
import { type ReleaseFiles, readReleaseFiles } from './release_files.js'
import { type TrustedKey, verifySignature } from './signature.js'

/** Prefix of staging folders in `releases`; whatever bears it at the handler's start is left from a crash. */
const STAGING = '.unpack-'
/** Prefix of folders on their way out, see remove_release.ts. */
export const REMOVING = '.remove-'

/** What is done when files lie in staging and are verified: refuse, or go on. */
export interface UnpackHooks {
  /** Asked with the release's files before anything is put in place; its error refuses. */
  readonly admit: (found: ReleaseFiles) => ReleaseError | undefined
  /**
   * Asked when everything is verified: what of an earlier build of the same version is to go before the rest is put in
   * place. `staging` holds the new one.
   */
  readonly replaces?: (
    found: ReleaseFiles,
    staging: string,
  ) => Promise<{ readonly units: readonly string[]; readonly remove: () => Promise<void> } | undefined>
  /** Keys of which one must have signed the release. Default: none, and signatures are not looked at. */
  readonly keys?: readonly TrustedKey[]
}

/** Removes what a crash left of unpacking and removing. @returns the names removed */
export async function cleanStaging(releasesDir: string): Promise<readonly string[]> {
  const left = (await readdir(releasesDir)).filter((name) => name.startsWith(STAGING) || name.startsWith(REMOVING))
  for (const name of left) await rm(join(releasesDir, name), { recursive: true, force: true })
  return left
}

/** Where a package is: a path as given, else `releases/NAME.tar.gz`, else `releases/NAME`. */
export async function findPackage(releasesDir: string, name: string): Promise<Result<string, ReleaseError>> {
  const bare = /\.(tar\.gz|tgz|tar)$/.test(name) ? name : `${name}.tar.gz`
  const places = isAbsolute(bare) ? [bare] : [join(releasesDir, bare), ...(bare.includes('/') ? [bare] : [])]
  for (const place of places) {
    const found = await stat(place).catch(() => undefined)
    if (found?.isFile()) return ok(place)
  }
  return err({ tag: 'no_such_file', file: places[0] ?? bare, why: 'is not there, or is not a file' })
}

/** The release that a package says it holds, by the names of its entries; whether all is well with it {@link unpack} says. */
export async function releaseInPackage(
  file: string,
): Promise<Result<{ readonly name: string; readonly vsn: string }, ReleaseError>> {
  const tar = await import('tar')
  const found: { name: string; vsn: string }[] = []
  try {
    await tar.t({
      file,
      strict: true,
      onReadEntry: ({ path }) => {
        const [, vsn, name] = /^releases\/([^/]+)\/([^/]+)\.rel\.json$/.exec(cleanPath(path)) ?? []
        if (vsn !== undefined && name !== undefined) found.push({ name, vsn })
      },
    })
  } catch (failure) {
    return err(notReadable(file, failure))
  }
  const [release] = found
  return release === undefined
    ? err({ tag: 'bad_package', file, why: 'holds no releases/VSN/NAME.rel.json' })
    : ok(release)
}

const notReadable = (file: string, failure: unknown): ReleaseError => ({
  tag: 'bad_package',
  file,
  why: `is truncated or corrupt (${failure instanceof Error ? failure.message : String(failure)})`,
})

/**
 * Unpacks a package into the release root.
 *
 * @returns the release as found in the package, its units in place; nothing is in place when it is refused
 */
export async function unpack(
  root: string,
  file: string,
  hooks: UnpackHooks,
): Promise<Result<ReleaseFiles, ReleaseError>> {
  const stage = async (staging: string): Promise<Result<ReleaseFiles, ReleaseError>> => {
    const found = await stagePackage(file, staging, hooks)
    if (!found.ok) return found
    const replaced = await hooks.replaces?.(found.value, staging)
    const units = await planUnits(root, staging, found.value.rel.vsn, new Set(replaced?.units))
    if (!units.ok) return units
    await replaced?.remove()
    await placeUnits(root, staging, units.value)
    return found
  }
  let staging: string | undefined
  try {
    staging = await mkdtemp(join(root, 'releases', STAGING))
    return await stage(staging)
  } catch (failure) {
    return err(ioError(file, failure))
  } finally {
    // What it cannot remove goes at the handler's next start, and is no reason to take anything back.
    if (staging !== undefined) await rm(staging, { recursive: true, force: true }).catch(() => undefined)
  }
}

/** Extracts a package into `staging`, an empty folder, and verifies everything in it. */
export async function stagePackage(
  file: string,
  staging: string,
  { admit, keys = [] }: UnpackHooks,
): Promise<Result<ReleaseFiles, ReleaseError>> {
  const extracted = await extract(file, staging)
  if (extracted !== undefined) return err(extracted)
  const found = await findStaged(file, staging)
  if (!found.ok) return found
  const { vsn } = found.value.rel
  const refused = admit(found.value) ?? (await verifyStaged(staging, vsn))
  if (refused !== undefined) return err(refused)
  const signed = keys.length === 0 ? found : await verifySignature(staging, vsn, keys)
  return signed.ok ? found : signed
}

/** Judges, then extracts; a reason when the package is refused. */
async function extract(file: string, staging: string): Promise<ReleaseError | undefined> {
  const tar = await import('tar')
  const bad = (failure: unknown): ReleaseError => notReadable(file, failure)
  const entries: PackageEntry[] = []
  try {
    await tar.t({
      file,
      strict: true,
      onReadEntry: ({ path, type, linkpath, mode, size }) => {
        entries.push({ path, type, linkpath, mode, size })
      },
    })
  } catch (failure) {
    return bad(failure)
  }
  const [fault] = checkEntries(entries)
  if (fault !== undefined) return { tag: 'bad_entry', file, entry: fault.entry, why: fault.why }
  if (entries.length === 0) return { tag: 'bad_package', file, why: 'is empty' }
  const needBytes = entries.reduce((sum, entry) => sum + (entry.size ?? 0), 0)
  const disk = await statfs(staging)
  const freeBytes = disk.bavail * disk.bsize
  if (needBytes > freeBytes) return { tag: 'no_space', needBytes, freeBytes, dir: dirname(staging) }
  const judged = new Set(entries.map((entry) => cleanPath(entry.path)))
  let failed: Error | undefined
  try {
    await tar.x({
      file,
      cwd: staging,
      noMtime: true,
      // Nothing but what was judged, should the file change between the two readings.
      filter: (path) => failed === undefined && judged.has(cleanPath(path)),
      // Not strict, which would end here while others are still being written, into a folder that is about to go.
      onwarn: (_code, message, data) => {
        failed ??= data instanceof Error ? data : new Error(String(message))
      },
    })
  } catch (failure) {
    return bad(failure)
  }
  return failed && bad(failed)
}

/** The one release in staging. */
async function findStaged(file: string, staging: string): Promise<Result<ReleaseFiles, ReleaseError>> {
  const names = await readdir(join(staging, 'releases')).catch(() => [])
  const versions: string[] = []
  for (const name of names) {
    const inside = await readdir(join(staging, 'releases', name)).catch(() => [])
    if (inside.some((one) => one.endsWith('.rel.json'))) versions.push(name)
  }
  const [vsn, second] = versions
  if (vsn === undefined) return err({ tag: 'bad_package', file, why: 'holds no releases/VSN/NAME.rel.json' })
  if (second !== undefined)
    return err({ tag: 'bad_package', file, why: `holds two releases, "${vsn}" and "${second}"` })
  return readReleaseFiles(staging, vsn)
}

async function verifyStaged(staging: string, vsn: string): Promise<ReleaseError | undefined> {
  const checksums = await readChecksums(staging, vsn)
  if (!checksums.ok) return checksums.error
  const all = await filesBelow(staging, '')
  return verify(
    staging,
    vsn,
    checksums.value,
    all.filter((path) => !isList(path, vsn)),
  )
}

/** A folder (or a single shared file) to rename into place. Order matters: `releases/VSN` is the last. */
type Unit = string

/** What must be put in place; refused when something of the same version and other content is there. */
async function planUnits(
  root: string,
  staging: string,
  vsn: string,
  replaced: ReadonlySet<Unit>,
): Promise<Result<readonly Unit[], ReleaseError>> {
  const files = await filesBelow(staging, '')
  const byUnit = new Map<string, string[]>()
  for (const path of files) {
    const unit = byUnit.get(unitOf(path))
    if (unit === undefined) byUnit.set(unitOf(path), [path])
    else unit.push(path)
  }
  const last = `releases/${vsn}`
  const absent: Unit[] = []
  for (const [unit, paths] of byUnit) {
    const here = replaced.has(unit) ? undefined : await stat(join(root, unit)).catch(() => undefined)
    if (here === undefined) absent.push(unit)
    // What releases share (bin, files beside it) stays as it is: the first package brought it.
    else if (/^(lib|releases|erts-[^/]+)(\/|$)/.test(unit)) {
      const present = await filesBelow(root, unit)
      const union = [...new Set([...paths, ...present])].sort()
      const [staged, placed] = await Promise.all([sumsOf(staging, union), sumsOf(root, union)])
      const different = union.filter((_path, index) => staged[index] !== placed[index])
      if (different.length > 0) return err({ tag: 'version_reused', dir: unit, files: different })
    }
  }
  return ok(absent.sort((a, b) => Number(a === last) - Number(b === last) || (a < b ? -1 : 1)))
}

/** Renames; when one fails those done before are taken back. */
async function placeUnits(root: string, staging: string, units: readonly Unit[]): Promise<void> {
  const done: Unit[] = []
  const parents = new Set<string>()
  try {
    for (const unit of units) {
      await mkdir(dirname(join(root, unit)), { recursive: true })
      await rename(join(staging, unit), join(root, unit))
      done.push(unit)
      parents.add(dirname(join(root, unit)))
    }
    for (const parent of parents) await syncFolder(parent, durableFs)
  } catch (failure) {
    for (const unit of done.reverse()) await rename(join(root, unit), join(staging, unit)).catch(() => {})
    throw failure
  }
}
