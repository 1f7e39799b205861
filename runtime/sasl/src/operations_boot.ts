/**
 * Operations on what boots: a release is made permanent, one of before is booted again, one that did not prove itself is
 * noted. OTP: `do_make_permanent` and `do_reboot_old_release` of release_handler.erl.
 */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ok } from '../../../schemas/result.js'
import { clock } from '../../erts/clock.js'
import { exitPid } from '../../erts/process.js'
import { forgetBadBuild, noteBadBuild } from './bad_builds.js'
import { usersOfVersion } from './node_world.js'
import { type HandlerState, noteDone, type OperationContext, type Outcome, refuse } from './operation_state.js'
import { ioError, type ReleaseError } from './release_error.js'
import { permanentRelease, transition } from './releases_file.js'
import { writePermanent } from './releases_store.js'
import { unsetAtStart } from './start_variables.js'

/** What a commit found and did. */
export interface CommitSummary {
  readonly vsn: string
  /** Processes that still run code of before, in a callback that has not returned, by module. */
  readonly on_old_code: Readonly<Record<string, readonly string[]>>
  /** Processes ended for that. */
  readonly ended: readonly string[]
  /** Environment variables that its next boot would lack, see start_variables.ts; left out where there are none. */
  readonly unset_at_start?: readonly string[]
}

/**
 * Makes the current release the one that boots.
 *
 * Departure: OTP kills whoever still runs code of before of a module with brutal_purge. Here that is asked for; else
 * they are named, and their code is dropped when they have returned from it.
 *
 * @param endOldCode whether they are killed
 */
export async function makePermanent(
  state: HandlerState,
  vsn: string,
  context: OperationContext,
  endOldCode: boolean,
): Promise<Outcome<CommitSummary>> {
  const since = clock.monotonicMs()
  const next = transition(state.releases, 'make_permanent', vsn)
  if (!next.ok) return refuse(next.error)
  if (permanentRelease(state.releases)?.vsn === vsn) return { answer: ok({ vsn, on_old_code: {}, ended: [] }) }
  const boot = join(state.store.dir, vsn, 'start.script.json')
  if ((await stat(boot).catch(() => undefined)) === undefined) {
    return refuse({ tag: 'no_such_file', file: boot, why: 'is missing; the release would not boot' })
  }
  try {
    await writePermanent(state.store, state.releases, next.value)
  } catch (failure) {
    return refuse(ioError('releases/RELEASES.json', failure))
  }
  // A note that stays is told of at the next installation, and can be overruled there.
  await forgetBadBuild(state.store, vsn).catch(() => {})
  const unpurged = new Map(state.unpurged)
  const onOldCode: Record<string, readonly string[]> = {}
  const ended = new Set<string>()
  for (const [module, method] of state.unpurged) {
    const users = usersOfVersion(state.linker?.old(module))
    if (users.length > 0 && !(endOldCode && method === 'brutal_purge')) {
      onOldCode[module] = users.map(({ pid }) => pid.toString())
      continue
    }
    for (const { pid } of users) {
      ended.add(pid.toString())
      exitPid(pid, 'kill')
    }
    state.linker?.purge(module)
    unpurged.delete(module)
  }
  const unset = await unsetAtStart(state.root, vsn)
  const summary = { vsn, on_old_code: onOldCode, ended: [...ended] }
  return {
    answer: ok(unset.length === 0 ? summary : { ...summary, unset_at_start: unset }),
    state: await noteDone({ ...state, releases: next.value, unpurged }, 'make_permanent', vsn, since, context),
  }
}

/** Notes that the build of a release did not prove itself: it is not installed again without being told so. */
export async function noteBad(
  state: HandlerState,
  vsn: string,
  why: string,
  context: OperationContext,
): Promise<Outcome<'ok'>> {
  const since = clock.monotonicMs()
  const error: ReleaseError = { tag: 'unhealthy', from: vsn, to: vsn, answer: why, notUndone: [] }
  try {
    await noteBadBuild(state.store, vsn, why)
  } catch (failure) {
    return refuse(ioError('releases/bad_builds.json', failure))
  }
  return { answer: ok('ok'), state: await noteDone(state, 'probation', vsn, since, context, { error }) }
}

/** Makes an old release the one that boots, and stops the node, which whoever watches over it starts again. */
export async function rebootOldRelease(
  state: HandlerState,
  vsn: string,
  context: OperationContext,
): Promise<Outcome<'ok'>> {
  const since = clock.monotonicMs()
  const next = transition(state.releases, 'reboot_old', vsn)
  if (!next.ok) return refuse(next.error)
  try {
    await writePermanent(state.store, state.releases, next.value)
  } catch (failure) {
    return refuse(ioError('releases/RELEASES.json', failure))
  }
  const after = await noteDone({ ...state, releases: next.value }, 'reboot_old', vsn, since, context)
  return { answer: ok('ok'), state: after, reboot: true }
}
