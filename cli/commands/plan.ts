/** `plan FROM TO`: what an upgrade between two built releases will do, with the processes of a node where one runs. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { formatReleaseError, type ReleaseError } from '../../runtime/sasl/src/release_error.js'
import { readPlan, versionsIn } from '../../runtime/sasl/src/upgrade_plan_read.js'
import type { LiveCounts, UpgradePlan } from '../../runtime/sasl/src/upgrade_plan_types.js'
import { err, ok, type Result } from '../../schemas/result.js'
import { connect } from '../node/client.js'
import { type Arguments, type Target, text } from '../node/command.js'
import { nextStep, planOf } from '../node/commands/plan.js'
import { compareVsn } from '../release/vsn.js'
import type { Failure, Outcome } from '../render/failure.js'
import { didYouMean } from '../render/nearest.js'
import { planLines } from '../render/upgrade_plan.js'
import { type CliContext, locate, shown } from './project.js'

/** How long a node gets to say how many processes it has; the plan does without when it does not. */
const ASK_MS = 2_000

/** Shows the plan. */
export async function plan(args: Arguments, context: CliContext): Promise<Outcome> {
  const located = await locate(args, context)
  if (!located.ok) return located
  const { root } = located.value
  const [from, to] = [text(args, 'from') ?? '', text(args, 'to') ?? '']
  const known = [...(await versionsIn(root))].sort(compareVsn)
  for (const vsn of [from, to]) if (!known.includes(vsn)) return err(unknownVersion(vsn, known, root, context))
  if (from === to) {
    return err({ exit: 'usage', tag: 'same_version', message: `"${from}" and "${to}" are the same version` })
  }
  const made = await readPlan(root, from, to)
  if (!made.ok) {
    if (made.error.tag === 'no_matching_relup') return err(noWay(made.error, context))
    const { tag, ...facts } = made.error
    return err({ exit: 'bad_package', tag, message: formatReleaseError(made.error), facts })
  }
  const live = await liveCounts(located.value, from, to)
  const whole: UpgradePlan = { ...made.value, live }
  return ok({ data: whole, lines: (style) => [...planLines(whole, style), ...nextStep(whole, context.program)] })
}

/** What a node of this root says of its processes, where it runs the version to come from. */
async function liveCounts(target: Target, from: string, vsn: string): Promise<LiveCounts | null> {
  if (!existsSync(join(target.root, 'run', 'node.json'))) return null
  const client = await connect(target, ASK_MS)
  if (!client.ok) return null
  try {
    const answer: Result<unknown, unknown> = await client.value.call('plan', { from, vsn })
    return answer.ok ? (planOf(answer.value)?.live ?? null) : null
  } finally {
    client.value.close()
  }
}

/** The refusal of a version that is not built. */
export function unknownVersion(vsn: string, known: readonly string[], root: string, context: CliContext): Failure {
  const there =
    known.length === 0
      ? `there is no release in ${shown(root, context)}`
      : `there are: ${known.map((one) => `"${one}"`).join(', ')}${didYouMean(vsn, known)}`
  return {
    exit: 'refused',
    tag: 'no_such_release',
    message: `no version "${vsn}" is built; ${there}`,
    hints: [`build it with "${context.otpRel} build"`],
    facts: { vsn, known, root },
  }
}

/** Each application that lacks an entry on a line of its own. */
function noWay(error: Extract<ReleaseError, { tag: 'no_matching_relup' }>, { otpRel }: CliContext): Failure {
  const { tag, ...facts } = error
  const { from, to, looked, lacking = [] } = error
  return {
    exit: 'refused',
    tag,
    message: `no instructions lead from "${from}" to "${to}": ${looked.map((one) => `${one.file} ${one.found}`).join('; ')}`,
    hints:
      lacking.length === 0
        ? [`every appup leads there: add "${from}" to "upgrade_from" of ${to}, and "${otpRel} build" again`]
        : [
            ...lacking.map((one) => `${one.application} ${one.from} -> ${one.to}: ${one.why}`),
            `write what is missing, and "${otpRel} build" again`,
          ],
    facts,
  }
}
