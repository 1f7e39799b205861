/**
 * nodetool: the commands of `bin/NAME` on its node, as one program without dependencies, inside every release.
 *
 * Here alone are its streams, its signals and its end. OTP: `erl_call`, and the nodetool of rebar3's releases.
 */
import process from 'node:process'
import { bugLines } from '../render/bug.js'
import { EXIT_CODES } from '../render/exit_codes.js'
import { runTool } from './tool.js'

const interruption = new AbortController()
process.on('SIGINT', () => {
  // The second Ctrl-C does not wait for the node.
  if (interruption.signal.aborted) process.exit(EXIT_CODES.interrupted.code)
  interruption.abort()
})
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // Whoever read the output has seen enough of it.
  if (error.code === 'EPIPE') process.exit(EXIT_CODES.ok.code)
  throw error
})

let code: number
try {
  const { stdin, stdout, stderr, env } = process
  code = await runTool(process.argv.slice(2), {
    stdin,
    stdout,
    out: stdout,
    err: stderr,
    env,
    signal: interruption.signal,
  })
} catch (thrown) {
  process.stderr.write(`${bugLines(thrown, 'nodetool', process.argv.slice(2)).join('\n')}\n`)
  code = EXIT_CODES.bug.code
}
process.stdout.write('', () => process.exit(code))
