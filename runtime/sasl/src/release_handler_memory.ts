/**
 * What of the release handler outlives its process: which release runs is known to nobody else, since it need not be the
 * one that was booted.
 */
import type { Pid } from '../../erts/process.js'
import { namedTable } from '../../kernel/src/named_table.js'
import type { HandlerState } from './operation_state.js'

/** What must not be forgotten when this process is restarted: what runs is not what was booted. */
export interface Memory {
  state: HandlerState | undefined
  /** The process of the operation under way. */
  operation: Pid | undefined
  /** The version that this start tries, until it has proved itself. */
  trial: string | undefined
}

/** The memory of this node, to be read and written in place. */
export const memory = (): Memory =>
  namedTable<Memory>('sasl/release_handler', () => ({
    state: undefined,
    operation: undefined,
    trial: undefined,
  }))

/** The folder of the releases that this node may run; undefined in one that runs without a release. */
export const rootOf = (): string | undefined => memory().state?.root

/** What the next handler begins with. */
export function remember(state: HandlerState): void {
  memory().state = state
}
