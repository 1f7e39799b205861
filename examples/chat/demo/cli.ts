/** The command line as a user types it: each command is a process of its own. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The project's folder. */
export const PROJECT = fileURLToPath(new URL('../../../', import.meta.url))

/** What a command printed, and how it ended. */
export interface Ran {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program to its end. */
export function run(file: string, args: readonly string[], cwd = PROJECT): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk
    })
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk
    })
    child.once('error', reject)
    child.once('close', (status) => resolve({ status, stdout, stderr }))
  })
}

/** Runs `otp-rel ARGS --json` and gives its answer. @throws with everything it printed when it fails */
export async function otpRel<T>(...args: readonly string[]): Promise<T> {
  const ran = await run(process.execPath, [
    fileURLToPath(new URL('dist/cli/main.js', `file://${PROJECT}`)),
    ...args,
    '--json',
  ])
  if (ran.status !== 0) {
    throw new Error(`otp-rel ${args.join(' ')} ended with ${ran.status}\n${ran.stdout}${ran.stderr}`)
  }
  return JSON.parse(ran.stdout) as T // the command's documented answer
}
