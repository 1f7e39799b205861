/**
 * The releases a node knows, and what may happen to each: the state machine, without files.
 *
 * Statuses (OTP's): `unpacked` files are here; `current` it runs and does not boot; `permanent` it boots (exactly
 * one); `old` it ran or booted before; `tmp_current` it is being booted on trial. The release that runs is the current
 * one, else the permanent one. On disk `current` is written as `unpacked`, because that is what it is after a restart.
 * Newest unpacked first. OTP: release_handler.erl, release reference 8.1.
 */
import { err, ok, type Result } from '../../../schemas/result.js'
import type { ReleaseEntry as Release, ReleaseLib, ReleaseStatus } from '../../../schemas/types.js'
import type { ReleaseError } from './release_error.js'

export type { Release, ReleaseLib, ReleaseStatus }

/** What can be done to a known release; `boot`: it becomes what boots while no node runs. */
export type ReleaseAction = 'install' | 'restart' | 'make_permanent' | 'reboot_old' | 'boot' | 'remove'

/** The status afterwards; `gone`: it leaves the list; otherwise the tag of the refusal. */
type Outcome = ReleaseStatus | 'gone' | 'already_installed' | 'bad_status' | 'is_permanent' | 'is_current'

/** From (row) and action (column) to the status afterwards, of the release itself. */
const TRANSITIONS: { readonly [From in ReleaseStatus]: { readonly [A in ReleaseAction]: Outcome } } = {
  unpacked: {
    install: 'current',
    restart: 'tmp_current',
    make_permanent: 'bad_status',
    reboot_old: 'bad_status',
    boot: 'permanent',
    remove: 'gone',
  },
  old: {
    install: 'current',
    restart: 'tmp_current',
    make_permanent: 'bad_status',
    reboot_old: 'permanent',
    boot: 'permanent',
    remove: 'gone',
  },
  current: {
    install: 'already_installed',
    restart: 'already_installed',
    make_permanent: 'permanent',
    reboot_old: 'bad_status',
    boot: 'permanent',
    // Departure: OTP removes the release that runs, and with it the code of the node.
    remove: 'is_current',
  },
  permanent: {
    install: 'permanent',
    restart: 'permanent',
    make_permanent: 'permanent',
    reboot_old: 'bad_status',
    boot: 'permanent',
    remove: 'is_permanent',
  },
  tmp_current: {
    install: 'bad_status',
    restart: 'bad_status',
    make_permanent: 'bad_status',
    reboot_old: 'bad_status',
    boot: 'permanent',
    remove: 'is_current',
  },
}

/** What becomes of another release when one is acted upon with success. */
const OTHERS: { readonly [A in ReleaseAction]: { readonly [From in ReleaseStatus]?: ReleaseStatus } } = {
  install: { current: 'old' },
  restart: { current: 'old' },
  make_permanent: { permanent: 'old' },
  reboot_old: { permanent: 'old' },
  boot: { permanent: 'old' },
  remove: {},
}

/** The release that runs: the current one, else the permanent one. */
export function runningRelease(releases: readonly Release[]): Release | undefined {
  return releases.find((one) => one.status === 'current') ?? releases.find((one) => one.status === 'permanent')
}

/** The release that boots. */
export function permanentRelease(releases: readonly Release[]): Release | undefined {
  return releases.find((one) => one.status === 'permanent')
}

/** The release of a version. */
export function findRelease(releases: readonly Release[], vsn: string): Result<Release, ReleaseError> {
  const found = releases.find((one) => one.vsn === vsn)
  return found === undefined ? err({ tag: 'no_such_release', vsn, known: releases.map((one) => one.vsn) }) : ok(found)
}

/** Adds a release as unpacked, in front. */
export function addRelease(
  releases: readonly Release[],
  release: Omit<Release, 'status'>,
): Result<readonly Release[], ReleaseError> {
  const known = releases.find((one) => one.vsn === release.vsn)
  if (known !== undefined) return err({ tag: 'existing_release', vsn: known.vsn, status: known.status })
  return ok([{ ...release, status: 'unpacked' }, ...releases])
}

