/**
 * The applications of a release: goals -> everything they need, one version of each, in an order in which each stands
 * after what it needs. Pure: {@link Config} and {@link Discovered} in, {@link ResolvedRelease} or every reason out.
 *
 * OTP: what `reltool` and relx do before systools; the release file they write is the `rel` here.
 */
import type { AppResource } from '../../schemas/app_resource.js'
import type { Fault } from '../../schemas/fault.js'
import { nearest } from '../../schemas/nearest.js'
import { err, ok, type Result } from '../../schemas/result.js'
import type { Rel, RelApplication, StartType } from '../../schemas/types.js'
import { type Config, type GoalSpec, type ReleaseSpec, settingPath } from './config.js'
import type { AppupFile, Discovered, DiscoveredApp } from './discover.js'
import { accepts, type Choice, choose, MANDATORY, placeIn, type Wish } from './resolve_choose.js'
import { findCycles } from './resolve_cycle.js'
import type { ResolveError } from './resolve_error.js'
import type { PackageImport } from './trace.js'
import { isRange } from './vsn.js'

/** A release whose applications are known. */
export interface ResolvedRelease {
  /** What was asked for. */
  readonly spec: ReleaseSpec
  /** The release resource file. */
  readonly rel: Rel
  /** In the order of `rel`: kernel, stdlib, then each after what it needs, otherwise in the order of the goals. */
  readonly applications: readonly ResolvedApplication[]
}

/** An application of a release. */
export interface ResolvedApplication {
  readonly name: string
  readonly vsn: string
  readonly type: StartType
  /** Its folder, absolute. */
  readonly dir: string
  /** Its app.json, absolute. */
  readonly appFile: string
  /** What app.json says, defaults filled in. */
  readonly resource: AppResource
  /** Folder of its modules' sources, absolute. */
  readonly sourceDir: string
  /** Its appup.json, where it has one. */
  readonly appup?: AppupFile
  /** The npm packages that its app.json lists; left out: none. */
  readonly packages?: readonly PackageImport[]
  /** Where it was found: a pattern of lib_dirs, `workspaces`, `node_modules` or `otp-rel`. */
  readonly origin: string
}

/** What a stage outside has looked up. */
export interface ResolveOptions {
  /** The release's version, or why there is none; see `readVsn`. */
  readonly vsn: Result<string, string>
  /** Version of the node binary. */
  readonly erts: string
}

/** @returns the release, or every reason why not, in the order in which they were found */
export function resolveRelease(
  config: Config,
  spec: ReleaseSpec,
  discovered: Discovered,
  { vsn, erts }: ResolveOptions,
): Result<ResolvedRelease, ResolveError[]> {
  const { chosen, wishes } = choose(config, spec, discovered)
  const errors: ResolveError[] = [
    ...specErrors(config, spec, vsn),
    ...wishErrors(wishes, discovered, chosen),
    ...[...chosen.values()].flatMap(({ faults }) => faults.map(badFile)),
    ...brokenErrors(discovered, wishes, chosen),
    ...startErrors(spec, wishes),
    ...cycleErrors(chosen, wishes),
  ]
  if (errors.length > 0 || !vsn.ok) return err(errors)
  const goals = new Map(spec.goals.map((goal) => [goal.name, goal]))
  const applications = inOrder(spec, chosen, wishes).map((app) => resolved(app, goals.get(app.name)))
  const rel: Rel = {
    name: spec.name,
    vsn: vsn.value,
    erts,
    applications: applications.map((app) => relEntry(app, goals.get(app.name))),
  }
  return ok({ spec, rel, applications })
}

// ---- what is wrong

function specErrors({ source }: Config, spec: ReleaseSpec, vsn: Result<string, string>): ResolveError[] {
  const release = spec.name
  if (!vsn.ok) return [{ tag: 'no_vsn', release, why: vsn.error, place: placeIn(source, settingPath(spec, 'vsn')) }]
  return spec.upgradeFrom.flatMap((from, index): ResolveError[] => {
    const place = placeIn(source, settingPath(spec, 'upgrade_from', index))
    return from === vsn.value ? [{ tag: 'upgrade_from_itself', release, vsn: from, place }] : []
  })
}

function wishErrors(
  wishes: readonly Wish[],
  { apps, broken, places }: Discovered,
  chosen: Choice['chosen'],
): ResolveError[] {
  return wishes.flatMap((wish): ResolveError[] => {
    const { name, range, place } = wish
    if (range !== undefined && !isRange(range)) return [{ tag: 'bad_range', range, demand: wish, place }]
    const found = apps.get(name)?.map(({ vsn, dir }) => ({ vsn, dir })) ?? []
    if (found.length === 0) {
      // Its own fault says more: it is there, and cannot be read.
      if (wish.optional || broken.some(({ guess }) => guess === name)) return []
      const close = nearest(name, apps.keys())
      const error = { tag: 'undefined_application' as const, name, demand: wish, looked: places, place }
      return [close === undefined ? error : { ...error, nearest: close }]
    }
    const app = chosen.get(name)
    if (app === undefined || accepts(wish, app.vsn)) return []
    if (!found.some(({ vsn }) => accepts(wish, vsn)))
      return [{ tag: 'no_matching_version', name, demand: wish, found, place }]
    const other = conflictOf(wish, wishes, found)
    return other === undefined ? [] : [{ tag: 'version_conflict', name, demands: [wish, other], found, place }]
  })
}

