/**
 * What a supervisor knows: its state as a gen_server, and the words its parts share.
 *
 * OTP: `#state{}` in stdlib's supervisor.erl.
 */
import type { ModuleRef } from '../../erts/modules.js'
import type { RestartHistory } from './restart_intensity.js'
import type { SimpleChildren, StaticChildren } from './supervisor_children.js'
import type { CheckedFlags } from './supervisor_flags.js'

/** State of a supervisor, with one kind of children or the other. */
export type SupervisorState = StaticState | SimpleState

interface CommonState {
  /** As reports show it: `['local', name]` and the like, or `[pid, module]`. */
  readonly name: readonly [unknown, unknown]
  /** The callback module. */
  readonly module: ModuleRef
  /** Argument of the callback module's `init`, kept for a code change. */
  readonly args: unknown
  readonly flags: CheckedFlags
  /** Changed in place; survives a code change. */
  readonly restarts: RestartHistory
}

/** A supervisor whose children have ids. */
export interface StaticState extends CommonState {
  readonly kind: 'static'
  readonly children: StaticChildren
}

/** A supervisor with the strategy simple_one_for_one. */
export interface SimpleState extends CommonState {
  readonly kind: 'simple'
  readonly children: SimpleChildren
}

/** What a supervisor does after a child has ended: go on, or give up and shut down. */
export type Verdict = 'go_on' | 'shutdown'
