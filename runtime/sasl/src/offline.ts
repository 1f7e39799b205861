/**
 * The releases of an installation in which no node runs: what there is, and what is to boot. For a permanent release that
 * does not boot, which no node can be asked to change. OTP: start_erl.data is edited by hand.
 *
 * The caller makes sure that no node runs and none is being booted: a node keeps in memory what it read at its start.
 */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { err, ok, type Result } from '../../../schemas/result.js'
import { clock } from '../../erts/clock.js'
import { forgetBadBuild } from './bad_builds.js'
import { addHistory, readHistory } from './history.js'
import { ioError, type ReleaseError } from './release_error.js'
import { asPointed, permanentRelease, type Release, transition } from './releases_file.js'
import { readPointer, readReleases, releasesStore, writePermanent } from './releases_store.js'

const FILE = 'releases/RELEASES.json'

/** The releases, newest unpacked first; the permanent one is what boots. */
export async function offlineReleases(root: string): Promise<Result<readonly Release[], ReleaseError>> {
  const store = releasesStore(join(root, 'releases'))
  const onDisk = await readReleases(store)
  if (onDisk === undefined)
    return err({ tag: 'no_such_file', file: FILE, why: 'is missing; the first start of a node writes it' })
  if (typeof onDisk === 'string') return err({ tag: 'bad_file', file: FILE, why: onDisk })
  return ok(asPointed(onDisk, await readPointer(store)))
}

/** What was made to boot, and what booted before. */
export interface BootSummary {
  readonly vsn: string
  /** The same where nothing had to be done; empty where nothing said what boots. */
  readonly from: string
}

/** Makes a release that is on the disk the one that boots, whether it ever ran or not. @param who for the history */
export async function makeBoot(root: string, vsn: string, who: string): Promise<Result<BootSummary, ReleaseError>> {
  const since = clock.monotonicMs()
  const store = releasesStore(join(root, 'releases'))
  const found = await offlineReleases(root)
  if (!found.ok) return found
  const next = transition(found.value, 'boot', vsn)
  if (!next.ok) return next
  const from = permanentRelease(found.value)?.vsn ?? ''
  const boot = join(store.dir, vsn, 'start.script.json')
  if ((await stat(boot).catch(() => undefined)) === undefined)
    return err({ tag: 'no_such_file', file: boot, why: 'is missing; the release would not boot' })
  try {
    await writePermanent(store, found.value, next.value)
  } catch (failure) {
    return err(ioError(FILE, failure))
  }
  if (from === vsn) return ok({ vsn, from })
  // As after a commit: what cannot be noted does not fail what was done.
  await forgetBadBuild(store, vsn).catch(() => {})
  const at = new Date(clock.systemMs()).toISOString()
  const duration_ms = Math.round(clock.monotonicMs() - since)
  const done = { at, who, action: 'make_permanent', from, to: vsn, outcome: 'ok', message: 'no node ran' } as const
  await addHistory(store, await readHistory(store), { ...done, duration_ms }).catch(() => {})
  return ok({ vsn, from })
}
