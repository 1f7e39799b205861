/**
 * The interpreter of relup instructions. Each one notes in the undo log how it is taken back; when one fails the
 * caller runs the log, and the node is as before. OTP: release_handler_1.erl, `eval/2`; release reference 8.7.
 *
 * How the state of a process comes back. `code_change` returns a new state and the old one is kept here, so while the
 * process is still suspended the old one is simply put back. A process that has been resumed and has handled messages
 * since has moved on: its state is converted back by its own `code_change` (with `['down', vsn]` after an upgrade,
 * with `vsn` after a downgrade), run by the newer of the two codes, as in a real downgrade; only when that refuses is
 * the kept one put back, and that is reported. A supervisor runs the `init` of the code that is current again. A state
 * that code_change changed in place instead of making a new one cannot be put back.
 *
 * Longer than other files: the switch over all instructions is one thing.
 */
import type { LowLevelInstruction, Mfa, SuspendedModule } from '../../../schemas/types.js'
import { format, type Pid } from '../../erts/term.js'
import { failureOf, inverseOf } from './apply_step.js'
import { type ArrangedStep, arrange } from './arrange.js'
import { type FoundProcess, usersOf } from './process_walk.js'
import type { UndoLog } from './undo_log.js'
import type { CodeUser, Timeout, UpgradeWorld } from './upgrade_world.js'

/** OTP's limit for suspending a process, in ms. */
const SUSPEND_MS = 5_000
/** Limit for converting the state of a process, in ms. Departure: OTP's is 5000, which large states exceed. */
const CODE_CHANGE_MS = 60_000
/** How often processes that appear while others are being suspended are looked for. */
const WALKS = 5

/** Options of an evaluation. */
export interface EvalOptions {
  /** Limit for suspending each process, in ms; overrides the instructions'. */
  readonly suspend_timeout?: Timeout
  /** Limit for each process's code_change, in ms. Default 60000. */
  readonly code_change_timeout?: Timeout
  /**
   * A process that does not suspend in time: `abort` takes everything back (default); `skip` goes on without it, as
   * OTP does: it is neither converted nor resumed.
   */
  readonly unsuspended?: 'abort' | 'skip'
}

/** A program for the interpreter. */
export interface Program {
  readonly instructions: readonly LowLevelInstruction[]
  /** Folders that applications are pointed at, at point_of_no_return. */
  readonly paths: readonly { readonly application: string; readonly dir: string }[]
  /** Version of a module's application before. */
  oldVsn(module: string): string | undefined
  /** Version of a module's application afterwards. */
  newVsn(module: string): string | undefined
}

/** What was done, as it is done. */
export type EvalProgress =
  | { readonly step: 'suspended'; readonly processes: number }
  | { readonly step: 'loaded'; readonly modules: readonly string[] }
  | { readonly step: 'converted'; readonly processes: number; readonly module: string }
  | { readonly step: 'resumed'; readonly processes: number; readonly longest_pause_ms: number }
  | { readonly step: 'applied'; readonly mfa: Mfa }
  | { readonly step: 'stopped'; readonly processes: number }
  | { readonly step: 'started'; readonly processes: number }

/** What an evaluation did. */
export interface EvalSummary {
  /** Processes suspended. */
  readonly suspended: number
  /** Processes whose state code_change converted; supervisors are not counted. */
  readonly migrated: number
  /** Children restarted by `stop` and `start`, and applications stopped and started again. */
  readonly restarted: number
  /** The longest time for which one process was suspended, in ms. */
  readonly longestPauseMs: number
  /** Processes left out, with `unsuspended: 'skip'`. */
  readonly skipped: readonly string[]
  /** Modules whose replaced code may still be in use, with their purge method. */
  readonly unpurged: ReadonlyMap<string, 'soft_purge' | 'brutal_purge'>
  /** Processes on code that was already old and is dropped: to be killed once all is well. */
  readonly doomed: readonly CodeUser[]
}

/** An instruction failed. The log holds what must be taken back. */
export class EvalFailure extends Error {
  /** What was being done, as text. */
  readonly doing: string

  constructor(doing: string, why: string, cause?: unknown) {
    super(why, { cause })
    this.name = 'EvalFailure'
    this.doing = doing
  }
}

