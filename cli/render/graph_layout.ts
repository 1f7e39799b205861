/**
 * Where the nodes and edges of a drawing go: in layers, what is needed below who needs it. Pure, and the same for the
 * same graph.
 *
 * Sugiyama's method: circles are opened, every node gets a layer, long edges a point in each layer between, layers are
 * put in an order with few crossings, and then points are moved as near to what they are connected with as they can be
 * without touching. Sizes are the caller's unit.
 */

/** A box to place. */
export interface Box {
  readonly id: string
  readonly width: number
}

/** A box and the middle of where it stands; layers count from the top. */
export interface Placed extends Box {
  readonly x: number
  readonly layer: number
}

/** The line of an edge, by way of a point in each layer between, top first. */
export interface Route {
  /** It runs against the layers: `points` begin where the edge ends. */
  readonly turned: boolean
  /** x in each layer; the first and the last are the boxes'. */
  readonly points: readonly { readonly x: number; readonly layer: number }[]
}

/** A drawing; x runs from 0 to `width`. */
export interface Layout {
  readonly boxes: readonly Placed[]
  /** One for each edge, in their order. */
  readonly routes: readonly Route[]
  readonly width: number
  readonly layers: number
}

/** A point of a layer: a box, or where a long edge passes. */
interface Point {
  readonly layer: number
  readonly width: number
  x: number
  readonly up: Point[]
  readonly down: Point[]
}

/** Room between neighbours of a layer. */
const GAP = 28
/** Width of what passes through a layer. */
const PASSING = 4
const SWEEPS = 12
const MOVES = 24

/** Places boxes. Edges lead from one of them to another one. */
export function layout(
  boxes: readonly Box[],
  edges: readonly { readonly from: string; readonly to: string }[],
): Layout {
  const directed = opened(boxes, edges)
  const depth = depths(boxes, directed)
  const layers = [...depth.values()].reduce((most, one) => Math.max(most, one), 0) + 1
  const layerOf = (id: string): number => layers - 1 - (depth.get(id) ?? 0)
  const rows: Point[][] = Array.from({ length: layers }, () => [])
  const add = (layer: number, width: number): Point => {
    const point: Point = { layer, width, x: 0, up: [], down: [] }
    rows[layer]?.push(point)
    return point
  }
  const points = new Map(boxes.map(({ id, width }) => [id, add(layerOf(id), width)]))
  const chains = directed.map(({ from, to }) => {
    const [top, bottom] = [points.get(from), points.get(to)]
    const between = Array.from({ length: Math.max(0, layerOf(to) - layerOf(from) - 1) }, (_, index) =>
      add(layerOf(from) + 1 + index, PASSING),
    )
    const chain = [...(top === undefined ? [] : [top]), ...between, ...(bottom === undefined ? [] : [bottom])]
    for (const [index, point] of chain.entries()) {
      const next = chain[index + 1]
      if (next === undefined) continue
      point.down.push(next)
      next.up.push(point)
    }
    return chain
  })
  const ordered = untangled(rows)
  move(ordered)
  const all = ordered.flat()
  const left = all.reduce((least, { x, width }) => Math.min(least, x - width / 2), all.length === 0 ? 0 : Infinity)
  const right = all.reduce((most, { x, width }) => Math.max(most, x + width / 2), all.length === 0 ? 0 : -Infinity)
  return {
    boxes: boxes.map((box) => ({ ...box, x: (points.get(box.id)?.x ?? 0) - left, layer: layerOf(box.id) })),
    routes: directed.map((edge, index) => ({
      turned: edge !== edges[index],
      points: (chains[index] ?? []).map(({ x, layer }) => ({ x: x - left, layer })),
    })),
    width: right - left,
    layers,
  }
}

/** The edges, those that close a circle turned round. */
function opened<E extends { readonly from: string; readonly to: string }>(
  boxes: readonly Box[],
  edges: readonly E[],
): E[] {
  const next = new Map<string, E[]>()
  for (const edge of edges) next.set(edge.from, [...(next.get(edge.from) ?? []), edge])
  const turned = new Set<E>()
  const state = new Map<string, 'open' | 'done'>()
  for (const { id } of boxes) {
    // No recursion: a chain of modules may be longer than the stack.
    const walk = state.has(id) ? [] : [{ id, edges: [...(next.get(id) ?? [])].values() }]
    if (walk.length > 0) state.set(id, 'open')
    for (let at = walk.at(-1); at !== undefined; at = walk.at(-1)) {
      const step = at.edges.next()
      if (step.done === true) {
        state.set(at.id, 'done')
        walk.pop()
      } else if (state.get(step.value.to) === 'open') turned.add(step.value)
      else if (!state.has(step.value.to)) {
        state.set(step.value.to, 'open')
        walk.push({ id: step.value.to, edges: [...(next.get(step.value.to) ?? [])].values() })
      }
    }
  }
  return edges.map((edge) => (turned.has(edge) ? { ...edge, from: edge.to, to: edge.from } : edge))
}

