/** The options of an installation, and what is wrong with those given. OTP: `check_opts/1` of release_handler.erl. */

import type { OperationContext } from './operation_state.js'
import type { ReleaseError } from './release_error.js'
import type { EvalOptions } from './relup_program.js'

/** Options of `installRelease`: OTP's and more. */
export type InstallOptions = EvalOptions &
  OperationContext & {
    /** Installs a build all the same that was noted as bad. Default false. */
    readonly again?: boolean | undefined
    /**
     * Boots the release on trial instead of changing the node: for a release that no relup leads to, or whose states
     * need not be kept. Needs a launcher. Default false. OTP has no way to do it.
     */
    readonly restart?: boolean | undefined
    /**
     * What becomes of the node when something could not be taken back after a failure: it is stopped and started again
     * with the permanent release. Default: nothing, it goes on with what could be taken back.
     *
     * Departure: OTP restarts by default, and after every failure behind the point of no return. `restart` and `reboot`
     * are the same here.
     */
    readonly error_action?: 'restart' | 'reboot' | undefined
  }

const isTimeout = (value: unknown): boolean =>
  value === 'infinity' || (typeof value === 'number' && Number.isInteger(value) && value > 0)
const isBoolean = (value: unknown): boolean => typeof value === 'boolean'
const oneOf =
  (...words: readonly string[]) =>
  (value: unknown): boolean =>
    typeof value === 'string' && words.includes(value)

type Rule = readonly [holds: (value: unknown) => boolean, allowed: string]

const TIMEOUT: Rule = [isTimeout, 'a whole number of milliseconds above 0, or "infinity"']
const BOOLEAN: Rule = [isBoolean, 'true or false']

const OPTIONS: ReadonlyMap<string, readonly [holds: (value: unknown) => boolean, allowed: string]> = new Map([
  ['error_action', [oneOf('restart', 'reboot'), '"restart" or "reboot"']],
  ['suspend_timeout', TIMEOUT],
  ['code_change_timeout', TIMEOUT],
  ['start_timeout', TIMEOUT],
  ['update_paths', BOOLEAN],
  ['unsuspended', [oneOf('abort', 'skip', 'kill'), '"abort", "skip" or "kill"']],
  ['update_children', BOOLEAN],
  ['again', BOOLEAN],
  ['restart', BOOLEAN],
])

/** The first option that does not exist or has no such value. */
export function badOption(options: object): ReleaseError | undefined {
  for (const [option, value] of Object.entries(options)) {
    if (value === undefined) continue
    const known = OPTIONS.get(option)
    if (known?.[0](value) === true) continue
    return { tag: 'illegal_option', option, value, allowed: known?.[1] ?? `one of ${[...OPTIONS.keys()].join(', ')}` }
  }
  return undefined
}
