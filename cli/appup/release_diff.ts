/**
 * What differs between two releases, as data: applications, modules, resources, parameters, npm packages, priv files,
 * size. Pure; release_side.ts has read the files. What `otp-rel diff` prints, and what appups are generated from.
 */
import { equal } from '../../runtime/erts/term.js'
import { parameterChanges } from '../../runtime/sasl/src/upgrade_plan_config.js'
import type { ParameterChange } from '../../runtime/sasl/src/upgrade_plan_types.js'
import type { AppResource } from '../../schemas/app_resource.js'
import type { AppSide, ReleaseSide } from './release_side.js'

/** What became of something that has a name. */
export type Change = 'added' | 'removed' | 'changed'

/** One module. */
export interface ModuleDiff {
  /** Bare. */
  readonly module: string
  readonly change: Change
  /** Its code does the same: only comments or lines moved. */
  readonly moved: boolean
}

/** One field of app.json, parameters apart; null where it is not there. */
export interface FieldDiff {
  readonly field: string
  readonly old: unknown
  readonly new: unknown
}

/** One npm package of an application. */
export interface PackageDiff {
  readonly name: string
  readonly change: Change
  /** Versions; null: not there. */
  readonly old: string | null
  readonly new: string | null
  /** Modules of the new application that import it, bare. */
  readonly importers: readonly string[]
}

/** One application. */
export interface ApplicationDiff {
  readonly application: string
  readonly change: Change
  /** Null: the release does not have it. */
  readonly old: string | null
  readonly new: string | null
  /** Its content differs and its version does not: a node cannot tell them apart. */
  readonly unversioned: boolean
  readonly modules: readonly ModuleDiff[]
  readonly fields: readonly FieldDiff[]
  readonly packages: readonly PackageDiff[]
  /** Files below priv. */
  readonly priv: readonly { readonly file: string; readonly change: Change }[]
  readonly bytes: { readonly old: number; readonly new: number }
}

/** Two releases. Lists are sorted by name. */
export interface ReleaseDiff {
  readonly old: { readonly name: string; readonly vsn: string; readonly erts: string; readonly bytes: number }
  readonly new: { readonly name: string; readonly vsn: string; readonly erts: string; readonly bytes: number }
  /** Those that differ. */
  readonly applications: readonly ApplicationDiff[]
  /** Parameters as a node would work them out: `env` of app.json, then sys.config. Those named like secrets are `***`. */
  readonly config: readonly ParameterChange[]
}

/** Compares two releases. */
export function diffReleases(old: ReleaseSide, next: ReleaseSide): ReleaseDiff {
  const names = [...new Set([...old.apps, ...next.apps].map(({ name }) => name))].sort()
  const facts = ({ rel, bytes }: ReleaseSide) => ({ name: rel.name, vsn: rel.vsn, erts: rel.erts, bytes })
  const tells = (application: string): boolean => {
    const app = next.apps.find(({ name }) => name === application)
    const callback = app?.resource.mod?.[0].replace(`${application}/`, '') ?? ''
    return app?.modules.get(callback)?.meta?.exports.includes('configChange') ?? false
  }
  return {
    old: facts(old),
    new: facts(next),
    applications: names.flatMap((name) => {
      const find = ({ apps }: ReleaseSide) => apps.find((one) => one.name === name)
      return diffApplication(find(old), find(next))
    }),
    config: parameterChanges(old.env, next.env, tells, new Map()),
  }
}

/** Compares one application; nothing where it is alike. */
export function diffApplication(old: AppSide | undefined, next: AppSide | undefined): readonly ApplicationDiff[] {
  const any = next ?? old
  if (any === undefined) return []
  const change: Change = old === undefined ? 'added' : next === undefined ? 'removed' : 'changed'
  const modules = diffModules(old, next)
  const fields = old === undefined || next === undefined ? [] : diffFields(old.resource, next.resource)
  const packages = diffPackages(old, next)
  const priv = changes(old?.priv ?? new Map(), next?.priv ?? new Map(), (a, b) => a === b).map(([file, what]) => ({
    file,
    change: what,
  }))
  const alike = [modules, fields, packages, priv].every(({ length }) => length === 0)
  if (change === 'changed' && old?.vsn === next?.vsn && alike) return []
  return [
    {
      application: any.name,
      change,
      old: old?.vsn ?? null,
      new: next?.vsn ?? null,
      unversioned: old?.vsn === next?.vsn,
      modules,
      fields,
      packages,
      priv,
      bytes: { old: old?.bytes ?? 0, new: next?.bytes ?? 0 },
    },
  ]
}

function diffModules(old: AppSide | undefined, next: AppSide | undefined): ModuleDiff[] {
  const code = (side: AppSide | undefined): ReadonlyMap<string, string> =>
    new Map([...(side?.sums ?? [])].map(([name, sum]) => [name, side?.modules.get(name)?.code ?? sum]))
  return changes(code(old), code(next), (a, b) => a === b).map(([module, change]) => ({
    module,
    change,
    moved: change === 'changed' && old?.modules.get(module)?.essence === next?.modules.get(module)?.essence,
  }))
}

/** `modules` and `env` have lists of their own, and `vsn` stands above. */
const APART = new Set(['vsn', 'modules', 'env'])

function diffFields(old: AppResource, next: AppResource): FieldDiff[] {
  const [before, after] = [Object.entries(old), Object.entries(next)].map(
    (all) => new Map<string, unknown>(all.filter(([field]) => !APART.has(field))),
  )
  if (before === undefined || after === undefined) return []
  return changes(before, after, equal).map(([field]) => ({
    field,
    old: before.get(field) ?? null,
    new: after.get(field) ?? null,
  }))
}

function diffPackages(old: AppSide | undefined, next: AppSide | undefined): PackageDiff[] {
  const [before, after] = [old?.packages ?? new Map(), next?.packages ?? new Map()]
  return changes(before, after, (a, b) => a.key === b.key && a.content === b.content).map(([name, change]) => ({
    name,
    change,
    old: versionOf(before.get(name)?.key),
    new: versionOf(after.get(name)?.key),
    importers: [...(next?.modules ?? [])]
      .filter(([, { meta }]) => importsPackage(meta, name))
      .map(([module]) => module),
  }))
}

type Meta = NonNullable<ReturnType<AppSide['modules']['get']>>['meta']

function importsPackage(meta: Meta, name: string): boolean {
  const targets = meta === undefined ? [] : [...meta.imports, ...Object.values(meta.dynamic ?? {})]
  return targets.some((target) => 'p' in target && (target.p === name || target.p.startsWith(`${name}/`)))
}

/** `8.0.0` of `ws@8.0.0`. */
const versionOf = (key: string | undefined): string | null =>
  key === undefined ? null : key.slice(key.indexOf('@', 1) + 1)

/** What differs between two maps, by key. */
function changes<T>(
  old: ReadonlyMap<string, T>,
  next: ReadonlyMap<string, T>,
  same: (a: T, b: T) => boolean,
): (readonly [string, Change])[] {
  return [...new Set([...old.keys(), ...next.keys()])].sort().flatMap((key): (readonly [string, Change])[] => {
    const [before, after] = [old.get(key), next.get(key)]
    if (before === undefined) return [[key, 'added']]
    if (after === undefined) return [[key, 'removed']]
    return same(before, after) ? [] : [[key, 'changed']]
  })
}
