/** Starting a state machine: its init, and what the starter is told. OTP: `init_it/6` in stdlib's gen_statem.erl. */
import { exitReason } from '../../erts/exit.js'
import type { ModuleRef } from '../../erts/modules.js'
import type { Process } from '../../erts/proc.js'
import { isThenable } from '../../erts/spawn.js'
import type { Pid } from '../../erts/term.js'
import type { ServerName } from './gen_call.js'
import type { Initialise, InitOutcome, StartOptions } from './gen_start.js'
import { faultOf } from './gen_statem_events.js'
import { type Dialect, StatemLoop } from './gen_statem_loop.js'
import { debugOptions } from './sys_debug.js'

/** What the new process of a machine does first. */
export function initialise(mod: ModuleRef, arg: unknown, options: StartOptions, dialect: Dialect): Initialise {
  return (proc: Process, parent: Pid, name: ServerName | undefined): InitOutcome | PromiseLike<InitOutcome> => {
    let returned: unknown
    let loop: StatemLoop
    try {
      loop = new StatemLoop(proc, parent, name, mod, debugOptions(options.debug ?? []), dialect)
    } catch (thrown) {
      return failedInit(thrown)
    }
    try {
      returned = loop.init(arg)
    } catch (thrown) {
      return thrown instanceof Error ? failedInit(thrown) : outcomeOf(loop, thrown)
    }
    if (!isThenable(returned)) return outcomeOf(loop, returned)
    return returned.then(
      (value) => outcomeOf(loop, value),
      (thrown: unknown) => (thrown instanceof Error ? failedInit(thrown) : outcomeOf(loop, thrown)),
    )
  }
}

/** The starter is told the bare reason, also of an error; unlike a gen_server's. */
function failedInit(thrown: unknown): InitOutcome {
  const reason = thrown instanceof Error ? faultOf(thrown).reason : thrown
  return { result: ['error', reason], reason: exitReason(thrown) }
}

/** The starter is told before the callback mode is asked for and before the first actions. */
function outcomeOf(loop: StatemLoop, returned: unknown): InitOutcome {
  if (returned === 'ignore') return { result: 'ignore', reason: 'normal' }
  if (Array.isArray(returned)) {
    const [word, second, third, fourth] = returned
    const { length } = returned
    if (word === 'ok' && (length === 3 || length === 4)) {
      return { loop, first: () => loop.enter(second, third, fourth) }
    }
    if (word === 'stop' && length === 2) return { result: ['error', second], reason: second }
  }
  const reason = ['bad_return_from_init', returned]
  return { result: ['error', reason], reason }
}
