/**
 * An upgrade that restarts the node, from the client's side: the node that was asked has said that it ends, and the
 * outcome stands in the history of the one that comes, under the id that was given. OTP has no way to await it.
 */
import { err, ok, type Result } from '../../schemas/result.js'
import type { Failure } from '../render/failure.js'
import { record } from '../render/record.js'
import { listOf, textOf } from './answer.js'
import { connect } from './client.js'
import { clientFailure } from './client_error.js'
import type { NodeContext } from './command.js'
import { until } from './until.js'

/** Time that the end of the old node and the start of the new one get together, in s, where nothing else is said. */
export const RESTART_SECONDS = 300

/** The id of a restart that an answer speaks of; undefined where the node has not restarted. */
export const restartIn = (answer: unknown): string | undefined => textOf(record(answer)?.restart, 'id')

/**
 * Waits until a node tells the outcome of a restart.
 *
 * @param pid the process that ends
 * @returns the entry of the history and the process that runs
 */
export async function afterRestart(
  id: string,
  pid: number,
  vsn: string,
  context: NodeContext,
  seconds = RESTART_SECONDS,
): Promise<Result<{ readonly entry: unknown; readonly node: string; readonly pid: number }, Failure>> {
  let last: Failure | undefined
  let found: { readonly entry: unknown; readonly node: string; readonly pid: number } | undefined
  await until(
    async () => {
      const connected = await connect(context.target, context.timeoutMs)
      if (!connected.ok) {
        last = clientFailure(connected.error, context.program)
        return false
      }
      const client = connected.value
      if (client.node.pid === pid || textOf(client.status, 'status') !== 'started') {
        client.close()
        return false
      }
      const answer = await client.call('history', {}, { timeoutMs: context.timeoutMs })
      client.close()
      if (!answer.ok) return false
      const entry = listOf(answer.value, 'history').findLast((one) => textOf(one, 'restart') === id)
      if (entry !== undefined) found = { entry, node: client.node.node, pid: client.node.pid }
      return entry !== undefined
    },
    seconds,
    context.signal,
  )
  if (found === undefined) {
    if (context.signal.aborted) {
      return err({ exit: 'interrupted', tag: 'interrupted', message: `the node is still on its way to "${vsn}"` })
    }
    return err({
      exit: 'not_answering',
      tag: 'restart_timeout',
      message: `the node was to come up with "${vsn}", and nothing has told the outcome within ${seconds} s`,
      hints: [...(last === undefined ? [] : [last.message]), `see "${context.program} history" when it is up`],
      facts: { vsn, seconds },
    })
  }
  if (textOf(found.entry, 'outcome') === 'ok') return ok(found)
  return err({
    exit: 'upgrade_undone',
    tag: textOf(found.entry, 'outcome') ?? 'restart_failed',
    message: textOf(found.entry, 'message') ?? `"${vsn}" did not start`,
    hints: [`see why with "${context.program} logs"`],
    facts: { entry: found.entry },
  })
}
