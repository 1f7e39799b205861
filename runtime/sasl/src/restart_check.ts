/**
 * What can be checked before a change of release that restarts the node: who starts it again, with which node binary,
 * and what is to be called then. OTP finds all of this out when the node is gone; release reference, defect D20.
 */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import type { BootScript, Mfa } from '../../../schemas/types.js'
import { hasLauncher } from '../../erts/heart.js'
import { moduleIdOf } from './apply_step.js'
import type { ReleaseError } from './release_error.js'
import type { Release } from './releases_file.js'
import type { UpgradeScript } from './upgrade_plan.js'

/** How long a node binary may take to say its version, in ms. */
const VERSION_MS = 10_000

/** A plan that restarts the node. */
export interface RestartPlan {
  readonly instruction: 'restart_new_emulator' | 'restart_emulator'
  /** Functions that the new node calls when it has started, in order. */
  readonly calls: readonly Mfa[]
}

/**
 * The restart that a plan asks for; undefined where it asks for none.
 *
 * Departure: everything else in the plan but its own calls is left out, since states do not outlive the node and the new
 * release is booted whole. OTP boots a hybrid of new runtime and old applications and installs the rest into it, and
 * before `restart_emulator` it changes the node that is about to end.
 */
export function restartOf({ instructions }: UpgradeScript): RestartPlan | undefined {
  const found = instructions.find(({ op }) => op === 'restart_new_emulator' || op === 'restart_emulator')
  if (found?.op !== 'restart_new_emulator' && found?.op !== 'restart_emulator') return undefined
  // Applications are started and stopped by the boot.
  const calls = instructions.flatMap((one) =>
    one.op === 'apply' && moduleIdOf(one.mfa[0]) !== 'kernel/application' ? [one.mfa] : [],
  )
  return { instruction: found.op, calls }
}

/** What a restart would fail on. */
export async function checkRestart(
  root: string,
  from: Release,
  to: Release,
  script: UpgradeScript,
  plan: RestartPlan,
  boot: BootScript,
): Promise<readonly ReleaseError[]> {
  const { instruction } = plan
  // Whatever else may be wrong, this way is closed.
  if (!hasLauncher()) return [{ tag: 'needs_restart', from: from.vsn, to: to.vsn, instruction }]
  const faults: ReleaseError[] = []
  const node = await nodeFault(root, to)
  if (node !== undefined) faults.push(node)
  const loaded = new Set(boot.instructions.flatMap((one) => (one.op === 'primLoad' ? one.modules : [])))
  for (const [index, one] of script.instructions.entries()) {
    if (one.op !== 'apply' || !plan.calls.includes(one.mfa)) continue
    const id = moduleIdOf(one.mfa[0])
    if (loaded.has(id)) continue
    const why = `calls "${id}.${one.mfa[1]}" when the node has restarted, and "${to.vsn}" has no such module`
    faults.push({ tag: 'illegal_instruction', file: script.file, index, op: one.op, why })
  }
  return faults
}

/** Whether the node binary of a release is there and is the version it says. */
async function nodeFault(root: string, { vsn, erts }: Release): Promise<ReleaseError | undefined> {
  const file = `releases/${vsn}/env.sh`
  let text: string
  try {
    text = readFileSync(join(root, file), 'utf8')
  } catch {
    return { tag: 'no_such_file', file, why: 'is missing; the release would not boot' }
  }
  const value = (name: string): string =>
    new RegExp(`^${name}=["']?([^"'\\n]*)["']?\\s*$`, 'm').exec(text)?.[1]?.trim() ?? ''
  const own = value('RELEASE_NODE')
  const binary = own === '' ? 'node' : isAbsolute(own) ? own : join(root, own)
  const said = await versionOf(binary)
  if (said instanceof Error) return { tag: 'no_such_file', file: binary, why: `does not run: ${said.message}` }
  if (own === '') {
    const least = value('RELEASE_NODE_MIN')
    if (least === '' || isAtLeast(said, least)) return undefined
    return { tag: 'bad_file', file: 'node', why: `on the PATH is version ${said}; "${vsn}" needs ${least} or later` }
  }
  return said === erts ? undefined : { tag: 'bad_file', file: own, why: `is version ${said}; "${vsn}" is for ${erts}` }
}

/** What a node binary says of itself. */
const versionOf = (binary: string): Promise<string | Error> =>
  new Promise((resolve) => {
    execFile(binary, ['--version'], { timeout: VERSION_MS }, (failure, stdout) =>
      resolve(failure ?? stdout.trim().replace(/^v/, '')),
    )
  })

function isAtLeast(have: string, want: string): boolean {
  const [major = 0, minor = 0] = have.split('.').map(Number)
  const [wantedMajor = 0, wantedMinor = 0] = want.split('.').map(Number)
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)
}
