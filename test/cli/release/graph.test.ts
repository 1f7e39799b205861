import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { CompiledModule } from '../../../cli/release/compiled.js'
import { applicationGraph, type Graph, moduleGraph } from '../../../cli/release/graph.js'
import { startOrder } from '../../../cli/release/release_script.js'
import { dot, graphTree, mermaid } from '../../../cli/render/graph.js'
import { layout } from '../../../cli/render/graph_layout.js'
import { svg } from '../../../cli/render/graph_svg.js'
import { plain } from '../../../cli/render/style.js'
import { releaseOf } from './fixtures.js'

const test = suite('cli/release/graph')

async function goodGraph(): Promise<Graph> {
  const release = await releaseOf('good_project')
  if (!release.ok) throw new Error('good_project is good')
  const order = startOrder(release.value)
  if (!order.ok) throw new Error('good_project starts')
  return applicationGraph(release.value, order.value)
}

test('a release as a tree: what follows from others is left out, what stands above is not repeated', async () => {
  const graph = await goodGraph()
  assert.equal(graphTree(graph, false, plain), [
    'shop 1.0.0',
    '├── sasl 1.0.0',
    '│   └── stdlib 1.0.0',
    '│       └── kernel 1.0.0',
    '└── shop 1.0.0',
    '    ├── cart 1.2.0',
    '    │   └── stdlib 1.0.0 (above)',
    '    └── mail 1.4.0 ^1.0.0',
    '        └── stdlib 1.0.0 (above)',
    '',
    'starts   kernel, stdlib, sasl, cart, mail, shop',
  ])
  assert.ok(graphTree(graph, true, plain).length > graphTree(graph, false, plain).length)
})

/** A graph of applications: `a>b` needs, `a=b` includes, `a?b` can use. */
function small(...edges: string[]): Graph {
  const kinds = { '>': 'needs', '=': 'includes', '?': 'optional' } as const
  const parsed = edges.flatMap((edge) => {
    const [, from = '', sign = '', to = ''] = /^(\w+)([>=?])(\w+)$/.exec(edge) ?? []
    const kind = sign === '>' || sign === '=' || sign === '?' ? kinds[sign] : undefined
    return kind === undefined ? [] : [{ from, to, kind, range: null, implied: false }]
  })
  const names = [...new Set(parsed.flatMap(({ from, to }) => [from, to]))]
  return {
    title: 'r "1"',
    of: 'applications',
    nodes: names.map((id, index) => ({
      id,
      name: id,
      vsn: '1',
      kind: 'application',
      goal: index === 0,
      type: 'permanent',
    })),
    edges: parsed,
    startOrder: [],
  }
}

test('Mermaid: names that are its own words do no harm', () => {
  assert.equal(mermaid(small('end>a', 'end=b', 'end?c'), false).slice(3), [
    'flowchart TD',
    '  n_end[["end 1"]]',
    '  n_a["a 1"]',
    '  n_b["b 1"]',
    '  n_c["c 1"]',
    '  n_end --> n_a',
    '  n_end ==>|"included"| n_b',
    '  n_end -.->|"optional"| n_c',
  ])
})

test('DOT: quotes in names are escaped', () => {
  const lines = dot(small('a>b'), false)
  assert.is(lines[0], 'digraph "r \\"1\\"" {')
  assert.ok(lines.includes('  "a" -> "b" [style=solid];'))
})

test('SVG: one box for each node, one line for each edge, text is escaped', () => {
  const lines = svg(small('a>b', 'a>c', 'b>c'), true).join('\n')
  assert.is(lines.match(/<rect [^>]*rx="9"/g)?.length, 3)
  assert.is(lines.match(/marker-end/g)?.length, 3)
  assert.ok(lines.includes('<title>r &quot;1&quot;</title>'))
  assert.not.match(lines, /NaN|Infinity|undefined/)
})

