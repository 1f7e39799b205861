/**
 * From a release file to its applications, checked and in order: what makeScript and makeRelup begin with.
 *
 * Faults of all stages are gathered; a stage that would only repeat an earlier fault is left out. OTP:
 * `get_release/3` of systools_make.erl, which stops at the first stage that finds something.
 */
import { type AppIndex, findApplication, indexApps } from './systools_app.js'
import {
  checkDuplicates,
  checkModuleFiles,
  checkRanges,
  checkSelf,
  checkStarted,
  checkUndefined,
} from './systools_check.js'
import type { SystoolsError } from './systools_error.js'
import { orderApplications } from './systools_order.js'
import { checkRelease, type Gathered } from './systools_release.js'
import type { Application, ModuleFiles, ResolvedRelease, World } from './systools_types.js'
import type { SystoolsWarning } from './systools_warning.js'

export { indexApps }

export interface ResolveOptions {
  /** Look at the module files of the world; default false. */
  readonly src_tests?: boolean
}

/**
 * @param index the world's applications, indexed once for all releases
 * @returns no value as soon as there is an error
 */
export function resolveRelease(
  rel: unknown,
  world: World,
  index: AppIndex,
  options: ResolveOptions = {},
): Gathered<ResolvedRelease> {
  const { value: release, errors: releaseErrors, warnings: releaseWarnings } = checkRelease(rel)
  const errors: SystoolsError[] = [...releaseErrors]
  const warnings: SystoolsWarning[] = [...releaseWarnings]
  if (release === undefined) return { value: undefined, errors, warnings }

  const apps: Application[] = []
  for (const entry of release.applications) {
    const found = findApplication(entry, index)
    if (found.value !== undefined) apps.push(found.value)
    for (const one of found.errors) errors.push(one)
    for (const one of found.warnings) warnings.push(one)
  }
  const byName = new Map(apps.map((app) => [app.name, app]))
  const duplicates = checkDuplicates(apps)
  errors.push(
    ...checkUndefined(apps, new Set(release.applications.map(({ name }) => name))),
    ...checkRanges(apps, byName),
    ...duplicates,
  )
  for (const one of checkSelf(apps)) warnings.push(one)

  const files = checkFiles(apps, world, options)
  for (const one of files.errors) errors.push(one)
  for (const one of files.warnings) warnings.push(one)

  // Who is the top one of an application that two include cannot be said.
  if (duplicates.some(({ tag }) => tag === 'duplicate_include')) return { value: undefined, errors, warnings }
  const ordered = orderApplications(apps)
  if ('errors' in ordered) return { value: undefined, errors: [...errors, ...ordered.errors], warnings }
  const { sorted } = ordered
  const sortedByName = new Map(sorted.map((app) => [app.name, app]))
  for (const one of checkStarted(sorted, sortedByName)) warnings.push(one)
  return { value: errors.length > 0 ? undefined : { release, sorted, byName: sortedByName }, errors, warnings }
}

function checkFiles(
  apps: readonly Application[],
  world: World,
  options: ResolveOptions,
): ReturnType<typeof checkModuleFiles> {
  const files: Readonly<Record<string, ModuleFiles>> = world.files ?? {}
  return options.src_tests === true ? checkModuleFiles(apps, files) : { errors: [], warnings: [] }
}
