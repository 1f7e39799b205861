/** What systools is told of a resolved release, and the boot script that it makes of it. */
import { type FoundApp, type FoundAppup, makeScript } from '../../runtime/sasl/src/systools.js'
import type { AppResource } from '../../schemas/app_resource.js'
import type { Fault } from '../../schemas/fault.js'
import { err, ok, type Result } from '../../schemas/result.js'
import type { Appup, BootScript } from '../../schemas/types.js'
import type { CompiledApplication } from './compiled.js'
import type { TopRelease } from './release_relup.js'
import type { ResolvedApplication, ResolvedRelease } from './resolve.js'
import { systoolsErrors, systoolsWarnings } from './systools_fault.js'

/** An application with everything looked up: what systools reads and what is written as its app.json. */
export interface Described {
  readonly application: ResolvedApplication
  readonly resource: AppResource
  readonly appup: Appup | undefined
  readonly compiled: CompiledApplication
}

/** The applications of a release, in order, with the modules that were found. */
export function describe(
  { applications }: ResolvedRelease,
  compiled: readonly CompiledApplication[],
): readonly Described[] {
  return applications.map((application, index) => {
    const one = compiled[index] ?? { name: application.name, vsn: application.vsn, modules: [] }
    const { name, vsn, resource, appup } = application
    // app.json's own order first, then what the build found: JSON modules that are imported
    const found = one.modules.map((module) => module.name)
    const modules = [...resource.modules, ...found.filter((module) => !resource.modules.includes(module))]
    return { application, resource: { ...resource, name, vsn, modules }, appup: appup?.value, compiled: one }
  })
}

const foundApps = (applications: readonly Described[]): FoundApp[] =>
  applications.map(({ application: { name, appFile }, resource }) => ({ name, file: appFile, app: resource }))

/** The release as makeRelup is told of it. */
export function topRelease({ rel }: ResolvedRelease, applications: readonly Described[]): TopRelease {
  const appups = applications.flatMap(({ application: { name, vsn, appup } }): [string, FoundAppup][] =>
    appup === undefined ? [] : [[`${name}-${vsn}`, { file: appup.file, appup: appup.value }]],
  )
  return { rel, apps: foundApps(applications), appups: Object.fromEntries(appups) }
}

/** Makes the boot script; the warnings and errors are those of systools. */
export function bootScript(
  { rel }: ResolvedRelease,
  applications: readonly Described[],
  preLoaded: readonly string[],
): Result<{ script: BootScript; warnings: readonly Fault[] }, readonly Fault[]> {
  // kernel and stdlib use each other, and everybody uses them: they are loaded together, before all others
  const base = applications.filter(({ resource: { name } }) => name === 'kernel' || name === 'stdlib')
  const primLoad = base.flatMap(({ compiled }) => compiled.modules.map(({ id }) => id)).sort()
  const made = makeScript(rel, { apps: foundApps(applications) }, { preLoaded, primLoad })
  if (!made.ok) return err(systoolsErrors(made.error))
  return ok({ script: made.value.script, warnings: systoolsWarnings(made.value.warnings) })
}

/** The applications that are started, in the order in which they are; or why there is none. */
export function startOrder({ rel, applications }: ResolvedRelease): Result<readonly string[], readonly Fault[]> {
  const apps = applications.map(({ name, appFile, resource }): FoundApp => ({ name, file: appFile, app: resource }))
  const made = makeScript(rel, { apps })
  if (!made.ok) return err(systoolsErrors(made.error))
  return ok(
    made.value.script.instructions.flatMap((one) =>
      one.op === 'apply' && one.mfa[1] === 'startBoot' ? [String(one.mfa[2][0])] : [],
    ),
  )
}
