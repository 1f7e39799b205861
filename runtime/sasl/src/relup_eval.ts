/**
 * The interpreter of relup instructions. Each one notes in the undo log how it is taken back; when one fails the
 * caller runs the log, and the node is as before. Whom it suspends is in suspension.ts, what becomes of states in
 * conversion.ts, calls in apply_step.ts. OTP: release_handler_1.erl, `eval/2`; release reference 8.7.
 *
 * Longer than a file should be: one case an instruction, and each shares the state of the run with the next.
 */
import type { LowLevelInstruction, Mfa, SuspendedModule } from '../../../schemas/types.js'
import { clock } from '../../erts/clock.js'
import { format, type Pid } from '../../erts/term.js'
import { failureOf, inverseOf } from './apply_step.js'
import { type ArrangedStep, arrange } from './arrange.js'
import { Conversions } from './conversion.js'
import { EvalFailure, messageOf, startFailure } from './eval_failure.js'
import type { FoundProcess } from './process_walk.js'
import type { EvalOptions, EvalProgress, EvalSummary, Program } from './relup_program.js'
import { SupervisorChanges } from './supervisor_changes.js'
import { Suspension } from './suspension.js'
import type { UndoLog } from './undo_log.js'
import type { CodeUser, UpgradeWorld } from './upgrade_world.js'

export { EvalFailure } from './eval_failure.js'
export type { EvalOptions, EvalProgress, EvalSummary, Program } from './relup_program.js'

/**
 * Carries the instructions out.
 *
 * @param log  grows by what was done, also when this rejects
 * @param tell told each thing done
 * @throws EvalFailure
 */
export async function evaluate(
  program: Program,
  options: EvalOptions,
  world: UpgradeWorld,
  log: UndoLog,
  tell: (progress: EvalProgress) => void = () => {},
  signal?: AbortSignal,
): Promise<EvalSummary> {
  return new Evaluation(program, options, world, log, tell).run(signal)
}

/** Whether somebody asked to stop. A client that is gone has not: what it began is carried out. */
export const wasCancelled = (signal: AbortSignal | undefined): boolean =>
  signal?.aborted === true && signal.reason !== 'disconnected'

class Evaluation {
  readonly #program: Program
  readonly #world: UpgradeWorld
  readonly #log: UndoLog
  readonly #tell: (progress: EvalProgress) => void
  readonly #suspension: Suspension
  readonly #conversions: Conversions
  readonly #children: SupervisorChanges
  readonly #options: EvalOptions
  readonly #stopped: { readonly found: FoundProcess; readonly modules: readonly string[] }[] = []
  readonly #stoppedApplications = new Set<string>()
  readonly #unpurged = new Map<string, 'soft_purge' | 'brutal_purge'>()
  readonly #doomed: CodeUser[] = []
  #restarted = 0
  #pathsSet = false

  constructor(
    program: Program,
    options: EvalOptions,
    world: UpgradeWorld,
    log: UndoLog,
    tell: (progress: EvalProgress) => void,
  ) {
    this.#program = program
    this.#world = world
    this.#log = log
    this.#tell = tell
    this.#options = options
    this.#children = new SupervisorChanges(world, log)
    this.#suspension = new Suspension(options, world)
    this.#conversions = new Conversions({ program, options, world, log, tell, suspension: this.#suspension })
  }

  async run(signal?: AbortSignal): Promise<EvalSummary> {
    const steps = arrange(this.#program.instructions)
    if (!steps.some(({ instruction }) => instruction.op === 'point_of_no_return')) this.#setPaths()
    for (let at = 0; at < steps.length; at++) {
      if (wasCancelled(signal)) throw new EvalFailure('the upgrade', 'it was cancelled')
      const step = steps[at]
      if (step === undefined) break
      const batch = codeBatch(steps, at)
      if (batch.length > 0) {
        await this.#changeCode(batch)
        at += batch.length - 1
      } else await this.#step(step, at === steps.length - 1)
    }
    return {
      suspended: this.#suspension.ever.size,
      migrated: this.#conversions.migrated.size,
      restarted: this.#restarted,
      longestPauseMs: this.#suspension.longestPauseMs,
      skipped: this.#suspension.skipped,
      killed: this.#suspension.killed,
      died: this.#suspension.died,
      childrenStarted: this.#children.started,
      childrenStopped: this.#children.stopped,
      unpurged: this.#unpurged,
      doomed: this.#doomed,
    }
  }

  async #step({ instruction }: ArrangedStep, last: boolean): Promise<void> {
    switch (instruction.op) {
      case 'load_object_code':
        // Read, compiled and tried before the evaluation began.
        return
      case 'point_of_no_return':
        return this.#setPaths()
      case 'load':
      case 'remove':
      case 'purge':
        return this.#changeCode([instruction])
      case 'suspend':
        return this.#suspend(instruction.modules)
      case 'code_change':
        for (const { module, extra } of instruction.modules)
          await this.#conversions.convert(instruction.mode, module, extra)
        return
      case 'resume':
        return this.#resume(instruction.modules, last)
      case 'stop':
        return this.#stop(instruction.modules)
      case 'start':
        return this.#start(instruction.modules)
      case 'apply':
        return this.#apply(instruction.mfa)
      case 'sync_nodes':
        // Refused by the checks unless there is nobody to wait for.
        return
      case 'restart_emulator':
      case 'restart_new_emulator':
        throw new EvalFailure(instruction.op, 'the node must be restarted for that')
    }
  }

