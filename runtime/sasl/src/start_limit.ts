/**
 * A limit for what an upgrade starts. A start that never returns would hold the upgrade for ever, and its supervisor or
 * the application controller with it: it is interrupted when its time is over or the upgrade is cancelled, so that the
 * upgrade fails and is taken back. OTP: none, release_handler_1.erl waits.
 *
 * Other calls of a relup have no limit: how long they may take is not known. When the upgrade is cancelled they are not
 * waited for, either: an application that is being stopped is killed, and who has not returned is told.
 */
import { clock } from '../../erts/clock.js'
import { format, type Pid } from '../../erts/term.js'
import { isStart } from './apply_step.js'
import type { Timeout, UpgradeWorld } from './upgrade_world.js'

/** Limit for each start, in ms. */
const START_MS = 60_000
/** How long an interrupted start may take to return, in ms. */
const RETURN_MS = 5_000

/** See the head of this file. */
export class StartLimit {
  /** The world, with starts that have a limit. */
  readonly world: UpgradeWorld
  readonly #ms: Timeout
  readonly #signal: AbortSignal | undefined
  /** Supervisors whose start did not return although it was interrupted. */
  readonly #stuck = new Set<Pid>()
  /** Calls that had not returned when the upgrade was cancelled, a sentence each. */
  readonly unreturned: string[] = []
  #undoing = false

  constructor(world: UpgradeWorld, ms: Timeout = START_MS, signal?: AbortSignal) {
    this.#ms = ms
    this.#signal = signal
    const { processes, applies } = world
    /** What waits for a supervisor that waits for ever does, too. */
    const free = (pid: Pid, ask: () => Promise<unknown>): Promise<unknown> =>
      this.#stuck.has(pid) ? Promise.reject(new Error(`${pid} is still starting a child`)) : ask()
    this.world = {
      ...world,
      processes: {
        ...processes,
        restartChild: (pid, id) =>
          free(pid, () =>
            this.#within(
              () => processes.restartChild(pid, id),
              () => processes.interruptStart(pid),
              () => this.#stuck.add(pid),
            ),
          ),
        terminateChild: (pid, id) => free(pid, () => processes.terminateChild(pid, id)),
        deleteChild: (pid, id) => free(pid, () => processes.deleteChild(pid, id)),
      },
      applies: {
        ...applies,
        apply: (module, fun, args) =>
          this.#within(
            () => applies.apply(module, fun, args),
            () => applies.interrupt([module, fun, args]),
            () => this.unreturned.push(`${module}.${fun}(${args.map(format).join(', ')}) has not returned`),
            isStart([module, fun, args]) ? this.#ms : 'infinity',
          ),
      },
    }
  }

  /** From now on things are taken back: that cannot be cancelled. */
  undo(): void {
    this.#undoing = true
  }

  async #within(
    start: () => unknown,
    interrupt: () => void,
    stuck: () => void,
    ms: Timeout = this.#ms,
  ): Promise<unknown> {
    const answer = Promise.resolve(start())
    const why = await this.#over(answer, ms)
    if (why === undefined) return answer
    interrupt()
    if ((await afterMs(RETURN_MS, answer)) === 'late') stuck()
    throw new Error(why)
  }

  /** @returns why a start is not waited for any longer; undefined: it has returned, or thrown */
  async #over(answer: Promise<unknown>, ms: Timeout): Promise<string | undefined> {
    const signal = this.#undoing ? undefined : this.#signal
    let cancelled = (): void => {}
    const cancel = new Promise<'cancelled'>((resolve) => {
      // A client that is gone has not cancelled.
      cancelled = () => (signal?.reason === 'disconnected' ? undefined : resolve('cancelled'))
    })
    if (signal?.aborted === true) cancelled()
    signal?.addEventListener('abort', cancelled)
    const first = await Promise.race([afterMs(ms, answer), cancel])
    signal?.removeEventListener('abort', cancelled)
    if (first === 'cancelled') return 'it was cancelled'
    return first === 'late' ? `did not start within ${ms} ms` : undefined
  }
}

/** Waits for a promise to settle. @returns `late` when it does not within that time */
async function afterMs(ms: Timeout, answer: Promise<unknown>): Promise<'done' | 'late'> {
  const done = answer.then(
    () => 'done' as const,
    () => 'done' as const,
  )
  if (ms === 'infinity') return done
  let timer: ReturnType<typeof clock.setTimer> | undefined
  const late = new Promise<'late'>((resolve) => {
    timer = clock.setTimer(ms, () => resolve('late'))
  })
  try {
    return await Promise.race([done, late])
  } finally {
    if (timer !== undefined) clock.clearTimer(timer)
  }
}
