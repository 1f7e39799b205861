/**
 * System messages to many processes at once: served on the caller's stack where that is possible, so that a release of
 * ten thousand processes is not held up by ten thousand answers under way. Otherwise as `sys` does it.
 *
 * A process can be served now when it is idle and nothing stands before the message in its mailbox: the order of
 * signals is kept, as with calls. OTP: sys.erl; the release handler there waits for each process in turn.
 */
import { clock } from '../../erts/clock.js'
import { Exit } from '../../erts/exit.js'
import { KIND } from '../../erts/mailbox.js'
import type { ModuleRef } from '../../erts/modules.js'
import { context, type Process } from '../../erts/proc.js'
import { dispatch, schedule } from '../../erts/scheduler.js'
import { isThenable } from '../../erts/spawn.js'
import type { Pid } from '../../erts/term.js'
import { convert, installed, type SystemHost } from '../../stdlib/src/sys_msg.js'
import { standingStill } from '../../stdlib/src/sys_special.js'

/** The answer is not there yet, or the message could not be delivered this way. */
export const LATER: unique symbol = Symbol('later')

/** A system message as a loop sees it. */
class Message {
  readonly request: unknown
  /** Nobody's call: the answer is taken on the spot. */
  readonly pid = undefined
  answer: unknown = LATER
  waiting: ((answer: unknown) => void) | undefined = undefined

  constructor(request: unknown) {
    this.request = request
  }

  /** For the process. */
  reply(answer: unknown): void {
    if (this.answer !== LATER) return
    this.answer = answer
    this.waiting?.(answer)
  }
}

/**
 * Serves a system message now.
 *
 * @param timeout for a callback of the process that has to be awaited, in ms
 * @returns the answer; a promise of it when a callback has to be awaited, which rejects with an Exit as those of `sys`
 *          do; {@link LATER} when the process is busy, has ended or is no server: it must be asked through `sys`
 */
export function systemNow(pid: Pid, request: unknown, timeout: number | 'infinity'): unknown {
  const { proc } = pid
  if (proc === null || proc.dead || proc.busy || proc.loop === null || !isFree(proc)) return LATER
  const message = new Message(request)
  context.run(proc, dispatch, proc, proc.loop, KIND.system, message)
  if (proc.count > 0 && !proc.busy && !proc.scheduled && !proc.dead) schedule(proc)
  return message.answer === LATER ? settled(proc, message, timeout) : message.answer
}

/** Whether no message stands before a system message. Those that a suspended process passes over do not. */
function isFree(proc: Process): boolean {
  if (proc.count === 0) return true
  const accepts = proc.loop?.accepts
  if (accepts === undefined) return false
  for (let at = 0; at < proc.count; at++) if (accepts(proc.kindAt(at), proc.payloadAt(at))) return false
  return true
}

/** The answer to come, the end of the process or of the time, whichever is first. */
function settled(proc: Process, message: Message, timeout: number | 'infinity'): Promise<unknown> {
  const answer = new Promise<unknown>((resolve) => {
    message.waiting = resolve
  })
  return whileAlive(proc, answer, timeout, message.request)
}

/** A promise that also rejects, as those of `sys` do, when the process ends or the time is over. */
function whileAlive<T>(
  proc: Process,
  value: PromiseLike<T>,
  timeout: number | 'infinity',
  request: unknown,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const extra = proc.more()
    extra.atEnd ??= new Set()
    const { atEnd } = extra
    const fail = (cause: unknown): void => reject(new Exit([cause, ['sys', 'request', [proc.pid, request]]]))
    const done = (then: () => void): void => {
      if (timer !== undefined) clock.clearTimer(timer)
      atEnd.delete(ended)
      then()
    }
    const ended = (reason: unknown): void => done(() => fail(reason))
    const timer = timeout === 'infinity' ? undefined : clock.setTimer(timeout, () => done(() => fail('timeout')))
    if (proc.dead) ended('noproc')
    else atEnd.add(ended)
    value.then(
      (answer) => done(() => resolve(answer)),
      (failure: unknown) => done(() => reject(failure)),
    )
  })
}

/**
 * Converts the state of a suspended server, state machine, event manager or special process beside its loop: `codeChange`
 * (`systemCodeChange`) runs in the process's name, and its result is put in place when it is there. A conversion that takes too long is given up, whatever
 * comes of it later, and the process is as before; within the loop it could not be, since JavaScript cannot stop what is
 * under way.
 *
 * @returns `'ok'` or `['error', reason]` as `sys.changeCode`, or a promise of it; {@link LATER} for a process that is not
 *          suspended or not idle: it must be asked through `sys`
 */
export function changeCodeNow(
  pid: Pid,
  module: ModuleRef,
  oldVsn: unknown,
  extra: unknown,
  timeout: number | 'infinity',
): unknown {
  const { proc } = pid
  if (proc === null || proc.dead) return LATER
  const host = idleHost(pid, proc)
  if (host === undefined) return LATER
  const put = (converted: unknown): unknown => {
    // It was suspended and is still, unless somebody else had a hand in it.
    const idle = proc.loop === null ? standingStill(pid) === host : !proc.busy
    if (proc.dead || !idle || !host.suspended) throw new Exit(['noproc', ['sys', 'change_code', [pid]]])
    return context.run(proc, installed, converted)
  }
  const converted = context.run(proc, convert, host, module, oldVsn, extra)
  if (!isThenable(converted)) return put(converted)
  return whileAlive(proc, converted, timeout, ['change_code', oldVsn, extra]).then(put)
}

/** A suspended process that is in none of its callbacks, and has no message before it that it would handle. */
function idleHost(pid: Pid, proc: Process): SystemHost | undefined {
  if (proc.loop === null) return standingStill(pid)
  return !proc.busy && isHost(proc.loop) && proc.loop.suspended && isFree(proc) ? proc.loop : undefined
}

const isHost = (loop: object): loop is SystemHost => 'codeChange' in loop && 'suspended' in loop
