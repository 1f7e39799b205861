/**
 * Why an application did not start, in one line: the children on the way to what failed, and what it threw. The reason
 * itself has each error several times, with its stack; it is in the reports of those that ended.
 */

import { format } from './term.js'

/** @returns for example `child "http": listen EADDRINUSE: address already in use :::80`; undefined where none was thrown */
export function bootCause(reason: unknown): string | undefined {
  if (reason instanceof Error) return reason.message.split('\n', 1)[0] || reason.name
  if (!Array.isArray(reason)) return undefined
  const [tag, id, why]: readonly unknown[] = reason
  if (tag === 'failed_to_start_child') {
    return `child "${String(id)}": ${bootCause(why) ?? format(why)}`
  }
  for (const part of reason) {
    const cause = bootCause(part)
    if (cause !== undefined) return cause
  }
  return undefined
}
