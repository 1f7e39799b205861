/**
 * Which processes stand still during an upgrade, for which modules, since when. OTP: `{suspend, _}` and `{resume, _}` of
 * release_handler_1.erl.
 *
 * All that are wanted are suspended at the same time. One that waits meanwhile for the answer of another that stands
 * still already could never suspend: that other one is let go, until the first stands still. OTP goes by the order of the
 * script there. Departure: OTP leaves out a process that does not suspend in time.
 */
import type { SuspendedModule } from '../../../schemas/types.js'
import type { Pid } from '../../erts/term.js'
import { blockers } from './blockers.js'
import { each, eachInTurns, isDoneWithin, nextTurn, quietly } from './each.js'
import { EvalFailure, messageOf } from './eval_failure.js'
import { byModule, type FoundProcess } from './process_walk.js'
import type { EvalOptions } from './relup_program.js'
import type { Timeout, UpgradeWorld } from './upgrade_world.js'

/** OTP's limit for suspending a process, in ms. */
const SUSPEND_MS = 5_000
/** How often processes that appear while others are being suspended are looked for. */
export const WALKS = 5
/** A process that has not suspended after so long, in ms, may wait for one that stands still. */
const BLOCKED_MS = 10
/** How often processes are let go for others' sake. */
const LET_GO = 50
/** Failures named in one message. */
export const NAMED = 10

/** A process suspended for this upgrade. */
export interface Suspended {
  readonly found: FoundProcess
  /** The modules it is suspended for and not resumed for yet. */
  modules: readonly string[]
  readonly sinceMs: number
}

/** Processes to suspend, with the modules they are suspended for and the limit in ms. */
export interface Want {
  readonly found: FoundProcess
  readonly modules: string[]
  timeout: Timeout
}
export type Wanted = Map<Pid, Want>

/** See the head of this file. */
export class Suspension {
  readonly #options: EvalOptions
  readonly #world: UpgradeWorld
  readonly #suspended = new Map<Pid, Suspended>()
  /** Those of {@link #suspended} by module; undefined when it must be made anew. */
  #users: ReadonlyMap<string, readonly Suspended[]> | undefined
  /** Everybody who was suspended at some time. */
  readonly ever = new Set<Pid>()
  /** Processes left out. */
  readonly skipped: string[] = []
  /** Processes killed. */
  readonly killed: string[] = []
  /** Processes that ended by themselves before they were converted. */
  readonly died: string[] = []
  /** The longest time for which one process stood still, in ms. */
  longestPauseMs = 0
  /** What the last walk found. */
  known: readonly FoundProcess[] = []
  /** The newest process when processes were looked for last, and when that was done to suspend them. */
  walkedAtId = 0
  suspendedAtId = 0
  /** The processes of the last {@link suspend}. */
  mine = new Set<Pid>()

  constructor(options: EvalOptions, world: UpgradeWorld) {
    this.#options = options
    this.#world = world
  }

  /** Those that stand still for a module. */
  of(module: string): readonly Suspended[] {
    this.#users ??= byModule(this.#suspended.values())
    return this.#users.get(module) ?? []
  }

  get(pid: Pid): Suspended | undefined {
    return this.#suspended.get(pid)
  }

  get size(): number {
    return this.#suspended.size
  }