/** The releases after an action on the one with this version, or why not. */
export function transition(
  releases: readonly Release[],
  action: ReleaseAction,
  vsn: string,
): Result<readonly Release[], ReleaseError> {
  const found = findRelease(releases, vsn)
  if (!found.ok) return found
  const { status } = found.value
  const outcome = TRANSITIONS[status][action]
  // Making the permanent one permanent changes nothing, also while another one is current.
  if (action === 'make_permanent' && status === 'permanent') return ok(releases)
  if ((action === 'install' || action === 'restart') && runningRelease(releases)?.vsn === vsn)
    return err({ tag: 'already_installed', vsn })
  switch (outcome) {
    case 'already_installed':
      return err({ tag: 'already_installed', vsn })
    case 'bad_status':
      return err({ tag: 'bad_status', vsn, status, action })
    case 'is_permanent':
      return err({ tag: 'permanent', vsn })
    case 'is_current':
      return err({ tag: 'current', vsn })
    case 'gone':
      return ok(releases.filter((one) => one.vsn !== vsn))
    case 'unpacked':
    case 'current':
    case 'permanent':
    case 'tmp_current':
    case 'old':
      return ok(
        releases.map((one) => ({
          ...one,
          status: one.vsn === vsn ? outcome : (OTHERS[action][one.status] ?? one.status),
        })),
      )
  }
}

/** The releases as written to RELEASES.json. */
export function toDisk(releases: readonly Release[]): readonly Release[] {
  return releases.map((one) => (one.status === 'current' ? { ...one, status: 'unpacked' as const } : one))
}

/**
 * The releases as they are while no node runs: the one that start_otp.json names is the permanent one.
 *
 * @param pointer as for {@link reconcile}
 * @param otherwise what is permanent where neither file says it
 */
export function asPointed(
  onDisk: readonly Release[],
  pointer: string | undefined,
  otherwise?: string,
): readonly Release[] {
  const known = onDisk.some((one) => one.vsn === pointer)
  const permanent = known ? pointer : (permanentRelease(onDisk)?.vsn ?? otherwise)
  // A trial boot is over once a node is up; a current one on disk is from a hand.
  const resting = (status: ReleaseStatus): ReleaseStatus =>
    status === 'tmp_current' || status === 'current' ? 'unpacked' : status === 'permanent' ? 'old' : status
  return onDisk.map((one) => ({ ...one, status: one.vsn === permanent ? 'permanent' : resting(one.status) }))
}

/** What the node was booted from: init's script id, the node binary, and the applications of its rel file. */
export interface Booted {
  readonly name: string
  readonly vsn: string
  readonly erts: string
  readonly libs: readonly ReleaseLib[]
}

/** What the handler does at its start. */
export interface Reconciled {
  /** The releases in memory. */
  readonly releases: readonly Release[]
  /** Whether RELEASES.json must be written (with {@link toDisk}). */
  readonly writeReleases: boolean
  /** The version start_otp.json must be made to name; undefined: it is right. */
  readonly pointTo: string | undefined
}

/**
 * Brings what is on disk and what was booted together. Pure; the rule that makes a crash harmless:
 *
 * `start_otp.json` is what bin/NAME boots, so the release it names *is* the permanent one: its rename is the moment at
 * which a make_permanent counts. RELEASES.json is written before it. Killed between the two, RELEASES.json says
 * permanent of a release that start_otp.json does not name yet; the node boots the former permanent one, and here
 * RELEASES.json follows (the commit, never acknowledged, did not happen). Were the two written the other way round, or
 * start_otp.json set by hand while the node is down, the node boots what it names, and RELEASES.json follows as well.
 * Only where start_otp.json is missing, unreadable or names an unknown release is it derived from RELEASES.json.
 *
 * @param onDisk  content of RELEASES.json; undefined when there is none (a first start from a package)
 * @param pointer version in start_otp.json; undefined when there is none that can be read
 */
export function reconcile(
  onDisk: readonly Release[] | undefined,
  pointer: string | undefined,
  booted: Booted,
): Reconciled {
  let list = onDisk ?? []
  if (!list.some((one) => one.vsn === booted.vsn)) list = [{ ...booted, status: 'unpacked' }, ...list]
  list = asPointed(list, pointer, booted.vsn)
  const permanent = permanentRelease(list)?.vsn
  const same = onDisk !== undefined && JSON.stringify(onDisk) === JSON.stringify(list)
  return {
    releases: list.map((one) =>
      one.vsn === booted.vsn && one.status !== 'permanent' ? { ...one, status: 'current' } : one,
    ),
    writeReleases: !same,
    pointTo: pointer === permanent ? undefined : permanent,
  }
}
