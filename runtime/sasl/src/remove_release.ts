/**
 * Removing the files of a release: what no other release needs goes, nothing else.
 *
 * References are counted over every release folder on disk, known or not, from their own lists of files; a release
 * that RELEASES.json does not know may be one that was built in place. What goes is noted in a folder
 * `releases/.remove-*` and then renamed into it, so that a crash leaves no half of it in place; the handler's next start
 * removes the rest. OTP: release_handler.erl, `do_remove_release/4`.
 */
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname, isAbsolute, join, relative } from 'node:path'
import { readChecksums, unitOf } from './checksums.js'
import { durableFs, syncFolder, writeDurably } from './durable_write.js'
import { readReleaseFiles } from './release_files.js'
import type { Release, ReleaseLib } from './releases_file.js'
import { REMOVING } from './unpack.js'

/** The units (see `unitOf`) of a release: from its checksums, and from its applications and node version. */
async function unitsOf(
  root: string,
  vsn: string,
  libs: readonly ReleaseLib[],
  erts: string | undefined,
): Promise<ReadonlySet<string>> {
  const units = new Set<string>([`releases/${vsn}`])
  if (erts !== undefined) units.add(`erts-${erts}`)
  for (const { dir } of libs) {
    const path = isAbsolute(dir) ? relative(root, dir) : dir
    // What lies outside the root is not ours to remove.
    if (!path.startsWith('..')) units.add(path)
  }
  const checksums = await readChecksums(root, vsn)
  if (checksums.ok) for (const path of checksums.value.keys()) units.add(unitOf(path))
  return units
}

/** What is ours to remove. */
const isRemovable = (unit: string): boolean => /^(lib|releases|erts-[^/]+)(\/|$)/.test(unit)

/** What only this release has. @param others the known releases without it */
export async function removableUnits(
  root: string,
  release: Release,
  others: readonly Release[],
): Promise<readonly string[]> {
  const needed = await neededUnits(root, release.vsn, others)
  const own = await unitsOf(root, release.vsn, release.libs, release.erts)
  return [...own].filter((unit) => !needed.has(unit) && isRemovable(unit)).sort()
}

/** What other releases than the one of this version have, known or not. */
async function neededUnits(root: string, vsn: string, others: readonly Release[]): Promise<ReadonlySet<string>> {
  const needed = new Set<string>()
  const keep = (units: ReadonlySet<string>): void => {
    for (const unit of units) needed.add(unit)
  }
  for (const one of others) keep(await unitsOf(root, one.vsn, one.libs, one.erts))
  for (const name of await readdir(join(root, 'releases')).catch(() => [])) {
    if (name === vsn || name.startsWith('.') || others.some((one) => one.vsn === name)) continue
    const files = await readReleaseFiles(root, name)
    if (files.ok) keep(await unitsOf(root, name, files.value.libs, files.value.rel.erts))
  }
  return needed
}

const folderOf = (root: string, vsn: string): string => join(root, 'releases', `${REMOVING}${vsn}`)

/** The file in it that lists the units. */
const UNITS = 'units.json'

/**
 * Notes durably what is about to be removed, before the release leaves RELEASES.json: from then on nothing else on disk
 * says that it ever was one.
 *
 * @throws the error of the operating system
 */
export async function noteRemoval(root: string, vsn: string, units: readonly string[]): Promise<void> {
  const away = folderOf(root, vsn)
  await rm(away, { recursive: true, force: true })
  await mkdir(away)
  await writeDurably(join(away, UNITS), `${JSON.stringify(units)}\n`)
  await syncFolder(dirname(away), durableFs)
}

/**
 * Ends the removals that a crash interrupted. A release that is still known was not removed: its note goes.
 *
 * @returns the versions of the others
 * @throws the error of the operating system
 */
export async function finishRemovals(root: string, releases: readonly Release[]): Promise<readonly string[]> {
  const finished: string[] = []
  for (const name of await readdir(join(root, 'releases'))) {
    if (!name.startsWith(REMOVING)) continue
    const vsn = name.slice(REMOVING.length)
    if (releases.some((one) => one.vsn === vsn)) {
      await rm(folderOf(root, vsn), { recursive: true, force: true })
      continue
    }
    const needed = await neededUnits(root, vsn, releases)
    const noted = await notedUnits(root, vsn)
    await removeUnits(
      root,
      vsn,
      noted.filter((unit) => !needed.has(unit)),
    )
    finished.push(vsn)
  }
  return finished
}

/** The units of a note; none where it was not finished, since nothing was removed then. */
async function notedUnits(root: string, vsn: string): Promise<readonly string[]> {
  try {
    const units: unknown = JSON.parse(await readFile(join(folderOf(root, vsn), UNITS), 'utf8'))
    const isUnit = (unit: unknown): unit is string =>
      typeof unit === 'string' && isRemovable(unit) && !unit.split('/').includes('..')
    return Array.isArray(units) ? units.filter(isUnit) : []
  } catch {
    return []
  }
}

/** Removes units. One that is not there is passed over. @throws the error of the operating system */
export async function removeUnits(root: string, vsn: string, units: readonly string[]): Promise<void> {
  const away = folderOf(root, vsn)
  // The release itself first: what is left of it after a crash is no release any more.
  const last = `releases/${vsn}`
  const ordered = [...units].sort((a, b) => Number(b === last) - Number(a === last))
  for (const unit of ordered) {
    const to = join(away, unit)
    await mkdir(dirname(to), { recursive: true })
    try {
      await rename(join(root, unit), to)
    } catch (failure) {
      if (!(failure instanceof Error && 'code' in failure && failure.code === 'ENOENT')) throw failure
    }
  }
  await rm(away, { recursive: true, force: true })
}