/** A process suspended for this upgrade. */
interface Suspended {
  readonly found: FoundProcess
  /** The modules it is suspended for and not resumed for yet. */
  readonly modules: Set<string>
  sinceMs: number
}

/** Processes to suspend, with the modules they are suspended for and the limit in ms. */
type Wanted = Map<Pid, { readonly found: FoundProcess; readonly modules: string[]; timeout: Timeout }>

/** One code_change that was done. */
interface Conversion {
  readonly found: FoundProcess
  readonly module: string
  readonly extra: unknown
  /** The state before. */
  readonly before: unknown
  /** The state when it was resumed; a process that still has it has not moved on. */
  after: unknown
  /** It has run again since. */
  resumed: boolean
  /** A supervisor's children before. */
  readonly children: readonly unknown[]
}

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

class Evaluation {
  readonly #program: Program
  readonly #options: EvalOptions
  readonly #world: UpgradeWorld
  readonly #log: UndoLog
  readonly #tell: (progress: EvalProgress) => void
  readonly #suspended = new Map<Pid, Suspended>()
  readonly #conversions: Conversion[] = []
  /** What must be done when old code is current again, before processes go on. */
  #whenCodeIsBack: (() => Promise<readonly string[]>)[] = []
  #known: readonly FoundProcess[] = []
  readonly #stopped: { readonly found: FoundProcess; readonly modules: readonly string[] }[] = []
  readonly #stoppedApplications = new Set<string>()
  readonly #everSuspended = new Set<Pid>()
  readonly #migrated = new Set<Pid>()
  readonly #skipped: string[] = []
  readonly #unpurged = new Map<string, 'soft_purge' | 'brutal_purge'>()
  readonly #doomed: CodeUser[] = []
  /** The processes suspended by the last `suspend`. */
  #mine = new Set<Pid>()
  #restarted = 0
  #longestPauseMs = 0
  #pathsSet = false
  /** The newest process when code was loaded last. */
  #loadedAtId = 0
  #walkedAtId = 0

  constructor(
    program: Program,
    options: EvalOptions,
    world: UpgradeWorld,
    log: UndoLog,
    tell: (progress: EvalProgress) => void,
  ) {
    this.#program = program
    this.#options = options
    this.#world = world
    this.#log = log
    this.#tell = tell
  }

  async run(signal?: AbortSignal): Promise<EvalSummary> {
    const steps = arrange(this.#program.instructions)
    if (!steps.some(({ instruction }) => instruction.op === 'point_of_no_return')) this.#setPaths()
    for (let at = 0; at < steps.length; at++) {
      if (signal?.aborted === true) throw new EvalFailure('the upgrade', 'it was cancelled')
      const step = steps[at]
      if (step === undefined) break
      const batch = codeBatch(steps, at)
      if (batch.length > 0) {
        await this.#changeCode(batch)
        at += batch.length - 1
      } else await this.#step(step, at === steps.length - 1)
    }
    return {
      suspended: this.#everSuspended.size,
      migrated: this.#migrated.size,
      restarted: this.#restarted,
      longestPauseMs: this.#longestPauseMs,
      skipped: this.#skipped,
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
        for (const { module, extra } of instruction.modules) await this.#convert(instruction.mode, module, extra)
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
    const { code, processes } = this.#world
    const modules = [...new Set(batch.flatMap((one) => (one.op === 'purge' ? one.modules : [one.module])))]
    const before = code.snapshot(modules)
    this.#log.push({
      what: `code of ${modules.join(', ')}`,
      undo: async () => {
        code.restore(before)
        return []
      },
    })
    this.#loadedAtId = processes.newestId()
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
    this.#doomed.push(...code.usersOfOld(module))
    code.purge(module)
  }

  // ---- processes

