/** The progress of a node as steps to show. */
import type { Step } from '../render/steps.js'
import { numberOf, textOf } from './answer.js'

/**
 * What the node says on the way: `{ step, of, text, ms }` for a counted step that is done, `{ verb, text }` for any
 * other. Something else is not shown.
 */
export function toStep(progress: unknown): Step | undefined {
  const text = textOf(progress, 'text')
  if (text === undefined) return undefined
  const step = numberOf(progress, 'step')
  const of = numberOf(progress, 'of')
  const ms = numberOf(progress, 'ms')
  if (step !== undefined && of !== undefined) return { step, of, text, ...(ms === undefined ? {} : { ms }) }
  return { verb: textOf(progress, 'verb') ?? '', text }
}
