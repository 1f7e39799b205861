/**
 * An installation, from checked to done or undone. See install_check.ts for what comes before, relup_eval.ts for the
 * instructions. OTP: release_handler.erl, `do_install_release/7`; release reference 8.6.
 *
 * Departure: every failure is taken back in place, and the node goes on with the old release; OTP restarts it.
 */
import { err, ok, type Result } from '../../../schemas/result.js'
import { clock } from '../../erts/clock.js'
import type { Linker } from '../../erts/linker/linker.js'
import { removeApplicationDir } from '../../erts/loader.js'
import { exitPid, format } from '../../erts/process.js'
import * as controller from '../../kernel/src/application_controller.js'
import { arrange } from './arrange.js'
import type { CheckedInstall } from './install_check.js'
import { nodeWorld, usersOfVersions } from './node_world.js'
import type { ReleaseError } from './release_error.js'
import {
  EvalFailure,
  type EvalOptions,
  type EvalProgress,
  type EvalSummary,
  evaluate,
  wasCancelled,
} from './relup_eval.js'
import { StartLimit } from './start_limit.js'
import { UndoLog } from './undo_log.js'
import type { UpgradeWorld } from './upgrade_world.js'

/** A step of an installation that is done. */
export interface InstallStep {
  /** Number of the step, from 1. */
  readonly step: number
  /** How many there will be. */
  readonly of: number
  /** What was done, for people. */
  readonly text: string
  /** What the step took, in ms. */
  readonly ms: number
  /** Its facts: what the interpreter told, or `checked` and `config_changed`. */
  readonly facts:
    | EvalProgress
    | { readonly step: 'checked'; readonly modules: number }
    | { readonly step: 'config_changed' }
}

/** What an installation did. */
export interface InstallSummary {
  readonly from: string
  readonly to: string
  readonly direction: 'up' | 'down'
  readonly description: unknown
  readonly duration_ms: number
  /** The longest time for which one process was suspended, in ms. */
  readonly longest_pause_ms: number
  /** Processes whose state was converted. */
  readonly migrated: number
  /** Processes and applications restarted. */
  readonly restarted: number
  readonly suspended: number
  /** Processes that did not suspend in time and were left out, with `unsuspended: 'skip'`. */
  readonly skipped: readonly string[]
  /** Processes that did not suspend in time and were killed, with `unsuspended: 'kill'`. */
  readonly killed: readonly string[]
  /** Processes that ended by themselves before they were converted. */
  readonly died: readonly string[]
  /** Processes ended because they still ran code from before the release of before, which is dropped. */
  readonly ended: readonly string[]
  /** Children of changed supervisors that were started and stopped, as `child 'id' of module`. */
  readonly children_started: readonly string[]
  readonly children_stopped: readonly string[]
  /** Processes that still run code of before, in a callback that has not returned, by module. */
  readonly on_old_code: Readonly<Record<string, readonly string[]>>
  /** Calls of the plan that a failure could not have taken back. */
  readonly irreversible: readonly string[]
  /** Environment variables that its next boot would lack, see start_variables.ts; left out where there are none. */
  readonly unset_at_start?: readonly string[]
  /** The node ends now and boots the release; the outcome stands in the history under this id. */
  readonly restart?: { readonly id: string; readonly instruction: string }
}

/** A summary, and what the handler has to keep. */
export interface Installed {
  readonly summary: InstallSummary
  /** Modules whose old code is in use, with what becomes of it at `makePermanent`. */
  readonly unpurged: ReadonlyMap<string, 'soft_purge' | 'brutal_purge'>
}

/** Where an installation tells how far it is. */
export interface InstallReporting {
  readonly tell?: ((step: InstallStep) => void) | undefined
  readonly signal?: AbortSignal | undefined
  /** When it began, with its checks, on the monotonic clock. */
  readonly sinceMs: number
}

/** Carries a checked installation out, or takes it back. @param given the world; tests put one in place that fails */
export async function install(
  checked: CheckedInstall,
  options: EvalOptions,
  linker: Linker,
  reporting: InstallReporting,
  given: UpgradeWorld = nodeWorld(linker, checked.prepared),
): Promise<Result<Installed, ReleaseError>> {
  const { from, to, program } = checked
  const limit = new StartLimit(given, options.start_timeout, reporting.signal)
  const { world } = limit
  const log = new UndoLog()
  const steps = stepTeller(checked, reporting)
  const modules = checked.prepared?.changes.length ?? 0
  steps(
    { step: 'checked', modules },
    `checked the plan, ${modules} ${plural(modules, 'module compiles and evaluates', 'modules compile and evaluate')}`,
  )
  if (isCancelled(reporting)) return err({ tag: 'cancelled', vsn: to.vsn })

  const before = await controller.prepConfigChange()
  const data = await controller.snapshot()
  let told = false
  try {
    const changed = await controller.changeApplicationData(checked.resources, checked.config)
    if (changed !== 'ok') throw new EvalFailure('new data of applications', format(changed[1]))
    const summary = await evaluate(program, options, world, log, (one) => steps(one, textOf(one)), reporting.signal)
    told = true
    const notified = await controller.configChange(before)
    if (notified !== 'ok') {
      throw new EvalFailure('configChange', notified[1].map(([name, why]) => `"${name}": ${format(why)}`).join('; '))
    }
    await world.applies.settle()
    steps({ step: 'config_changed' }, 'told applications of changed parameters')
    return ok(await finish(checked, summary, linker, reporting.sinceMs))
  } catch (failure) {
    limit.undo()
    const after = told ? await controller.prepConfigChange() : undefined
    const kept = await log.run(async () => {
      await controller.restore(data)
    })
    const notUndone = [...limit.unreturned, ...kept]
    await world.applies.settle()
    // Who was told of the new parameters is told of the old ones.
    if (after !== undefined) await controller.configChange(after)
    if (isCancelled(reporting) && notUndone.length === 0) return err({ tag: 'cancelled', vsn: to.vsn })
    const doing = failure instanceof EvalFailure ? failure.doing : 'the installation'
    const why = failure instanceof Error ? failure.message : format(failure)
    return err({ tag: 'install_failed', from: from.vsn, to: to.vsn, doing, why, notUndone })
  }
}

