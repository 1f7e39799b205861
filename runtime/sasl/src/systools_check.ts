/**
 * Checks across the applications of one release: that everything named is there, and that nothing is claimed twice.
 *
 * OTP: `check_applications/1`, `check_mod/4` of systools_make.erl, which stops at the first check that finds something;
 * here all are made.
 *
 * Departure: version ranges in `applications` are checked, and a dependency that the release does not start is warned about.
 */
import type { Duplicate, SystoolsError } from './systools_error.js'
import { inRange, parseRange } from './systools_range.js'
import { compareCodePoints } from './systools_shape.js'
import { type Application, type AppRef, type ModuleFiles, nameVsn } from './systools_types.js'
import type { SystoolsWarning } from './systools_warning.js'

/** Names that applications need or include and the release does not list; `listed` are the names in the release. */
export function checkUndefined(apps: readonly Application[], listed: ReadonlySet<string>): SystoolsError[] {
  const asked = new Map<string, string[]>()
  for (const app of apps) {
    const optional = new Set(app.optional)
    for (const name of [...app.uses.filter((use) => !optional.has(use)), ...app.includes]) {
      if (listed.has(name)) continue
      const by = asked.get(name)
      if (by === undefined) asked.set(name, [app.name])
      else if (by.at(-1) !== app.name) by.push(app.name)
    }
  }
  if (asked.size === 0) return []
  return [{ tag: 'undefined_applications', applications: [...asked.keys()], asked: Object.fromEntries(asked) }]
}

/** Ranges in `applications` against the versions in the release. */
export function checkRanges(apps: readonly Application[], byName: ReadonlyMap<string, Application>): SystoolsError[] {
  return apps.flatMap((app) =>
    [...app.ranges].flatMap(([needs, text]): SystoolsError[] => {
      const range = parseRange(text)
      if (range === undefined) return [{ tag: 'bad_range', application: app.name, needs, range: text, file: app.file }]
      const found = byName.get(needs)
      if (found === undefined || inRange(found.vsn, range)) return []
      return [{ tag: 'version_not_in_range', application: ref(app), needs: ref(found), range: text }]
    }),
  )
}

/** Registered names, inclusions and modules that are claimed twice, also by one application. */
export function checkDuplicates(apps: readonly Application[]): SystoolsError[] {
  const claims = (
    tag: 'duplicate_register' | 'duplicate_include' | 'duplicate_modules',
    of: (app: Application) => readonly string[],
  ): SystoolsError[] => {
    const duplicates = findDuplicates(apps, of)
    return duplicates.length === 0 ? [] : [{ tag, duplicates }]
  }
  return [
    ...claims('duplicate_register', (app) => app.registered),
    ...claims('duplicate_include', (app) => app.includes),
    ...claims('duplicate_modules', (app) => app.modules.map((module) => `${app.name}/${module}`)),
  ]
}

/** Each claimant with the next one, in OTP's order: names backwards, and of one name the last pair first. */
function findDuplicates(apps: readonly Application[], of: (app: Application) => readonly string[]): Duplicate[] {
  const claimants = new Map<string, AppRef[]>()
  for (const app of apps) {
    for (const what of of(app)) {
      const known = claimants.get(what)
      if (known === undefined) claimants.set(what, [ref(app)])
      else known.push(ref(app))
    }
  }
  return [...claimants]
    .filter(([, list]) => list.length > 1)
    .sort(([a], [b]) => compareCodePoints(b, a))
    .flatMap(([what, list]) =>
      list
        .slice(1)
        .map((another, i) => ({ what, one: list[i] ?? another, another }))
        .reverse(),
    )
}

/** With `src_tests`: a missing built file is an error, a missing or newer source a warning. */
export function checkModuleFiles(
  apps: readonly Application[],
  files: Readonly<Record<string, ModuleFiles>>,
): { errors: SystoolsError[]; warnings: SystoolsWarning[] } {
  const errors: SystoolsError[] = []
  const warnings: SystoolsWarning[] = []
  for (const app of apps) {
    const facts = Object.hasOwn(files, nameVsn(app)) ? files[nameVsn(app)] : undefined
    if (facts === undefined) continue
    const sources = new Set(facts.sources)
    const missing = new Set(facts.missing_objects)
    const newer = new Set(facts.newer_sources)
    for (const bare of app.modules) {
      const module = `${app.name}/${bare}`
      if (missing.has(bare)) errors.push({ tag: 'module_not_found', application: ref(app), module })
      else if (!sources.has(bare)) warnings.push({ tag: 'source_not_found', application: app.name, module })
      else if (newer.has(bare)) warnings.push({ tag: 'obj_out_of_date', application: app.name, module })
    }
  }
  return { errors, warnings }
}

/** Applications that list themselves; as in OTP the entry is dropped, but not in silence. */
export function checkSelf(apps: readonly Application[]): SystoolsWarning[] {
  return apps
    .filter(({ name, uses }) => uses.includes(name))
    .map(({ name, file }) => ({ tag: 'needs_itself', application: name, file }))
}

/** Started applications that need one which the release only loads, or not even that. */
export function checkStarted(
  apps: readonly Application[],
  byName: ReadonlyMap<string, Application>,
): SystoolsWarning[] {
  const included = new Set(apps.flatMap((app) => app.includes))
  const isStarted = (app: Application) => app.type !== 'load' && app.type !== 'none'
  return apps
    .filter((app) => isStarted(app) && !included.has(app.name))
    .flatMap((app) =>
      app.uses.flatMap((use): SystoolsWarning[] => {
        const needed = byName.get(use)
        if (needed === undefined || isStarted(needed) || included.has(use)) return []
        return [{ tag: 'dependency_not_started', application: app.name, needs: use, type: needed.type }]
      }),
    )
}

const ref = ({ name, vsn }: Application): AppRef => ({ name, vsn })
