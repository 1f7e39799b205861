/**
 * The boot script of a release whose applications are in order.
 *
 * OTP: `generate_script/3` of systools_make.erl. The order of instructions is OTP's.
 *
 * Departure: kernel's processes other than the application controller are started by kernel itself, and there is no
 * start file of the user, so that the script has neither `kernelProcess` heart and logger nor `c:erlangrc`.
 */
import type { AppResource } from '../../../schemas/app_resource.js'
import type { BootInstruction, BootScript } from '../../../schemas/types.js'
import { ebinDir, type PathOptions } from './systools_path.js'
import { compareCodePoints } from './systools_shape.js'
import type { Application, ResolvedRelease } from './systools_types.js'

export interface ScriptOptions extends PathOptions {
  /** Modules that are there before the script runs (`erts/process`); default none. */
  readonly preLoaded?: readonly string[]
  /** Modules (qualified) to load before all others, in order; default none. */
  readonly primLoad?: readonly string[]
}

/** @returns the script; the applications of `resolved` are already checked and in order. */
export function generateScript({ release, sorted }: ResolvedRelease, options: ScriptOptions = {}): BootScript {
  const preLoaded = [...(options.preLoaded ?? [])].sort(compareCodePoints)
  const primLoad = options.primLoad ?? []
  const early = new Set([...preLoaded, ...primLoad])
  const kernel = sorted.find((app) => app.name === 'kernel')
  const included = new Set(sorted.flatMap((app) => app.includes))
  const isBase = (app: Application) => app.name === 'kernel' || app.name === 'stdlib'
  const isStarted = (app: Application) => app.type !== 'load' && app.type !== 'none' && !included.has(app.name)
  const dir = (app: Application) => ebinDir(app, options)
  const instructions: BootInstruction[] = [
    { op: 'preLoaded', modules: preLoaded },
    progress('preloaded'),
    { op: 'path', dirs: sorted.filter(isBase).map(dir) },
    { op: 'primLoad', modules: primLoad },
    { op: 'kernel_load_completed' },
    progress('kernel_load_completed'),
    ...sorted.flatMap((app): BootInstruction[] => [
      { op: 'path', dirs: [dir(app)] },
      { op: 'primLoad', modules: modulesToLoad(app, early) },
    ]),
    progress('modules_loaded'),
    { op: 'path', dirs: [...new Set(sorted.map(dir))] },
    {
      op: 'kernelProcess',
      name: 'application_controller',
      mfa: ['kernel/application_controller', 'start', kernel === undefined ? [] : [toResource(kernel)]],
    },
    progress('init_kernel_started'),
    ...sorted
      .filter((app) => app.name !== 'kernel' && app.type !== 'none')
      .map((app) => apply('load', [toResource(app)])),
    progress('applications_loaded'),
    ...sorted.filter(isStarted).map((app) => apply('startBoot', [app.name, app.type])),
    progress('started'),
  ]
  return { name: release.name, vsn: release.vsn, instructions }
}

/** An application as the controller is given it: an app.json in which nothing is left out. */
export function toResource(app: Application): AppResource {
  return {
    name: app.name,
    vsn: app.vsn,
    description: app.description,
    id: app.id,
    modules: app.modules,
    registered: app.registered,
    applications: app.uses,
    optional_applications: app.optional,
    included_applications: app.includes,
    env: app.env,
    maxT: app.maxT,
    ...(app.start_phases === undefined ? {} : { start_phases: app.start_phases }),
    ...(app.mod === undefined ? {} : { mod: app.mod }),
  }
}

const modulesToLoad = (app: Application, early: ReadonlySet<string>): string[] =>
  app.modules
    .map((module) => `${app.name}/${module}`)
    .filter((module) => !early.has(module))
    .sort(compareCodePoints)

const progress = (id: string): BootInstruction => ({ op: 'progress', id })

const apply = (fun: string, args: readonly unknown[]): BootInstruction => ({
  op: 'apply',
  mfa: ['kernel/application', fun, args],
})
