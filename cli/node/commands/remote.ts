/**
 * `remote`: a prompt inside the running node. OTP: `erl -remsh`, `bin/NAME remote`.
 *
 * The node runs the prompt, line editing included; this side only passes bytes, its terminal in raw mode, so that
 * Ctrl-C interrupts a line on the node and never ends the node.
 */
import { err, ok } from '../../../schemas/result.js'
import { report } from '../../render/failure.js'
import { withNode } from '../ask.js'
import type { NodeCommand } from '../command.js'
import { callFailure } from '../node_failure.js'

/** Opens the prompt and stays until the user (`.exit`, Ctrl-D) or the node ends it. */
export const remote: NodeCommand = (_args, context) =>
  withNode(context, async (client) => {
    const { stdin, stdout } = context
    const terminal = stdin.isTTY === true && stdout.isTTY === true
    const opened = await client.stream('remote', { terminal, columns: stdout.columns ?? 80 })
    if (!opened.ok) return err(callFailure(opened.error, context.program))
    const socket = opened.value
    if (terminal) stdin.setRawMode(true)
    try {
      await new Promise<void>((resolve) => {
        socket.once('close', resolve)
        // Without a terminal the end of the input is the end of the session, once the node has answered it all.
        stdin.once('end', () => socket.end())
        socket.on('data', (chunk: Buffer) => stdout.write(chunk))
        stdin.on('data', (chunk: Buffer) => socket.writable && socket.write(chunk))
        socket.resume()
        stdin.resume()
      })
    } finally {
      if (terminal) stdin.setRawMode(false)
      stdin.removeAllListeners('data')
      stdin.pause()
    }
    return ok(report({ closed: true }))
  })
