/**
 * Shutting children down: the exit signal, the wait, and the kill when the wait was in vain.
 *
 * OTP: `shutdown/1`, `unlink_flush/2` and `terminate_dynamic_children/1` in stdlib's supervisor.erl.
 *
 * The end is seen through a monitor, not through the link: a child that has removed the link would otherwise be waited
 * for in vain. The link stays until then, so that a supervisor that is killed meanwhile takes its children along.
 */
import { cancelTimer, exitPid, monitor, receive, self, startTimer, timeout, unlink } from '../../erts/process.js'
import type { Pid, Ref } from '../../erts/term.js'
import type { CheckedSpec, Shutdown } from './child_spec.js'

/** How a shutdown went: fine, or with a reason that is worth a report. */
export type ShutdownOutcome = { readonly ok: true } | { readonly ok: false; readonly reason: unknown }

const FINE: ShutdownOutcome = { ok: true }

/** Shuts one child down and waits for its end. Called in the supervisor's process. */
export async function shutdownChild(pid: Pid, spec: CheckedSpec): Promise<ShutdownOutcome> {
  const ref = monitor(pid)
  const isDown = (message: unknown) => Array.isArray(message) && message[1] === ref && message[0] === 'DOWN'
  exitPid(pid, firstSignal(spec.shutdown))
  let down = await receive(isDown, spec.shutdown === 'brutal_kill' ? 'infinity' : spec.shutdown)
  let expected = expectedReason(spec.shutdown)
  if (down === timeout) {
    exitPid(pid, 'kill')
    expected = 'shutdown'
    down = await receive(isDown)
  }
  return judge(await endReason(pid, down), expected, spec)
}

/** Reasons of ends that were not fine, with how many children had each. */
export type ShutdownFailures = readonly { readonly reason: unknown; readonly count: number }[]

/**
 * Shuts many children of one specification down at once: all get the signal, all are waited for together, and one
 * timer measures the time they have. Called in the supervisor's process.
 */
export async function shutdownAll(pids: Iterable<Pid>, spec: CheckedSpec): Promise<ShutdownFailures> {
  const waiting = new Map<Ref, Pid>()
  for (const pid of pids) {
    waiting.set(monitor(pid), pid)
    exitPid(pid, firstSignal(spec.shutdown))
  }
  const failures: { reason: unknown; count: number }[] = []
  const timer = typeof spec.shutdown === 'number' ? startTimer(spec.shutdown, self(), 'kill') : undefined
  const expected = expectedReason(spec.shutdown)
  const concerns = (message: unknown) =>
    Array.isArray(message) &&
    ((message[0] === 'DOWN' && waiting.has(message[1])) ||
      (message[0] === 'timeout' && timer !== undefined && message[1] === timer))
  while (waiting.size > 0) {
    const message = await receive(concerns)
    const [tag, ref] = message as [string, Ref] // concerns() lets nothing else through
    const pid = waiting.get(ref)
    if (tag === 'timeout' || pid === undefined) {
      for (const late of waiting.values()) exitPid(late, 'kill')
      continue
    }
    waiting.delete(ref)
    const outcome = judge(await endReason(pid, message), expected, spec)
    if (!outcome.ok) count(failures, outcome.reason)
  }
  if (timer !== undefined && cancelTimer(timer) === false) await receive(concerns, 0)
  return failures
}

function count(failures: { reason: unknown; count: number }[], reason: unknown): void {
  // Reasons that carry a stack are all different; only words are worth adding up.
  const same = typeof reason === 'string' ? failures.find((failure) => failure.reason === reason) : undefined
  if (same === undefined) failures.push({ reason, count: 1 })
  else same.count++
}

const firstSignal = (shutdown: Shutdown) => (shutdown === 'brutal_kill' ? 'kill' : 'shutdown')
const expectedReason = (shutdown: Shutdown) => (shutdown === 'brutal_kill' ? 'killed' : 'shutdown')

/** A permanent child must end with the expected reason; others may also have been ending by themselves. */
function judge(reason: unknown, expected: string, spec: CheckedSpec): ShutdownOutcome {
  if (reason === expected) return FINE
  const byItself = reason === 'normal' || reason === 'shutdown' || (Array.isArray(reason) && reason[0] === 'shutdown')
  return byItself && spec.restart !== 'permanent' ? FINE : { ok: false, reason }
}

/**
 * Takes the exit message of a child that is down out of the mailbox and gives the reason of its end. A monitor set
 * too late says only `noproc`; then the link's message knows better.
 */
async function endReason(pid: Pid, down: unknown): Promise<unknown> {
  const reason = (down as readonly unknown[])[4] // a DOWN message: [tag, ref, 'process', pid, reason]
  const isExit = (message: unknown) => Array.isArray(message) && message[0] === 'EXIT' && message[1] === pid
  unlink(pid)
  const exit = await receive(isExit, 0)
  if (reason !== 'noproc') return reason
  return exit === timeout ? 'child_process_unlinked' : (exit as readonly unknown[])[2] // ['EXIT', pid, reason]
}
