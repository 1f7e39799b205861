/**
 * From two compilations of the same applications to what a running node has to do. Pure.
 *
 * The rules are those of an appup by hand: a supervisor is updated as one, a module with a new `codeChange` converts
 * its states, another callback module is changed while its processes stand still, any other module is loaded. Changed modules that import
 * each other change in one step.
 */
import { expandScript } from '../../runtime/sasl/src/systools_expand.js'
import { formatRcError } from '../../runtime/sasl/src/systools_rc_error.js'
import { translateScripts } from '../../runtime/sasl/src/systools_translate.js'
import type { Application, ResolvedRelease } from '../../runtime/sasl/src/systools_types.js'
import { err, ok, type Result } from '../../schemas/result.js'
import type { LowLevelInstruction } from '../../schemas/types.js'
import { type CompiledApplication, type CompiledModule, targets } from '../release/compiled.js'

/** Modules by id. */
export type Modules = ReadonlyMap<string, CompiledModule>

/** What has become of the modules of the node. */
export interface ModuleChange {
  readonly changed: readonly CompiledModule[]
  readonly added: readonly CompiledModule[]
  readonly removed: readonly CompiledModule[]
  /** Packages that no module of the same application used before: the node cannot find them. */
  readonly packages: readonly string[]
}

/** All modules of applications by id. */
export const modulesOf = (applications: readonly CompiledApplication[]): Modules =>
  new Map(applications.flatMap(({ modules }) => modules).map((module) => [module.id, module]))

/** What differs; undefined when nothing does. */
export function moduleChange(before: Modules, after: Modules): ModuleChange | undefined {
  const changed = [...after.values()].filter(({ id, code }) => {
    const old = before.get(id)
    return old !== undefined && old.code !== code
  })
  const added = [...after.values()].filter(({ id }) => !before.has(id))
  const removed = [...before.values()].filter(({ id }) => !after.has(id))
  if (changed.length + added.length + removed.length === 0) return undefined
  const used = new Set([...before.values()].flatMap(packagesOf))
  return {
    changed,
    added,
    removed,
    packages: [...new Set([...changed, ...added].flatMap(packagesOf))].filter((one) => !used.has(one)),
  }
}

const packagesOf = ({ application, packages }: CompiledModule) =>
  packages.map(({ specifier }) => `${specifier} (in ${application})`)

/** The script of a change; an error is a sentence. */
export function devScript(
  change: ModuleChange,
  before: Modules,
  after: Modules,
): Result<readonly LowLevelInstruction[], string> {
  const { changed, added, removed } = change
  const moving = new Set([...changed, ...added].map(({ id }) => id))
  const behaviours = behavioursOf(after)
  const name = ({ name: own }: CompiledModule) => own
  const written = (module: CompiledModule) => {
    const own = targets(module.meta).flatMap((one) => ('m' in one ? [one.m] : []))
    const mod_deps = own
      .filter((id) => moving.has(id) && id !== module.id && id.startsWith(`${module.application}/`))
      .map((id) => id.slice(module.application.length + 1))
    if (added.includes(module)) return { op: 'add_module', module: module.name, mod_deps }
    const behaviour = behaviours.get(module.id)
    if (behaviour === 'supervisor') return { op: 'update', module: module.name, change: 'supervisor', mod_deps }
    if (behaviour === undefined) return { op: 'load_module', module: module.name, mod_deps }
    const converts = migrates(before.get(module.id), module)
    return { op: 'update', module: module.name, mod_deps, ...(converts ? { change: { advanced: [] } } : {}) }
  }
  const applications = [...new Set([...changed, ...added, ...removed].map(({ application }) => application))]
  const scripts = applications.map((application) => {
    const ours = (modules: readonly CompiledModule[]) => modules.filter((one) => one.application === application)
    const script = [
      ...ours([...added, ...changed]).map(written),
      ...ours(removed).map((module) => ({ op: 'delete_module', module: module.name })),
    ]
    const all = [...before.values(), ...after.values()].filter((one) => one.application === application)
    return expandScript(script, { application, modules: new Set(all.map(name)), at: application })
  })
  const ends = { from: releaseOf(before, ''), to: releaseOf(after, '+') }
  const translated = translateScripts(
    scripts.map(({ steps }) => steps),
    'up',
    ends,
    'the change',
  )
  const [fault] = [...scripts.flatMap(({ errors }) => errors), ...translated.errors]
  if (fault !== undefined) return err(formatRcError(fault))
  return ok(translated.instructions)
}

/**
 * Whether states are handed to the new `codeChange`: when it is another than the one that runs. One that was there before has done
 * its work, or would be given states of a form that it was not written for.
 */
function migrates(old: CompiledModule | undefined, { meta, behaviour }: CompiledModule): boolean {
  const text = behaviour?.codeChange
  return meta?.exports.includes('codeChange') === true && (text === undefined || text !== old?.behaviour?.codeChange)
}

/** The behaviour of each callback module: as it claims, or as some module starts it. */
function behavioursOf(modules: Modules): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const module of modules.values()) {
    const { behaviour, meta } = module
    for (const { specifier, behaviour: started } of behaviour?.starts ?? []) {
      const target = startedModule(specifier, module, modules)
      if (target !== undefined) found.set(target, started)
    }
    for (const { behaviour: claimed } of behaviour?.claims ?? []) {
      if (claimed !== 'application') found.set(module.id, claimed)
    }
    // A callback module of a behaviour of one's own.
    if (!found.has(module.id) && meta?.exports.includes('codeChange')) found.set(module.id, 'own')
  }
  return found
}

/** The module that a relative specifier or `APPLICATION/MODULE` leads to. */
function startedModule(specifier: string, from: CompiledModule, modules: Modules): string | undefined {
  const bare = specifier.replace(/\.[cm]?[jt]s$/, '')
  if (!bare.startsWith('.')) return modules.has(bare) ? bare : undefined
  const id = new URL(bare, `file:///${from.id}`).pathname.slice(1)
  return modules.has(id) ? id : undefined
}

/** As much of a release as the translation looks at. */
function releaseOf(modules: Modules, vsn: string): ResolvedRelease {
  const names = [...new Set([...modules.values()].map(({ application }) => application))]
  const sorted = names.map(
    (name): Application => ({
      name,
      vsn: `0${vsn}`,
      type: 'permanent',
      description: '',
      id: '',
      modules: [...modules.values()].filter(({ application }) => application === name).map((one) => one.name),
      registered: [],
      uses: [],
      ranges: new Map(),
      optional: [],
      includes: [],
      env: {},
      maxT: 'infinity',
      file: '',
    }),
  )
  const entries = sorted.map(({ name, vsn: of, type }) => ({ name, vsn: of, type }))
  return {
    release: { name: 'dev', vsn: `0${vsn}`, erts: '', applications: entries },
    sorted,
    byName: new Map(sorted.map((one) => [one.name, one])),
  }
}
