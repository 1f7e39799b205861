/**
 * Commands of the project before and after a build: `build_hooks` of otp.config.json. They run in the project's folder,
 * one after the other, in a shell; what they print goes to standard error. OTP: rebar3's hooks; the steps of mix.
 */
import { spawn } from 'node:child_process'
import { env } from 'node:process'
import type { Fault } from '../../schemas/fault.js'
import { type Config, faultAt, type ReleaseSpec } from './config.js'

/**
 * Runs commands until one fails.
 *
 * They get `OTP_REL_PROJECT` and `OTP_REL_OUTPUT` (folders, absolute), `OTP_REL_PROFILE`, and `OTP_REL_RELEASES`, the
 * names of the releases that are built, separated by blanks.
 *
 * @returns the fault of the one that failed
 */
export async function runHooks(
  commands: readonly string[],
  when: 'before' | 'after',
  { source, root, output, profiles }: Config,
  specs: readonly ReleaseSpec[],
  progress: (step: { readonly verb: 'running'; readonly text: string }) => void,
): Promise<Fault | undefined> {
  const environment = {
    ...env,
    OTP_REL_PROJECT: root,
    OTP_REL_OUTPUT: output,
    OTP_REL_PROFILE: profiles.join(','),
    OTP_REL_RELEASES: [...new Set(specs.map(({ name }) => name))].join(' '),
  }
  for (const [index, command] of commands.entries()) {
    progress({ verb: 'running', text: command })
    const why = await run(command, root, environment)
    const message = `"${command}" ${why}`
    if (why !== undefined) return faultAt(source, ['build_hooks', when, index], 'hook_failed', message)
  }
  return undefined
}

/** @returns how it failed */
function run(command: string, cwd: string, environment: NodeJS.ProcessEnv): Promise<string | undefined> {
  return new Promise((resolve) => {
    // standard output is for what otp-rel itself prints, also as JSON
    const child = spawn(command, { cwd, env: environment, shell: true, stdio: ['ignore', 2, 2] })
    child.once('error', (error) => resolve(`does not run: ${error.message}`))
    child.once('close', (code, signal) => {
      resolve(code === 0 ? undefined : `ended with ${signal === null ? `status ${code}` : `signal ${signal}`}`)
    })
  })
}
