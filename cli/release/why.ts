/**
 * Why an application or an npm package is in a release: who asks for it, by which shortest ways, and what decides the
 * version. Pure. OTP has no counterpart; npm has `npm explain`.
 */
import type { Place } from '../../schemas/fault.js'
import type { CompiledApplication } from './compiled.js'
import type { Config } from './config.js'
import type { Discovered } from './discover.js'
import { packageName } from './package_folders.js'
import type { ResolvedApplication, ResolvedRelease } from './resolve.js'
import { choose, type Wish } from './resolve_choose.js'
import type { PackageImport, Traced } from './trace.js'

/** One step of a way: who asks for what, and where that is written. */
export interface WhyStep {
  /** `release "shop"`, `"cart" 1.0.0`, `cart/store`, or an npm package `NAME@VERSION`. */
  readonly by: string
  /** What is asked for: an application, a package. */
  readonly asks: string
  /** The versions that would do; null: any. */
  readonly range: string | null
  readonly how: 'asks for' | 'has' | 'needs' | 'includes' | 'can use' | 'imports' | 'may import'
  /** Absent where nothing in a file says so: kernel and stdlib, what a package needs. */
  readonly place: Place | null
}

/** Why something is there. */
export interface Why {
  /** The application, or `npm:NAME`. */
  readonly name: string
  /** Each version that is there: of an application one. */
  readonly versions: readonly string[]
  /** The shortest ways from what the project asks for, at most {@link MOST}. */
  readonly ways: readonly (readonly WhyStep[])[]
  /** Ways of the same length that are left out. */
  readonly more: number
  /** Everyone who asks for it directly. */
  readonly asked: readonly WhyStep[]
  /** Versions that were found, newest first; of a package none. */
  readonly found: readonly { readonly vsn: string; readonly dir: string }[]
}

/** Ways that are listed. */
export const MOST = 10

/** @returns undefined for an application that the release does not have */
export function whyApplication(
  name: string,
  config: Config,
  discovered: Discovered,
  { spec, applications }: ResolvedRelease,
): Why | undefined {
  const there = applications.find((one) => one.name === name)
  if (there === undefined) return undefined
  const names = new Set(applications.map((one) => one.name))
  const wishes = choose(config, spec, discovered).wishes.filter((wish) => names.has(wish.name))
  const goals = new Set(spec.goals.map((goal) => goal.name))
  const step = (wish: Wish): WhyStep =>
    wish.from === undefined && !goals.has(wish.name)
      ? { by: 'every release', asks: wish.name, range: null, how: 'has', place: null }
      : stepOf(wish)
  const { ways, more } = shortestWays(
    wishes.map((wish) => ({ from: wish.from, to: wish.name, step: step(wish) })),
    name,
  )
  return {
    name,
    versions: [there.vsn],
    ways,
    more,
    asked: wishes.filter((wish) => wish.name === name).map(step),
    found: (discovered.apps.get(name) ?? []).map(({ vsn, dir }) => ({ vsn, dir })),
  }
}

function stepOf({ by, name, range, optional, started, from, place }: Wish): WhyStep {
  const how = from === undefined ? 'asks for' : optional ? 'can use' : started ? 'needs' : 'includes'
  const { file, line, column, path } = place
  return {
    by,
    asks: name,
    range: range ?? null,
    how,
    place:
      file === undefined
        ? null
        : {
            file,
            ...(line === undefined ? {} : { line }),
            ...(column === undefined ? {} : { column }),
            ...(path === undefined ? {} : { path }),
          },
  }
}

/** @returns undefined for a package that no module and no package of the release reaches */
export function whyPackage(
  name: string,
  compiled: readonly CompiledApplication[],
  traced: Traced,
  applications: readonly Pick<ResolvedApplication, 'name' | 'vsn' | 'packages'>[] = [],
): Why | undefined {
  const found = traced.packages.filter((one) => one.name === name)
  if (found.length === 0) return undefined
  const linksOf = (application: string, by: string, packages: readonly PackageImport[]): Link[] =>
    packages.flatMap(({ specifier, optional, listed, file, line, column, path }): Link[] => {
      const imported = packageName(specifier)
      const key = traced.links.get(application)?.find((one) => one.name === imported)?.key
      if (key === undefined) return []
      const how = listed === true ? 'needs' : optional === true ? 'may import' : 'imports'
      const place = { file, line, column, ...(path === undefined ? {} : { path }) }
      return [{ from: undefined, to: key, step: { by, asks: key, range: null, how, place } }]
    })
  const links = [
    ...compiled.flatMap(({ name: owner, modules }) =>
      modules.flatMap(({ id, packages }) => linksOf(owner, id, packages)),
    ),
    ...applications.flatMap(({ name: owner, vsn, packages = [] }) => linksOf(owner, `"${owner}" ${vsn}`, packages)),
  ]
  const there = new Set(traced.packages.map(({ key }) => key))
  for (const { key, links: needs } of traced.packages) {
    for (const need of needs) {
      if (!there.has(need.key)) continue
      links.push({ from: key, to: need.key, step: { by: key, asks: need.key, range: null, how: 'needs', place: null } })
    }
  }
  const each = found.map(({ key }) => shortestWays(links, key))
  return {
    name: `npm:${name}`,
    versions: found.map(({ version }) => version),
    ways: each.flatMap(({ ways }) => ways),
    more: each.reduce((sum, { more }) => sum + more, 0),
    asked: links.filter(({ to }) => found.some(({ key }) => key === to)).map(({ step }) => step),
    found: found.map(({ version, dir }) => ({ vsn: version, dir })),
  }
}

interface Link {
  /** Undefined: a beginning. */
  readonly from: string | undefined
  readonly to: string
  readonly step: WhyStep
}

/** All shortest ways from a beginning to `name`, in the order of the links. */
function shortestWays(links: readonly Link[], name: string): { ways: WhyStep[][]; more: number } {
  const distance = new Map<string, number>()
  const byFrom = new Map<string | undefined, Link[]>()
  for (const link of links) byFrom.set(link.from, [...(byFrom.get(link.from) ?? []), link])
  const queue: string[] = []
  const reach = (from: string | undefined, steps: number): void => {
    for (const { to } of byFrom.get(from) ?? []) {
      if (distance.has(to)) continue
      distance.set(to, steps)
      queue.push(to)
    }
  }
  reach(undefined, 1)
  // Grows while it is walked.
  for (const one of queue) reach(one, (distance.get(one) ?? 0) + 1)
  const before = (link: Link): number => (link.from === undefined ? 0 : (distance.get(link.from) ?? Infinity))
  // How many ways there are to each, so that not all have to be written out to be counted.
  const amount = new Map<string | undefined, number>([[undefined, 1]])
  const short = new Map<string, Link[]>()
  for (const to of queue) {
    const last = links.filter((link) => link.to === to && before(link) + 1 === distance.get(to))
    short.set(to, last)
    amount.set(
      to,
      last.reduce((sum, { from }) => sum + (amount.get(from) ?? 0), 0),
    )
  }
  const ways: WhyStep[][] = []
  const walk = (to: string, rest: readonly WhyStep[]): void => {
    for (const { from, step } of short.get(to) ?? []) {
      if (ways.length >= MOST) return
      const steps = [step, ...rest]
      if (from === undefined) ways.push(steps)
      else walk(from, steps)
    }
  }
  walk(name, [])
  return { ways, more: Math.max(0, (amount.get(name) ?? 0) - ways.length) }
}