  // ---- code

  #setPaths(): void {
    if (this.#pathsSet) return
    this.#pathsSet = true
    for (const { application, dir } of this.#program.paths) {
      const back = this.#world.code.usePath(application, dir)
      this.#log.push({
        what: `path of "${application}"`,
        undo: async () => {
          back()
          return []
        },
      })
    }
  }

  /** A batch of code instructions happens at once, unless a module awaits at its top level. */
  async #changeCode(batch: readonly CodeInstruction[]): Promise<void> {
    await this.#conversions.beforeLoad()
    const { code } = this.#world
    const modules = [...new Set(batch.flatMap((one) => (one.op === 'purge' ? one.modules : [one.module])))]
    this.#conversions.loading()
    const before = code.snapshot(modules)
    this.#log.push({
      what: `code of ${modules.join(', ')}`,
      undo: async () => {
        code.restore(before)
        return []
      },
    })
    const loaded: string[] = []
    for (const one of batch) {
      try {
        switch (one.op) {
          case 'load': {
            this.#drop(one.module)
            const pending = code.load(one.module)
            if (pending !== undefined) await pending
            loaded.push(one.module)
            this.#unpurged.set(one.module, one.post_purge)
            break
          }
          case 'remove':
            this.#drop(one.module)
            code.remove(one.module)
            this.#unpurged.set(one.module, one.post_purge)
            break
          case 'purge':
            for (const module of one.modules) {
              this.#drop(module)
              this.#unpurged.delete(module)
            }
        }
      } catch (failure) {
        throw new EvalFailure(describe(one), messageOf(failure), failure)
      }
    }
    if (loaded.length > 0) this.#tell({ step: 'loaded', modules: loaded })
  }

  /** Drops the old version; who still runs it is killed when the upgrade has succeeded, not before. */
  #drop(module: string): void {
    const { code } = this.#world
    if (!code.hasOld(module)) return
    for (const user of code.usersOfOld(module)) this.#doomed.push(user)
    code.purge(module)
  }

  // ---- processes

  async #suspend(modules: readonly SuspendedModule[]): Promise<void> {
    const doing = `suspend ${modules.map((one) => one.module).join(', ')}`
    const mine = new Set<Pid>()
    // Whoever goes on, and whatever is started again, reads parameters.
    this.#log.push({ what: doing, starts: true, undo: () => this.#conversions.codeIsBack(mine) })
    await this.#suspension.suspend(modules, mine, doing)
    this.#tell({ step: 'suspended', processes: mine.size })
  }

  async #resume(modules: readonly string[], last: boolean): Promise<void> {
    const ready = this.#suspension.release(modules)
    const children = this.#children
    const [started, stopped] = [children.started.length, children.stopped.length]
    const wanted = this.#options.update_children === false ? [] : await this.#conversions.childChanges(ready)
    if (wanted.length === 0) await this.#letGo(ready, last)
    else {
      const supervisors = new Set(wanted.map(({ found }) => found.pid))
      await this.#letGo([...supervisors], false)
      const work = children.carryOut(wanted)
      // New code finds the new children there; but a child that asks for somebody in its start must get an answer.
      await within(work, CHILDREN_MS)
      await this.#letGo(
        ready.filter((pid) => !supervisors.has(pid)),
        false,
      )
      await work
    }
    this.#tell({
      step: 'resumed',
      processes: ready.length,
      longest_pause_ms: this.#suspension.longestPauseMs,
      started: children.started.slice(started),
      stopped: children.stopped.slice(stopped),
    })
  }

  /** @param last nothing can fail afterwards */
  async #letGo(pids: readonly Pid[], last: boolean): Promise<void> {
    const converted = await this.#conversions.beforeResume(pids, last)
    this.#log.push({ what: 'resume', undo: () => this.#suspension.suspendAgain(converted) })
    await this.#suspension.resume(pids)
  }

  // ---- children and calls

  async #stop(modules: readonly string[]): Promise<void> {
    const { processes } = this.#world
    const doing = `stop ${modules.join(', ')}`
    const found = (await this.#suspension.walk(doing)).filter((one) =>
      one.modules.some((module) => modules.includes(module)),
    )
    let count = 0
    for (const one of found) {
      const { child } = one
      if (child === undefined) continue
      const { supervisor, id } = child
      if (id === undefined)
        throw new EvalFailure(
          doing,
          `${one.pid} of "${one.application}" has no id; a child of simple_one_for_one cannot be stopped and started`,
        )
      this.#log.push({
        what: `child ${format(id)}`,
        starts: true,
        undo: async () => {
          const failure = await startFailure(processes, supervisor, id)
          return failure === undefined ? [] : [`child ${format(id)} did not start again: ${failure}`]
        },
      })
      const answer = await processes.terminateChild(supervisor, id).catch((failure: unknown) => ['error', failure])
      if (answer !== 'ok' && processes.isAlive(one.pid))
        throw new EvalFailure(doing, `child ${format(id)}: ${format(answer)}`)
      this.#stopped.push({ found: one, modules: modules.filter((module) => one.modules.includes(module)) })
      count++
    }
    this.#tell({ step: 'stopped', processes: count })
  }

  async #start(modules: readonly string[]): Promise<void> {
    const { processes } = this.#world
    const doing = `start ${modules.join(', ')}`
    let count = 0
    for (const { found, modules: own } of this.#stopped) {
      const { child } = found
      if (child === undefined || !own.some((module) => modules.includes(module))) continue
      const { supervisor, id } = child
      // Noted first: a start that fails may have started it all the same.
      this.#log.push({
        what: `child ${format(id)}`,
        undo: async () => {
          await processes.terminateChild(supervisor, id)
          return []
        },
      })
      const failure = await startFailure(processes, supervisor, id)
      if (failure !== undefined) throw new EvalFailure(doing, `child ${format(id)}: ${failure}`)
      count++
    }
    this.#restarted += count
    this.#tell({ step: 'started', processes: count })
  }

  async #apply(mfa: Mfa): Promise<void> {
    const { applies } = this.#world
    const [module, fun, args] = mfa
    const doing = `apply ${module}.${fun}(${args.map((one) => format(one)).join(', ')})`
    try {
      const inverse = await inverseOf(mfa, applies)
      const note = (result: unknown): void => {
        const step = inverse?.(result)
        if (step !== undefined) this.#log.push(step)
      }
      let result: unknown
      try {
        result = await applies.apply(module, fun, args)
      } catch (failure) {
        // It may have had its effect all the same; inverses bear that it had not.
        note(undefined)
        throw failure
      }
      note(result)
      const failure = this.#children.holdsAlready(mfa, result) ? undefined : failureOf(mfa, result)
      if (failure !== undefined) throw new EvalFailure(doing, failure)
    } catch (failure) {
      throw failure instanceof EvalFailure ? failure : new EvalFailure(doing, messageOf(failure), failure)
    }
    this.#countRestart(fun, String(args[0]))
    this.#tell({ step: 'applied', mfa })
  }

  #countRestart(fun: string, application: string): void {
    if (fun === 'stop') this.#stoppedApplications.add(application)
    else if (fun === 'start' && this.#stoppedApplications.delete(application)) this.#restarted++
  }
}