  /** Looks for processes. @throws EvalFailure */
  async walk(doing: string): Promise<readonly FoundProcess[]> {
    const { processes } = this.#world
    this.walkedAtId = processes.newestId()
    try {
      this.known = await processes.walk(this.known, (pid) => this.#suspended.has(pid))
      return this.known
    } catch (failure) {
      throw new EvalFailure(doing, messageOf(failure), failure)
    }
  }

  /**
   * Suspends every process that uses one of the modules, also those that start meanwhile.
   *
   * @param mine grows by whom it suspends, also when it rejects
   * @throws EvalFailure naming those that did not suspend in time
   */
  async suspend(modules: readonly SuspendedModule[], mine: Set<Pid>, doing: string): Promise<void> {
    this.mine = mine
    for (let round = 0; round < WALKS; round++) {
      const found = await this.walk(doing)
      this.suspendedAtId = this.walkedAtId
      const wanted = this.wanted(found, modules)
      if (wanted.size === 0) return
      // Of very many the two parts are felt; who starts in between is found by the next look.
      await nextTurn()
      const killed = this.killed.length
      await this.suspendAll(wanted, doing)
      // Others may have started meanwhile, on the code about to be replaced.
      if (this.killed.length === killed && this.#world.processes.newestId() === this.walkedAtId) return
    }
  }

  /** Which processes must still be suspended for modules; one that is already is noted for them. */
  wanted(found: readonly FoundProcess[], modules: readonly SuspendedModule[]): Wanted {
    const wanted: Wanted = new Map()
    const users = byModule(found)
    this.#users = undefined
    for (const { module, timeout } of modules) {
      for (const one of users.get(module) ?? []) {
        const already = this.#suspended.get(one.pid)
        if (already !== undefined) {
          if (!already.modules.includes(module)) already.modules = [...already.modules, module]
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

  /** Suspends processes at the same time, and notes them in {@link mine}. @throws EvalFailure */
  async suspendAll(wanted: Wanted, doing: string): Promise<void> {
    const { processes } = this.#world
    const failures: string[] = []
    await this.#ask(
      wanted,
      ({ found, modules }) => {
        this.#users = undefined
        this.#suspended.set(found.pid, { found, modules, sinceMs: this.#world.nowMs() })
        this.ever.add(found.pid)
        this.mine.add(found.pid)
      },
      ({ found }, failure) => {
        const { pid } = found
        if (!processes.isAlive(pid)) {
          this.died.push(nameOf(found))
          return
        }
        const who = nameOf(found)
        if (this.#options.unsuspended === 'kill') {
          // Started again by its supervisor, on the code that is current still, and found by the next look.
          this.killed.push(who)
          processes.kill(pid)
          return
        }
        // The request still stands in its mailbox; this one behind it undoes it, whenever that is.
        quietly(processes.resume(pid))
        if (this.#options.unsuspended === 'skip') this.skipped.push(who)
        else failures.push(`${who} did not suspend: ${messageOf(failure)}`)
      },
    )
    if (failures.length > 0) throw new EvalFailure(doing, failures.slice(0, NAMED).join('; '))
  }

  /** Suspends all at once; those that are in the way of others are let go and asked again. */
  async #ask(wanted: Wanted, done: (one: Want) => void, failed: (one: Want, failure: unknown) => void): Promise<void> {
    const { processes } = this.#world
    const stand = new Map<Pid, Want>()
    let asked = wanted
    for (let left = LET_GO; asked.size > 0; left--) {
      const pending = new Set(asked.keys())
      const again: Wanted = new Map()
      const over = (one: Want, tell: () => void): void => {
        pending.delete(one.found.pid)
        tell()
      }
      const answers = each(
        asked.values(),
        ({ found, timeout }) => processes.suspend(found.pid, timeout),
        (one) =>
          over(one, () => {
            stand.set(one.found.pid, one)
            done(one)
          }),
        (one, failure) => over(one, () => failed(one, failure)),
      )
      while (left > 0 && pending.size > 0 && !(await isDoneWithin(answers, BLOCKED_MS))) {
        const inTheWay = blockers(pending, stand, (pid) => processes.waitsFor(pid))
        for (const one of inTheWay) {
          stand.delete(one.found.pid)
          again.set(one.found.pid, { ...one, modules: [...(this.get(one.found.pid)?.modules ?? one.modules)] })
        }
        await this.resume(inTheWay.map(({ found }) => found.pid))
      }
      await answers
      asked = again
    }
  }

  /** Takes modules off what processes stand still for. @returns those that nothing is left for, in order */
  release(modules: readonly string[]): readonly Pid[] {
    const ready: Pid[] = []
    const over = new Set(modules)
    this.#users = undefined
    for (const [pid, entry] of this.#suspended) {
      const left = entry.modules.filter((module) => !over.has(module))
      if (left.length === 0 && entry.modules.length > 0) ready.push(pid)
      entry.modules = left
    }
    return ready
  }

  /** Lets processes go on; those that do not stand still are passed over. */
  async resume(pids: Iterable<Pid>): Promise<void> {
    const { processes } = this.#world
    const over = (pid: Pid): void => {
      this.#users = undefined
      const entry = this.#suspended.get(pid)
      this.#suspended.delete(pid)
      if (entry === undefined) return
      this.longestPauseMs = Math.max(this.longestPauseMs, this.#world.nowMs() - entry.sinceMs)
    }
    // A process that has ended needs no resuming; one that does not answer has the request in its mailbox.
    const standing = [...pids].filter((pid) => this.#suspended.has(pid))
    await eachInTurns(standing, (pid) => processes.resume(pid), over, over)
  }

  /** Before states are put back: those that were converted stand still again. */
  async suspendAgain(all: readonly FoundProcess[]): Promise<readonly string[]> {
    const { processes } = this.#world
    const told: string[] = []
    const timeout = this.#options.suspend_timeout ?? SUSPEND_MS
    await this.#ask(
      new Map(all.map((found) => [found.pid, { found, modules: [], timeout }])),
      ({ found }) => {
        this.#users = undefined
        this.#suspended.set(found.pid, { found, modules: [], sinceMs: this.#world.nowMs() })
      },
      ({ found }, failure) => {
        if (!processes.isAlive(found.pid)) return
        quietly(processes.resume(found.pid))
        const who = `${found.pid} (${found.modules.join(', ')})`
        told.push(`${who} did not suspend, its state was not put back: ${messageOf(failure)}`)
      },
    )
    return told
  }
}

/** A process for people. */
export const nameOf = ({ pid, modules, application }: FoundProcess): string =>
  `${pid} (${modules.join(', ')}) of "${application}"`
