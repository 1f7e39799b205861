/**
 * Groups of modules that depend on each other, and the order within each: dependants before what they depend on.
 *
 * A group is a weakly connected part of the graph of `mod_deps`. Modules of one cycle stay together, in the order of
 * their instructions. Where dependencies leave a choice, the order of the instructions decides.
 * OTP: `sort_dependencies` and `topo_sort` of systools_rc.erl over digraph_utils.
 *
 * Departure: the order is the same in every run; OTP's hangs on hash tables where dependencies leave a choice.
 */
import { strongComponents } from './systools_circle.js'

/**
 * @param deps for each instruction, in the order of the script, the indices of those it depends on
 * @returns groups by their first member, each in order of dependency
 */
export function dependencyGroups(deps: readonly (readonly number[])[]): readonly (readonly number[])[] {
  const cycleOf = new Int32Array(deps.length)
  const cycles = strongComponents(deps.length, (vertex) => deps[vertex] ?? [])
  for (const [cycle, members] of cycles.entries()) for (const member of members) cycleOf[member] = cycle

  /** What a cycle leads to outside itself, each once. */
  const leadsTo = cycles.map((members, cycle) => {
    const targets = new Set(members.flatMap((member) => deps[member] ?? []).map((dep) => cycleOf[dep] ?? -1))
    targets.delete(cycle)
    return targets
  })
  const waitsFor = new Int32Array(cycles.length)
  for (const targets of leadsTo) for (const target of targets) waitsFor[target] = (waitsFor[target] ?? 0) + 1

  const groupOf = weakComponents(leadsTo)
  const groups = new Map<number, number[]>()
  // Created in the order of first members, so that groups come out in it.
  for (const index of deps.keys()) groups.set(groupOf[cycleOf[index] ?? 0] ?? 0, [])

  const firstOf = (cycle: number) => cycles[cycle]?.[0] ?? 0
  const ready = new Heap(firstOf)
  for (const cycle of cycles.keys()) if (waitsFor[cycle] === 0) ready.push(cycle)
  for (let cycle = ready.pop(); cycle !== undefined; cycle = ready.pop()) {
    const group = groups.get(groupOf[cycle] ?? 0)
    for (const member of cycles[cycle] ?? []) group?.push(member)
    for (const target of leadsTo[cycle] ?? []) {
      const left = (waitsFor[target] ?? 0) - 1
      waitsFor[target] = left
      if (left === 0) ready.push(target)
    }
  }
  return [...groups.values()]
}

/** For each vertex the number of its weakly connected part. */
function weakComponents(edges: readonly ReadonlySet<number>[]): Int32Array {
  const parent = Int32Array.from(edges.keys())
  const find = (vertex: number): number => {
    let root = vertex
    while (parent[root] !== root) {
      // Halving the path keeps later look-ups short.
      parent[root] = parent[parent[root] ?? root] ?? root
      root = parent[root] ?? root
    }
    return root
  }
  for (const [vertex, targets] of edges.entries()) for (const target of targets) parent[find(vertex)] = find(target)
  return parent.map((_, vertex) => find(vertex))
}

/** A heap of numbers that gives the one of the smallest key first. */
class Heap {
  readonly #items: number[] = []
  readonly #key: (item: number) => number

  constructor(key: (item: number) => number) {
    this.#key = key
  }

  push(item: number): void {
    this.#items.push(item)
    let at = this.#items.length - 1
    while (at > 0) {
      const up = (at - 1) >> 1
      if (!this.#isLess(at, up)) break
      this.#swap(at, up)
      at = up
    }
  }

  pop(): number | undefined {
    const [first] = this.#items
    const last = this.#items.pop()
    if (first === undefined || last === undefined || this.#items.length === 0) return first
    this.#items[0] = last
    for (let at = 0; ; ) {
      const left = 2 * at + 1
      const least = this.#isLess(left + 1, left) ? left + 1 : left
      if (!this.#isLess(least, at)) return first
      this.#swap(least, at)
      at = least
    }
  }

  #isLess(a: number, b: number): boolean {
    const [one, another] = [this.#items[a], this.#items[b]]
    return one !== undefined && another !== undefined && this.#key(one) < this.#key(another)
  }

  #swap(a: number, b: number): void {
    const [one = 0, another = 0] = [this.#items[a], this.#items[b]]
    this.#items[a] = another
    this.#items[b] = one
  }
}
