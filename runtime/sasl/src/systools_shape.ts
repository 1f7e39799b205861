/**
 * Shapes of unchecked JSON values: guards that the reading stages share, and how a value is shown in a message.
 *
 * Names, versions and modules follow `formats.md`; a version becomes part of a folder's name, so that one with a path
 * separator is refused here and not met on disk.
 */
import type { StartType } from './systools_types.js'

/** A JSON object: neither null nor a list. */
export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** An application's name. */
export const isName = (value: unknown): value is string => typeof value === 'string' && /^[a-z][a-z0-9_-]*$/.test(value)

/** A version: a word that can be part of a file name. */
export const isFileWord = (value: unknown): value is string =>
  typeof value === 'string' && value !== '.' && value !== '..' && /^[^\s/\\\u0000-\u001f\u007f]+$/.test(value)

/** A release's name: like a version, but blanks inside are allowed. */
export const isReleaseName = (value: unknown): value is string =>
  typeof value === 'string' &&
  /^[^/\\\u0000-\u001f\u007f]+$/.test(value) &&
  value.trim() === value &&
  !/^\.{1,2}$/.test(value)

/** A module's name, bare or qualified. */
export const isModule = (value: unknown): value is string =>
  typeof value === 'string' && value.split('/').every((part) => isFileWord(part))

/** One of the five start types. */
export const isStartType = (value: unknown): value is StartType =>
  value === 'permanent' || value === 'transient' || value === 'temporary' || value === 'load' || value === 'none'

/** A list whose members all pass the guard. */
export const isListOf =
  <T>(guard: (value: unknown) => value is T) =>
  (value: unknown): value is readonly T[] =>
    Array.isArray(value) && value.every(guard)

/** Any string. */
export const isString = (value: unknown): value is string => typeof value === 'string'

/** A value as it is shown in a message: JSON, shortened. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing'
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 80 ? `${text.slice(0, 77)}...` : text
}

/** Words as a list for a message: `"a", "b" and "c"`. */
export function quote(words: readonly string[]): string {
  const quoted = words.map((word) => `"${word}"`)
  const last = quoted.at(-1)
  return quoted.length < 2 || last === undefined ? quoted.join('') : `${quoted.slice(0, -1).join(', ')} and ${last}`
}

/** Order of code points, which is that of Erlang's atoms; JavaScript's own order is that of UTF-16 units. */
export function compareCodePoints(a: string, b: string): number {
  let at = 0
  while (at < a.length && at < b.length) {
    const one = a.codePointAt(at) ?? 0
    const another = b.codePointAt(at) ?? 0
    if (one !== another) return one - another
    at += one > 0xffff ? 2 : 1
  }
  return a.length - b.length
}
