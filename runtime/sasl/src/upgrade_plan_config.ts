/**
 * Which parameters and which npm packages differ between two releases, and whom that concerns. Pure.
 *
 * Parameters as a node would work them out from the files: `env` of app.json, then sys.config.json. What a node was given
 * on its command line or by `setEnv` stays in force and is not seen here; of config providers only the names are seen.
 */
import type { SysConfigSection } from '../../../schemas/types.js'
import { equal } from '../../erts/term.js'
import { diffEnv, mergeEnv } from '../../kernel/src/application_env.js'
import { providersOf } from '../../kernel/src/config_provider.js'
import type { PackageChange, ParameterChange, PlannedProvider } from './upgrade_plan_types.js'

/** Parameters by application. */
export type Environments = ReadonlyMap<string, ReadonlyMap<string, unknown>>

/** Names of packages as imported, and what each leads to (`NAME@VERSION`, more where several share a version), by application. */
export type Packages = ReadonlyMap<string, ReadonlyMap<string, string>>

/** What a module's built code shows. */
export interface ModuleUses {
  /** Parameters it asks for by literal names; `*`: all of an application. */
  readonly reads: readonly { readonly application: string; readonly key: string }[]
  /** npm packages it imports, without what is behind their names. */
  readonly packages: readonly string[]
}

/** The parameters of every application of a release. */
export function environmentsOf(
  resources: readonly Readonly<Record<string, unknown>>[],
  config: SysConfigSection,
): Environments {
  const object = (value: unknown): Readonly<Record<string, unknown>> =>
    typeof value === 'object' && value !== null ? { ...value } : {}
  return new Map(
    resources.map(({ name, env }) => {
      const own = Object.hasOwn(config, String(name)) ? config[String(name)] : undefined
      return [String(name), mergeEnv(object(env), object(own))]
    }),
  )
}

/** A parameter whose value is nobody's business in a log of a deployment. */
const SECRET = /pass(word|wd|phrase)?$|secret|token$|credential|(api|private)_?key$/i

const shown = (key: string, value: unknown): unknown => (SECRET.test(key) ? '***' : value)

/**
 * The parameters that differ in applications that both releases have.
 *
 * @param tells whether an application's callback module exports `configChange`
 * @param uses  modules of the new release by id
 */
export function parameterChanges(
  old: Environments,
  next: Environments,
  tells: (application: string) => boolean,
  uses: ReadonlyMap<string, ModuleUses>,
): readonly ParameterChange[] {
  return [...next].flatMap(([application, after]) => {
    const before = old.get(application)
    if (before === undefined) return []
    const { changed, added, removed } = diffEnv(before, after, equal)
    const entry = (change: ParameterChange['change'], key: string): ParameterChange => ({
      application,
      key,
      change,
      old: change === 'added' ? null : shown(key, before.get(key)),
      new: change === 'removed' ? null : shown(key, after.get(key)),
      told: tells(application),
      readers: readersOf(application, key, uses),
    })
    return [
      ...changed.map(([key]) => entry('changed', key)),
      ...added.map(([key]) => entry('added', key)),
      ...removed.map((key) => entry('removed', key)),
    ]
  })
}

function readersOf(application: string, key: string, uses: ReadonlyMap<string, ModuleUses>): readonly string[] {
  const isRead = (one: ModuleUses['reads'][number]) =>
    one.application === application && (one.key === key || one.key === '*')
  return [...uses].filter(([, { reads }]) => reads.some(isRead)).map(([id]) => id)
}

/** The config providers of two releases: those of the new one, then those that are asked no more. */
export function plannedProviders(old: SysConfigSection, next: SysConfigSection): readonly PlannedProvider[] {
  const [before, after] = [providerNames(old), providerNames(next)]
  return [
    ...after.map((provider): PlannedProvider => ({ provider, change: before.includes(provider) ? 'same' : 'added' })),
    ...before
      .filter((provider) => !after.includes(provider))
      .map((provider): PlannedProvider => ({ provider, change: 'removed' })),
  ]
}

function providerNames(config: SysConfigSection): readonly string[] {
  const providers = providersOf(config)
  // A list that is none was refused by the build, and is by the node.
  return providers.ok ? [...new Set(providers.value.map(([module, fun]) => `${module}.${fun}`))] : []
}

/** The packages that differ, of applications that both releases have. @param loaded modules the relup loads */
export function packageChanges(
  old: Packages,
  next: Packages,
  uses: ReadonlyMap<string, ModuleUses>,
  loaded: ReadonlySet<string>,
): readonly PackageChange[] {
  return [...next].flatMap(([application, after]) => {
    const before = old.get(application)
    if (before === undefined) return []
    const names = [...new Set([...before.keys(), ...after.keys()])].sort()
    return names
      .filter((name) => before.get(name) !== after.get(name))
      .map((name): PackageChange => {
        const importers = [...uses]
          .filter(([id, { packages }]) => id.startsWith(`${application}/`) && packages.includes(name))
          .map(([id]) => id)
        return {
          application,
          name,
          old: versionOf(before.get(name)),
          new: versionOf(after.get(name)),
          reloaded: importers.filter((id) => loaded.has(id)),
          kept: importers.filter((id) => !loaded.has(id)),
        }
      })
  })
}

/** `8.0.0` of `ws@8.0.0`, `2.0.0_dep@1.0.0` of one whose dependencies set it apart. */
const versionOf = (key: string | undefined): string | null =>
  key === undefined ? null : key.slice(key.indexOf('@', 1) + 1)

/** `name` of `name/sub/path`, `@scope/name` of `@scope/name/sub`. */
export const packageNameOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')

/** The parameters that the text of a built module asks for. */
export function readsIn(text: string, application: string): ModuleUses['reads'] {
  const asked = [...text.matchAll(/\bgetEnv\(\s*"([^"\\]+)"\s*(?:,\s*"([^"\\]+)"\s*)?[,)]/g)].map(
    ([, one = '', two]) => (two === undefined ? { application, key: one } : { application: one, key: two }),
  )
  const whole = [...text.matchAll(/\bgetAllEnv\(\s*(?:"([^"\\]+)")?\s*\)/g)].map(([, of = application]) => ({
    application: of,
    key: '*',
  }))
  return [...asked, ...whole]
}
