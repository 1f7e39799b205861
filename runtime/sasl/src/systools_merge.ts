/**
 * Scripts of several applications made into one, around one point of no return.
 *
 * Each script is cut at its own point of no return; without one all of it comes after. What comes before is only
 * object code and calls; object code written later is moved there. OTP: `merge_scripts/1` of systools_rc.erl.
 */
import type { Checked, Step } from './systools_instruction.js'
import type { RcError } from './systools_rc_error.js'

/** A script in its two parts; neither holds a point of no return. */
export interface Merged<I> {
  readonly before: readonly Step<I>[]
  readonly after: readonly Step<I>[]
}

export function mergeScripts(
  scripts: readonly (readonly Step<Checked>[])[],
): Merged<Checked> & { errors: readonly RcError[] } {
  const before: Step<Checked>[] = []
  const after: Step<Checked>[] = []
  const errors: RcError[] = []
  for (const script of scripts) {
    const [ponr = -1, ...others] = script.flatMap(({ op }, i) => (op === 'point_of_no_return' ? [i] : []))
    for (const index of others) errors.push({ tag: 'too_many_point_of_no_return', at: script[index]?.at ?? '' })
    for (const [i, step] of script.entries()) {
      if (step.op === 'point_of_no_return') continue
      const isObjectCode = step.op === 'load_object_code'
      if (i < ponr && !isObjectCode && step.op !== 'apply') {
        errors.push({ tag: 'bad_op_before_point_of_no_return', op: step.op, at: step.at })
      }
      if (i < ponr || isObjectCode) before.push(step)
      else after.push(step)
    }
  }
  return { before, after, errors }
}
