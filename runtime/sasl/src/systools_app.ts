/**
 * Finding and reading the applications of a release: by name and version among the app.json files that were found, in
 * their order.
 *
 * The first of the wanted version counts; a file of another version is passed over, a faulty one is not.
 * OTP: `get_applications/4`, `search_it/6` and `parse_application/4` of systools_make.erl.
 *
 * Departure: an app.json that cannot be read is refused even if another one is found later, as it may be the one that
 * was meant; OTP passes over it. All faults of a file are reported, not only the first.
 */
import { nearest } from '../../../schemas/nearest.js'
import type { ReadingFault, SystoolsError } from './systools_error.js'
import type { Gathered } from './systools_release.js'
import { isFileWord, isListOf, isModule, isName, isRecord, isString } from './systools_shape.js'
import type { Application, FoundApp, ReleaseEntry } from './systools_types.js'
import type { SystoolsWarning } from './systools_warning.js'

/** Found app.json files by the application as which they were found, each list in search order. */
export type AppIndex = ReadonlyMap<string, readonly FoundApp[]>

export function indexApps(apps: readonly FoundApp[]): AppIndex {
  const index = new Map<string, FoundApp[]>()
  for (const found of apps) {
    const list = index.get(found.name)
    if (list === undefined) index.set(found.name, [found])
    else list.push(found)
  }
  return index
}

/** Finds the application of one entry and applies the entry to it. */
export function findApplication(entry: ReleaseEntry, index: AppIndex): Gathered<Application> {
  const { name, vsn } = entry
  const other: { vsn: string; file: string }[] = []
  const refused = (faults: readonly ReadingFault[]): Gathered<Application> => ({
    value: undefined,
    errors: faults.map((fault): SystoolsError => ({ tag: 'error_reading', application: name, vsn, fault })),
    warnings: [],
  })
  const otherVersions = (): ReadingFault[] =>
    other.length === 0 ? [] : [{ tag: 'no_valid_version', wanted: vsn, found: other }]
  for (const found of index.get(name) ?? []) {
    const file = found.file ?? `${name}/app.json`
    if ('unreadable' in found) return refused([...otherVersions(), { tag: 'parse_error', why: found.unreadable, file }])
    const read = readApplication(found.app, file)
    if (read.app === undefined) return refused([...otherVersions(), ...read.faults])
    if (read.app.vsn !== vsn) {
      other.push({ vsn: read.app.vsn, file })
      continue
    }
    if (read.app.name !== name) {
      return {
        value: undefined,
        errors: [{ tag: 'bad_application_name', application: name, found: { name: read.app.name, vsn }, file }],
        warnings: [],
      }
    }
    return applyEntry(entry, found.dir === undefined ? read.app : { ...read.app, dir: found.dir }, read.warnings)
  }
  if (other.length > 0) return refused(otherVersions())
  const similar = nearest(name, index.keys())
  return refused([similar === undefined ? { tag: 'not_found' } : { tag: 'not_found', nearest: similar }])
}

/** Start type and inclusions as the release has them. */
function applyEntry(
  entry: ReleaseEntry,
  app: Application,
  warnings: readonly SystoolsWarning[],
): Gathered<Application> {
  const { included_applications: override, type } = entry
  if (override === undefined) return { value: { ...app, type }, errors: [], warnings }
  const allowed = new Set(app.includes)
  const extra = override.filter((name) => !allowed.has(name))
  const fault: ReadingFault = { tag: 'override_include', applications: extra, allowed: app.includes, file: app.file }
  const errors: SystoolsError[] =
    extra.length === 0 ? [] : [{ tag: 'error_reading', application: app.name, vsn: app.vsn, fault }]
  return { value: errors.length > 0 ? undefined : { ...app, type, includes: override }, errors, warnings }
}

interface Read {
  readonly app: Application | undefined
  readonly faults: readonly ReadingFault[]
  readonly warnings: readonly SystoolsWarning[]
}

