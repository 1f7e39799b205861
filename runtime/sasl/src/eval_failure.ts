/** How an instruction fails, and the words for what processes and calls answer. OTP: throws of release_handler_1.erl. */
import { format, type Pid } from '../../erts/term.js'
import { failureOf } from './apply_step.js'
import type { ProcessWorld } from './upgrade_world.js'

/** An instruction failed. The log holds what must be taken back. */
export class EvalFailure extends Error {
  /** What was being done, as text. */
  readonly doing: string

  constructor(doing: string, why: string, cause?: unknown) {
    super(why, { cause })
    this.name = 'EvalFailure'
    this.doing = doing
  }
}

/** The reason in `['error', ['error', reason]]`: the answer of sys around that of the process. */
export function refusalOf(answer: unknown): unknown {
  return Array.isArray(answer) && answer.length === 2 && answer[0] === 'error' ? refusalOf(answer[1]) : answer
}

/** The words for a refusal, on one line: of an exception what was thrown and where, of anything else the reason. */
export function refusalText(answer: unknown): string {
  const reason = refusalOf(answer)
  const why: unknown = Array.isArray(reason) && reason[0] === 'EXIT' ? reason[1] : undefined
  const thrown: unknown = Array.isArray(why) ? why[0] : why
  if (!(thrown instanceof Error)) return format(reason)
  const frame = /^\s+at .+$/m.exec(thrown.stack ?? '')?.[0].trim()
  return `${thrown.name}: ${thrown.message}${frame === undefined ? '' : `, ${frame}`}`
}

/** The words for a failure. Of one that `sys` or a call gives only the cause matters, not how it was asked. */
export function messageOf(failure: unknown): string {
  if (!(failure instanceof Error)) return format(failure)
  if (!('reason' in failure)) return failure.message
  const { reason } = failure
  const isCall = Array.isArray(reason) && reason.length === 2 && Array.isArray(reason[1]) && reason[1].length === 3
  const cause: unknown = isCall ? reason[0] : reason
  return typeof cause === 'string' ? cause : format(cause)
}

/** Starts a stopped child. @returns why it did not start; undefined: it runs */
export async function startFailure(processes: ProcessWorld, supervisor: Pid, id: unknown): Promise<string | undefined> {
  try {
    return failureOf(['stdlib/supervisor', 'restartChild', []], await processes.restartChild(supervisor, id))
  } catch (failure) {
    return messageOf(failure)
  }
}
