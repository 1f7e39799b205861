/**
 * RELEASES.json and start_otp.json on disk: read, bring in line with what was booted, replace. The rules are in
 * releases_file.ts, the durability in durable_write.ts. OTP: release_handler.erl, `write_releases/3`.
 *
 * Departure: the folder is always `ROOT/releases`. OTP takes `releases_dir` of sasl, or `RELDIR`, on the node alone: what
 * boots it would look elsewhere.
 */
import { readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { formatFault } from '../../../schemas/fault.js'
import { read } from '../../../schemas/read.js'
import { type DurableFs, durableFs, writeDurably } from './durable_write.js'
import { type Booted, permanentRelease, type Release, reconcile, toDisk } from './releases_file.js'

/** The files of one releases folder. */
export interface ReleasesStore {
  /** `ROOT/releases`. */
  readonly dir: string
  /** How files are written. */
  readonly fs: DurableFs
}

/** A store in a folder that exists. */
export const releasesStore = (dir: string, fs: DurableFs = durableFs): ReleasesStore => ({ dir, fs })

/** One line for each release: small differences are seen in a diff. */
const textOf = (releases: readonly Release[]): string =>
  `[\n${toDisk(releases)
    .map((one) => `  ${JSON.stringify(one)}`)
    .join(',\n')}\n]\n`

function textIn(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (failure) {
    if (failure instanceof Error && 'code' in failure && failure.code === 'ENOENT') return undefined
    throw failure
  }
}

/** What start_otp.json names; undefined when there is none that can be read. */
export async function readPointer(store: ReleasesStore): Promise<string | undefined> {
  const text = textIn(join(store.dir, 'start_otp.json'))
  if (text === undefined) return undefined
  const pointer = read('start_otp', text, 'releases/start_otp.json')
  return pointer.ok ? pointer.value.vsn : undefined
}

/** RELEASES.json as it stands; undefined when there is none, a sentence when it cannot be read. */
export async function readReleases(store: ReleasesStore): Promise<readonly Release[] | string | undefined> {
  const path = join(store.dir, 'RELEASES.json')
  const text = textIn(path)
  if (text === undefined) return undefined
  const releases = read('releases', text, 'releases/RELEASES.json')
  return releases.ok ? releases.value : releases.error.map(formatFault).join('; ')
}

/** Replaces RELEASES.json. @throws the error of the operating system */
export const writeReleases = (store: ReleasesStore, releases: readonly Release[]): Promise<void> =>
  writeDurably(join(store.dir, 'RELEASES.json'), textOf(releases), store.fs)

/** Makes bin/NAME boot a release. @throws the error of the operating system */
export const writePointer = (store: ReleasesStore, release: Pick<Release, 'erts' | 'vsn'>): Promise<void> =>
  writeDurably(
    join(store.dir, 'start_otp.json'),
    `${JSON.stringify({ erts: release.erts, vsn: release.vsn })}\n`,
    store.fs,
  )

/**
 * Writes what a change of the permanent release needs: RELEASES.json, then start_otp.json, whose rename makes it
 * count (see `reconcile`). When the second fails the first is put back.
 *
 * @throws the error of the operating system; then nothing has changed, or {@link openReleases} puts it right
 */
export async function writePermanent(
  store: ReleasesStore,
  before: readonly Release[],
  after: readonly Release[],
): Promise<void> {
  await writeReleases(store, after)
  const permanent = permanentRelease(after)
  if (permanent === undefined) return
  try {
    await writePointer(store, permanent)
  } catch (failure) {
    await writeReleases(store, before).catch(() => {})
    throw failure
  }
}

/**
 * The releases as the handler starts with them, files put right where a crash or a hand left them apart.
 *
 * @param note told what was out of the ordinary, one sentence each
 */
export async function openReleases(
  store: ReleasesStore,
  booted: Booted,
  note: (sentence: string) => void,
): Promise<readonly Release[]> {
  let onDisk = await readReleases(store)
  if (typeof onDisk === 'string') {
    const path = join(store.dir, 'RELEASES.json')
    note(`${onDisk}; kept as RELEASES.json.bad, a new one names the booted release only`)
    renameSync(path, `${path}.bad`)
    onDisk = undefined
  }
  const { releases, writeReleases: write, pointTo } = reconcile(onDisk, await readPointer(store), booted)
  if (write) {
    if (onDisk !== undefined)
      note(`RELEASES.json brought in line with start_otp.json and "${booted.vsn}", which was booted`)
    await unlessReadOnly(writeReleases(store, releases), note)
  }
  const target = releases.find((one) => one.vsn === pointTo)
  if (target !== undefined) await unlessReadOnly(writePointer(store, target), note)
  return releases
}

/** A node can run from a folder that it may not write to; only changes of its releases are impossible then. */
async function unlessReadOnly(writing: Promise<void>, note: (sentence: string) => void): Promise<void> {
  try {
    await writing
  } catch (failure) {
    const code = failure instanceof Error && 'code' in failure ? failure.code : undefined
    if (code !== 'EROFS' && code !== 'EACCES') throw failure
    note(`the releases folder cannot be written (${code}): releases can neither be unpacked nor installed`)
  }
}
