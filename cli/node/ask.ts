/** The walk of every command on a node: connect, call, close, whatever happens in between. */
import { err, type Result } from '../../schemas/result.js'
import type { Failure } from '../render/failure.js'
import { type CallOptions, type Client, connect } from './client.js'
import { clientFailure } from './client_error.js'
import type { NodeContext } from './command.js'
import { withLauncher } from './launcher.js'
import { callFailure } from './node_failure.js'

/** Connects to the node of a context, runs `body` with the connection, and closes it. */
export async function withNode<T>(
  context: NodeContext,
  body: (client: Client) => Promise<Result<T, Failure>>,
): Promise<Result<T, Failure>> {
  const connected = await connect(context.target, context.timeoutMs)
  if (!connected.ok) return err(clientFailure(withLauncher(connected.error, context.target), context.program))
  try {
    return await body(connected.value)
  } finally {
    connected.value.close()
  }
}

/** Calls one method on an open connection. Ctrl-C asks the node to give up, and its answer is awaited. */
export async function call(
  client: Client,
  context: NodeContext,
  method: string,
  params: unknown,
  options: Omit<CallOptions, 'signal'> = {},
): Promise<Result<unknown, Failure>> {
  const answer = await client.call(method, params, { ...options, signal: context.signal })
  return answer.ok ? answer : err(callFailure(answer.error, context.program))
}

/** Connects, calls one method, closes. */
export function ask(context: NodeContext, method: string, params: unknown = {}): Promise<Result<unknown, Failure>> {
  return withNode(context, (client) => call(client, context, method, params))
}