const boxes = (names: string) => [...names].map((id) => ({ id, width: 60 }))
const edges = (...pairs: string[]) => pairs.map((pair) => ({ from: pair[0] ?? '', to: pair[1] ?? '' }))

// boxes, edges, the layer of each, why
const LAYERS = [
  ['abc', ['ab', 'bc', 'ac'], '0 1 2', 'what is needed is below, and a long edge passes between'],
  ['ab', ['ab', 'ba'], '0 1', 'a circle is opened'],
  ['abcd', ['ad', 'bd', 'cd'], '0 0 0 1', 'users of one thing stand beside each other'],
  ['a', [], '0', 'one box'],
] as const
for (const [names, pairs, layers, why] of LAYERS) {
  test(`layout: ${why}`, () => {
    const made = layout(boxes(names), edges(...pairs))
    assert.is(made.boxes.map(({ layer }) => layer).join(' '), layers)
    assert.is(made.routes.length, pairs.length)
  })
}

test('layout: nothing overlaps, nothing is outside, and what need not cross does not', () => {
  const made = layout(boxes('abcdefgh'), edges('ae', 'bf', 'cg', 'dh', 'ah', 'bh'))
  for (const one of made.boxes) {
    assert.ok(one.x - one.width / 2 >= -0.001 && one.x + one.width / 2 <= made.width + 0.001)
    for (const other of made.boxes) {
      if (one === other || one.layer !== other.layer) continue
      assert.ok(Math.abs(one.x - other.x) >= (one.width + other.width) / 2, `${one.id} ${other.id}`)
    }
  }
  const straight = layout(boxes('abcd'), edges('ad', 'bc')).routes.map(({ points }) => points.map(({ x }) => x))
  const [[a = 0, d = 0] = [], [b = 0, c = 0] = []] = straight
  assert.ok(a < b === d < c)
})

test('layout: a thousand modules take no time to speak of', () => {
  const names = Array.from({ length: 1000 }, (_, index) => `m${index}`)
  const many = names.flatMap((to, index) =>
    [1, 7, 31].flatMap((step) => {
      const from = names[Math.floor(index / 2) - step]
      return from === undefined ? [] : [{ from, to }]
    }),
  )
  const startedMs = performance.now()
  const made = layout(
    names.map((id) => ({ id, width: 80 })),
    many,
  )
  assert.is(made.boxes.length, 1000)
  assert.ok(performance.now() - startedMs < 10_000)
})

test('no boxes make an empty drawing', () =>
  assert.equal(layout([], []), { boxes: [], routes: [], width: 0, layers: 1 }))

test('modules: those of other applications and packages are one node each, later imports say so', () => {
  const module = (name: string, imports: object[], dynamic = {}): CompiledModule => ({
    application: 'shop',
    name,
    id: `shop/${name}`,
    source: '',
    file: '',
    code: '',
    map: undefined,
    // Only where the imports lead matters here.
    meta: { imports, dynamic, stars: [], exports: [], tla: false } as unknown as NonNullable<CompiledModule['meta']>,
    packages: [],
  })
  const graph = moduleGraph({
    name: 'shop',
    vsn: '1.0.0',
    modules: [
      module('cart', [
        { m: 'shop/price' },
        { m: 'kernel/otp_rel' },
        { p: '@a/b/sub' },
        { b: 'node:fs' },
        { m: 'shop/cart' },
      ]),
      module('price', [], { './cart.js': { m: 'shop/cart' } }),
    ],
  })
  assert.equal(
    graph.edges.map(({ from, to, kind }) => `${from} ${kind} ${to}`),
    [
      'shop/cart imports shop/price',
      'shop/cart imports kernel',
      'shop/cart imports npm:@a/b',
      'shop/price imports_later shop/cart',
    ],
  )
  assert.equal(graphTree(graph, false, plain), [
    'shop 1.0.0',
    '└── cart',
    '    ├── price',
    '    │   └── cart import() (above)',
    '    ├── kernel (application)',
    '    └── npm:@a/b',
  ])
})

test.run()
