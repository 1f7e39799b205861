/**
 * Supervisor flags: strategy, restart limit and automatic shutdown, as `init` of a supervisor's callback module gives
 * them, checked and with their defaults.
 *
 * OTP: `set_flags/2` in stdlib's supervisor.erl.
 */

import { err, ok, type Result } from '../../../schemas/result.js'
import { format } from '../../erts/term.js'
import { checkRestartLimit, formatRestartLimitError, type RestartLimitError } from './restart_intensity.js'

/** Which children are restarted when one of them ends. */
export type Strategy = 'one_for_one' | 'one_for_all' | 'rest_for_one' | 'simple_one_for_one'

/** When the end of significant children ends the supervisor. */
export type AutoShutdown = 'never' | 'any_significant' | 'all_significant'

/** What `init` may leave out or say. OTP: `sup_flags()`. */
export interface SupervisorFlags {
  /** Default `one_for_one`. */
  readonly strategy?: Strategy
  /** Restarts tolerated within the period. Default 1. */
  readonly intensity?: number
  /** In seconds. Default 5. */
  readonly period?: number
  /** Default `never`. */
  readonly auto_shutdown?: AutoShutdown
}

/** The old form of the flags. */
export type SupervisorFlagsTuple = readonly [strategy: Strategy, intensity: number, period: number]

/** Flags that passed {@link checkSupervisorFlags}. */
export type CheckedFlags = Required<SupervisorFlags>

/** The first rule the flags break; `got` is the value given. */
export type SupervisorFlagsError =
  | RestartLimitError
  | { readonly tag: 'invalid_type'; readonly got: unknown }
  | { readonly tag: 'invalid_strategy'; readonly got: unknown }
  | { readonly tag: 'invalid_auto_shutdown'; readonly got: unknown }

const STRATEGIES: readonly unknown[] = ['one_for_one', 'one_for_all', 'rest_for_one', 'simple_one_for_one']
const AUTO_SHUTDOWNS: readonly unknown[] = ['never', 'any_significant', 'all_significant']

const isStrategy = (value: unknown): value is Strategy => STRATEGIES.includes(value)
const isAutoShutdown = (value: unknown): value is AutoShutdown => AUTO_SHUTDOWNS.includes(value)

/** @returns the flags with their defaults, or the first rule they break. */
export function checkSupervisorFlags(flags: unknown): Result<CheckedFlags, SupervisorFlagsError> {
  const given = Array.isArray(flags) ? fromTuple(flags) : flags
  if (typeof given !== 'object' || given === null) return err({ tag: 'invalid_type', got: flags })
  const {
    strategy = 'one_for_one',
    intensity = 1,
    period = 5,
    auto_shutdown = 'never',
  } = given as Record<keyof SupervisorFlags, unknown> // any value may stand under a key: each is checked here
  if (!isStrategy(strategy)) return err({ tag: 'invalid_strategy', got: strategy })
  const limit = checkRestartLimit({ intensity, period })
  if (!limit.ok) return limit
  if (!isAutoShutdown(auto_shutdown)) return err({ tag: 'invalid_auto_shutdown', got: auto_shutdown })
  return ok({ strategy, intensity: limit.value.intensity, period: limit.value.period, auto_shutdown })
}

function fromTuple(tuple: readonly unknown[]): unknown {
  if (tuple.length !== 3) return undefined
  const [strategy, intensity, period] = tuple
  return { strategy, intensity, period }
}

/** OTP's term for a fault: `['invalid_strategy', V]` and the like. */
export const flagsReason = (error: SupervisorFlagsError): readonly [string, unknown] => [error.tag, error.got]

/** What is wrong with supervisor flags, for people. */
export function formatSupervisorFlagsError(error: SupervisorFlagsError): string {
  switch (error.tag) {
    case 'invalid_type':
      return `supervisor flags must be an object or [strategy, intensity, period]; got ${format(error.got)}`
    case 'invalid_strategy':
      return `"strategy" must be one of ${STRATEGIES.join(', ')}; got ${format(error.got)}`
    case 'invalid_auto_shutdown':
      return `"auto_shutdown" must be one of ${AUTO_SHUTDOWNS.join(', ')}; got ${format(error.got)}`
    case 'invalid_intensity':
    case 'invalid_period':
      return formatRestartLimitError(error)
  }
}
