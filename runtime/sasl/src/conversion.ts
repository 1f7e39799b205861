/**
 * Converting the states of suspended processes, and back. OTP: `{code_change, _, _}` of release_handler_1.erl.
 *
 * How the state of a process comes back. `code_change` returns a new state and the old one is kept here, so while the
 * process is still suspended the old one is simply put back. A process that has been resumed and has handled messages
 * since has moved on: its state is converted back by its own `code_change` (with `['down', vsn]` after an upgrade,
 * with `vsn` after a downgrade), run by the newer of the two codes, as in a real downgrade; only when that refuses is
 * the kept one put back, and that is reported. A supervisor runs the `init` of the code that is current again. A state
 * that code_change changed in place instead of making a new one cannot be put back.
 */
import { format, type Pid } from '../../erts/term.js'
import { attempt, eachInTurns } from './each.js'
import { EvalFailure, messageOf, refusalText, startFailure } from './eval_failure.js'
import type { FoundProcess } from './process_walk.js'
import type { EvalOptions, EvalProgress, Program } from './relup_program.js'
import type { SupervisorChange } from './supervisor_changes.js'
import { NAMED, nameOf, type Suspended, type Suspension, WALKS } from './suspension.js'
import type { UndoLog } from './undo_log.js'
import type { ChildState, State, UpgradeWorld } from './upgrade_world.js'

/** Limit for converting the state of a process, in ms. Departure: OTP's is 5000, which large states exceed. */
const CODE_CHANGE_MS = 60_000

/** One code_change that was done. */
interface Conversion {
  readonly found: FoundProcess
  readonly module: string
  readonly extra: unknown
  /** The state before. */
  readonly before: unknown
  /** The state when it was resumed; a process that still has it has not moved on. */
  after: State | undefined
  /** It said no: its state is as before. */
  refused: boolean
  /** It has run again since. */
  resumed: boolean
  /** A supervisor's children before, in start order. */
  readonly children: readonly ChildState[]
  /** Ids of those that were stopped since because `init` names them no longer. */
  readonly stopped: unknown[]
}

/** What it works with. */
export interface ConversionContext {
  readonly program: Program
  readonly options: EvalOptions
  readonly world: UpgradeWorld
  readonly log: UndoLog
  readonly suspension: Suspension
  readonly tell: (progress: EvalProgress) => void
}

/** See the head of this file. */
export class Conversions {
  readonly #context: ConversionContext
  readonly #done: Conversion[] = []
  /** What was converted for a downgrade since the last resume. */
  #down: { readonly module: string; readonly extra: unknown }[] = []
  /** What must be done when old code is current again, before processes go on. */
  #whenCodeIsBack: (() => Promise<readonly string[]>)[] = []
  /** Workers whose state was converted. */
  readonly migrated = new Set<Pid>()
  /** The newest process when code was loaded last. */
  #loadedAtId = 0

  constructor(context: ConversionContext) {
    this.#context = context
  }

