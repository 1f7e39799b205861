/** Stopping a process that speaks the system protocol, and being sure that it is gone. OTP: `gen:stop/3`. */
import { Exit } from '../../erts/exit.js'
import { KIND } from '../../erts/mailbox.js'
import { current, type Process } from '../../erts/proc.js'
import type { Timeout } from '../../erts/receive.js'
import { equal } from '../../erts/term.js'
import { arm, Deadline, disarm } from '../../erts/timer.js'
import { type CallSite, call, find, type ServerRef } from './gen_call.js'

class Gone extends Deadline {
  readonly settle: (outcome: { readonly ended: unknown } | 'timeout') => void

  constructor(settle: (outcome: { readonly ended: unknown } | 'timeout') => void) {
    super()
    this.settle = settle
  }

  fire(): void {
    this.settle('timeout')
  }
}

/**
 * Asks a process to terminate with a reason and waits until it has gone.
 *
 * @returns `'ok'`; rejects with an Exit of reason `[cause, [behaviour, 'stop', args]]` for `noproc`, and of the plain
 *          reason for `timeout` or when it ended with another reason
 */
export function stopProcess(ref: ServerRef, reason: unknown, timeout: Timeout, site: CallSite): Promise<'ok'> {
  const found = find(ref)
  const caller = current()
  if (found === null || 'nodedown' in found || found.dead) return Promise.reject(new Exit('noproc'))
  if (found === caller) return Promise.reject(new Exit(['calling_self', [site[0], site[1], [ref, reason, timeout]]]))
  return gone(found, reason, timeout, site)
}

function gone(server: Process, reason: unknown, timeout: Timeout, site: CallSite): Promise<'ok'> {
  return new Promise((resolve, reject) => {
    const extra = server.more()
    extra.atEnd ??= new Set()
    const { atEnd } = extra
    const watch = new Gone((outcome) => {
      atEnd.delete(atGone)
      disarm(watch)
      if (outcome === 'timeout') reject(new Exit('timeout'))
      else if (equal(outcome.ended, reason)) resolve('ok')
      else reject(new Exit(outcome.ended))
    })
    const atGone = (ended: unknown): void => watch.settle({ ended })
    atEnd.add(atGone)
    if (timeout !== 'infinity') arm(watch, timeout)
    // The answer does not matter, the end does.
    call(KIND.system, server.pid, ['terminate', reason], 'infinity', site, []).catch(() => {})
  })
}
