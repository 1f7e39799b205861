/**
 * Why an application or a child did not start, in one line: the children on the way to what failed, and what it threw.
 * The reason itself has each error several times, with its stack; it is in the reports of those that ended.
 */

import { format } from './term.js'

/** The most of a message that is told. */
const MOST = 1000

/** @returns for example `child "http": listen EADDRINUSE: address already in use :::80`; undefined where none was thrown */
export function bootCause(reason: unknown): string | undefined {
  if (reason instanceof Error) return bounded(reason.message.replace(/\s*\n\s*/g, ' ').trim()) || reason.name
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

const bounded = (text: string): string => (text.length > MOST ? `${text.slice(0, MOST)} ...` : text)

/**
 * The way out where Node refused compiled code: its own advice, to install again, helps on the machine that builds only.
 *
 * @param builtWith the version of Node with which the release was built, where that is known
 */
export function bootRemedy(reason: unknown, builtWith: string | undefined): string | undefined {
  if (!isRefusedCode(reason)) return undefined
  const here = `this is Node ${process.versions.node} on ${process.platform} ${process.arch}`
  if (builtWith === process.versions.node)
    return `${here}, with which the release was built; the package was built for another: npm rebuild, otp-rel build`
  const there = builtWith === undefined ? '' : `, the release was built with Node ${builtWith}`
  return `${here}${there}: run the release with the Node it was built with, or use this Node where it is built: npm rebuild, otp-rel build`
}

function isRefusedCode(reason: unknown): boolean {
  if (Array.isArray(reason)) return reason.some(isRefusedCode)
  if (!(reason instanceof Error)) return false
  return ('code' in reason && reason.code === 'ERR_DLOPEN_FAILED') || isRefusedCode(reason.cause)
}
