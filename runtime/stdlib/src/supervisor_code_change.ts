/**
 * Code change of a supervisor: new flags and specifications over the same processes.
 *
 * OTP: `code_change/3`, `update_childspec/2` in stdlib's supervisor.erl.
 *
 * The state given is not changed, so that an upgrade that fails later can put it back. Running children, the restart
 * history, the name and the argument of `init` are the same in both.
 *
 * Departure: a change to or from simple_one_for_one, which OTP does not support and does not notice, is refused.
 */
import { checkStartSpec, childSpecReason } from './child_spec.js'
import { updateChildren } from './supervisor_children.js'
import { checkSupervisorFlags, flagsReason } from './supervisor_flags.js'
import type { SupervisorState } from './supervisor_state.js'

/** @returns the new state, or why it cannot be: the wire form of the first fault. */
export function updateSupervisor(
  state: SupervisorState,
  givenFlags: unknown,
  specs: readonly unknown[],
): readonly ['ok', SupervisorState] | readonly ['error', unknown] {
  const flags = checkSupervisorFlags(givenFlags)
  if (!flags.ok) {
    const { tag, got } = flags.error
    return ['error', tag === 'invalid_type' ? ['bad_flags', got] : flagsReason(flags.error)]
  }
  const simple = flags.value.strategy === 'simple_one_for_one'
  if (simple !== (state.kind === 'simple')) return ['error', ['strategy_change', flags.value.strategy]]
  const checked = checkStartSpec(specs, flags.value.auto_shutdown)
  if (!checked.ok) return ['error', childSpecReason(checked.error)]
  if (state.kind === 'static') {
    return ['ok', { ...state, flags: flags.value, children: updateChildren(state.children, checked.value) }]
  }
  const [template] = checked.value
  if (template === undefined || checked.value.length !== 1) return ['error', ['bad_start_spec', specs]]
  return ['ok', { ...state, flags: flags.value, children: { ...state.children, template } }]
}
