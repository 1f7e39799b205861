/**
 * Waiting until processes have come to rest. Nothing here waits for a length of time: the event loop turns until what
 * is waited for is so, and a limit in real time says that it never will be.
 */
import { realClock } from '../erts/clock.js'
import { allProcesses } from '../erts/proc.js'
import { format, type Pid, processInfo } from '../erts/process.js'

/** How long a test waits at most for something that should happen at once, in real milliseconds. */
export const LIMIT_MS = 3000

/** One turn of the event loop. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/**
 * Waits until a condition holds, looked at once a turn.
 *
 * @param what named in the failure: `no <what> within 3000 ms`
 */
export async function until<T>(
  look: () => T | undefined | false,
  what: string | (() => string),
  limitMs = LIMIT_MS,
): Promise<T> {
  const endMs = realClock.monotonicMs() + limitMs
  for (;;) {
    const found = look()
    if (found !== undefined && found !== false) return found
    if (realClock.monotonicMs() > endMs) {
      throw new Error(`no ${typeof what === 'string' ? what : what()} within ${limitMs} ms`)
    }
    await turn()
  }
}

/** Turns without any message handled, process started or ended after which everything is said to be at rest. */
const QUIET_TURNS = 4
/** A system that never rests (two processes that send to each other) must not stop the test. */
const MOST_TURNS = 10_000

/** Lets everything that is under way without a timer or the outside world come to rest. */
export async function settle(): Promise<void> {
  let before = ''
  let quiet = 0
  for (let turns = 0; quiet < QUIET_TURNS && turns < MOST_TURNS; turns++) {
    await turn()
    const now = activity()
    quiet = now === before ? quiet + 1 : 0
    before = now
  }
}

function activity(): string {
  let handled = 0
  let waiting = 0
  let ids = 0
  for (const proc of allProcesses()) {
    handled += proc.reductions
    waiting += proc.count
    ids += proc.pid.id
  }
  return `${handled} ${waiting} ${ids}`
}

/**
 * Waits until a process has handled every message it has: a server that is not in a callback, or a process that waits
 * in `receive`. A process that has ended is at rest, too. Fails when it is still busy after {@link LIMIT_MS}.
 */
export async function idle(pid: Pid): Promise<void> {
  await until(
    () => atRest(pid),
    () => `rest of ${pid}: ${format(processInfo(pid))}`,
  )
}

function atRest({ proc }: Pid): boolean {
  if (proc === null || proc.dead) return true
  if (proc.loop === null) return proc.extra?.waiter != null
  return !proc.busy && !proc.scheduled && (proc.count === 0 || proc.loop.accepts !== undefined)
}
