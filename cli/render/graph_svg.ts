/** A graph as a drawing, SVG: no library, no script, no fonts but those of whoever looks at it. */
import type { Graph, GraphEdge, GraphNode } from '../release/graph.js'
import { drawn, nodeText } from './graph.js'
import { layout, type Placed, type Route } from './graph_layout.js'

/** Sizes in px. */
const HEIGHT = 44
const BETWEEN = 56
const MARGIN = 28
const TITLE = 44
const LEGEND = 40
/** Mean width of a letter, and of a bold one. */
const LETTER = 7
const BOLD_LETTER = 7.8

const COLOURS: Readonly<
  Record<GraphNode['kind'], { readonly fill: string; readonly line: string; readonly text: string }>
> = {
  application: { fill: '#e8f1fd', line: '#2f6fc4', text: '#15355f' },
  runtime: { fill: '#f1f3f5', line: '#98a2ad', text: '#3c4650' },
  module: { fill: '#eaf7ef', line: '#2f8f5b', text: '#164a2e' },
  package: { fill: '#fdf1e2', line: '#c77d1e', text: '#5e3a0b' },
}

const DASHES: Readonly<Record<GraphEdge['kind'], string>> = {
  needs: '',
  imports: '',
  includes: '',
  optional: '5 4',
  imports_later: '2 4',
}

/** The drawing. @param all also edges that others imply, thinner */
export function svg(graph: Graph, all: boolean): string[] {
  const edges = drawn(graph, all).filter(({ from, to }) => from !== to)
  const nodes = new Map(graph.nodes.map((node) => [node.id, node]))
  const { boxes, routes, width, layers } = layout(
    graph.nodes.map((node) => ({ id: node.id, width: Math.round(boxWidth(node)) })),
    edges,
  )
  const legend = legendOf(graph, edges)
  const total = {
    width: Math.ceil(Math.max(width, legend.width, graph.title.length * 10) + 2 * MARGIN),
    height: TITLE + layers * HEIGHT + (layers - 1) * BETWEEN + LEGEND + MARGIN,
  }
  const shift = (total.width - width) / 2
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${total.width}" height="${total.height}" viewBox="0 0 ${total.width} ${total.height}" font-family="system-ui, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif">`,
    `  <title>${escaped(graph.title)}</title>`,
    '  <defs>',
    '    <marker id="arrow" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path d="M1 1 9 5 1 9" fill="none" stroke="#6b7681" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round"/></marker>',
    '  </defs>',
    '  <rect width="100%" height="100%" fill="#ffffff"/>',
    `  <text x="${total.width / 2}" y="${MARGIN}" text-anchor="middle" font-size="17" font-weight="600" fill="#20262c">${escaped(graph.title)}</text>`,
    '  <g fill="none">',
    ...edges.flatMap((edge, index) => edgeLines(edge, routes[index], shift)),
    '  </g>',
    ...boxes.flatMap((box) => {
      const node = nodes.get(box.id)
      return node === undefined ? [] : boxLines(node, box, shift)
    }),
    ...legend.lines.map(
      (line) => `  <g transform="translate(${(total.width - legend.width) / 2} ${total.height - LEGEND})">${line}</g>`,
    ),
    '</svg>',
  ]
}

const boxWidth = (node: GraphNode): number =>
  Math.max(64, nameOf(node).length * BOLD_LETTER + 28, secondLine(node).length * LETTER * 0.85 + 24)

const nameOf = ({ name }: GraphNode): string => name

/** The version, or what it is; and how it is started where that is not the rule. */
function secondLine({ vsn, kind, type }: GraphNode): string {
  if (kind === 'module') return ''
  const what = vsn ?? (kind === 'package' ? 'npm' : 'application')
  return type === null || type === 'permanent' ? what : `${what}, ${type}`
}

const topOf = (layer: number): number => TITLE + layer * (HEIGHT + BETWEEN)

