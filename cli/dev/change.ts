/**
 * From two compilations of the same applications to what a running node has to do. Pure.
 *
 * What is done about each module is what `otp-rel appup` would write for it (cli/appup/generate.ts).
 */
import { format } from '../../runtime/erts/term.js'
import { expandScript } from '../../runtime/sasl/src/systools_expand.js'
import { formatRcError } from '../../runtime/sasl/src/systools_rc_error.js'
import { translateScripts } from '../../runtime/sasl/src/systools_translate.js'
import type { Application, ResolvedRelease } from '../../runtime/sasl/src/systools_types.js'
import type { AppResource } from '../../schemas/app_resource.js'
import { err, ok, type Result } from '../../schemas/result.js'
import type { LowLevelInstruction } from '../../schemas/types.js'
import { type BuiltText, builtText } from '../appup/built_module.js'
import { generateAppup } from '../appup/generate.js'
import { moduleFacts } from '../appup/module_facts.js'
import type { AppSide } from '../appup/release_side.js'
import type { CompiledApplication, CompiledModule } from '../release/compiled.js'

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

/** What a node has to do for a change, and what to tell of it. */
export interface ChangeScript {
  readonly instructions: readonly LowLevelInstruction[]
  /** Children that calls of the script start and stop, as `child 'id' of module`. */
  readonly started: readonly string[]
  readonly stopped: readonly string[]
  /** What a person should look at, as `APPLICATION/MODULE: ...`. */
  readonly notes: readonly string[]
}

/**
 * The script of a change: the one that `otp-rel appup` writes, translated as for a relup; an error is a sentence.
 *
 * @param resources of all applications, by name
 */
export function changeScript(
  { changed, added, removed }: ModuleChange,
  before: Modules,
  after: Modules,
  resources: ReadonlyMap<string, AppResource>,
): Result<ChangeScript, string> {
  const applications = [...new Set([...changed, ...added, ...removed].map(({ application }) => application))]
  const generated = applications.flatMap((name) => {
    const resource = resources.get(name)
    return resource === undefined ? [] : [generateAppup(side(name, resource, before), side(name, resource, after))]
  })
  const scripts = generated.map(({ application, up }) => {
    const all = [...before.values(), ...after.values()].filter((one) => one.application === application)
    return expandScript(up, { application, modules: new Set(all.map(({ name }) => name)), at: application })
  })
  const ends = { from: releaseOf(before, ''), to: releaseOf(after, '+') }
  const steps = scripts.map((script) => script.steps)
  const translated = translateScripts(steps, 'up', ends, 'the change')
  const [fault] = [...scripts.flatMap(({ errors }) => errors), ...translated.errors]
  if (fault !== undefined) return err(formatRcError(fault))
  const children = (fun: string) =>
    generated.flatMap(({ application, pieces }) =>
      pieces.flatMap(({ module, child, up }) =>
        child !== undefined && up.some((one) => one.op === 'apply' && one.mfa[1] === fun)
          ? [`child ${format(child)} of ${application}/${module}`]
          : [],
      ),
    )
  return ok({
    instructions: translated.instructions,
    started: children('restartChild'),
    stopped: children('terminateChild'),
    notes: generated.flatMap(({ application, notes }) => notes.map((note) => `${application}/${note}`)),
  })
}

const texts = new WeakMap<CompiledModule, BuiltText>()

/** Reads what will be asked of modules, so that a change that concerns them does not have to. */
export const readAhead = (module: CompiledModule): void => void moduleFacts(textOf(module))

function textOf(module: CompiledModule): BuiltText {
  const text = texts.get(module) ?? builtText(module.code)
  texts.set(module, text)
  return text
}

/** An application as the generator of appups looks at it; all but its modules is the same on both sides. */
function side(name: string, resource: AppResource, all: Modules): AppSide {
  const modules = [...all.values()].filter(({ application }) => application === name)
  return {
    name,
    vsn: '',
    resource,
    sums: new Map(modules.map((module) => [module.name, ''])),
    modules: new Map(modules.map((module) => [module.name, textOf(module)])),
    packages: new Map(),
    priv: new Map(),
    bytes: 0,
  }
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