  get #timeout() {
    return this.#context.options.code_change_timeout ?? CODE_CHANGE_MS
  }

  /** Converts the states of those that are suspended for a module. @throws EvalFailure naming those that did not */
  async convert(mode: 'up' | 'down', module: string, extra: unknown): Promise<void> {
    if (mode === 'up') await this.#stragglers(module)
    else this.#down.push({ module, extra })
    await this.#convertAll(mode, module, extra, this.#context.suspension.of(module))
  }

  async #convertAll(mode: 'up' | 'down', module: string, extra: unknown, targets: readonly Suspended[]): Promise<void> {
    const doing = `code_change of ${module}`
    const { program, world, log, tell } = this.#context
    const { processes } = world
    const vsn = mode === 'up' ? program.oldVsn(module) : ['down', program.newVsn(module)]
    const done: Conversion[] = []
    log.push({ what: `state of processes of ${module}`, undo: () => this.#convertBack(mode, done) })
    const failures: string[] = []
    const failed = (found: FoundProcess, why: string): void => {
      const { pid, application } = found
      // A process that ended meanwhile is not an error.
      if (processes.isAlive(pid)) failures.push(`${pid} of "${application}"${why}`)
      else this.#context.suspension.died.push(nameOf(found))
    }
    const kept: { readonly found: FoundProcess; readonly before: unknown }[] = []
    await eachInTurns(
      targets,
      ({ found }) => processes.getState(found.pid),
      ({ found }, { state }) => {
        kept.push({ found, before: state })
      },
      ({ found }, failure) => failed(found, `: ${messageOf(failure)}`),
    )
    // Noted first: a conversion that fails or takes too long may have happened all the same.
    for (const { found, before } of kept) {
      const children = found.kind === 'supervisor' ? processes.childrenIn(before) : NONE
      const fresh = { after: undefined, resumed: false, refused: false, stopped: [] }
      done.push({ found, module, extra, before, children, ...fresh })
    }
    if (failures.length === 0) {
      await eachInTurns(
        done,
        ({ found }) => processes.changeCode(found.pid, module, vsn, extra, this.#timeout),
        (one, answer) => {
          if (answer === 'ok') {
            if (one.found.kind === 'worker') this.migrated.add(one.found.pid)
            return
          }
          one.refused = true
          failed(one.found, ` refused: ${refusalText(answer)}`)
        },
        (one, failure) => failed(one.found, `: ${messageOf(failure)}`),
      )
    }
    for (const one of done) this.#done.push(one) // any number of them
    if (failures.length > 0) throw new EvalFailure(doing, failures.slice(0, NAMED).join('; '))
    const supervisors = done.filter(({ found }) => found.kind === 'supervisor').length
    tell({ step: 'converted', processes: done.length, supervisors, module })
  }

  /** Processes that started on old code after the last look and before the load: they are converted as well. */
  async #stragglers(module: string): Promise<void> {
    const { suspension } = this.#context
    if (this.#loadedAtId <= suspension.suspendedAtId || suspension.size === 0) return
    const doing = `code_change of ${module}`
    const found = suspension.walkedAtId < this.#loadedAtId ? await suspension.walk(doing) : suspension.known
    const wanted = suspension.wanted(found, [{ module }])
    for (const pid of [...wanted.keys()]) if (pid.id > this.#loadedAtId) wanted.delete(pid)
    if (wanted.size > 0) await suspension.suspendAll(wanted, doing)
  }

  /**
   * To be called before code is loaded. Going down, states are converted before the load, by the code that is still
   * current: processes that started since are converted in the last moment.
   */
  async beforeLoad(): Promise<void> {
    const { world, suspension } = this.#context
    for (let round = 0; round < WALKS && this.#down.length > 0; round++) {
      if (world.processes.newestId() <= Math.max(suspension.suspendedAtId, suspension.walkedAtId)) break
      const found = await suspension.walk('load')
      for (const { module, extra } of this.#down) {
        const wanted = suspension.wanted(found, [{ module }])
        await suspension.suspendAll(wanted, `suspend ${module}`)
        const late = [...wanted.keys()].flatMap((pid) => suspension.get(pid) ?? [])
        if (late.length > 0) await this.#convertAll('down', module, extra, late)
      }
    }
  }

  /** Code is loaded now: whatever started before runs, or began with, the code of before. */
  loading(): void {
    this.#loadedAtId = this.#context.world.processes.newestId()
  }

  /** To be called right before processes are resumed. @param last nothing can fail afterwards */
  async beforeResume(pids: readonly Pid[], last: boolean): Promise<readonly FoundProcess[]> {
    const resumed = new Set(pids)
    const converted = this.#done.filter((one) => resumed.has(one.found.pid))
    const { processes } = this.#context.world
    if (!last) {
      // Remember the states, to see later who has moved on.
      await eachInTurns(
        converted,
        (one) => processes.getState(one.found.pid),
        (one, now) => {
          one.after = now
        },
      )
    }
    this.#down = []
    for (const one of converted) one.resumed = true
    return converted.map((one) => one.found)
  }

  /** What supervisors that are about to be resumed have to do with their children since they were converted. */
  async childChanges(pids: readonly Pid[]): Promise<readonly SupervisorChange[]> {
    const wanted = new Set(pids)
    const { processes } = this.#context.world
    const supervisors = this.#done.filter((one) => one.found.kind === 'supervisor' && !one.resumed && !one.refused)
    const changes: SupervisorChange[] = []
    await eachInTurns(
      supervisors.filter(({ found }) => wanted.has(found.pid)),
      ({ found }) => processes.getState(found.pid),
      ({ found, module, before, stopped }, { state }) => {
        const { added, removed } = processes.childChanges(before, state)
        if (added.length + removed.length === 0) return
        changes.push({ found, module, added, removed, stopping: (id) => stopped.push(id) })
      },
    )
    return changes
  }

  /** Code is as before: what waited for that, then the processes go on. @param pids those to resume */
  async codeIsBack(pids: ReadonlySet<Pid>): Promise<readonly string[]> {
    const told: string[] = []
    const first = this.#whenCodeIsBack
    this.#whenCodeIsBack = []
    for (const one of first) for (const sentence of await one()) told.push(sentence)
    const afterwards = this.#whenCodeIsBack
    this.#whenCodeIsBack = []
    await this.#context.suspension.resume(pids)
    for (const one of afterwards) for (const sentence of await one()) told.push(sentence)
    return told
  }

  async #convertBack(mode: 'up' | 'down', done: readonly Conversion[]): Promise<readonly string[]> {
    const { suspension, world } = this.#context
    const told = await Promise.all(
      done.map(async (one): Promise<readonly string[]> => {
        if (one.refused || !world.processes.isAlive(one.found.pid)) return []
        if (!one.resumed) return this.#putBack(one)
        if (suspension.get(one.found.pid) === undefined) return []
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
    const { processes } = this.#context.world
    try {
      await processes.putState(found.pid, before, found.dynamic)
      return []
    } catch (failure) {
      return processes.isAlive(found.pid) ? [`state of ${found.pid} (${module}): ${messageOf(failure)}`] : []
    }
  }

  async #convertOneBack(mode: 'up' | 'down', one: Conversion): Promise<readonly string[]> {
    const { processes } = this.#context.world
    const { found, module, extra, after } = one
    const now = await processes.getState(found.pid)
    if (after !== undefined && isSameState(now.state, after.state)) return this.#putBack(one)
    const old = this.#context.program.oldVsn(module)
    const vsn = mode === 'up' ? ['down', old] : this.#context.program.newVsn(module)
    if ((await attempt(() => processes.changeCode(found.pid, module, vsn, extra, this.#timeout))) === 'ok') return []
    const failed = await this.#putBack(one)
    return [`${found.pid} (${module}) has its state of before the upgrade, without what it did since`, ...failed]
  }

  /** A supervisor that has run since: init of the old code, no child that only the new one had, and those it stopped. */
  async #superviseAgain(one: Conversion): Promise<readonly string[]> {
    const { processes } = this.#context.world
    const { found, module, extra, children } = one
    const vsn = this.#context.program.newVsn(module)
    if ((await attempt(() => processes.changeCode(found.pid, module, vsn, extra, this.#timeout))) !== 'ok') {
      return this.#putBack(one)
    }
    const before = new Set(children.map(({ id }) => format(id)))
    this.#whenCodeIsBack.push(async () => {
      for (const id of await processes.childIds(found.pid).catch(() => [])) {
        if (before.has(format(id))) continue
        await processes.terminateChild(found.pid, id).catch(() => {})
        await processes.deleteChild(found.pid, id).catch(() => {})
      }
      return this.#startAgain(one)
    })
    return []
  }

  /** Starts the children again that were stopped, in start order. @returns those that do not start */
  async #startAgain({ found, module, children, stopped }: Conversion): Promise<readonly string[]> {
    const { processes } = this.#context.world
    const told: string[] = []
    const ids = new Set(stopped.map(format))
    for (const { id, runs } of children) {
      if (!runs || !ids.has(format(id)) || !processes.isAlive(found.pid)) continue
      const failure = await startFailure(processes, found.pid, id)
      if (failure !== undefined) told.push(`child ${format(id)} of ${module} did not start again: ${failure}`)
    }
    return told
  }
}

/** A gen_statem gives its state and data in a new pair each time. */
function isSameState(a: unknown, b: unknown): boolean {
  if (a === b) return true
  return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((one, index) => one === b[index])
}

const NONE: readonly ChildState[] = []