/** Asked anew each time: it changes while things are awaited. */
const isCancelled = ({ signal }: InstallReporting): boolean => wasCancelled(signal)

/** Ends processes on dropped code, and drops old code that nobody uses. @returns what is still used, and by whom */
export function dropOldCode(
  { doomed, unpurged: replaced }: Pick<EvalSummary, 'doomed' | 'unpurged'>,
  linker: Linker,
): Pick<Installed, 'unpurged'> & {
  readonly onOldCode: Readonly<Record<string, readonly string[]>>
  readonly ended: readonly string[]
} {
  const ended: string[] = []
  for (const user of doomed) {
    if (!user.isStill()) continue
    ended.push(String(user.pid))
    exitPid(user.pid, 'kill')
  }
  const onOldCode: Record<string, readonly string[]> = {}
  const unpurged = new Map<string, 'soft_purge' | 'brutal_purge'>()
  const olds = new Map([...replaced.keys()].map((module) => [module, linker.old(module)]))
  const using = usersOfVersions([...olds.values()].filter((old) => old !== undefined))
  for (const [module, method] of replaced) {
    const old = olds.get(module)
    const users = (old === undefined ? undefined : using.get(old)) ?? []
    if (users.length === 0) linker.purge(module)
    else {
      unpurged.set(module, method)
      onOldCode[module] = users.map(({ pid }) => pid.toString())
    }
  }
  return { unpurged, onOldCode, ended }
}

/** What only success brings: processes on dropped code end, unused old code is dropped, paths of gone applications go. */
async function finish(
  checked: CheckedInstall,
  summary: EvalSummary,
  linker: Linker,
  sinceMs: number,
): Promise<Installed> {
  const { unpurged, onOldCode, ended } = dropOldCode(summary, linker)
  for (const name of checked.gone) removeApplicationDir(name)
  return {
    unpurged,
    summary: {
      from: checked.from.vsn,
      to: checked.to.vsn,
      direction: checked.script.direction,
      description: checked.script.description,
      duration_ms: clock.monotonicMs() - sinceMs,
      longest_pause_ms: summary.longestPauseMs,
      migrated: summary.migrated,
      restarted: summary.restarted,
      suspended: summary.suspended,
      skipped: summary.skipped,
      killed: summary.killed,
      died: summary.died,
      ended,
      children_started: summary.childrenStarted,
      children_stopped: summary.childrenStopped,
      on_old_code: onOldCode,
      irreversible: checked.irreversible,
    },
  }
}

function stepTeller({ program }: CheckedInstall, { tell, sinceMs }: InstallReporting) {
  const of = countSteps(program.instructions)
  let step = 0
  let lastMs = sinceMs
  return (facts: InstallStep['facts'], text: string): void => {
    const nowMs = clock.monotonicMs()
    step++
    tell?.({ step, of: Math.max(of, step), text, ms: nowMs - lastMs, facts })
    lastMs = nowMs
  }
}

/** How many steps will be told: the check, what the interpreter tells, the notification. */
export function countSteps(instructions: CheckedInstall['program']['instructions']): number {
  let count = 2
  let inBatch = false
  for (const { instruction } of arrange(instructions)) {
    if (instruction.op === 'load' || instruction.op === 'remove' || instruction.op === 'purge') {
      if (instruction.op === 'load' && !inBatch) {
        count++
        inBatch = true
      }
      continue
    }
    inBatch = false
    if (instruction.op === 'code_change') count += instruction.modules.length
    else if (TOLD.has(instruction.op)) count++
  }
  return count
}

const TOLD: ReadonlySet<string> = new Set(['suspend', 'resume', 'apply', 'stop', 'start'])

const plural = (count: number, one: string, many: string): string => (count === 1 ? one : many)

/** As the tool shows durations. */
const inMs = (ms: number): string => (ms < 1 ? '<1 ms' : `${Math.round(ms)} ms`)

const listed = (word: string, names: readonly string[]): string =>
  names.length === 0 ? '' : `${word} ${names.join(', ')}`

function textOf(done: EvalProgress): string {
  switch (done.step) {
    case 'suspended':
      return `suspended ${done.processes} ${plural(done.processes, 'process', 'processes')}`
    case 'loaded':
      return `loaded ${done.modules.length} ${plural(done.modules.length, 'module', 'modules')}`
    case 'converted':
      if (done.supervisors > 0) return `read the children of ${done.module} anew`
      return `converted ${done.processes} ${plural(done.processes, 'state', 'states')} of ${done.module}`
    case 'resumed':
      return `resumed ${done.processes} ${plural(done.processes, 'process', 'processes')}, longest pause ${inMs(done.longest_pause_ms)}${listed('; stopped', done.stopped)}${listed('; started', done.started)}`
    case 'applied':
      return `called ${done.mfa[0]}.${done.mfa[1]}`
    case 'stopped':
      return `stopped ${done.processes} ${plural(done.processes, 'child', 'children')}`
    case 'started':
      return `started ${done.processes} ${plural(done.processes, 'child', 'children')}`
  }
}
