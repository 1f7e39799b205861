/**
 * Builds that did not prove themselves, `releases/bad_builds.json`: by the SHA-256 of their list of checksums, so that a
 * corrected build of the same version is another one. OTP has no counterpart.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { clock } from '../../erts/clock.js'
import { writeDurably } from './durable_write.js'
import type { ReleasesStore } from './releases_store.js'

/** Entries kept, the latest. */
const MOST = 100

/** A build that is not installed again without being told so. */
export interface BadBuild {
  readonly vsn: string
  /** Of `releases/VSN/checksums.json`, in hex. */
  readonly sha256: string
  /** ISO 8601, UTC. */
  readonly at: string
  /** What it answered, for people. */
  readonly why: string
}

/** What was noted of the build that lies in `releases/VSN`; undefined: nothing. */
export function findBadBuild(store: ReleasesStore, vsn: string): BadBuild | undefined {
  const sum = sumOfBuild(store, vsn)
  return sum === undefined ? undefined : read(store).find((one) => one.sha256 === sum)
}

/** Notes that a build failed. @throws the error of the operating system */
export async function noteBadBuild(store: ReleasesStore, vsn: string, why: string): Promise<void> {
  const sha256 = sumOfBuild(store, vsn)
  if (sha256 === undefined) return
  const others = read(store).filter((one) => one.sha256 !== sha256)
  await write(store, [...others, { vsn, sha256, at: new Date(clock.systemMs()).toISOString(), why }])
}

/** Forgets it, since the build is made permanent after all. @throws the error of the operating system */
export async function forgetBadBuild(store: ReleasesStore, vsn: string): Promise<void> {
  const found = findBadBuild(store, vsn)
  if (found !== undefined)
    await write(
      store,
      read(store).filter((one) => one.sha256 !== found.sha256),
    )
}

function sumOfBuild(store: ReleasesStore, vsn: string): string | undefined {
  try {
    return createHash('sha256')
      .update(readFileSync(join(store.dir, vsn, 'checksums.json')))
      .digest('hex')
  } catch {
    return undefined
  }
}

function read(store: ReleasesStore): readonly BadBuild[] {
  try {
    const value: unknown = JSON.parse(readFileSync(join(store.dir, 'bad_builds.json'), 'utf8'))
    // Written by this module only.
    return Array.isArray(value) ? (value as BadBuild[]) : []
  } catch {
    return []
  }
}

const write = (store: ReleasesStore, builds: readonly BadBuild[]): Promise<void> =>
  writeDurably(join(store.dir, 'bad_builds.json'), `${JSON.stringify(builds.slice(-MOST), null, 2)}\n`, store.fs)
