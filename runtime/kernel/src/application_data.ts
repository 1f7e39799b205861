/**
 * What the node knows of an application: its resource file checked and completed with the defaults.
 *
 * Pure. OTP: `make_appl/1` and the records `appl` and `appl_data` of kernel's application_controller.erl.
 */

import { err, ok, type Result } from '../../../schemas/result.js'
import type { ModuleRef } from '../../erts/modules.js'

/** A start phase and its argument. */
export type StartPhase = readonly [phase: string, arg: unknown]

/** Parameters of an application by name. */
export type Env = Readonly<Record<string, unknown>>

/** An application's resource: `app.json` as it stands in a boot script, or as given to `Application.load`. */
export interface AppResource {
  /** The application. */
  readonly name: string
  /** Default `''`. */
  readonly vsn?: string
  /** Default `''`. */
  readonly description?: string
  /** Default `''`. */
  readonly id?: string
  /** Its modules, named within the application. Default none. */
  readonly modules?: readonly string[]
  /** Names its processes register. Default none. */
  readonly registered?: readonly string[]
  /** Applications that must be started before. Default none. */
  readonly applications?: readonly (string | { readonly name: string; readonly vsn?: string })[]
  /** Those of `applications` that may be absent. Default none. */
  readonly optional_applications?: readonly string[]
  /** Applications loaded with this one and started by it. Default none. */
  readonly included_applications?: readonly string[]
  /**
   * Callback module and start argument; left out: a library application without processes. The module is named
   * within the application (`'ch_app'`), as everywhere else (`'ch_app/ch_app'`), or given as a namespace.
   */
  readonly mod?: readonly [module: ModuleRef, arg: unknown]
  /** Default undefined: no phases. */
  readonly start_phases?: readonly StartPhase[]
  /** Parameters and their values. Default none. */
  readonly env?: Env
  /** Milliseconds after which the application is stopped. Default `infinity`. */
  readonly maxT?: number | 'infinity'
  /** Stored, otherwise unused. Default `infinity`. */
  readonly maxP?: number | 'infinity'
}

/** A loaded application. */
export interface ApplData {
  readonly name: string
  readonly description: string
  readonly id: string
  readonly vsn: string
  readonly modules: readonly string[]
  readonly maxP: number | 'infinity'
  readonly maxT: number | 'infinity'
  readonly registered: readonly string[]
  readonly includedApplications: readonly string[]
  readonly optionalApplications: readonly string[]
  readonly applications: readonly string[]
  /** `env` of the resource itself, before configuration. */
  readonly env: Env
  /** Module (its id in a release) and argument; undefined: a library application. */
  readonly mod: readonly [module: ModuleRef, arg: unknown] | undefined
  readonly startPhases: readonly StartPhase[] | undefined
}

/** Why a resource is refused, as OTP's error term. */
export type ResourceError = readonly [
  tag: 'bad_application' | 'invalid_name' | 'invalid_options' | 'badstartspec',
  found: unknown,
]

const isStrings = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string')

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isLimit = (value: unknown): value is number | 'infinity' =>
  value === 'infinity' || (typeof value === 'number' && Number.isInteger(value) && value >= 0)

