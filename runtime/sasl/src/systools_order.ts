/**
 * The order in which the applications of a release are loaded and started.
 *
 * Three steps, OTP's own: (A) who needs an included application needs the top one that includes it instead; (B) what an
 * application needs and includes is put in the order of the release; (C) the release is walked from its start, and
 * what an application needs or includes is pulled forward, right before it. So the order of the release is kept where
 * dependencies leave a choice.
 *
 * OTP: `sort_used_and_incl_appls/2`, `sort_included/2` and `sort_appls/1` of systools_make.erl; the queue here is a
 * linked list, so that time grows with the number of dependencies (OTP's grows with the square of applications).
 *
 * Departure: an application that another one both needs and includes counts as included, and a need for an
 * application that includes it, however far up, is none; OTP calls both undefined, or circular, depending on the order
 * of the release.
 */
import { shortestCircles } from './systools_circle.js'
import type { SystoolsError, WalkStep } from './systools_error.js'
import type { Application } from './systools_types.js'

/** The applications in order, their `uses` and `includes` as boot scripts have them; or the circles among them. */
export type Ordered = { readonly sorted: readonly Application[] } | { readonly errors: readonly SystoolsError[] }

/** @param apps in the order of the release, each name once, each included by one at most. */
export function orderApplications(apps: readonly Application[]): Ordered {
  const includer = new Map(apps.flatMap((app) => app.includes.map((name) => [name, app.name] as const)))
  const inclusions = circlesOfInclusion(apps, includer)
  if (inclusions.length > 0) return { errors: inclusions }

  const position = new Map(apps.map((app, i) => [app.name, i]))
  const via = new Map<string, ReadonlyMap<string, string>>()
  const rewritten = apps.map((app) => {
    const { uses, by } = representIncluded(app, includer)
    via.set(app.name, by)
    return { ...app, uses: inReleaseOrder(uses, position), includes: inReleaseOrder(app.includes, position) }
  })
  const { sorted, noticed } = sort(rewritten, position, includer)
  if (noticed.length === 0) return { sorted }

  const why = (from: Application, to: Application): WalkStep['why'] => {
    if (from.includes.includes(to.name)) return 'includes'
    const original = via.get(from.name)?.get(to.name)
    return original === undefined ? 'needs' : { needs: original }
  }
  const walks = shortestCircles(rewritten, (app) =>
    [...app.uses, ...app.includes].flatMap((name) => {
      const at = position.get(name)
      return at === undefined || name === app.name || isPartOf(app.name, name, includer) ? [] : [at]
    }),
  ).map((circle) =>
    circle.map((app, i) => ({ application: app.name, why: why(app, circle[(i + 1) % circle.length] ?? app) })),
  )
  return { errors: [{ tag: 'circular_dependencies', applications: noticed, walks }] }
}

/** Applications that include each other, or themselves: each circle once, from its first in the release. */
function circlesOfInclusion(apps: readonly Application[], includer: ReadonlyMap<string, string>): SystoolsError[] {
  const errors: SystoolsError[] = []
  const done = new Set<string>()
  for (const { name } of apps) {
    const walk: string[] = []
    let at: string | undefined = name
    while (at !== undefined && !done.has(at)) {
      done.add(at)
      walk.unshift(at)
      at = includer.get(at)
    }
    // `walk` goes from includer to included; it ended in a circle if it met itself.
    const end = at === undefined ? -1 : walk.indexOf(at)
    if (end >= 0) errors.push({ tag: 'circular_inclusions', walk: walk.slice(0, end + 1) })
  }
  return errors
}

/** The application that nobody includes and that this one is part of: itself, if nobody includes it. */
function topOf(name: string, includer: ReadonlyMap<string, string>): string {
  let top = name
  for (let next = includer.get(top); next !== undefined; next = includer.get(top)) top = next
  return top
}