/** Longest way down from each box. */
function depths(
  boxes: readonly Box[],
  edges: readonly { readonly from: string; readonly to: string }[],
): ReadonlyMap<string, number> {
  const waiting = new Map(boxes.map(({ id }) => [id, 0]))
  const above = new Map<string, string[]>()
  for (const { from, to } of edges) {
    waiting.set(from, (waiting.get(from) ?? 0) + 1)
    above.set(to, [...(above.get(to) ?? []), from])
  }
  const depth = new Map(boxes.map(({ id }) => [id, 0]))
  const ready = boxes.filter(({ id }) => waiting.get(id) === 0).map(({ id }) => id)
  // Grows while it is walked.
  for (const id of ready) {
    for (const user of above.get(id) ?? []) {
      depth.set(user, Math.max(depth.get(user) ?? 0, (depth.get(id) ?? 0) + 1))
      const left = (waiting.get(user) ?? 0) - 1
      waiting.set(user, left)
      if (left === 0) ready.push(user)
    }
  }
  return depth
}

/** The layers, each in an order in which few edges cross. */
function untangled(rows: readonly Point[][]): readonly (readonly Point[])[] {
  let current = rows.map((row) => [...row])
  let best = current
  let least = crossings(current)
  for (let sweep = 0; sweep < SWEEPS && least > 0; sweep++) {
    const downwards = sweep % 2 === 0
    const place = new Map<Point, number>()
    const note = (row: readonly Point[]) => {
      for (const [index, point] of row.entries()) place.set(point, row.length < 2 ? 0.5 : index / (row.length - 1))
    }
    for (const row of current) note(row)
    const sorted: Point[][] = []
    for (const row of downwards ? current : current.toReversed()) {
      const next = row
        .map((point) => ({
          point,
          at: mean((downwards ? point.up : point.down).map((one) => place.get(one) ?? 0)) ?? place.get(point) ?? 0,
        }))
        .sort((a, b) => a.at - b.at)
        .map(({ point }) => point)
      note(next)
      sorted.push(next)
    }
    current = downwards ? sorted : sorted.reverse()
    const crossed = crossings(current)
    if (crossed < least) [best, least] = [current, crossed]
  }
  return best
}

function crossings(rows: readonly (readonly Point[])[]): number {
  let total = 0
  for (const [index, row] of rows.entries()) {
    const below = new Map((rows[index + 1] ?? []).map((point, at) => [point, at]))
    // Pairs of ends in the wrong order, counted with a Fenwick tree: a layer may have thousands.
    const counts = new Array<number>(below.size + 1).fill(0)
    let before = 0
    for (const point of row) {
      const ends = point.down.map((one) => (below.get(one) ?? 0) + 1).sort((a, b) => a - b)
      for (const end of ends) {
        let notAfter = 0
        for (let at = end; at > 0; at -= at & -at) notAfter += counts[at] ?? 0
        total += before - notAfter
        for (let at = end; at < counts.length; at += at & -at) counts[at] = (counts[at] ?? 0) + 1
        before++
      }
    }
  }
  return total
}

/** Moves the points of each layer towards what they are connected with. */
function move(rows: readonly (readonly Point[])[]): void {
  for (const row of rows)
    settle(
      row,
      row.map(() => 0),
    )
  for (let round = 0; round < MOVES; round++) {
    const downwards = round % 2 === 0
    for (const row of downwards ? rows : rows.toReversed()) {
      const wanted = row.map((point) => {
        const [first, second] = downwards ? [point.up, point.down] : [point.down, point.up]
        return mean((first.length > 0 ? first : second).map(({ x }) => x)) ?? point.x
      })
      settle(row, wanted)
    }
  }
}

/**
 * Puts the points of a layer as near to the wanted places as their order and widths allow (least squares). Points that
 * would touch become a block that stands where its members want to be on average; a long edge pulls harder, so that it
 * stays straight.
 */
function settle(row: readonly Point[], wanted: readonly number[]): void {
  interface Block {
    readonly members: Point[]
    /** Distances of the members from the first one. */
    readonly offsets: number[]
    sum: number
    weight: number
  }
  const start = (block: Block): number => block.sum / block.weight
  const blocks: Block[] = []
  const apart = (a: Point, b: Point): number => a.width / 2 + GAP + b.width / 2
  for (const [index, point] of row.entries()) {
    const weight = point.width === PASSING ? 4 : 1
    let block: Block = { members: [point], offsets: [0], sum: (wanted[index] ?? 0) * weight, weight }
    for (let before = blocks.at(-1); before !== undefined; before = blocks.at(-1)) {
      const [last, first] = [before.members.at(-1), block.members[0]]
      if (last === undefined || first === undefined) break
      const shift = (before.offsets.at(-1) ?? 0) + apart(last, first)
      if (start(before) + shift <= start(block)) break
      blocks.pop()
      block = {
        members: [...before.members, ...block.members],
        offsets: [...before.offsets, ...block.offsets.map((offset) => offset + shift)],
        sum: before.sum + block.sum - shift * block.weight,
        weight: before.weight + block.weight,
      }
    }
    blocks.push(block)
  }
  for (const block of blocks) {
    for (const [index, point] of block.members.entries()) point.x = start(block) + (block.offsets[index] ?? 0)
  }
}

const mean = (numbers: readonly number[]): number | undefined =>
  numbers.length === 0 ? undefined : numbers.reduce((sum, one) => sum + one, 0) / numbers.length
