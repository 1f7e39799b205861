/** A graph as text: a tree for a terminal, Mermaid and DOT for other programs. */
import type { Graph, GraphEdge, GraphNode } from '../release/graph.js'
import { padEnd, type Style } from './style.js'
import { type Tree, tree } from './tree.js'

/** The edges to draw. @param all also those that others imply */
export const drawn = ({ edges }: Graph, all: boolean): readonly GraphEdge[] =>
  all ? edges : edges.filter(({ implied }) => !implied)

/** As a tree from what is asked for (of modules: what no other imports) down; what stands above is not repeated. */
export function graphTree(graph: Graph, all: boolean, style: Style): string[] {
  const edges = drawn(graph, all)
  const byFrom = new Map<string, GraphEdge[]>()
  for (const edge of edges) byFrom.set(edge.from, [...(byFrom.get(edge.from) ?? []), edge])
  const nodes = new Map(graph.nodes.map((node) => [node.id, node]))
  const seen = new Set<string>()
  const branch = (node: GraphNode, edge: GraphEdge | undefined): Tree => {
    const below = byFrom.get(node.id) ?? []
    const again = seen.has(node.id)
    seen.add(node.id)
    const notes = [
      edge === undefined ? '' : edgeWords(edge),
      node.type === null || node.type === 'permanent' ? '' : node.type,
    ]
    const text = [
      node.goal ? style.bold(nodeText(node)) : nodeText(node),
      ...notes.filter((note) => note !== '').map((note) => style.dim(note)),
      ...(again && below.length > 0 ? [style.dim('(above)')] : []),
    ].join(' ')
    const children = again
      ? []
      : below.flatMap((one) => {
          const to = nodes.get(one.to)
          return to === undefined ? [] : [branch(to, one)]
        })
    return { text, children }
  }
  const children = roots(graph, edges).map((node) => branch(node, undefined))
  // Modules that import each other in a circle have no beginning: each that is still missing begins one.
  for (const node of graph.nodes) if (!seen.has(node.id)) children.push(branch(node, undefined))
  const order =
    graph.startOrder.length === 0 ? [] : ['', `${style.dim(padEnd('starts', 8))} ${graph.startOrder.join(', ')}`]
  return [...tree({ text: style.bold(graph.title), children }), ...order]
}

function roots({ nodes }: Graph, edges: readonly GraphEdge[]): readonly GraphNode[] {
  const needed = new Set(edges.map(({ to }) => to))
  return nodes.filter(({ id, goal }) => goal || !needed.has(id))
}

/** `chat 1.1.0`; what stands beside modules says what it is. */
export function nodeText({ name, vsn, kind }: GraphNode): string {
  if (kind === 'package') return `npm:${name}`
  if (vsn !== null) return `${name} ${vsn}`
  return kind === 'module' ? name : `${name} (application)`
}

/** What an edge says besides being one. */
function edgeWords({ kind, range }: GraphEdge): string {
  const words = { needs: '', imports: '', includes: 'included', optional: 'optional', imports_later: 'import()' }[kind]
  return [range ?? '', words].filter((word) => word !== '').join(', ')
}

/** For https://mermaid.js.org, and whatever shows Markdown. */
export function mermaid(graph: Graph, all: boolean): string[] {
  const id = ids(graph)
  const shape = (node: GraphNode): string => {
    const text = `"${nodeText(node).replaceAll('"', '#quot;')}"`
    return node.kind === 'package'
      ? `([${text}])`
      : node.kind === 'application' && node.goal
        ? `[[${text}]]`
        : `[${text}]`
  }
  const arrow = (edge: GraphEdge): string => {
    const words = edgeWords(edge)
    const label = words === '' ? '' : `|"${words}"|`
    const line = { needs: '-->', imports: '-->', includes: '==>', optional: '-.->', imports_later: '-.->' }[edge.kind]
    return `${line}${label}`
  }
  return [
    '---',
    `title: ${graph.title}`,
    '---',
    'flowchart TD',
    ...graph.nodes.map((node) => `  ${id(node.id)}${shape(node)}`),
    ...drawn(graph, all).map((edge) => `  ${id(edge.from)} ${arrow(edge)} ${id(edge.to)}`),
  ]
}

/** Words that Mermaid takes for its own stand behind a letter. */
function ids({ nodes }: Graph): (id: string) => string {
  const given = new Map<string, string>()
  const taken = new Set<string>()
  for (const { id } of nodes) {
    const plain = `n_${id.replaceAll(/\W/g, '_')}`
    let free = plain
    for (let more = 2; taken.has(free); more++) free = `${plain}_${more}`
    taken.add(free)
    given.set(id, free)
  }
  return (id) => given.get(id) ?? id
}

/** For Graphviz. */
export function dot(graph: Graph, all: boolean): string[] {
  const quoted = (text: string): string => `"${text.replaceAll(/["\\]/g, '\\$&')}"`
  const node = (one: GraphNode): string => {
    const style = { application: 'rounded', runtime: 'rounded,dashed', module: 'rounded', package: 'dotted' }[one.kind]
    return `  ${quoted(one.id)} [label=${quoted(nodeText(one))}, style=${quoted(style)}${one.goal ? ', penwidth=2' : ''}];`
  }
  const edge = (one: GraphEdge): string => {
    const style = { needs: 'solid', imports: 'solid', includes: 'bold', optional: 'dashed', imports_later: 'dashed' }[
      one.kind
    ]
    const words = edgeWords(one)
    const label = words === '' ? '' : `, label=${quoted(words)}`
    return `  ${quoted(one.from)} -> ${quoted(one.to)} [style=${style}${label}];`
  }
  return [
    `digraph ${quoted(graph.title)} {`,
    `  label=${quoted(graph.title)};`,
    '  node [shape=box, fontname="sans-serif"];',
    ...graph.nodes.map(node),
    ...drawn(graph, all).map(edge),
    '}',
  ]
}
