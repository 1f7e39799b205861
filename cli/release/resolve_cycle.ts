/** Cycles in a graph, each as the walk that a person can follow: `a -> b -> c -> a`. */

/**
 * @param names the nodes; the order decides which walks are found first
 * @param next the nodes that one leads to
 * @returns for each group of nodes that reach each other, its shortest walk from the first of them back to it
 */
export function findCycles(names: readonly string[], next: (name: string) => readonly string[]): string[][] {
  const groups = groupsOf(names, next)
  const order = new Map(names.map((name, index) => [name, index]))
  const starts = groups.map((group) => ({ group, start: firstOf(group, order) }))
  return starts
    .sort((a, b) => (order.get(a.start ?? '') ?? 0) - (order.get(b.start ?? '') ?? 0))
    .flatMap(({ group, start }) => {
      const walk = start === undefined ? undefined : shortestWalk(start, group, next)
      return walk === undefined ? [] : [walk]
    })
}

/** The member of a group that comes first. */
function firstOf(group: ReadonlySet<string>, order: ReadonlyMap<string, number>): string | undefined {
  let first: string | undefined
  for (const name of group) {
    if (first === undefined || (order.get(name) ?? 0) < (order.get(first) ?? 0)) first = name
  }
  return first
}

/** Tarjan's strongly connected components, without recursion: a chain of applications may be long. */
function groupsOf(names: readonly string[], next: (name: string) => readonly string[]): Set<string>[] {
  const index = new Map<string, number>()
  const low = new Map<string, number>()
  const stack: string[] = []
  const onStack = new Set<string>()
  const groups: Set<string>[] = []
  const enter = (name: string) => {
    index.set(name, index.size)
    low.set(name, index.size - 1)
    stack.push(name)
    onStack.add(name)
    return { name, rest: [...next(name)] }
  }
  const lower = (name: string, value: number) => low.set(name, Math.min(low.get(name) ?? value, value))
  for (const root of names) {
    const walk = index.has(root) ? [] : [enter(root)]
    for (let top = walk.at(-1); top !== undefined; top = walk.at(-1)) {
      const child = top.rest.shift()
      if (child !== undefined) {
        if (!index.has(child)) walk.push(enter(child))
        else if (onStack.has(child)) lower(top.name, index.get(child) ?? 0)
        continue
      }
      walk.pop()
      const parent = walk.at(-1)
      if (parent !== undefined) lower(parent.name, low.get(top.name) ?? 0)
      if (low.get(top.name) !== index.get(top.name)) continue
      const group = new Set(stack.splice(stack.indexOf(top.name)))
      for (const name of group) onStack.delete(name)
      groups.push(group)
    }
  }
  return groups
}

/** The shortest way from a node through its group back to itself; undefined where there is none. */
function shortestWalk(
  start: string,
  group: ReadonlySet<string>,
  next: (name: string) => readonly string[],
): string[] | undefined {
  const walks: string[][] = [[start]]
  const seen = new Set<string>()
  for (const walk of walks) {
    for (const name of next(walk.at(-1) ?? start)) {
      if (name === start) return [...walk, start]
      if (!group.has(name) || seen.has(name)) continue
      seen.add(name)
      walks.push([...walk, name])
    }
  }
  return undefined
}
