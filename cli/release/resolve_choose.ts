/**
 * The first half of resolving: which applications the goals need, and which version of each.
 *
 * Every goal and every dependency is a {@link Wish}; the newest version that meets all wishes for an application is
 * taken. No wish is refused here: resolve.ts says what could not be met.
 */
import { dependencyName } from '../../schemas/app_resource.js'
import type { Place } from '../../schemas/fault.js'
import { formatPath, type JsonPath, positionOf } from '../../schemas/position.js'
import { type Config, type ReleaseSpec, settingPath, type TextFile } from './config.js'
import type { Discovered, DiscoveredApp } from './discover.js'
import type { Demand } from './resolve_error.js'
import { satisfies } from './vsn.js'

/** Present in every release, started first. */
export const MANDATORY = ['kernel', 'stdlib']

/** One wish for an application. */
export interface Wish extends Demand {
  readonly name: string
  /** Not a fault where the application is nowhere. */
  readonly optional: boolean
  /** Whether it has to be started before the one who asks: not where that one includes it. */
  readonly started: boolean
  /** The application that asks; absent: the release. */
  readonly from?: string
}

/** Which version of each application, and what they were chosen by. */
export interface Choice {
  readonly chosen: ReadonlyMap<string, DiscoveredApp>
  /** Of the goals and of every chosen application, in that order. */
  readonly wishes: readonly Wish[]
}

/** Rounds after which a choice that still moves is left as it is; its conflict is then reported. */
const ROUNDS = 50

/**
 * Takes the newest version that everyone who asks for it accepts; since another version may ask for other things, until
 * nothing changes any more. Where nothing is acceptable the newest is taken, so that all other faults are found too.
 */
export function choose(config: Config, spec: ReleaseSpec, { apps }: Discovered): Choice {
  const goals = goalWishes(config, spec)
  const known = new Map<DiscoveredApp, readonly Wish[]>()
  const wishesOf = (app: DiscoveredApp): readonly Wish[] => {
    const found = known.get(app) ?? appWishes(app, spec)
    known.set(app, found)
    return found
  }
  let chosen: ReadonlyMap<string, DiscoveredApp> = new Map()
  let wishes: readonly Wish[] = goals
  for (let round = 0; round < ROUNDS; round++) {
    const next = closure(goals, apps, wishes, wishesOf)
    const same = next.chosen.size === chosen.size && [...next.chosen].every(([name, app]) => chosen.get(name) === app)
    ;({ chosen, wishes } = next)
    if (same) break
  }
  return { chosen, wishes }
}

/** Everything reachable from the goals, versions chosen by the wishes of the round before. */
function closure(
  goals: readonly Wish[],
  apps: Discovered['apps'],
  known: readonly Wish[],
  wishesOf: (app: DiscoveredApp) => readonly Wish[],
): Choice {
  const ranges = groupByName(known)
  const chosen = new Map<string, DiscoveredApp>()
  const wishes = [...goals]
  // Grows while it is walked.
  for (const { name } of wishes) {
    if (chosen.has(name)) continue
    const candidates = apps.get(name) ?? []
    const wanted = ranges.get(name) ?? []
    const app = candidates.find(({ vsn }) => wanted.every((wish) => accepts(wish, vsn))) ?? candidates[0]
    if (app === undefined) continue
    chosen.set(name, app)
    wishes.push(...wishesOf(app))
  }
  return { chosen, wishes }
}

function groupByName(wishes: readonly Wish[]): Map<string, Wish[]> {
  const groups = new Map<string, Wish[]>()
  for (const wish of wishes) {
    const group = groups.get(wish.name)
    if (group === undefined) groups.set(wish.name, [wish])
    else group.push(wish)
  }
  return groups
}

/** Whether a wish is met by a version. */
export const accepts = ({ range }: Demand, vsn: string) => range === undefined || satisfies(vsn, range)

function goalWishes({ source }: Config, spec: ReleaseSpec): Wish[] {
  const by = `release "${spec.name}"`
  const mandatory = MANDATORY.filter((name) => spec.goals.every((goal) => goal.name !== name))
  const applications = settingPath(spec, 'applications')
  return [
    ...mandatory.map(
      (name): Wish => ({ name, by, optional: false, started: true, place: placeIn(source, applications) }),
    ),
    ...spec.goals.map(({ name, range, path }): Wish => {
      const wish = { name, by, optional: false, started: false, place: placeIn(source, path) }
      return range === undefined ? wish : { ...wish, range }
    }),
  ]
}

function appWishes({ name: from, vsn, resource, source }: DiscoveredApp, spec: ReleaseSpec): Wish[] {
  const by = `"${from}" ${vsn}`
  const optional = new Set(resource.optional_applications)
  const override = spec.goals.find((goal) => goal.name === from)?.included_applications
  return [
    ...resource.applications.map((dependency, index): Wish => {
      const name = dependencyName(dependency)
      const place = placeIn(source, ['applications', index])
      const wish = { name, by, from, optional: optional.has(name), started: true, place }
      return typeof dependency === 'string' || dependency.vsn === undefined ? wish : { ...wish, range: dependency.vsn }
    }),
    ...(override ?? resource.included_applications).map((name, index): Wish => {
      const place = placeIn(source, ['included_applications', index])
      return { name, by, from, optional: false, started: false, place }
    }),
  ]
}

/** A place in a file; it is looked up in the text only when a message needs it, and most never do. */
export function placeIn({ file, text }: TextFile, path: JsonPath): Place {
  let position: ReturnType<typeof positionOf>
  const found = () => {
    position ??= positionOf(text, path)
    return position
  }
  return {
    file,
    get path() {
      return formatPath(path)
    },
    get line() {
      return found()?.line
    },
    get column() {
      return found()?.column
    },
  } as Place // line and column are there for every text that was read
}
