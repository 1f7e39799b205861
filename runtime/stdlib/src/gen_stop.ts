/** Stopping a process that speaks the system protocol, and being sure that it is gone. OTP: `gen:stop/3`. */

import { Exit } from '../../erts/exit.js'
import { fenced } from '../../erts/fence.js'
import { KIND } from '../../erts/mailbox.js'
import { current } from '../../erts/proc.js'
import { checkTimeout, type Timeout } from '../../erts/receive.js'
import { equal } from '../../erts/term.js'
import { Call, type CallSite, find, type ServerRef, serve } from './gen_call.js'

/** A request to terminate: what counts is not the answer but the end, and the reason of the end. */
class Stop extends Call {
  readonly reason: unknown

  constructor(reason: unknown, site: CallSite) {
    super(['terminate', reason], current(), site, [])
    this.reason = reason
  }

  /** The process has accepted; its end is still to come. */
  override reply(_answer: unknown): void {}

  override serverEnded(reason: unknown): void {
    if (equal(reason, this.reason)) this.succeed('ok')
    else this.fail(reason)
  }

  protected override failure(cause: unknown): Exit {
    return new Exit(cause)
  }
}

/**
 * Asks a process to terminate with a reason and waits until it has gone.
 *
 * @returns `'ok'`; rejects with an Exit: `noproc`, `timeout` (it may still end later), the reason with which it ended
 *          instead, or `['calling_self', [behaviour, 'stop', args]]`
 */
export function stopProcess(ref: ServerRef, reason: unknown, timeout: Timeout, site: CallSite): Promise<'ok'> {
  checkTimeout(timeout)
  if (fenced('stop')) return new Promise(() => {})
  const server = find(ref)
  if (server === null || 'nodedown' in server || server.dead) return Promise.reject(new Exit('noproc'))
  if (server === current()) {
    return Promise.reject(new Exit(['calling_self', [site[0], site[1], [ref, reason, timeout]]]))
  }
  const stop = new Stop(reason, site)
  serve(server, KIND.system, stop)
  return stop.wait(timeout) as Promise<'ok'> // the only value it succeeds with
}
