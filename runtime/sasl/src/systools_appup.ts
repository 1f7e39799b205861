/**
 * The appup.json of an application: its form, and the entry for a version.
 *
 * Entries are tried in their order; the first that matches counts, be it a version, a semver range or a pattern.
 * OTP: `get_script_from_appup/5` and `appup_search_for_version/2` of systools_relup.erl.
 *
 * Departure: a pattern matches when some way of reading it covers the whole version; OTP looks at its first match
 * only, so that `1|1\.0` does not fit 1.0. What is no pattern is an error with its place; OTP crashes.
 */
import type { SystoolsError } from './systools_error.js'
import { inRange, parseRange } from './systools_range.js'
import { isFileWord, isRecord, isString, show } from './systools_shape.js'
import { type AppRef, type FoundAppup, nameVsn } from './systools_types.js'

/** An entry of `up` or `down`: for which versions, and what to do. */
export interface AppupEntry {
  readonly matches: (vsn: string) => boolean
  /** The version or pattern as it was written, for messages. */
  readonly written: string
  /** Unchecked. */
  readonly instructions: unknown
}

/** An appup.json of the right form. */
export interface CheckedAppup {
  readonly vsn: string
  readonly up: readonly AppupEntry[]
  readonly down: readonly AppupEntry[]
  /** The file, for messages. */
  readonly file: string
}

export type AppupResult = { readonly appup: CheckedAppup } | { readonly errors: readonly SystoolsError[] }

/** @param found what lies beside the application's app.json */
export function readAppup(application: AppRef, found: FoundAppup | undefined): AppupResult {
  const file = found?.file ?? `${nameVsn(application)}/ebin/appup.json`
  const problem = (problem: 'open' | 'parse' | 'form', why: string): AppupResult => ({
    errors: [{ tag: 'file_problem', application, problem, why, file }],
  })
  if (found === undefined)
    return problem('open', 'is not there; write one that says how to come from and go back to the other version')
  if ('unreadable' in found) return problem('parse', `cannot be read: ${found.unreadable}`)
  const { appup } = found
  if (!isRecord(appup)) return problem('form', `is ${show(appup)} instead of { "vsn", "up", "down" }`)
  if (!isFileWord(appup.vsn)) return problem('form', `has "vsn" ${show(appup.vsn)}, which is no version`)
  const up = readEntries(appup.up, 'from', application.name, file)
  const down = readEntries(appup.down, 'to', application.name, file)
  if (up === undefined) return problem('form', 'has an "up" that is not a list of { "from", "instructions" }')
  if (down === undefined) return problem('form', 'has a "down" that is not a list of { "to", "instructions" }')
  const errors = [...up.errors, ...down.errors]
  return errors.length > 0 ? { errors } : { appup: { vsn: appup.vsn, up: up.entries, down: down.entries, file } }
}

/** @returns the first entry for the version and its index. */
export function findEntry(
  entries: readonly AppupEntry[],
  vsn: string,
): { entry: AppupEntry; index: number } | undefined {
  const index = entries.findIndex((entry) => entry.matches(vsn))
  const entry = entries[index]
  return entry === undefined ? undefined : { entry, index }
}

function readEntries(
  list: unknown,
  key: 'from' | 'to',
  application: string,
  file: string,
): { entries: AppupEntry[]; errors: SystoolsError[] } | undefined {
  if (!Array.isArray(list)) return undefined
  const entries: AppupEntry[] = []
  const errors: SystoolsError[] = []
  for (const value of list as unknown[]) {
    if (!isRecord(value) || !Array.isArray(value.instructions)) return undefined
    const pattern = value[key]
    const { instructions } = value
    if (isString(pattern)) {
      entries.push({ matches: (vsn) => vsn === pattern, written: `"${pattern}"`, instructions })
    } else if (isRecord(pattern) && isString(pattern.range)) {
      const range = parseRange(pattern.range)
      if (range === undefined) errors.push({ tag: 'bad_appup_range', application, range: pattern.range, file })
      else entries.push({ matches: (vsn) => inRange(vsn, range), written: show(pattern), instructions })
    } else if (isRecord(pattern) && isString(pattern.regex)) {
      const regex = compile(pattern.regex)
      if (typeof regex === 'string')
        errors.push({ tag: 'bad_regex', application, regex: pattern.regex, why: regex, file })
      else entries.push({ matches: (vsn) => regex.test(vsn), written: show(pattern), instructions })
    } else {
      return undefined
    }
  }
  return { entries, errors }
}

/**
 * The pattern, anchored; or why it is none. Flags as Perl has them, at the start (`(?i)`), are understood, as patterns
 * of OTP's files are Perl's.
 */
function compile(source: string): RegExp | string {
  const flags = /^\(\?([ims]+)\)/.exec(source)
  const rest = flags === null ? source : source.slice(flags[0].length)
  const letters = [...new Set(flags?.[1] ?? '')].join('')
  try {
    return new RegExp(`^(?:${rest})$`, `u${letters}`)
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause)
  }
}