/** Reads one app.json of a release: every field of its type, every default filled in. */
function readApplication(value: unknown, file: string): Read {
  if (!isRecord(value))
    return { app: undefined, faults: [{ tag: 'badly_formatted_application', got: value, file }], warnings: [] }
  const faults: ReadingFault[] = []
  /** The field if it is of its type, the default if it is left out; a fault, and the default, otherwise. */
  const field = <T>(param: string, guard: (got: unknown) => got is T, defaultValue: T, allowed: string): T => {
    const got = value[param]
    if (got === undefined) return defaultValue
    if (guard(got)) return got
    faults.push({ tag: 'bad_param', param, got, allowed, file })
    return defaultValue
  }
  for (const param of ['name', 'vsn'])
    if (value[param] === undefined) faults.push({ tag: 'missing_param', param, file })
  const name = field('name', isName, '', 'a lower-case letter, then lower-case letters, digits, "_" or "-"')
  const vsn = field('vsn', isFileWord, '', 'a version: a word without path separators and white space')
  const dependencies = field(
    'applications',
    isListOf(isDependency),
    [],
    'a list of applications: "name" or { "name", "vsn" }',
  )
  const names = dependencies.map((dependency) => (typeof dependency === 'string' ? dependency : dependency.name))
  const includes = field('included_applications', isListOf(isName), [], 'a list of applications')
  const mod = field<Application['mod']>('mod', isPair(isModule), undefined, '[module, argument]')
  const phases = field<Application['start_phases']>(
    'start_phases',
    isListOf(isPair(isFileWord)),
    undefined,
    'a list of [phase, argument]',
  )
  const app: Application = {
    name,
    vsn,
    type: 'permanent',
    description: field('description', isString, '', 'a string'),
    id: field('id', isString, '', 'a string'),
    modules: field('modules', isListOf(isModule), [], 'a list of modules'),
    registered: field('registered', isListOf(isString), [], 'a list of names'),
    uses: [...new Set(names)],
    ranges: new Map(
      dependencies.flatMap((d) => (typeof d !== 'string' && d.vsn !== undefined ? [[d.name, d.vsn] as const] : [])),
    ),
    optional: field('optional_applications', isListOf(isName), [], 'a list of applications'),
    includes: [...new Set(includes)],
    ...(mod === undefined ? {} : { mod }),
    ...(phases === undefined ? {} : { start_phases: phases }),
    env: field('env', isRecord, {}, 'an object'),
    maxT: field('maxT', isMaxT, 'infinity', 'a whole number of milliseconds above 0 or "infinity"'),
    file,
  }
  if (faults.length > 0) return { app: undefined, faults, warnings: [] }
  return {
    app,
    faults,
    warnings: [...twice(app, 'applications', names), ...twice(app, 'included_applications', includes)],
  }
}

/**
 * Departure: a name that stands twice counts once, with a warning; OTP calls it an undefined application, or not,
 * depending on the order of the release.
 */
function twice(app: Application, key: string, names: readonly string[]): SystoolsWarning[] {
  if (new Set(names).size === names.length) return []
  const repeated = names.filter((name, i) => names.indexOf(name) !== i)
  return repeated.length === 0
    ? []
    : [{ tag: 'dupl_entry', application: app.name, key, names: [...new Set(repeated)], file: app.file }]
}

type Dependency = string | { readonly name: string; readonly vsn?: string }

const isDependency = (value: unknown): value is Dependency =>
  isName(value) || (isRecord(value) && isName(value.name) && (value.vsn === undefined || isString(value.vsn)))

const isPair =
  (first: (value: unknown) => value is string) =>
  (value: unknown): value is readonly [string, unknown] =>
    Array.isArray(value) && value.length === 2 && first(value[0])

const isMaxT = (value: unknown): value is number | 'infinity' =>
  value === 'infinity' || (typeof value === 'number' && Number.isInteger(value) && value > 0)
