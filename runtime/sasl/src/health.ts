/**
 * Asks whether the node is healthy: over HTTP, or by a function of an application. OTP has no counterpart; the nearest is
 * the callback of `heart`.
 */
import { err, ok, type Result } from '../../../schemas/result.js'
import { exportedFunction } from '../../erts/modules.js'
import { format } from '../../erts/term.js'
import type { ReleaseError } from './release_error.js'

/** Whom to ask. */
export type HealthCheck =
  /** Healthy is an answer of 200 to 299. */
  | { readonly url: string }
  /** Healthy is everything but a throw, `false`, `'error'` and `['error', reason]`; it may be async. */
  | { readonly module: string; readonly fun: string }

/** What came of asking. */
export interface Health {
  readonly healthy: boolean
  /** The answer, or why there is none, in a line for people. */
  readonly answer: string
}

/** Most characters of an answer that are kept. */
const MOST_CHARACTERS = 300

/** Reads `http://...`, `https://...` or `APPLICATION/MODULE:FUNCTION`. */
export function parseHealth(text: unknown): Result<HealthCheck, ReleaseError> {
  const found = typeof text === 'string' ? text : ''
  if (/^https?:\/\//.test(found) && URL.canParse(found)) return ok({ url: found })
  const [, module, fun] = /^([a-z][\w-]*(?:\/[\w.-]+)+):([A-Za-z_$][\w$]*)$/.exec(found) ?? []
  if (module !== undefined && fun !== undefined) return ok({ module, fun })
  const allowed = 'a URL that begins with http:// or https://, or APPLICATION/MODULE:FUNCTION'
  return err({ tag: 'illegal_option', option: 'health', value: text, allowed })
}

/** Asks once. Never throws. @param timeoutMs for the whole answer */
export async function askHealth(check: HealthCheck, timeoutMs: number): Promise<Health> {
  const signal = AbortSignal.timeout(timeoutMs)
  try {
    return 'url' in check ? await askUrl(check.url, signal) : await askFunction(check.module, check.fun, signal)
  } catch (failure) {
    return { healthy: false, answer: signal.aborted ? `no answer within ${timeoutMs} ms` : oneLine(wordsOf(failure)) }
  }
}

async function askUrl(url: string, signal: AbortSignal): Promise<Health> {
  const response = await fetch(url, { signal, redirect: 'manual', headers: { connection: 'close' } })
  const body = await response.text()
  return { healthy: response.ok, answer: oneLine(`HTTP ${response.status} ${body}`) }
}

async function askFunction(module: string, fun: string, signal: AbortSignal): Promise<Health> {
  const called = exportedFunction(module, fun)
  if (called === undefined) return { healthy: false, answer: `there is no function "${fun}" in "${module}"` }
  const late = new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  const value: unknown = await Promise.race([called(), late])
  const isError = value === false || value === 'error' || (Array.isArray(value) && value[0] === 'error')
  return { healthy: !isError, answer: oneLine(format(value)) }
}

/** `fetch` hides what went wrong in the cause. */
function wordsOf(failure: unknown): string {
  if (!(failure instanceof Error)) return format(failure)
  return failure.cause instanceof Error ? failure.cause.message || failure.message : failure.message
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > MOST_CHARACTERS ? `${line.slice(0, MOST_CHARACTERS)}...` : line
}
