/**
 * A rehearsal: the conversions of an upgrade, done to copies of the states that the processes of this node have now, in
 * a process of the operating system that has the code of the newer of the two releases. Nothing of this node is
 * suspended, loaded or changed; each process is asked for its state, as a debugger does. OTP has no counterpart.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deserialize, serialize } from 'node:v8'
import { err, ok, type Result } from '../../../schemas/result.js'
import type { LowLevelInstruction } from '../../../schemas/types.js'
import { nodeArguments } from '../../erts/arguments.js'
import { isAlive, type Pid, processInfo } from '../../erts/process.js'
import * as sys from '../../stdlib/src/sys.js'
import { messageOf } from './eval_failure.js'
import { walkSource } from './node_world.js'
import { type FoundProcess, walkProcesses } from './process_walk.js'
import type { RehearsalJob, RehearsalResult } from './rehearsal_run.js'
import type { ReleaseError } from './release_error.js'
import { readReleaseFiles, readRelup, readScript } from './release_files.js'
import type { Release } from './releases_file.js'
import { copyOf } from './state_copy.js'
import type { StateDifference } from './state_diff.js'
import { applicationOf, findScript, type UpgradeScript } from './upgrade_plan.js'

/** What became of the copy of one process's state. */
export interface RehearsedProcess {
  readonly pid: string
  /** Its registered name, where it has one. */
  readonly name?: string
  readonly application: string
  readonly module: string
  /** For a handler of an event manager. */
  readonly handler?: string
  readonly outcome:
    | 'converted'
    /** codeChange refused, threw or hung. */
    | 'failed'
    /** Its state is not data, or it did not tell it. */
    | 'not copied'
  /** What codeChange took, in ms. */
  readonly ms?: number
  readonly before?: string
  readonly after?: string
  /** Where the new state differs, at most 50 places. */
  readonly changes?: readonly StateDifference[]
  readonly back?: 'the same' | 'different' | 'failed'
  readonly back_text?: string
  /** Where what came back differs from what it was. */
  readonly back_changes?: readonly StateDifference[]
  /** Why it failed or was not copied. */
  readonly why?: string
}

/** What a rehearsal found. */
export interface Rehearsal {
  readonly from: string
  readonly to: string
  readonly direction: 'up' | 'down'
  readonly processes: readonly RehearsedProcess[]
  readonly converted: number
  readonly failed: number
  readonly not_copied: number
  /** Of those converted, the ones that do not come back as they were. */
  readonly not_back: number
  /** The longest codeChange, in ms. */
  readonly longest_ms: number
}

/** Time for a process to tell its state, in ms. */
const STATE_MS = 5_000
/** States asked for at the same time. */
const PARALLEL = 64
/** Time for the other process, in ms. */
const LIMIT_MS = 600_000

/**
 * Rehearses a change of release.
 *
 * @param from the release that runs
 * @param to   a release that is unpacked
 */
export async function rehearse(
  root: string,
  from: Release,
  to: Release,
  signal?: AbortSignal,
): Promise<Result<Rehearsal, ReleaseError>> {
  const [ownRelup, otherRelup] = [await readRelup(root, to.vsn), await readRelup(root, from.vsn)]
  const script = findScript(from.vsn, to.vsn, ownRelup, otherRelup)
  if (!script.ok) return script
  const reverse = findScript(to.vsn, from.vsn, otherRelup, ownRelup)
  const cast = await castOf(script.value, reverse.ok ? reverse.value : undefined, from, to)
  const jobs = cast.flatMap(({ job }) => (job === undefined ? [] : [job]))
  const newer = script.value.direction === 'up' ? to : from
  const results = jobs.length === 0 ? ok([]) : await runJobs(root, newer, jobs, signal)
  if (!results.ok) return results
  const byId = new Map(results.value.map((one) => [one.id, one]))
  const processes = cast.map(({ process, job }) =>
    job === undefined ? process : withResult(process, byId.get(job.id)),
  )
  const count = (wanted: (one: RehearsedProcess) => boolean): number => processes.filter(wanted).length
  return ok({
    from: from.vsn,
    to: to.vsn,
    direction: script.value.direction,
    processes,
    converted: count(({ outcome }) => outcome === 'converted'),
    failed: count(({ outcome }) => outcome === 'failed'),
    not_copied: count(({ outcome }) => outcome === 'not copied'),
    not_back: count(({ back }) => back === 'different' || back === 'failed'),
    longest_ms: processes.reduce((longest, { ms = 0 }) => Math.max(longest, ms), 0),
  })
}

