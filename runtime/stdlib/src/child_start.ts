/**
 * Starting one child process: calls its start function and tells the outcomes apart.
 *
 * OTP: `do_start_child/3` and `do_start_child_i/3` in stdlib's supervisor.erl.
 */
import { exitReason } from '../../erts/exit.js'
import { applyMfa, type Mfa } from '../../erts/modules.js'
import { current, type Process } from '../../erts/proc.js'
import { disconnect, exitPid } from '../../erts/signal.js'
import { isThenable } from '../../erts/spawn.js'
import { Pid } from '../../erts/term.js'
import { timeOutStarts } from './gen_start.js'

/** How a start function ended. `pid` is undefined when it answered `ignore`. */
export type Started =
  | { readonly ok: true; readonly pid: Pid | undefined; readonly extra?: unknown }
  | { readonly ok: false; readonly reason: unknown }

/**
 * Calls a child's start function, in the version that is current now, and waits for its answer. Never throws: an
 * exception is the reason `['EXIT', R]`, any unknown answer is itself the reason.
 */
export function startProcess(start: Mfa): Started | PromiseLike<Started> {
  try {
    const answer = applyMfa(start)
    return isThenable(answer) ? interruptible(answer.then(read, failed)) : read(answer)
  } catch (thrown) {
    return failed(thrown)
  }
}

/** How the start that a supervisor waits for is given up. */
const waited = new WeakMap<Process, () => void>()

/**
 * Ends the start that a supervisor waits for, if it waits for one: the process being started is killed, and the
 * supervisor goes on as after a start that answered `['error', 'timeout']`. A start function that hangs by itself is
 * left alone; what it may still start is killed. For an upgrade: a start has no limit otherwise.
 */
export function interruptStart(supervisor: Pid): void {
  const { proc } = supervisor
  if (proc === null || proc === undefined) return
  const giveUp = waited.get(proc)
  timeOutStarts(proc)
  giveUp?.()
}

function interruptible(outcome: PromiseLike<Started>): PromiseLike<Started> {
  const supervisor = current()
  if (supervisor === null) return outcome
  return new Promise((resolve) => {
    let givenUp = false
    const giveUp = (): void => {
      givenUp = true
      waited.delete(supervisor)
      resolve({ ok: false, reason: 'timeout' })
    }
    waited.set(supervisor, giveUp)
    outcome.then((started) => {
      if (givenUp) return drop(supervisor, started)
      waited.delete(supervisor)
      resolve(started)
    })
  })
}

/** Nobody waits for this start any more. */
function drop(supervisor: Process, started: Started): void {
  const pid = started.ok ? started.pid : undefined
  if (pid === undefined) return
  if (pid.proc) disconnect(supervisor, pid.proc)
  exitPid(pid, 'kill')
}

function failed(thrown: unknown): Started {
  // A term that is thrown counts as returned, as Erlang's `catch` has it.
  return thrown instanceof Error ? { ok: false, reason: ['EXIT', exitReason(thrown)] } : read(thrown)
}

function read(answer: unknown): Started {
  if (answer === 'ignore') return { ok: true, pid: undefined }
  if (!Array.isArray(answer)) return { ok: false, reason: answer }
  const [tag, value, extra] = answer
  if (tag === 'ok' && value instanceof Pid && answer.length === 2) return { ok: true, pid: value }
  if (tag === 'ok' && value instanceof Pid && answer.length === 3) return { ok: true, pid: value, extra }
  if (tag === 'error' && answer.length === 2) return { ok: false, reason: value }
  return { ok: false, reason: answer }
}

/** The answer of `startChild` and `restartChild` for a child that started. */
export function startedReply(started: Started & { readonly ok: true }): readonly unknown[] {
  return 'extra' in started ? ['ok', started.pid, started.extra] : ['ok', started.pid]
}
