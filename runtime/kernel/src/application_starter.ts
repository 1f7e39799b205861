/**
 * Start phases: after `start`, each phase of the primary application runs for itself and for the applications it
 * includes. OTP: kernel's application_starter.erl; https://www.erlang.org/doc/system/included_applications.html
 */
import type { ModuleRef } from '../../erts/modules.js'
import { callback, errorOf, term } from './application_callback.js'
import { isApplicationStarter, type StartPhase } from './application_data.js'
import { acTab } from './application_table.js'

/** `['ok']` when all phases are done, else the start's error. */
export type PhasesResult = 'ok' | readonly ['error', unknown]

/**
 * Runs the phases in order; in each the applications in order, an application that uses the application starter
 * followed by those it includes. The first failure ends it.
 *
 * @param phases those of the primary application
 */
export async function runPhases(
  phases: readonly StartPhase[],
  type: unknown,
  applications: readonly string[],
): Promise<PhasesResult> {
  for (const [phase] of phases) {
    const result = await runPhase(phase, type, applications)
    if (result !== 'ok') return result
  }
  return 'ok'
}

async function runPhase(phase: string, type: unknown, applications: readonly string[]): Promise<PhasesResult> {
  for (const application of applications) {
    const data = acTab().loaded.get(application)
    if (data?.mod === undefined) continue
    const [module, arg] = data.mod
    const starter = isApplicationStarter(module)
    // The application starter's argument is [Mod, Arg].
    const own = starter && Array.isArray(arg) ? (arg[0] as ModuleRef) : module
    const result = await runOwn(phase, type, application, own, data.startPhases)
    if (result !== 'ok') return result
    if (!starter) continue
    const included = await runPhase(phase, type, data.includedApplications)
    if (included !== 'ok') return included
  }
  return 'ok'
}

/** One phase of one application; nothing when it does not list that phase. */
async function runOwn(
  phase: string,
  type: unknown,
  application: string,
  module: ModuleRef,
  phases: readonly StartPhase[] | undefined,
): Promise<PhasesResult> {
  if (phases === undefined) return ['error', ['start_phases_undefined', application]]
  const listed = phases.find(([name]) => name === phase)
  if (listed === undefined) return 'ok'
  const args = [phase, type, listed[1]]
  const value = term(await callback(module, 'startPhase', args))
  // Departure: nothing returned is `ok`, as for configChange.
  if (value === 'ok' || value === undefined) return 'ok'
  const call = [module, 'start_phase', args]
  const failed = errorOf(value)
  return ['error', failed === undefined ? ['bad_return_value', [call, value]] : [failed.reason, call]]
}