/** Whether `part` is included by `whole`, directly or further down. */
function isPartOf(part: string, whole: string, includer: ReadonlyMap<string, string>): boolean {
  for (let at = includer.get(part); at !== undefined; at = includer.get(at)) if (at === whole) return true
  return false
}

/** Step A. `by` says for what an included application a top one stands. */
function representIncluded(
  app: Application,
  includer: ReadonlyMap<string, string>,
): { uses: readonly string[]; by: ReadonlyMap<string, string> } {
  const ownTop = topOf(app.name, includer)
  const uses = new Set(app.uses)
  const by = new Map<string, string>()
  for (const use of app.uses) {
    const top = topOf(use, includer)
    if (use === ownTop) uses.delete(use)
    else if (top === use) continue
    else if (uses.has(top)) uses.delete(use)
    else if (top !== ownTop) {
      uses.delete(use)
      uses.add(top)
      by.set(top, use)
    }
  }
  return { uses: [...uses], by }
}

/** Step B: stable, and what is not in the release last. */
function inReleaseOrder(names: readonly string[], position: ReadonlyMap<string, number>): readonly string[] {
  const last = position.size
  return names.length < 2 ? names : [...names].sort((a, b) => (position.get(a) ?? last) - (position.get(b) ?? last))
}

/** Step C. `noticed`: nobody, or who closes a circle, and which of those that wait for it it needs. */
function sort(
  apps: readonly Application[],
  position: ReadonlyMap<string, number>,
  includer: ReadonlyMap<string, string>,
): { sorted: readonly Application[]; noticed: readonly { name: string; vsn: string }[] } {
  const queue = new Queue(apps.length)
  const visited = new Set<number>()
  const sorted: Application[] = []
  let noticed: number[] = []
  for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
    const app = apps[at]
    if (app === undefined) break
    const picked: number[] = []
    for (const name of [...app.uses, ...app.includes]) {
      const needed = position.get(name)
      // An includer waits for its parts, never the other way round.
      if (needed === undefined || !queue.has(needed) || isPartOf(app.name, name, includer)) continue
      queue.remove(needed)
      picked.push(needed)
    }
    if (picked.length === 0) {
      sorted.push(app)
    } else {
      const waiting = picked.filter((index) => visited.has(index))
      if (waiting.length > 0) noticed = [at, ...waiting, ...noticed]
      // Those that wait for this one are dropped: the order is lost anyway, and other circles are still found.
      queue.unshift([...picked.filter((index) => !visited.has(index)), at])
    }
    visited.add(at)
  }
  const refs = [...new Set(noticed)].flatMap((index) => {
    const app = apps[index]
    return app === undefined ? [] : [{ name: app.name, vsn: app.vsn }]
  })
  return { sorted, noticed: refs }
}

/** A queue of 0 .. size-1 from which any member can be taken, in constant time. */
class Queue {
  readonly #next: number[]
  readonly #previous: number[]
  readonly #end: number

  constructor(size: number) {
    // The place after the last one closes the ring: it is both before the first and after the last.
    this.#end = size
    this.#next = Array.from({ length: size + 1 }, (_, i) => (i === size ? 0 : i + 1))
    this.#previous = Array.from({ length: size + 1 }, (_, i) => (i === 0 ? size : i - 1))
  }

  has(member: number): boolean {
    return this.#next[member] !== -1
  }

  remove(member: number): void {
    const next = this.#next[member] ?? this.#end
    const previous = this.#previous[member] ?? this.#end
    this.#next[previous] = next
    this.#previous[next] = previous
    this.#next[member] = -1
  }

  shift(): number | undefined {
    const first = this.#next[this.#end] ?? this.#end
    if (first === this.#end) return undefined
    this.remove(first)
    return first
  }

  unshift(members: readonly number[]): void {
    for (const member of members.toReversed()) {
      const first = this.#next[this.#end] ?? this.#end
      this.#next[this.#end] = member
      this.#previous[member] = this.#end
      this.#next[member] = first
      this.#previous[first] = member
    }
  }
}
