/**
 * The upgrade script of a release. Words: `top` is the new release, `base` each one to come from or go back to; `from` and
 * `to` are the ends of one way, which is up (base to top) or down (top to base).
 *
 * For each way the scripts of applications are put one after the other, and translated together:
 *
 *     a new emulator, if the node binary changes
 *     applications that only `to` has: added, in the order in which `to` loads them
 *     applications in another version: what their appup says, up in the order of dependency, down in its reverse
 *     applications that only `from` has: removed, in the reverse of the order in which `from` loads them
 *     a restart, if asked for
 *
 * OTP: `mk_relup/4` and `foreach_baserel_up/7`, `..._dn/7` of systools_relup.erl.
 *
 * Departure: OTP adds and removes in the order of the release file, even against dependencies, and downgrades in the
 * order in which it upgrades.
 */
import type { LowLevelInstruction, Relup } from '../../../schemas/types.js'
import type { Ends } from './systools_applications.js'
import { type AppupResult, findEntry, readAppup } from './systools_appup.js'
import type { SystoolsError } from './systools_error.js'
import { expandScript } from './systools_expand.js'
import type { Checked, Step } from './systools_instruction.js'
import { indexApps, resolveRelease } from './systools_make.js'
import { isRecord, show } from './systools_shape.js'
import { translateScripts } from './systools_translate.js'
import { type Application, nameVsn, type ResolvedRelease, type World } from './systools_types.js'
import type { SystoolsWarning } from './systools_warning.js'

/** A release to come from or go to, with a description (any value) that is copied into the relup. */
export interface BaseRelease {
  /** Content of a NAME.rel.json, unchecked. */
  readonly rel: unknown
  /** Default null. */
  readonly description?: unknown
}

/** What a relup is made of. */
export interface RelupReleases {
  /** The new release: content of a NAME.rel.json, unchecked. */
  readonly top: unknown
  /** The releases that can become it. */
  readonly upFrom: readonly BaseRelease[]
  /** The releases that it can become again. */
  readonly downTo: readonly BaseRelease[]
}

/** Options by OTP's names. */
export interface RelupOptions {
  /** Restart the node at the end of every way; default false. */
  readonly restart_emulator?: boolean
  /** Any warning is an error; default false. */
  readonly warnings_as_errors?: boolean
}

interface Made {
  /** `undefined` as soon as there is an error. */
  readonly value: Relup | undefined
  readonly errors: readonly SystoolsError[]
  readonly warnings: readonly SystoolsWarning[]
}

export function makeUpgrades(releases: RelupReleases, world: World, options: RelupOptions): Made {
  const errors: SystoolsError[] = []
  const warnings: SystoolsWarning[] = []
  const resolve = resolver(world, errors, warnings)
  const appupOf = appupReader(world)
  const top = resolve(releases.top)
  const ways = (mode: 'up' | 'down', bases: readonly BaseRelease[]) =>
    bases.flatMap(({ rel, description = null }) => {
      const base = resolve(rel)
      if (top === undefined || base === undefined) return []
      const way = makeWay(mode, top, base, appupOf, options)
      for (const one of way.errors) errors.push(one)
      for (const one of way.warnings) warnings.push(one)
      return [{ vsn: base.release.vsn, description, instructions: way.instructions }]
    })
  const up = ways('up', releases.upFrom).reverse()
  const down = ways('down', releases.downTo).reverse()
  // What is wrong with an appup is found on every way that needs it, and reported once.
  if (top === undefined || errors.length > 0) return { value: undefined, errors: [...new Set(errors)], warnings }
  const relup: Relup = {
    vsn: top.release.vsn,
    up: up.map(({ vsn, ...rest }) => ({ from: vsn, ...rest })),
    down: down.map(({ vsn, ...rest }) => ({ to: vsn, ...rest })),
  }
  return { value: relup, errors, warnings }
}

/** Resolves each release once, however often it is named, and reports what is wrong with it once. */
function resolver(
  world: World,
  errors: SystoolsError[],
  warnings: SystoolsWarning[],
): (rel: unknown) => ResolvedRelease | undefined {
  const index = indexApps(world.apps)
  const known = new Map<unknown, ResolvedRelease | undefined>()
  return (rel) => {
    if (known.has(rel)) return known.get(rel)
    const resolved = resolveRelease(rel, world, index)
    const release = isRecord(rel) ? `${rel.name} ${rel.vsn}` : show(rel)
    for (const error of resolved.errors) errors.push({ ...error, release })
    for (const warning of resolved.warnings) {
      // Without sasl nothing can be upgraded: what is a warning for a boot script is an error here.
      if (warning.tag !== 'missing_sasl') warnings.push({ ...warning, release })
      else if (isRecord(rel)) errors.push({ tag: 'missing_sasl', name: String(rel.name), vsn: String(rel.vsn) })
    }
    known.set(rel, resolved.value)
    return resolved.value
  }
}

