/**
 * Circles in a graph: the strongly connected parts, and of each one shortest circle through its first member.
 *
 * Tarjan's algorithm with a stack of its own, as a chain of dependencies may be longer than the call stack.
 */

/**
 * The strongly connected parts, each with its members in ascending order.
 *
 * @param size  vertices are 0 .. size-1
 * @param edges indices that a vertex leads to
 */
export function strongComponents(size: number, edges: (vertex: number) => readonly number[]): number[][] {
  const components: number[][] = []
  const order = new Int32Array(size).fill(-1)
  const low = new Int32Array(size)
  const onStack = new Uint8Array(size)
  const stack: number[] = []
  let count = 0
  const enter = (vertex: number) => {
    order[vertex] = low[vertex] = count++
    stack.push(vertex)
    onStack[vertex] = 1
    return { vertex, edges: edges(vertex), at: 0 }
  }
  for (let root = 0; root < size; root++) {
    if (order[root] !== -1) continue
    const walk = [enter(root)]
    for (let frame = walk.at(-1); frame !== undefined; frame = walk.at(-1)) {
      const { vertex } = frame
      const next = frame.edges[frame.at++]
      if (next !== undefined) {
        if (order[next] === -1) walk.push(enter(next))
        else if (onStack[next] === 1) low[vertex] = Math.min(low[vertex] ?? 0, order[next] ?? 0)
        continue
      }
      walk.pop()
      const parent = walk.at(-1)?.vertex
      if (parent !== undefined) low[parent] = Math.min(low[parent] ?? 0, low[vertex] ?? 0)
      if (low[vertex] === order[vertex]) {
        const component = stack.splice(stack.lastIndexOf(vertex))
        for (const member of component) onStack[member] = 0
        components.push(component.sort((a, b) => a - b))
      }
    }
  }
  return components
}

/** One shortest circle through the first member of each part that has one, in order of those first members. */
export function shortestCircles<T>(vertices: readonly T[], edges: (vertex: T) => readonly number[]): T[][] {
  const edgesOf = (index: number): readonly number[] => {
    const vertex = vertices[index]
    return vertex === undefined ? [] : edges(vertex)
  }
  return strongComponents(vertices.length, edgesOf)
    .filter(([first = -1, ...others]) => others.length > 0 || edgesOf(first).includes(first))
    .sort(([a = 0], [b = 0]) => a - b)
    .map((component) => circleThrough(component[0] ?? 0, new Set(component), edgesOf))
    .map((circle) => circle.flatMap((index) => vertices[index] ?? []))
}

/** Breadth first from the start back to it, inside its component. */
function circleThrough(
  start: number,
  inside: ReadonlySet<number>,
  edges: (index: number) => readonly number[],
): number[] {
  const cameFrom = new Map<number, number>()
  const queue = [start]
  for (const at of queue) {
    for (const next of edges(at)) {
      if (next === start) {
        const circle = [at]
        for (let back = at; back !== start; circle.unshift(back)) back = cameFrom.get(back) ?? start
        return circle
      }
      if (!inside.has(next) || cameFrom.has(next)) continue
      cameFrom.set(next, at)
      queue.push(next)
    }
  }
  return [start]
}