/** The first other wish for the same application that no version meets together with this one. */
function conflictOf(wish: Wish, wishes: readonly Wish[], found: readonly { readonly vsn: string }[]): Wish | undefined {
  const others = wishes.filter((other) => other !== wish && other.name === wish.name && other.range !== undefined)
  const apart = others.find((other) => !found.some(({ vsn }) => accepts(wish, vsn) && accepts(other, vsn)))
  // Three may exclude each other though any two agree: then any of the others is the other side.
  return apart ?? others.find((other) => found.some(({ vsn }) => accepts(wish, vsn) && !accepts(other, vsn)))
}

const badFile = (fault: Fault): ResolveError => ({ tag: 'bad_file', fault, place: fault })

/** Files of the project that cannot be read count always, those of packages only where one is needed. */
function brokenErrors({ broken }: Discovered, wishes: readonly Wish[], chosen: Choice['chosen']): ResolveError[] {
  const missing = new Set(wishes.map(({ name }) => name).filter((name) => !chosen.has(name)))
  return broken
    .filter(({ origin, guess }) => (origin !== 'node_modules' && origin !== 'workspaces') || missing.has(guess))
    .flatMap(({ faults }) => faults.map(badFile))
}

function startErrors(spec: ReleaseSpec, wishes: readonly Wish[]): ResolveError[] {
  const goals = new Map(spec.goals.map((goal) => [goal.name, goal]))
  return wishes.flatMap((wish): ResolveError[] => {
    const { name, place } = wish
    const type = goals.get(name)?.type ?? 'permanent'
    if (MANDATORY.includes(name)) {
      return wish.from === undefined && type !== 'permanent' ? [{ tag: 'mandatory_app', name, type, place }] : []
    }
    if (type !== 'load' && type !== 'none') return []
    // One that is not started itself waits for nobody.
    const asker = wish.from === undefined ? undefined : (goals.get(wish.from)?.type ?? 'permanent')
    const waits = wish.started && !wish.optional && asker !== undefined && asker !== 'load' && asker !== 'none'
    return waits ? [{ tag: 'not_started', name, type, demand: wish, place }] : []
  })
}

function cycleErrors(chosen: Choice['chosen'], wishes: readonly Wish[]): ResolveError[] {
  const edges = groupByFrom(wishes)
  const next = (name: string) => (edges.get(name) ?? []).map((wish) => wish.name).filter((other) => chosen.has(other))
  return findCycles([...chosen.keys()], next).map((walk) => {
    const [first, second] = walk
    const place = edges.get(first ?? '')?.find(({ name }) => name === second)?.place ?? {}
    return { tag: 'circular_dependencies', walk, place }
  })
}

function groupByFrom(wishes: readonly Wish[]): Map<string, Wish[]> {
  const groups = new Map<string, Wish[]>()
  for (const wish of wishes) {
    if (wish.from === undefined) continue
    groups.set(wish.from, [...(groups.get(wish.from) ?? []), wish])
  }
  return groups
}

// ---- the result

function inOrder(spec: ReleaseSpec, chosen: Choice['chosen'], wishes: readonly Wish[]): DiscoveredApp[] {
  const edges = groupByFrom(wishes)
  const order = new Set<string>()
  const visiting = new Set<string>()
  const visit = (name: string): void => {
    if (visiting.has(name) || !chosen.has(name)) return
    visiting.add(name)
    for (const wish of edges.get(name) ?? []) visit(wish.name)
    order.add(name)
  }
  for (const name of [...MANDATORY, ...spec.goals.map((goal) => goal.name)]) visit(name)
  return [...order].flatMap((name) => chosen.get(name) ?? [])
}

function resolved(app: DiscoveredApp, goal: GoalSpec | undefined): ResolvedApplication {
  const { name, vsn, dir, source, resource, sourceDir, appup, packages, origin } = app
  const type = goal?.type ?? 'permanent'
  const common = {
    name,
    vsn,
    type,
    dir,
    appFile: source.file,
    resource,
    sourceDir,
    origin,
    ...(packages && { packages }),
  }
  return appup === undefined ? common : { ...common, appup }
}

/** The entry as short as OTP's: what is the default is left out. */
function relEntry({ name, vsn, type }: ResolvedApplication, goal: GoalSpec | undefined): RelApplication {
  return {
    name,
    vsn,
    ...(type === 'permanent' ? {} : { type }),
    ...(goal?.included_applications === undefined ? {} : { included_applications: goal.included_applications }),
  }
}
