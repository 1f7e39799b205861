/**
 * Hooks of the commands that change a node: `hooks/WHEN` of the version that boots, then `hooks/WHEN` of the
 * installation; the first that fails is a veto. Those of starts and ends are the start script's.
 *
 * They run here, not in the start script, so that `otp-rel upgrade` asks them as `bin/NAME upgrade` does.
 */
import { spawn } from 'node:child_process'
import { accessSync, constants, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { err, ok, type Result } from '../../schemas/result.js'
import { EXIT_CODES } from '../render/exit_codes.js'
import type { Failure } from '../render/failure.js'
import { record } from '../render/record.js'
import { flag, logDirOf, type NodeCommand, type NodeContext, runDirOf, type Target, text } from './command.js'
import { readNodeFile } from './node_file.js'

/** When a hook is asked. */
export type HookName = 'pre_stop' | 'pre_upgrade' | 'post_upgrade'

/**
 * Asks the hooks of a moment, each to its end, with what they print on standard error.
 *
 * @param vsn the version concerned; default: the one that boots
 * @param code the exit code of what went before, 0 before it
 */
export async function askHooks(
  when: HookName,
  { target }: Pick<NodeContext, 'target'>,
  vsn?: string,
  code = 0,
): Promise<Result<undefined, Failure>> {
  const { root } = target
  const boots = bootVsn(root)
  const files = [
    ...(boots === undefined ? [] : [join(root, 'releases', boots, 'hooks', when)]),
    join(root, 'hooks', when),
  ]
  const wanted = files.filter(isProgram)
  if (wanted.length === 0) return ok(undefined)
  const concerned = vsn ?? boots ?? ''
  const release = releaseName(root, boots) ?? target.name ?? ''
  const name = nodeName(target) ?? release
  const env = {
    ...process.env,
    HOOK: when,
    HOOK_VSN: concerned,
    HOOK_CODE: String(code),
    RELEASE_ROOT: root,
    RELEASE_NAME: release,
    RELEASE_VSN: boots ?? '',
    RELEASE_NODE_NAME: name,
    RELEASE_RUN_DIR: runDirOf(target),
    RELEASE_LOG_DIR: logDirOf(target),
  }
  for (const file of wanted) {
    const ended = await statusOf(file, root, env)
    if (ended === '0') continue
    return err({
      exit: 'refused',
      tag: 'hook_failed',
      message: `${file} ended with ${ended}: ${when} of ${name} ${concerned} is refused`,
      facts: { hook: when, file, status: ended },
    })
  }
  return ok(undefined)
}

/** A command that makes a node another version, between `pre_upgrade` and `post_upgrade`; a dry run asks neither. */
export function betweenHooks(command: NodeCommand): NodeCommand {
  return async (args, context) => {
    if (flag(args, 'dry-run')) return command(args, context)
    const vsn = text(args, 'vsn')
    const before = await askHooks('pre_upgrade', context, vsn)
    if (!before.ok) return before
    const outcome = await command(args, context)
    const code = outcome.ok ? EXIT_CODES.ok.code : EXIT_CODES[outcome.error.exit].code
    const after = await askHooks('post_upgrade', context, vsn, code)
    if (after.ok) return outcome
    if (!outcome.ok) return err({ ...outcome.error, hints: [...(outcome.error.hints ?? []), after.error.message] })
    // What was done stays done, and is told.
    context.show(outcome.value)
    return after
  }
}

/** What boots: `start_otp.json` says it, else it is the only version there is. */
function bootVsn(root: string): string | undefined {
  const releases = join(root, 'releases')
  try {
    const vsn = record(JSON.parse(readFileSync(join(releases, 'start_otp.json'), 'utf8')))?.vsn
    if (typeof vsn === 'string') return vsn
  } catch {
    // A package that was unpacked and not started yet has none.
  }
  const versions = entriesOf(releases).filter((one) => releaseName(root, one) !== undefined)
  return versions.length === 1 ? versions[0] : undefined
}

/** The release's name: that of the rel file of a version. */
function releaseName(root: string, vsn: string | undefined): string | undefined {
  if (vsn === undefined) return undefined
  const file = entriesOf(join(root, 'releases', vsn)).find((one) => one.endsWith('.rel.json'))
  return file?.slice(0, -'.rel.json'.length)
}

/** The node's own name where it runs. */
function nodeName(target: Target): string | undefined {
  const file = readNodeFile(target)
  return file.ok ? file.value.name : target.name
}

function entriesOf(dir: string): readonly string[] {
  try {
    return readdirSync(dir)
  } catch {
    return []
  }
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}

/** How a hook ended: its status, the signal that ended it, or why it did not start. */
function statusOf(file: string, cwd: string, env: NodeJS.ProcessEnv): Promise<string> {
  // Descriptor 2 for both: standard output is the command's answer, with --json to the last line.
  // By way of the shell, which also runs a script without a first line that says what reads it.
  const child = spawn('/bin/sh', ['-c', 'exec "$0"', file], { cwd, env, stdio: ['ignore', 2, 2] })
  return new Promise((resolve) => {
    child.once('error', (failure) => resolve(failure.message))
    child.once('close', (code, signal) => resolve(signal ?? String(code)))
  })
}