function boxLines(node: GraphNode, { x, width, layer }: Placed, shift: number): string[] {
  const { fill, line, text } = COLOURS[node.kind]
  const [left, top, middle] = [round(x - width / 2 + shift), topOf(layer), round(x + shift)]
  const second = secondLine(node)
  const name = `<text x="${middle}" y="${top + (second === '' ? 27 : 19)}" font-size="13.5" font-weight="600">${escaped(nameOf(node))}</text>`
  const below =
    second === '' ? '' : `<text x="${middle}" y="${top + 35}" font-size="11.5" opacity="0.75">${escaped(second)}</text>`
  return [
    `  <g text-anchor="middle" fill="${text}"><title>${escaped(nodeText(node))}</title><rect x="${left}" y="${top}" width="${width}" height="${HEIGHT}" rx="9" fill="${fill}" stroke="${line}" stroke-width="${node.goal ? 2.4 : 1.2}"/>${name}${below}</g>`,
  ]
}

/** A smooth line through the layers; vertical where it leaves and where it ends. */
function edgeLines(edge: GraphEdge, route: Route | undefined, shift: number): string[] {
  const [first, ...rest] = route?.points ?? []
  if (first === undefined) return []
  let path = `M${round(first.x + shift)} ${topOf(first.layer) + HEIGHT}`
  let before = { x: first.x + shift, y: topOf(first.layer) + HEIGHT }
  for (const [index, point] of rest.entries()) {
    const x = point.x + shift
    const y = topOf(point.layer)
    const half = round((before.y + y) / 2)
    path += ` C${round(before.x)} ${half} ${round(x)} ${half} ${round(x)} ${y}`
    const passes = index < rest.length - 1
    if (passes) path += ` V${y + HEIGHT}`
    before = { x, y: passes ? y + HEIGHT : y }
  }
  const marker = route?.turned === true ? 'marker-start' : 'marker-end'
  const dashes = DASHES[edge.kind] === '' ? '' : ` stroke-dasharray="${DASHES[edge.kind]}"`
  const colour = edge.implied ? '#c5ccd3' : '#8a95a0'
  const says = `${edge.from} ${edge.kind.replaceAll('_', ' ')} ${edge.to}${edge.range === null ? '' : ` ${edge.range}`}`
  return [
    `    <path d="${path}" stroke="${colour}" stroke-width="${edge.kind === 'includes' ? 3 : 1.4}"${dashes} ${marker}="url(#arrow)"><title>${escaped(says)}</title></path>`,
  ]
}

const KIND_WORDS: Readonly<Record<GraphNode['kind'], string>> = {
  application: 'application',
  runtime: 'of otp-rel',
  module: 'module',
  package: 'npm package',
}

const EDGE_WORDS: Readonly<Record<GraphEdge['kind'], string>> = {
  needs: 'needs',
  includes: 'includes',
  optional: 'optional',
  imports: 'imports',
  imports_later: 'import()',
}

/** What the colours and lines that occur mean. */
function legendOf({ nodes }: Graph, edges: readonly GraphEdge[]): { readonly lines: string[]; readonly width: number } {
  const text = (x: number, words: string) =>
    `<text x="${x}" y="9" font-size="11.5" fill="#5a646e">${escaped(words)}</text>`
  let x = 0
  const lines: string[] = []
  const put = (sign: string, words: string) => {
    lines.push(`<g transform="translate(${x} 0)">${sign}${text(30, words)}</g>`)
    x += 30 + Math.ceil(words.length * 6.2) + 24
  }
  for (const kind of new Set(nodes.map((node) => node.kind))) {
    const { fill, line } = COLOURS[kind]
    put(
      `<rect x="0" y="-2" width="22" height="13" rx="4" fill="${fill}" stroke="${line}" stroke-width="1.2"/>`,
      KIND_WORDS[kind],
    )
  }
  if (nodes.some(({ goal }) => goal)) {
    put(
      '<rect x="1" y="-2" width="20" height="13" rx="4" fill="#ffffff" stroke="#6b7681" stroke-width="2.4"/>',
      'asked for',
    )
  }
  for (const kind of new Set(edges.map((edge) => edge.kind))) {
    const dashes = DASHES[kind] === '' ? '' : ` stroke-dasharray="${DASHES[kind]}"`
    put(
      `<path d="M0 5H22" stroke="#8a95a0" stroke-width="${kind === 'includes' ? 3 : 1.4}"${dashes}/>`,
      EDGE_WORDS[kind],
    )
  }
  return { lines, width: Math.max(0, x - 24) }
}

const round = (number: number): number => Math.round(number * 10) / 10

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

const escaped = (text: string): string => text.replaceAll(/[&<>"]/g, (sign) => ESCAPES[sign] ?? sign)
