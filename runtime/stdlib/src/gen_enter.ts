/**
 * A process started by proc_lib becomes a behaviour's: whose child it is, and whether the name it claims is its own.
 * OTP: `gen:get_proc_name/1`, `gen:get_parent/0`.
 */
import { exit } from '../../erts/exit.js'
import { moduleName } from '../../erts/modules.js'
import { current, type Loop, type Process } from '../../erts/proc.js'
import { lookup } from '../../erts/registry.js'
import { occupy, release } from '../../erts/scheduler.js'
import { Pid } from '../../erts/term.js'
import { find, type ServerName } from './gen_call.js'

/** The calling process, its parent, and the name that it may use. */
export interface Entering {
  readonly proc: Process
  readonly parent: Pid
  readonly name: ServerName | undefined
}

/**
 * Checks that the calling process may become a behaviour's.
 *
 * @throws Exit `process_was_not_started_by_proc_lib`, `process_not_registered`, `process_not_registered_globally`,
 *         `['process_not_registered_via', module]`
 */
export function checkEntering(name: ServerName | Pid | undefined): Entering {
  const proc = current()
  if (proc === null || !proc.procLib) return exit('process_was_not_started_by_proc_lib')
  const own = name === undefined || name instanceof Pid ? undefined : name
  if (own !== undefined && find('local' in own ? own.local : own) !== proc) {
    if ('local' in own) exit('process_not_registered')
    exit('global' in own ? 'process_not_registered_globally' : ['process_not_registered_via', moduleName(own.via)])
  }
  const [parent] = proc.ancestors
  return { proc, parent: parent instanceof Pid ? parent : (lookup(parent ?? '')?.pid ?? proc.pid), name: own }
}

/** Hands the process over to a loop; `first` runs before any message. Never settles: await it and nothing else. */
export function enterProcess(proc: Process, loop: Loop, first: () => undefined | PromiseLike<void>): Promise<never> {
  proc.loop = loop
  queueMicrotask(() => {
    if (proc.dead) return
    const pending = first()
    if (pending === undefined) release(proc)
    else occupy(proc, pending)
  })
  return new Promise(() => {})
}