  async #walk(doing: string): Promise<readonly FoundProcess[]> {
    const { processes } = this.#world
    this.#walkedAtId = processes.newestId()
    try {
      this.#known = await processes.walk(this.#known, (pid) => this.#suspended.has(pid))
      return this.#known
    } catch (failure) {
      throw new EvalFailure(doing, messageOf(failure), failure)
    }
  }

  async #suspend(modules: readonly SuspendedModule[]): Promise<void> {
    const doing = `suspend ${modules.map((one) => one.module).join(', ')}`
    const mine = new Set<Pid>()
    this.#mine = mine
    this.#log.push({ what: doing, undo: () => this.#undoSuspend(mine) })
    for (let round = 0; round < WALKS; round++) {
      const found = await this.#walk(doing)
      const wanted = this.#wanted(found, modules)
      if (wanted.size === 0) break
      await this.#suspendAll(wanted, mine, doing)
      // Others may have started meanwhile, on the code about to be replaced.
      if (this.#world.processes.newestId() === this.#walkedAtId) break
    }
    this.#tell({ step: 'suspended', processes: mine.size })
  }

  /** Which processes must still be suspended for modules; one that is already is noted for them. */
  #wanted(found: readonly FoundProcess[], modules: readonly SuspendedModule[]): Wanted {
    const wanted: Wanted = new Map()
    for (const { module, timeout } of modules) {
      for (const one of usersOf(found, module)) {
        const already = this.#suspended.get(one.pid)
        if (already !== undefined) {
          already.modules.add(module)
          continue
        }
        const limit =
          this.#options.suspend_timeout ?? (timeout === undefined || timeout === 'default' ? SUSPEND_MS : timeout)
        const entry = wanted.get(one.pid)
        if (entry === undefined) wanted.set(one.pid, { found: one, modules: [module], timeout: limit })
        else {
          entry.modules.push(module)
          if (limit === 'infinity' || (entry.timeout !== 'infinity' && limit > entry.timeout)) entry.timeout = limit
        }
      }
    }
    return wanted
  }

  async #suspendAll(wanted: Wanted, mine: Set<Pid>, doing: string): Promise<void> {
    const { processes } = this.#world
    const failures: string[] = []
    await Promise.all(
      [...wanted.values()].map(async ({ found, modules, timeout }) => {
        const { pid } = found
        try {
          await processes.suspend(pid, timeout)
          this.#suspended.set(pid, { found, modules: new Set(modules), sinceMs: this.#world.nowMs() })
          this.#everSuspended.add(pid)
          mine.add(pid)
        } catch (failure) {
          if (!processes.isAlive(pid)) return
          // The request still stands in its mailbox; this one behind it undoes it, whenever that is.
          processes.resume(pid).catch(() => {})
          const who = `${pid} (${found.modules.join(', ')}) of "${found.application}"`
          if (this.#options.unsuspended === 'skip') this.#skipped.push(who)
          else failures.push(`${who} did not suspend: ${messageOf(failure)}`)
        }
      }),
    )
    if (failures.length > 0) throw new EvalFailure(doing, failures.join('; '))
  }

  async #undoSuspend(mine: ReadonlySet<Pid>): Promise<readonly string[]> {
    const told: string[] = []
    const work = this.#whenCodeIsBack
    this.#whenCodeIsBack = []
    const afterwards: (() => Promise<readonly string[]>)[] = []
    for (const one of work) told.push(...(await one()))
    afterwards.push(...this.#whenCodeIsBack)
    this.#whenCodeIsBack = []
    await this.#resumeAll([...mine].filter((pid) => this.#suspended.has(pid)))
    for (const one of afterwards) told.push(...(await one()))
    return told
  }

  async #resumeAll(pids: readonly Pid[]): Promise<void> {
    const { processes } = this.#world
    await Promise.all(
      pids.map(async (pid) => {
        const entry = this.#suspended.get(pid)
        this.#suspended.delete(pid)
        // A process that has ended needs no resuming; one that does not answer has the request in its mailbox.
        await processes.resume(pid).catch(() => {})
        if (entry !== undefined) {
          this.#longestPauseMs = Math.max(this.#longestPauseMs, this.#world.nowMs() - entry.sinceMs)
        }
      }),
    )
  }

  async #resume(modules: readonly string[], last: boolean): Promise<void> {
    const { processes } = this.#world
    const ready: Pid[] = []
    for (const [pid, entry] of this.#suspended) {
      const before = entry.modules.size
      for (const module of modules) entry.modules.delete(module)
      if (entry.modules.size === 0 && before > 0) ready.push(pid)
    }
    const resumed = new Set(ready)
    const converted = this.#conversions.filter((one) => resumed.has(one.found.pid))
    if (!last) {
      // Something can still fail: remember the states, to see later who has moved on.
      await Promise.all(
        converted.map(async (one) => {
          one.after = await processes.getState(one.found.pid).catch(() => undefined)
        }),
      )
    }
    this.#log.push({ what: 'resume', undo: () => this.#suspendAgain(converted.map((one) => one.found)) })
    for (const one of converted) one.resumed = true
    await this.#resumeAll(ready)
    this.#tell({ step: 'resumed', processes: ready.length, longest_pause_ms: this.#longestPauseMs })
  }

  /** Before states are put back: those that were converted stand still again. */
  async #suspendAgain(all: readonly FoundProcess[]): Promise<readonly string[]> {
    const { processes } = this.#world
    const told: string[] = []
    await Promise.all(
      all.map(async (found) => {
        try {
          await processes.suspend(found.pid, this.#options.suspend_timeout ?? SUSPEND_MS)
          this.#suspended.set(found.pid, { found, modules: new Set(), sinceMs: this.#world.nowMs() })
        } catch (failure) {
          if (!processes.isAlive(found.pid)) return
          processes.resume(found.pid).catch(() => {})
          told.push(
            `${found.pid} (${found.modules.join(', ')}) did not suspend, its state was not put back: ${messageOf(failure)}`,
          )
        }
      }),
    )
    return told
  }

  async #convert(mode: 'up' | 'down', module: string, extra: unknown): Promise<void> {
    const doing = `code_change of ${module}`
    if (mode === 'up') await this.#stragglers(module, doing)
    const targets = [...this.#suspended.values()].filter((one) => one.modules.has(module))
    const vsn = mode === 'up' ? this.#program.oldVsn(module) : ['down', this.#program.newVsn(module)]
    const done: Conversion[] = []
    this.#log.push({ what: `state of processes of ${module}`, undo: () => this.#convertBack(mode, done) })
    const failures: string[] = []
    await Promise.all(
      targets.map(async ({ found }) => {
        const failure = await this.#convertOne(found, module, vsn, extra, done)
        if (failure !== undefined) failures.push(failure)
      }),
    )
    this.#conversions.push(...done)
    for (const { found } of done) if (found.kind === 'worker') this.#migrated.add(found.pid)
    if (failures.length > 0) throw new EvalFailure(doing, failures.slice(0, 10).join('; '))
    this.#tell({ step: 'converted', processes: done.length, module })
  }

  async #convertOne(
    found: FoundProcess,
    module: string,
    vsn: unknown,
    extra: unknown,
    done: Conversion[],
  ): Promise<string | undefined> {
    const { processes } = this.#world
    const { pid } = found
    const who = `${pid} of "${found.application}"`
    try {
      const before = await processes.getState(pid)
      const children = found.kind === 'supervisor' ? idsIn(this.#known, pid) : []
      const entry: Conversion = { found, module, extra, before, after: undefined, resumed: false, children }
      // Noted first: a conversion that fails or takes too long may have happened all the same.
      done.push(entry)
      const timeout = this.#options.code_change_timeout ?? CODE_CHANGE_MS
      const answer = await processes.changeCode(pid, module, vsn, extra, timeout)
      if (answer === 'ok') return undefined
      done.splice(done.indexOf(entry), 1)
      return `${who} refused: ${format(refusalOf(answer))}`
    } catch (failure) {
      if (!processes.isAlive(pid)) return undefined
      return `${who}: ${messageOf(failure)}`
    }
  }

  /** Processes that started on old code after the last look and before the load: they are converted as well. */
  async #stragglers(module: string, doing: string): Promise<void> {
    if (this.#loadedAtId === this.#walkedAtId || this.#suspended.size === 0) return
    const wanted = this.#wanted(await this.#walk(doing), [{ module }])
    for (const pid of [...wanted.keys()]) if (pid.id > this.#loadedAtId) wanted.delete(pid)
    if (wanted.size > 0) await this.#suspendAll(wanted, this.#mine, doing)
  }

  async #convertBack(mode: 'up' | 'down', done: readonly Conversion[]): Promise<readonly string[]> {
    const told = await Promise.all(
      done.map(async (one): Promise<readonly string[]> => {
        if (!this.#world.processes.isAlive(one.found.pid)) return []
        if (!one.resumed) return this.#putBack(one)
        if (!this.#suspended.has(one.found.pid)) return []
        if (one.found.kind === 'supervisor') {
          this.#whenCodeIsBack.push(() => this.#superviseAgain(one))
          return []
        }
        // The newer of the two codes converts: it is current now after an upgrade, and again later after a downgrade.
        if (mode === 'up') return this.#convertOneBack(mode, one)
        this.#whenCodeIsBack.push(() => this.#convertOneBack(mode, one))
        return []
      }),
    )
    return told.flat()
  }

  async #putBack({ found, before, module }: Conversion): Promise<readonly string[]> {
    const { processes } = this.#world
    try {
      await processes.putState(found.pid, before, found.dynamic)
      return []
    } catch (failure) {
      return processes.isAlive(found.pid) ? [`state of ${found.pid} (${module}): ${messageOf(failure)}`] : []
    }
  }

  async #convertOneBack(mode: 'up' | 'down', one: Conversion): Promise<readonly string[]> {
    const { processes } = this.#world
    const { found, module, extra, after } = one
    const now = await processes.getState(found.pid).catch(() => after)
    if (now === after) return this.#putBack(one)
    const old = this.#program.oldVsn(module)
    const vsn = mode === 'up' ? ['down', old] : this.#program.newVsn(module)
    const timeout = this.#options.code_change_timeout ?? CODE_CHANGE_MS
    const answer = await processes.changeCode(found.pid, module, vsn, extra, timeout).catch((failure) => failure)
    if (answer === 'ok') return []
    const failed = await this.#putBack(one)
    return [`${found.pid} (${module}) has its state of before the upgrade, without what it did since`, ...failed]
  }

  /** A supervisor whose children changed since: init of the old code, and no child that only the new one had. */
  async #superviseAgain(one: Conversion): Promise<readonly string[]> {
    const { processes } = this.#world
    const { found, module, extra, children } = one
    const vsn = this.#program.newVsn(module)
    const timeout = this.#options.code_change_timeout ?? CODE_CHANGE_MS
    const answer = await processes.changeCode(found.pid, module, vsn, extra, timeout).catch((failure) => failure)
    if (answer !== 'ok') return this.#putBack(one)
    const before = new Set(children.map(format))
    this.#whenCodeIsBack.push(async () => {
      for (const id of await processes.childIds(found.pid).catch(() => [])) {
        if (before.has(format(id))) continue
        await processes.terminateChild(found.pid, id).catch(() => {})
        await processes.deleteChild(found.pid, id).catch(() => {})
      }
      return []
    })
    return []
  }

  // ---- children and calls

  async #stop(modules: readonly string[]): Promise<void> {
    const { processes } = this.#world
    const doing = `stop ${modules.join(', ')}`
    const found = (await this.#walk(doing)).filter((one) => one.modules.some((module) => modules.includes(module)))
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
          const answer = await processes.restartChild(supervisor, id)
          return failureOf(['stdlib/supervisor', 'restartChild', []], answer) === undefined
            ? []
            : [`child ${format(id)} did not start: ${format(answer)}`]
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
      const answer = await processes.restartChild(supervisor, id).catch((failure: unknown) => ['error', failure])
      const failure = failureOf(['stdlib/supervisor', 'restartChild', []], answer)
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
      const failure = failureOf(mfa, result)
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

const idsIn = (found: readonly FoundProcess[], supervisor: Pid): readonly unknown[] =>
  found.flatMap((one) => (one.child?.supervisor === supervisor ? [one.child.id] : []))

/** The reason in `['error', ['error', reason]]`: the answer of sys around that of the process. */
function refusalOf(answer: unknown): unknown {
  return Array.isArray(answer) && answer.length === 2 && answer[0] === 'error' ? refusalOf(answer[1]) : answer
}

const messageOf = (failure: unknown): string => {
  if (failure instanceof Error && 'reason' in failure) return format(failure.reason)
  return failure instanceof Error ? failure.message : format(failure)
}
