/** `rpc` and `eval`: calling into the running node. OTP: `rpc:call/4`, and `rpc` and `eval` of release scripts. */
import { err, ok } from '../../../schemas/result.js'
import { report, usage } from '../../render/failure.js'
import { formatTerm } from '../../render/term.js'
import { call, withNode } from '../ask.js'
import { type NodeCommand, number, text } from '../command.js'

/** Calls an exported function of a module on the node and prints what it returns. */
export const rpc: NodeCommand = async (args, context) => {
  const module = text(args, 'module') ?? ''
  const given = text(args, 'args') ?? '[]'
  const parsed = parseArgs(given)
  if (parsed === undefined) {
    return err(
      usage('bad_args', `the arguments must be a JSON array, one element for each argument; got ${given}`, [
        `for example: ${context.program} rpc ${module} ${text(args, 'function')} '["x", 1]'`,
      ]),
    )
  }
  const seconds = number(args, 'wait')
  return withNode(context, async (client) => {
    const params = { module, function: text(args, 'function') ?? '', args: parsed }
    const answer = await call(
      client,
      context,
      'rpc',
      params,
      seconds === undefined ? {} : { timeoutMs: seconds * 1_000 },
    )
    return answer.ok ? ok(report(answer.value, [formatTerm(answer.value)])) : answer
  })
}

/** Evaluates a JavaScript text on the node and prints its value. */
export const evaluate: NodeCommand = (args, context) =>
  withNode(context, async (client) => {
    const answer = await call(client, context, 'eval', { expression: text(args, 'code') ?? '' })
    return answer.ok ? ok(report(answer.value, [formatTerm(answer.value)])) : answer
  })

function parseArgs(given: string): readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(given)
    return Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}
