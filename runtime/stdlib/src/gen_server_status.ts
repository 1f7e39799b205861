/** How a gen_server shows itself: its name, and its state through `formatStatus`. OTP: `gen:format_status/4`. */
import type { Process } from '../../erts/proc.js'
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
