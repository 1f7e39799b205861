/**
 * A change of release by a restart of the node, both halves: what the node that ends does last, and what the node that
 * comes does first. OTP: release_handler.erl, `do_restart_new_emulator/6`, `new_emulator_upgrade/2`; release reference 9.
 *
 * What comes is the new release, whole, or the old one again: there is no hybrid of both that could stay, and no
 * temporary release to clear away. The outcome stands in the history under the id that the asking client was given.
 */
import { err, ok, type Result } from '../../../schemas/result.js'
import { clock } from '../../erts/clock.js'
import { trialVsn } from '../../erts/heart.js'
import { applyMfa, type Mfa } from '../../erts/modules.js'
import { format } from '../../erts/process.js'
import type { HistoryEntry } from './history.js'
import type { CheckedInstall } from './install_check.js'
import type { InstallSummary } from './install_release.js'
import { ioError, type ReleaseError } from './release_error.js'
import { type Release, transition } from './releases_file.js'
import { type ReleasesStore, writeReleases } from './releases_store.js'
import type { RestartPlan } from './restart_check.js'
import { type RestartLeft, type RestartRecord, readLeft, removeLeft, writeRestart, writeWhy } from './restart_record.js'

/** Status with which a node ends that was tried and whose calls failed. */
export const TRIAL_FAILED_STATUS = 76

/** What is left to do for the handler: answer, and have the node end with `RESTART_STATUS`. */
export interface RestartAsked {
  readonly releases: readonly Release[]
  readonly summary: InstallSummary
}

/** Writes down that the node is to be restarted into another release. When that fails nothing has changed. */
export async function askForRestart(
  store: ReleasesStore,
  releases: readonly Release[],
  { from, to, script }: CheckedInstall,
  { instruction, calls }: RestartPlan,
  who: string,
  sinceMs: number,
): Promise<Result<RestartAsked, ReleaseError>> {
  const next = transition(releases, 'restart', to.vsn)
  if (!next.ok) return next
  const id = crypto.randomUUID() // the global: importing node:crypto would cost each boot
  const tookMs = clock.monotonicMs() - sinceMs
  try {
    await writeReleases(store, next.value)
  } catch (failure) {
    return err(ioError('releases/RELEASES.json', failure))
  }
  try {
    await writeRestart(store, { from: from.vsn, to: to.vsn, id, who, since_ms: clock.systemMs() - tookMs, calls })
  } catch (failure) {
    await writeReleases(store, releases).catch(() => {})
    return err(ioError('releases/restart.json', failure))
  }
  const summary: InstallSummary = {
    from: from.vsn,
    to: to.vsn,
    direction: script.direction,
    description: script.description,
    duration_ms: tookMs,
    longest_pause_ms: 0,
    migrated: 0,
    restarted: 0,
    suspended: 0,
    skipped: [],
    killed: [],
    died: [],
    ended: [],
    children_started: [],
    children_stopped: [],
    on_old_code: {},
    irreversible: calls.map(([module, fun]) => `${String(module)}.${fun}`),
    restart: { id, instruction },
  }
  return ok({ releases: next.value, summary })
}

/** What the handler finds at its start. */
export interface RestartsFound {
  /** This start is a trial: {@link finishTrial} when the node has started. */
  readonly trial: RestartRecord | undefined
  /** What ended otherwise, for the history. */
  readonly entries: readonly HistoryEntry[]
}

/** Looks for restarts that were asked for, and clears away those that are over. @param booted version that was booted */
export async function findRestarts(store: ReleasesStore, booted: string): Promise<RestartsFound> {
  let trial: RestartRecord | undefined
  const entries: HistoryEntry[] = []
  for (const left of readLeft(store)) {
    if (left.stage === 'trial' && left.record.to === booted && trialVsn() === booted) trial = left.record
    else {
      entries.push(entryOf(left.record, ...overOf(left, booted)))
      await removeLeft(store, left.stage)
    }
  }
  return { trial, entries }
}

function overOf({ stage, record, exit }: RestartLeft, booted: string): readonly [outcome: string, message: string] {
  const { from, to, why } = record
  if (stage !== 'failed')
    return ['restart_interrupted', `the restart into "${to}" was interrupted; "${booted}" was booted`]
  const said = why ?? `its node ended with status ${exit ?? 'unknown'} before it had started`
  const back = booted === from ? `"${from}" was booted again` : `"${booted}" was booted, "${from}" ran before`
  return ['restart_failed', `"${to}" did not start: ${said}; ${back}`]
}

/**
 * Makes the calls of the plan in the node that was tried, and ends the trial.
 *
 * @returns the entry for the history; undefined: it failed, which is written down, and the node must end with
 * {@link TRIAL_FAILED_STATUS}
 */
export async function finishTrial(
  store: ReleasesStore,
  record: RestartRecord,
  note: (entry: HistoryEntry) => Promise<void>,
): Promise<HistoryEntry | undefined> {
  for (const mfa of record.calls) {
    const why = await failureOf(mfa)
    if (why === undefined) continue
    await writeWhy(store, record, `${String(mfa[0])}.${mfa[1]} failed: ${why}`).catch(() => {})
    return undefined
  }
  const entry = entryOf(record, 'ok')
  // The history first: a client that sees the trial ended finds its outcome.
  await note(entry)
  await removeLeft(store, 'trial')
  return entry
}

async function failureOf(mfa: RestartRecord['calls'][number]): Promise<string | undefined> {
  try {
    // The schema says what an MFA is; its arguments are any JSON.
    const result = await applyMfa(mfa as unknown as Mfa)
    return Array.isArray(result) && result[0] === 'error' ? format(result[1]) : undefined
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : format(thrown)
  }
}

const entryOf = ({ who, from, to, id, since_ms }: RestartRecord, outcome: string, message?: string): HistoryEntry => ({
  at: new Date(clock.systemMs()).toISOString(),
  who,
  action: 'install',
  from,
  to,
  outcome,
  ...(message === undefined ? {} : { message }),
  duration_ms: Math.round(clock.systemMs() - since_ms),
  restart: id,
})