function withResult(process: RehearsedProcess, result: RehearsalResult | undefined): RehearsedProcess {
  if (result === undefined) return { ...process, outcome: 'failed', why: 'the other process did not come to it' }
  const { ms, before, after, changes, why, back, backText, backChanges } = result
  return {
    ...process,
    outcome: why === undefined ? 'converted' : 'failed',
    ms,
    before,
    ...(after === undefined ? {} : { after }),
    ...(changes === undefined ? {} : { changes }),
    ...(why === undefined ? {} : { why }),
    ...(back === undefined ? {} : { back }),
    ...(backText === undefined ? {} : { back_text: backText }),
    ...(backChanges === undefined ? {} : { back_changes: backChanges }),
  }
}

// ---- whose states are converted

/** A process with its part; without a job its state could not be copied. */
interface Part {
  readonly process: RehearsedProcess
  readonly job: RehearsalJob | undefined
}

type CodeChange = Extract<LowLevelInstruction, { op: 'code_change' }>

const conversions = (script: UpgradeScript | undefined): readonly CodeChange['modules'][number][] =>
  script?.instructions.flatMap((one) => (one.op === 'code_change' ? one.modules : [])) ?? []

async function castOf(
  script: UpgradeScript,
  reverse: UpgradeScript | undefined,
  from: Release,
  to: Release,
): Promise<readonly Part[]> {
  const wanted = conversions(script)
  const back = new Map(conversions(reverse).map(({ module, extra }) => [module, extra]))
  const found = (await walkProcesses(walkSource)).filter(({ kind }) => kind === 'worker')
  const targets = wanted.flatMap(({ module, extra }) =>
    found.filter(({ modules }) => modules.includes(module)).map((one) => ({ one, module, extra })),
  )
  const vsnIn = (release: Release, module: string) =>
    release.libs.find(({ application }) => application === applicationOf(module))?.vsn
  const parts: Part[] = []
  for (let index = 0; index < targets.length; index += PARALLEL) {
    const some = targets.slice(index, index + PARALLEL).map(async ({ one, module, extra }) => {
      const [old, next] = [vsnIn(from, module), vsnIn(to, module)]
      const isUp = script.direction === 'up'
      const ways = { there: isUp ? old : ['down', next], back: isUp ? ['down', old] : next }
      return partsOf(one, module, { ...ways, extra, extraBack: back.has(module) ? back.get(module) : extra })
    })
    parts.push(...(await Promise.all(some)).flat())
  }
  return parts.map(({ process, job }, id) => ({ process, job: job === undefined ? undefined : { ...job, id } }))
}

async function partsOf(
  { pid, application, dynamic }: FoundProcess,
  module: string,
  way: Pick<RehearsalJob, 'there' | 'back' | 'extra' | 'extraBack'>,
): Promise<readonly Part[]> {
  const name = nameOf(pid)
  const process = { pid: String(pid), ...(name === undefined ? {} : { name }), application, module }
  let state: unknown
  let behaviour: string
  try {
    behaviour = (await sys.getStatus(pid, STATE_MS))[2][1]
    state = await sys.getState(pid, STATE_MS)
  } catch (failure) {
    // a process that has ended is not there to be upgraded
    return isAlive(pid)
      ? [{ process: { ...process, outcome: 'not copied', why: messageOf(failure) }, job: undefined }]
      : []
  }
  const kind = behaviour.endsWith('gen_statem') ? 'state and data' : 'state'
  const part = (one: unknown, more: { readonly handler?: string } = {}): Part => {
    const copied = copyOf(one)
    const whole = { ...process, ...more }
    if ('copy' in copied)
      return { process: { ...whole, outcome: 'failed' }, job: { id: 0, kind, module, copy: copied.copy, ...way } }
    const why = copied.faults.map(({ path, what }) => `state${path} ${what}`).join('; ')
    return { process: { ...whole, outcome: 'not copied', why }, job: undefined }
  }
  if (!dynamic || !Array.isArray(state)) return [part(state)]
  // `[module, id, state]` of each handler
  return state.flatMap((one: unknown) =>
    Array.isArray(one) && walkedName(one[0]) === module ? [part(one[2], { handler: String(one[1]) })] : [],
  )
}

