/** How a gen_server shows itself: its name, and its state through `formatStatus`. OTP: `gen:format_status/4`. */
import type { Process } from '../../erts/proc.js'
import { get, selfOrUndefined } from '../../erts/process.js'
import { format } from '../../erts/term.js'
import type { ServerName } from './gen_call.js'

/** The name a server was started with, else its registered name, else its pid. */
export function serverName(name: ServerName | undefined, proc: Process): string {
  if (name === undefined) return proc.name ?? proc.pid.toString()
  if ('local' in name) return name.local
  return format('global' in name ? name.global : name.name)
}

/**
 * Lets the callback decide what is shown. A result that is no map or lacks a key, or a crash, hides the state: what
 * was to be hidden must not be seen because the hiding failed.
 */
export function statusOf(
  mod: { formatStatus?(status: Readonly<Record<string, unknown>>): unknown },
  moduleName: string,
  status: Record<string, unknown>,
): Record<string, unknown> {
  if (mod.formatStatus === undefined) return status
  if (isOlder(mod)) return { ...status, state: olderStatus(mod, moduleName, 'terminate', status.state) }
  const hidden = (why: string) => ({ ...status, state: `${moduleName}:formatStatus/1 ${why}` })
  let shown: unknown
  try {
    shown = mod.formatStatus(status)
  } catch {
    return hidden('crashed')
  }
  if (typeof shown !== 'object' || shown === null || Array.isArray(shown)) return hidden('did not return a map')
  const map = shown as Record<string, unknown> // an object that is no array
  return Object.keys(status).every((key) => key in map) ? map : hidden('returned a map with unknown keys')
}

/** The older form of `formatStatus`, which asks for two arguments. */
interface Older {
  formatStatus(
    option: 'normal' | 'terminate',
    facts: readonly [dictionary: readonly unknown[], state: unknown],
  ): unknown
}

/** Whether a module has the older form: the only callback of OTP that is told apart by its number of arguments. */
export const isOlder = (mod: object): mod is Older =>
  'formatStatus' in mod && typeof mod.formatStatus === 'function' && mod.formatStatus.length === 2

/** What the older form shows: in reports (`terminate`) the state, in a status (`normal`) what stands in its place. */
export function olderStatus(mod: Older, moduleName: string, option: 'normal' | 'terminate', state: unknown): unknown {
  try {
    return mod.formatStatus(option, [selfOrUndefined() === undefined ? [] : get(), state])
  } catch {
    return option === 'terminate' ? crashed(moduleName) : ['data', [['State', crashed(moduleName)]]]
  }
}

const crashed = (moduleName: string): string => `${moduleName}:formatStatus/2 crashed`
