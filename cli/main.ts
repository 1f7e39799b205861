#!/usr/bin/env node
/**
 * `otp-rel`. Here alone are its streams, its signals and its end.
 */
import nodeModule from 'node:module'
import process from 'node:process'
import { EXIT_CODES } from './render/exit_codes.js'

// V8's code of what is imported from here on is kept between runs, from Node 22 on.
if ('enableCompileCache' in nodeModule && typeof nodeModule.enableCompileCache === 'function')
  nodeModule.enableCompileCache()

const interruption = new AbortController()
process.on('SIGINT', () => {
  // The second Ctrl-C does not wait for anything.
  if (interruption.signal.aborted) process.exit(EXIT_CODES.interrupted.code)
  interruption.abort()
})
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // Whoever read the output has seen enough of it.
  if (error.code === 'EPIPE') process.exit(EXIT_CODES.ok.code)
  throw error
})

const argv = process.argv.slice(2)
let version = 'unknown'
let code: number
try {
  const [{ runCli }, { homeVersion }] = await Promise.all([import('./commands/run.js'), import('./release/home.js')])
  version = homeVersion()
  const { stdin, stdout, stderr, env } = process
  const world = {
    stdin,
    stdout,
    out: stdout,
    err: stderr,
    env,
    cwd: process.cwd(),
    signal: interruption.signal,
    version,
  }
  code = await runCli(argv, world)
} catch (thrown) {
  const { bugLines } = await import('./render/bug.js')
  process.stderr.write(`${bugLines(thrown, version, ['otp-rel', ...argv]).join('\n')}\n`)
  code = EXIT_CODES.bug.code
}
process.stdout.write('', () => process.exit(code))
