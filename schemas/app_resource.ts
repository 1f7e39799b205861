/**
 * An application resource with nothing left open: what a release carries and the application controller is given.
 *
 * `AppFile` is what may stand in an app.json; the build finds the version and the modules, {@link completeApp} fills in
 * OTP's defaults. An `AppResource` written as JSON is an app.json again.
 * OTP: the tuple that `systools_make:read_application/4` gives, application(4).
 */
import type { AppDependency, AppFile, AppMod, StartPhase } from './types.js'

// What npm packages travel is the build's alone: a node does not read it.
type Defaulted = Required<Omit<AppFile, 'vsn' | 'modules' | 'mod' | 'start_phases' | 'packages'>>

/** An application's properties, defaults filled in. */
export interface AppResource extends Defaulted {
  /** The version itself. */
  readonly vsn: string
  /** Every module of the application, bare (`ch3`), sorted where the build found them. */
  readonly modules: readonly string[]
  /** Absent: a library application. */
  readonly mod?: AppMod
  /** Absent (OTP: `undefined`) is not the same as an empty list. */
  readonly start_phases?: StartPhases
}

/** Phases in the order they are run. */
export type StartPhases = readonly StartPhase[]

/**
 * Fills in OTP's defaults: `""`, `[]`, `{}`, `infinity`.
 *
 * @param found what the build looked up; needed where the file leaves it out
 * @returns undefined where the file says `{ "from": ... }` and no version was found for it
 */
export function completeApp(
  file: AppFile,
  found: { readonly vsn?: string; readonly modules?: readonly string[] } = {},
): AppResource | undefined {
  const vsn = typeof file.vsn === 'string' ? file.vsn : found.vsn
  if (vsn === undefined) return undefined
  return {
    name: file.name,
    vsn,
    description: file.description ?? '',
    id: file.id ?? '',
    modules: file.modules ?? found.modules ?? [],
    registered: file.registered ?? [],
    applications: file.applications ?? [],
    optional_applications: file.optional_applications ?? [],
    included_applications: file.included_applications ?? [],
    ...(file.mod === undefined ? {} : { mod: file.mod }),
    ...(file.start_phases === undefined ? {} : { start_phases: file.start_phases }),
    env: file.env ?? {},
    maxT: file.maxT ?? 'infinity',
  }
}

/** The name of a dependency, which may be written with a version range. */
export const dependencyName = (dependency: AppDependency): string =>
  typeof dependency === 'string' ? dependency : dependency.name

/** The names of the applications that one needs started before it, in order. */
export const dependencyNames = (app: Pick<AppResource, 'applications'>): string[] =>
  app.applications.map(dependencyName)
