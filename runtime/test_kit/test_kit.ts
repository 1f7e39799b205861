/**
 * otp-rel/test: for tests of code that runs in processes.
 *
 *     import { testProcess } from 'otp-rel/test'
 *
 *     test('a counter that is killed counts from the start', testProcess(async (t) => {
 *       const pid = await t.startSupervised({ id: 'counter', start: [counter, 'startLink', [0]] })
 *       await counter.next()
 *       await t.endWith(pid, 'kill')
 *       await t.registered('counter', pid)
 *       assert.is(await counter.next(), 0)
 *     }))
 *
 * Works with every runner that takes an async function. Not for releases: nothing in it is an application's module.
 * The nearest thing elsewhere: Elixir's ExUnit (`start_supervised`, `assert_receive`).
 *
 * @module otp-rel/test
 */
import { realClock, setClock } from '../erts/clock.js'
import { ErlangError, Exit, exit, exitReason } from '../erts/exit.js'
import { type Pid, selfOrUndefined, spawn, trapExit, unlink, whereis } from '../erts/process.js'
import * as GenServer from '../stdlib/src/gen_server.js'
import * as Supervisor from '../stdlib/src/supervisor.js'
import { idle, settle, until } from './idle.js'
import { ManualClock } from './manual_clock.js'
import { endWith, flush, nextMessage, nextOf, noMessage, watch } from './messages.js'
import { Reports } from './reports.js'
import * as testSupervisor from './test_supervisor.js'

export { idle, LIMIT_MS, settle, until } from './idle.js'
export { ManualClock } from './manual_clock.js'
export { endWith, flush, type Match, nextMessage, nextOf, noMessage, watch } from './messages.js'
export { factOf, type KeptReport, Reports } from './reports.js'

/** What a test is given. Everything it starts or puts in place is gone when the test is over, however it ends. */
export class TestKit {
  /** The runtime's reports since the test began; they are not printed. */
  readonly reports = new Reports()
  #supervisor: Pid | undefined
  #clock: ManualClock | undefined

  /** The next message of the test's process; see {@link nextMessage}. */
  readonly next = nextMessage
  /** The next message that begins with a word; see {@link nextOf}. */
  readonly nextOf = nextOf
  /** Fails when there is a message; see {@link noMessage}. */
  readonly noMessage = noMessage
  /** All messages that wait; see {@link flush}. */
  readonly flush = flush
  /** Watches the end of a process; see {@link watch}. */
  readonly watch = watch
  /** Ends a process and gives the reason of its end; see {@link endWith}. */
  readonly endWith = endWith
  /** Waits until a process rests; see {@link idle}. */
  readonly idle = idle
  /** Waits until everything rests; see {@link settle}. */
  readonly settle = settle

  /** The manual clock, put in place when it is first asked for: before the processes whose time it shall be. */
  get clock(): ManualClock {
    if (this.#clock === undefined) {
      this.#clock = new ManualClock()
      setClock(this.#clock)
    }
    return this.#clock
  }

  /**
   * Starts a child under the test's own supervisor, which restarts it as its specification says, as often as need be.
   *
   * @returns its process
   * @throws ErlangError `['start_failed', id, reason]`
   */
  async startSupervised(spec: Supervisor.ChildSpec): Promise<Pid> {
    const started = await Supervisor.startChild(await this.supervisor(), spec)
    if (started[0] === 'ok' && started[1] !== undefined) return started[1]
    throw new ErlangError(['start_failed', spec.id, started[0] === 'ok' ? 'ignore' : started[1]])
  }

  /** Stops a child of the test's supervisor, as its `shutdown` says, and forgets it. */
  async stopSupervised(id: unknown): Promise<void> {
    const supervisor = await this.supervisor()
    await Supervisor.terminateChild(supervisor, id)
    await Supervisor.deleteChild(supervisor, id)
  }

  /** The test's supervisor; it is started when it is first asked for. */
  async supervisor(): Promise<Pid> {
    if (this.#supervisor !== undefined) return this.#supervisor
    const started = await Supervisor.startLink(testSupervisor, [])
    if (started === 'ignore' || started[0] === 'error') throw new ErlangError(started)
    this.#supervisor = started[1]
    return started[1]
  }

  /**
   * Waits until a process is registered under a name.
   *
   * @param after one that had the name before: waits for its successor
   */
  registered(name: string, after?: Pid): Promise<Pid> {
    const successor = () => {
      const pid = whereis(name)
      return pid === after ? undefined : pid
    }
    return until(successor, `process registered as "${name}"`)
  }

  /** Takes everything away again, what was started last first. {@link testProcess} does it. */
  async end(): Promise<void> {
    // A process that waits for a time that never comes could not be stopped otherwise.
    if (this.#clock !== undefined) setClock(realClock)
    const supervisor = this.#supervisor
    this.#supervisor = undefined
    if (supervisor !== undefined) {
      // Its end is no failure of the test.
      if (selfOrUndefined() !== undefined) unlink(supervisor)
      await GenServer.stop(supervisor, 'shutdown').catch((failure: unknown) => {
        if (!(failure instanceof Exit)) throw failure
      })
    }
    this.reports.stop()
  }
}

/** How a test's process is. */
export interface TestOptions {
  /** Whether it traps exits: messages instead of its own end when a linked process fails. Default true. */
  readonly trapExit?: boolean
}

/**
 * A test's body in a process of its own.
 *
 * @returns what a test runner runs; it fails with what the body throws, and with an Exit when the process was ended from
 *          outside
 */
export function testProcess(
  body: (t: TestKit) => Promise<void> | void,
  { trapExit: traps = true }: TestOptions = {},
): () => Promise<void> {
  return async () => {
    const kit = new TestKit()
    try {
      await runAsTest(kit, body, traps)
    } finally {
      // The process may have been ended before it came so far; twice does no harm.
      await kit.end()
      await settle()
    }
  }
}

/** Runs the body in a process that ends with `shutdown`, which takes along what is linked with it. */
function runAsTest(kit: TestKit, body: (t: TestKit) => Promise<void> | void, traps: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const pid = spawn(async () => {
      trapExit(traps)
      try {
        await body(kit)
        await kit.end()
        resolve()
      } catch (thrown) {
        reject(thrown instanceof Error ? thrown : new ErlangError(exitReason(thrown)))
      }
      exit('shutdown')
    })
    // Ended from outside (a link, a kill) the code above says nothing any more.
    const extra = pid.proc?.more()
    if (extra === undefined) return
    extra.atEnd ??= new Set()
    extra.atEnd.add((reason) => reject(new Exit(reason)))
  })
}