/** Reads each appup once. */
function appupReader(world: World): (app: Application) => AppupResult {
  const known = new Map<string, AppupResult>()
  return (app) => {
    const key = nameVsn(app)
    const appups = world.appups ?? {}
    const result =
      known.get(key) ??
      readAppup({ name: app.name, vsn: app.vsn }, Object.hasOwn(appups, key) ? appups[key] : undefined)
    known.set(key, result)
    return result
  }
}

interface Way {
  readonly instructions: readonly LowLevelInstruction[]
  readonly errors: readonly SystoolsError[]
  readonly warnings: readonly SystoolsWarning[]
}

function makeWay(
  mode: 'up' | 'down',
  top: ResolvedRelease,
  base: ResolvedRelease,
  appupOf: (app: Application) => AppupResult,
  options: RelupOptions,
): Way {
  const ends: Ends = mode === 'up' ? { from: base, to: top } : { from: top, to: base }
  const at = `${mode} from "${ends.from.release.vsn}" to "${ends.to.release.vsn}"`
  const errors: SystoolsError[] = []
  const warnings: SystoolsWarning[] = []
  const scripts: (readonly Step<Checked>[])[] = []
  const own = (instruction: Checked): readonly Step<Checked>[] => [{ instruction, op: instruction.op, at }]

  if (top.release.erts !== base.release.erts) {
    warnings.push({ tag: 'erts_vsn_changed', top: erts(top), base: erts(base) })
    scripts.push(own({ op: 'restart_new_emulator' }))
  }
  for (const app of ends.to.sorted) {
    if (!ends.from.byName.has(app.name))
      scripts.push(own({ op: 'add_application', application: app.name, type: app.type }))
  }
  // A dependant is downgraded while what it depends on is still new, as it was upgraded when that was new already.
  for (const app of mode === 'up' ? top.sorted : top.sorted.toReversed()) {
    const other = base.byName.get(app.name)
    if (other === undefined || other.vsn === app.vsn) continue
    const script = appupScript(mode, app, other, appupOf)
    for (const one of script.errors) errors.push(one)
    for (const one of script.warnings) warnings.push(one)
    scripts.push(script.steps)
  }
  for (const app of ends.from.sorted.toReversed()) {
    if (!ends.to.byName.has(app.name)) scripts.push(own({ op: 'remove_application', application: app.name }))
  }
  if (options.restart_emulator === true) scripts.push(own({ op: 'restart_emulator' }))

  const { instructions, errors: faults } = translateScripts(scripts, mode, ends, at)
  // An instruction that was refused is missing from its script: what would be said about the rest may be untrue.
  return { instructions, errors: errors.length > 0 ? errors : faults, warnings }
}

const erts = ({ release }: ResolvedRelease) => ({ name: release.name, erts: release.erts })

interface AppupScript {
  readonly steps: readonly Step<Checked>[]
  readonly errors: readonly SystoolsError[]
  readonly warnings: readonly SystoolsWarning[]
}

/** What the appup of the top version says about the other one. */
function appupScript(
  mode: 'up' | 'down',
  app: Application,
  other: Application,
  appupOf: (app: Application) => AppupResult,
): AppupScript {
  const result = appupOf(app)
  if ('errors' in result) return { steps: [], errors: result.errors, warnings: [] }
  const { appup } = result
  const warnings: SystoolsWarning[] =
    appup.vsn === app.vsn
      ? []
      : [{ tag: 'bad_vsn', application: app.name, appup: appup.vsn, app: app.vsn, file: appup.file }]
  const found = findEntry(appup[mode], other.vsn)
  if (found === undefined) {
    const entries = appup[mode].map(({ written }) => written)
    const application = { name: app.name, vsn: app.vsn }
    return {
      steps: [],
      errors: [{ tag: 'no_relup', application, mode, base: other.vsn, entries, file: appup.file }],
      warnings,
    }
  }
  const { steps, errors } = expandScript(found.entry.instructions, {
    application: app.name,
    modules: new Set([...app.modules, ...other.modules]),
    at: `${appup.file} ${mode}[${found.index}].instructions`,
  })
  return { steps, errors, warnings }
}
