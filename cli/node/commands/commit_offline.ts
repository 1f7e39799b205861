/**
 * `commit VSN` where no node runs: the way back from a permanent release that does not boot, which no node can be asked
 * for. OTP: start_erl.data is edited by hand.
 */
import { makeBoot, offlineReleases } from '../../../runtime/sasl/src/offline.js'
import { formatReleaseError } from '../../../runtime/sasl/src/release_error.js'
import { err, ok } from '../../../schemas/result.js'
import { type Failure, type Outcome, report } from '../../render/failure.js'
import { formatMs } from '../../render/steps.js'
import type { NodeContext, Target } from '../command.js'
import { launcherPid, readCrashes } from '../launcher.js'
import { exitOfTag } from '../node_failure.js'
import { until } from '../until.js'

/**
 * Makes a version the one that boots.
 *
 * @param given   the version; without a node none follows by itself
 * @param who     for the history
 * @param failure why no node could be asked
 */
export async function commitOffline(
  given: string | undefined,
  who: string,
  context: NodeContext,
  failure: Failure,
): Promise<Outcome> {
  const { target, program, timeoutMs, signal } = context
  const known = await offlineReleases(target.root)
  if (!known.ok) return err(failure)
  if (given === undefined) {
    const others = known.value.filter(({ status }) => status !== 'permanent').map(({ vsn }) => vsn)
    const hints = others.map((vsn) => `have it boot: "${program} commit ${vsn}"`)
    return err({ ...failure, message: `${failure.message}; say which version is to boot`, hints })
  }
  if (!(await until(() => isQuiet(target), timeoutMs / 1_000, signal))) return err(beingStarted(context))
  const done = await makeBoot(target.root, given, who)
  if (!done.ok) {
    const { tag, ...facts } = done.error
    const hints = [`see what there is with "${program} versions"`]
    return err({ exit: exitOfTag(tag), tag, message: formatReleaseError(done.error), hints, facts })
  }
  const { vsn, from } = done.value
  const next = launcherPid(target) === undefined ? undefined : readCrashes(target)?.next
  const data = { vsn, from, permanent: true, running: null, ...(next === undefined ? {} : { next }) }
  const name = known.value.find((one) => one.vsn === vsn)?.name ?? ''
  return ok(
    report(data, [
      from === vsn
        ? `${name} ${vsn} is what boots already; no node runs`
        : `${name} ${vsn} is permanent: it is what boots from now on; no node runs`,
      next === undefined
        ? `Start it:     ${program} start`
        : `The launcher starts it at its next try, in ${formatMs(Math.max(0, Date.parse(next) - Date.now()))}.`,
    ]),
  )
}

/** Whether nothing is under way that has read what boots, or is about to: no launcher, or one between two tries. */
const isQuiet = (target: Target): boolean =>
  launcherPid(target) === undefined || readCrashes(target)?.state === 'waiting'

function beingStarted({ target, program }: NodeContext): Failure {
  return {
    exit: 'refused',
    tag: 'busy',
    message: `the launcher in ${target.root} (process ${launcherPid(target) ?? 'ended just now'}) is starting the node: what boots is not changed meanwhile`,
    hints: [`see how it does with "${program} status"`, `or end it with "${program} stop", and try again`],
  }
}