/** @returns the resource with its defaults, or what is wrong with it. */
export function makeAppl(resource: unknown): Result<ApplData, ResourceError> {
  if (!isRecord(resource) || !('name' in resource)) return err(['bad_application', resource])
  const { name } = resource
  if (typeof name !== 'string' || name === '') return err(['invalid_name', name])

  const texts = (key: string): string | undefined => {
    const value = resource[key] ?? ''
    return typeof value === 'string' ? value : undefined
  }
  const lists = (key: string): readonly string[] | undefined => {
    const value = resource[key] ?? []
    return isStrings(value) ? value : undefined
  }
  const bad = (key: string): Result<ApplData, ResourceError> => err(['invalid_options', { [key]: resource[key] }])

  const description = texts('description')
  if (description === undefined) return bad('description')
  const id = texts('id')
  if (id === undefined) return bad('id')
  const vsn = texts('vsn')
  if (vsn === undefined) return bad('vsn')
  const modules = lists('modules')
  if (modules === undefined) return bad('modules')
  const registered = lists('registered')
  if (registered === undefined) return bad('registered')
  const includedApplications = lists('included_applications')
  if (includedApplications === undefined) return bad('included_applications')
  const optionalApplications = lists('optional_applications')
  if (optionalApplications === undefined) return bad('optional_applications')
  const applications = namesOf(resource.applications ?? [])
  if (applications === undefined) return bad('applications')
  const env = resource.env ?? {}
  if (!isRecord(env)) return bad('env')
  const maxT = resource.maxT ?? 'infinity'
  if (!isLimit(maxT)) return bad('maxT')
  const maxP = resource.maxP ?? 'infinity'
  if (!isLimit(maxP)) return bad('maxP')
  const startPhases = resource.start_phases
  if (startPhases !== undefined && !isPhases(startPhases)) return bad('start_phases')
  const mod = startOf(resource.mod)
  if (mod === 'bad') return err(['badstartspec', resource.mod])

  return ok({
    name,
    description,
    id,
    vsn,
    modules,
    maxP,
    maxT,
    registered,
    includedApplications,
    optionalApplications,
    applications,
    env,
    mod: mod === undefined ? undefined : [qualify(name, modules, mod[0]), qualifyArg(name, modules, mod)],
    startPhases,
  })
}

function namesOf(value: unknown): readonly string[] | undefined {
  if (!Array.isArray(value)) return undefined
  const names: string[] = []
  for (const item of value) {
    const name: unknown = isRecord(item) ? item.name : item
    if (typeof name !== 'string') return undefined
    names.push(name)
  }
  return names
}

const isPhases = (value: unknown): value is readonly StartPhase[] =>
  Array.isArray(value) &&
  value.every((item: unknown) => Array.isArray(item) && item.length === 2 && typeof item[0] === 'string')

function startOf(value: unknown): readonly [ModuleRef, unknown] | undefined | 'bad' {
  if (value === undefined || value === null) return undefined
  if (!Array.isArray(value)) return 'bad'
  if (value.length === 0) return undefined
  const module: unknown = value[0]
  const isModule = (typeof module === 'string' && module !== '') || (typeof module === 'object' && module !== null)
  if (value.length !== 2 || !isModule) return 'bad'
  return [module, value[1]]
}

/** A name without a folder is of this application, and so is one its list of modules has; others are whole ids. */
function qualify(application: string, modules: readonly string[], module: ModuleRef): ModuleRef {
  if (typeof module !== 'string') return module
  if (module === 'application_starter') return 'kernel/application_starter'
  return modules.includes(module) || !module.includes('/') ? `${application}/${module}` : module
}

/** The application starter's argument names the real callback module. */
function qualifyArg(application: string, modules: readonly string[], [module, arg]: readonly [ModuleRef, unknown]) {
  if (!isApplicationStarter(module) || !Array.isArray(arg) || arg.length !== 2) return arg
  const real: unknown = arg[0]
  return typeof real === 'string' ? [qualify(application, modules, real), arg[1]] : arg
}

/** Whether a callback module is OTP's `application_starter`. */
export const isApplicationStarter = (module: ModuleRef): boolean =>
  module === 'application_starter' || module === 'kernel/application_starter'

/** The module that holds an application's own callbacks: behind the application starter where that is used. */
export function callbackModule(data: ApplData): ModuleRef | undefined {
  if (data.mod === undefined) return undefined
  const [module, arg] = data.mod
  if (!isApplicationStarter(module)) return module
  // The application starter's argument is [Mod, Arg]; anything else fails when it starts.
  return Array.isArray(arg) ? (arg[0] as ModuleRef) : undefined
}