const walkedName = (module: unknown): string => (typeof module === 'string' ? module : '')

function nameOf(pid: Pid): string | undefined {
  const info: unknown = processInfo(pid, 'registered_name')
  const name: unknown = Array.isArray(info) ? info[1] : info
  return typeof name === 'string' && name !== '' ? name : undefined
}

// ---- the other process

async function runJobs(
  root: string,
  { vsn, erts }: Release,
  jobs: readonly RehearsalJob[],
  signal: AbortSignal | undefined,
): Promise<Result<readonly RehearsalResult[], ReleaseError>> {
  const [files, boot] = [await readReleaseFiles(root, vsn), await readScript(root, vsn)]
  if (!files.ok) return files
  if (!boot.ok) return boot
  // mode 0700: states may be secrets
  const dir = await mkdtemp(join(tmpdir(), 'otp-rel-rehearsal-'))
  try {
    const [script, input, output] = ['script.json', 'jobs', 'results'].map((name) => join(dir, name))
    if (script === undefined || input === undefined || output === undefined) throw new Error('three names, three paths')
    const before = boot.value.instructions.findIndex((one) => one.op === 'apply' && one.mfa[1] === 'startBoot')
    const instructions = [
      ...boot.value.instructions.slice(0, before < 0 ? undefined : before),
      { op: 'apply', mfa: ['sasl/rehearsal_run', 'run', [input, output]] },
    ]
    await writeFile(script, JSON.stringify({ ...boot.value, instructions }), { mode: 0o600 })
    await writeFile(input, serialize(jobs), { mode: 0o600 })
    const kernel = files.value.libs.find(({ application }) => application === 'kernel')
    const args = [
      '--root',
      root,
      '--boot',
      script,
      '--name',
      `${boot.value.name}-rehearsal`,
      '--run-dir',
      dir,
      '--log-dir',
      dir,
    ]
    for (const file of nodeArguments()?.configs ?? []) args.push('--config', file)
    const own = join(root, `erts-${erts}`, 'bin', 'node')
    const program = existsSync(own) ? own : process.execPath
    const said = await runNode(program, [join(root, kernel?.dir ?? '', 'priv', 'erts.cjs'), ...args], signal)
    if (signal?.aborted) return err({ tag: 'cancelled', vsn })
    const results = await readFile(output).catch(() => undefined)
    if (results === undefined)
      return err({ tag: 'crashed', doing: `the rehearsal with the code of "${vsn}"`, why: said })
    // rehearsal_run.ts wrote it
    return ok(deserialize(results) as readonly RehearsalResult[])
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

/** Runs a node to its end. @returns the last of what it said */
function runNode(program: string, args: readonly string[], signal: AbortSignal | undefined): Promise<string> {
  const { RELEASE_LAUNCHER: _, RELEASE_TRIAL: __, NOTIFY_SOCKET: ___, ...env } = process.env
  return new Promise((resolve) => {
    let said = ''
    const take = (chunk: Buffer): void => {
      said = `${said}${chunk}`.slice(-2_000)
    }
    const child = spawn(program, args, {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: LIMIT_MS,
      killSignal: 'SIGKILL',
      ...(signal === undefined ? {} : { signal }),
    })
    child.stdout.on('data', take)
    child.stderr.on('data', take)
    child.once('error', (failure) => resolve(failure.message))
    child.once('close', (code) => resolve(said.trim() || `it ended with ${code}`))
  })
}
