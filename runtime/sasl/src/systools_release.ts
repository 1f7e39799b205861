/**
 * A release file on its own: its form, and that kernel and stdlib are in it and permanent.
 *
 * All faults are gathered. OTP: `check_rel/1` and `mandatory_applications/1` of systools_make.erl.
 *
 * Departure: an application that is listed twice is refused; OTP loads and starts it twice.
 */
import type { SystoolsError } from './systools_error.js'
import { isFileWord, isListOf, isName, isRecord, isReleaseName, isStartType } from './systools_shape.js'
import type { Release, ReleaseEntry } from './systools_types.js'
import type { SystoolsWarning } from './systools_warning.js'

/** What a stage came to: a value as far as there is one, and everything that is wrong. */
export interface Gathered<T> {
  /** `undefined` when nothing could be made of the input. */
  readonly value: T | undefined
  readonly errors: readonly SystoolsError[]
  readonly warnings: readonly SystoolsWarning[]
}

/** Checks a NAME.rel.json. The value is there whenever later stages can find further faults. */
export function checkRelease(rel: unknown): Gathered<Release> {
  if (!isRecord(rel) || !Array.isArray(rel.applications)) {
    return { value: undefined, errors: [{ tag: 'badly_formatted_release', got: rel }], warnings: [] }
  }
  const errors: SystoolsError[] = []
  const { name, vsn, erts } = rel
  if (!isReleaseName(name)) errors.push({ tag: 'illegal_name', name })
  if (!isFileWord(vsn)) errors.push({ tag: 'illegal_form', field: 'vsn', value: vsn })
  if (!isFileWord(erts)) errors.push({ tag: 'illegal_form', field: 'erts', value: erts })

  const { entries, illegal } = readEntries(rel.applications)
  if (illegal.length > 0) errors.push({ tag: 'illegal_applications', entries: illegal })
  errors.push(...listedTwice(entries), ...mandatory(entries))

  // Of one listed twice the first counts from here on, so that the rest of the release can be checked.
  const applications = [...new Map(entries.toReversed().map((entry) => [entry.name, entry])).values()].reverse()
  const warnings: SystoolsWarning[] = entries.some((entry) => entry.name === 'sasl') ? [] : [{ tag: 'missing_sasl' }]
  // A name or version that was refused is only needed to go on with the checks.
  return { value: { name: String(name), vsn: String(vsn), erts: String(erts), applications }, errors, warnings }
}

interface Illegal {
  readonly index: number
  readonly name: unknown
  readonly why: string
}

function readEntries(list: readonly unknown[]): { entries: ReleaseEntry[]; illegal: Illegal[] } {
  const entries: ReleaseEntry[] = []
  const illegal: Illegal[] = []
  for (const [index, value] of list.entries()) {
    const entry = readEntry(value)
    if (typeof entry === 'string') illegal.push({ index, name: isRecord(value) ? value.name : value, why: entry })
    else entries.push(entry)
  }
  return { entries, illegal }
}

/** @returns the entry, or what is wrong with it. */
function readEntry(value: unknown): ReleaseEntry | string {
  if (!isRecord(value)) return 'an entry is { "name", "vsn", "type"?, "included_applications"? }'
  const { name, vsn, type = 'permanent', included_applications: included } = value
  if (!isName(name)) return '"name" is a lower-case letter, then lower-case letters, digits, "_" or "-"'
  if (!isFileWord(vsn)) return '"vsn" is a word without path separators and white space'
  if (!isStartType(type)) return '"type" is "permanent", "transient", "temporary", "load" or "none"'
  if (included === undefined) return { name, vsn, type }
  if (!isListOf(isName)(included)) return '"included_applications" is a list of applications'
  return { name, vsn, type, included_applications: [...new Set(included)] }
}

function listedTwice(entries: readonly ReleaseEntry[]): SystoolsError[] {
  const versions = new Map<string, string[]>()
  for (const { name, vsn } of entries) {
    const known = versions.get(name)
    if (known === undefined) versions.set(name, [vsn])
    else known.push(vsn)
  }
  return [...versions].flatMap(([application, list]): SystoolsError[] =>
    list.length > 1 ? [{ tag: 'duplicate_application', application, versions: list }] : [],
  )
}

function mandatory(entries: readonly ReleaseEntry[]): SystoolsError[] {
  return ['kernel', 'stdlib'].flatMap((application): SystoolsError[] => {
    const entry = entries.find(({ name }) => name === application)
    if (entry === undefined) return [{ tag: 'missing_mandatory_app', application }]
    return entry.type === 'permanent' ? [] : [{ tag: 'mandatory_app', application, type: entry.type }]
  })
}