/** How long those that stand still wait for the children of changed supervisors, in ms. */
const CHILDREN_MS = 100

/** Waits for a promise, but not longer than that. Rejects when it does. */
async function within(work: Promise<void>, ms: number): Promise<void> {
  let timer: ReturnType<typeof clock.setTimer> | undefined
  const late = new Promise<void>((resolve) => {
    timer = clock.setTimer(ms, resolve)
  })
  try {
    await Promise.race([work, late])
  } finally {
    if (timer !== undefined) clock.clearTimer(timer)
  }
}

type CodeInstruction = Extract<LowLevelInstruction, { readonly op: 'load' | 'remove' | 'purge' }>

const isCode = (instruction: LowLevelInstruction): instruction is CodeInstruction =>
  instruction.op === 'load' || instruction.op === 'remove' || instruction.op === 'purge'

/** The code instructions that follow each other from a place on. */
function codeBatch(steps: readonly ArrangedStep[], from: number): readonly CodeInstruction[] {
  const batch: CodeInstruction[] = []
  for (let at = from; at < steps.length; at++) {
    const instruction = steps[at]?.instruction
    if (instruction === undefined || !isCode(instruction)) break
    batch.push(instruction)
  }
  return batch
}

const describe = (instruction: CodeInstruction): string =>
  instruction.op === 'purge' ? `purge ${instruction.modules.join(', ')}` : `${instruction.op} ${instruction.module}`
