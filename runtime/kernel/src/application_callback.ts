/**
 * Calls of an application's callback module, in the form of Erlang's `catch`: an end of the callback becomes a value.
 * OTP: `catch Mod:start(Type, Arg)` and its like in kernel's application_master.erl.
 */
import { exitReason } from '../../erts/exit.js'
import { applyMfa, exportedFunction, type ModuleRef } from '../../erts/modules.js'

/** How a callback ended: what it returned (or threw, if that was no error), or the reason it would have died with. */
export type Outcome =
  | { readonly tag: 'value'; readonly value: unknown }
  | { readonly tag: 'EXIT'; readonly reason: unknown }

/** Calls a function of a module and waits for it. Never throws. */
export async function callback(module: ModuleRef, fun: string, args: readonly unknown[]): Promise<Outcome> {
  try {
    return { tag: 'value', value: await applyMfa([module, fun, args]) }
  } catch (thrown) {
    // A thrown term counts as returned; errors and exits are ends.
    return thrown instanceof Error ? { tag: 'EXIT', reason: exitReason(thrown) } : { tag: 'value', value: thrown }
  }
}

/** Whether a callback module exports a function; false too when there is no such module. */
export function hasCallback(module: ModuleRef, fun: string): boolean {
  try {
    return exportedFunction(module, fun) !== undefined
  } catch {
    return false
  }
}

/** The outcome as OTP's term: the value itself, or `['EXIT', Reason]`. */
export const term = (outcome: Outcome): unknown => (outcome.tag === 'value' ? outcome.value : ['EXIT', outcome.reason])

/** The reason of `['error', Reason]`, in a box; undefined for any other value. */
export function errorOf(value: unknown): { readonly reason: unknown } | undefined {
  return Array.isArray(value) && value.length === 2 && value[0] === 'error' ? { reason: value[1] } : undefined
}
