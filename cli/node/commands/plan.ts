/** `plan VSN` on a node: what an upgrade from the version that runs will do, and to how many processes. */
import type { UpgradePlan } from '../../../runtime/sasl/src/upgrade_plan_types.js'
import { ok } from '../../../schemas/result.js'
import { report } from '../../render/failure.js'
import { record } from '../../render/record.js'
import { planLines } from '../../render/upgrade_plan.js'
import { ask } from '../ask.js'
import { type NodeCommand, text } from '../command.js'

/** Shows the plan. */
export const plan: NodeCommand = async (args, context) => {
  const answer = await ask(context, 'plan', { vsn: text(args, 'vsn'), from: text(args, 'from') })
  if (!answer.ok) return answer
  const made = planOf(answer.value)
  if (made === undefined) {
    return ok(report(answer.value, ['the node plans in a form of its own; see it with --json']))
  }
  return ok({ data: made, lines: (style) => [...planLines(made, style), ...nextStep(made, context.program)] })
}

/** A plan as a node answers it; undefined for one of a form that is not ours. */
export function planOf(answer: unknown): UpgradePlan | undefined {
  // The number stands for the whole form: whoever changes that raises it.
  return record(answer)?.format === 1 ? (answer as UpgradePlan) : undefined
}

/** What to type next. */
export function nextStep({ verdict, direction, to }: UpgradePlan, program: string): readonly string[] {
  switch (verdict.kind) {
    case 'hot':
    case 'restarts':
    case 'needs_restart':
      return [`Do it:         ${program} ${direction === 'up' ? 'upgrade' : 'downgrade'} ${to}`]
    case 'refused':
      return []
  }
}
