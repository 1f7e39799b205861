/**
 * Who needs whom: the applications of a release, or the modules of one application, as a graph. Pure; drawing it is
 * cli/render's. OTP: `reltool`'s and xref's graphs.
 */
import { dependencyName } from '../../schemas/app_resource.js'
import type { StartType } from '../../schemas/types.js'
import { type CompiledApplication, targets } from './compiled.js'
import { packageName } from './package_folders.js'
import type { ResolvedRelease } from './resolve.js'

/** A graph. Plain data. */
export interface Graph {
  /** `NAME VSN` of the release; of an application for one of modules. */
  readonly title: string
  readonly of: 'applications' | 'modules'
  /** In the order of the release file, or of the modules' names. */
  readonly nodes: readonly GraphNode[]
  /** By `from` in the order of the nodes, then as app.json or the source has them. */
  readonly edges: readonly GraphEdge[]
  /** Applications in the order in which they are started; empty for modules. */
  readonly startOrder: readonly string[]
}

/** An application, a module, or what modules import from outside. */
export interface GraphNode {
  readonly id: string
  /** What is shown. */
  readonly name: string
  readonly vsn: string | null
  /** `runtime`: an application of otp-rel's own; `package`: from npm. */
  readonly kind: 'application' | 'runtime' | 'module' | 'package'
  /** Whether otp.config.json asks for it. */
  readonly goal: boolean
  /** Of an application: how it is started. */
  readonly type: StartType | null
}

/** An edge to what is needed. */
export interface GraphEdge {
  readonly from: string
  readonly to: string
  readonly kind: 'needs' | 'includes' | 'optional' | 'imports' | 'imports_later'
  /** The versions that are asked for, where they are. */
  readonly range: string | null
  /** Whether other edges lead there too, by way of others: drawings can do without. */
  readonly implied: boolean
}

const RUNTIME: ReadonlySet<string> = new Set(['kernel', 'stdlib', 'sasl', 'erts', 'schemas'])

/** The graph of a release's applications. @param startOrder see `startOrder` of release_script.ts */
export function applicationGraph({ rel, spec, applications }: ResolvedRelease, startOrder: readonly string[]): Graph {
  const goals = new Set(spec.goals.map(({ name }) => name))
  const there = new Set(applications.map(({ name }) => name))
  const edges = applications.flatMap(({ name: from, resource }) => {
    const optional = new Set(resource.optional_applications)
    const override = rel.applications.find(({ name }) => name === from)?.included_applications
    return [
      ...resource.applications.map((dependency): Omit<GraphEdge, 'implied'> => {
        const to = dependencyName(dependency)
        const range = typeof dependency === 'string' ? null : (dependency.vsn ?? null)
        return { from, to, kind: optional.has(to) ? 'optional' : 'needs', range }
      }),
      ...(override ?? resource.included_applications).map(
        (to): Omit<GraphEdge, 'implied'> => ({ from, to, kind: 'includes', range: null }),
      ),
    ].filter(({ to }) => there.has(to))
  })
  return {
    title: `${rel.name} ${rel.vsn}`,
    of: 'applications',
    nodes: applications.map(({ name, vsn, type }) => ({
      id: name,
      name,
      vsn,
      kind: RUNTIME.has(name) ? 'runtime' : 'application',
      goal: goals.has(name),
      type,
    })),
    edges: withImplied(edges),
    startOrder,
  }
}

/**
 * The graph of an application's modules, with the applications and npm packages that they import as one node each.
 *
 * @param listed npm packages that its app.json lists: nodes that no edge leads to, unless a module imports them as well
 */
export function moduleGraph({ name, vsn, modules }: CompiledApplication, listed: readonly string[] = []): Graph {
  const outside = new Map<string, GraphNode>()
  const node = (id: string, shown: string, kind: GraphNode['kind']): GraphNode => ({
    id,
    name: shown,
    vsn: null,
    kind,
    goal: false,
    type: null,
  })
  const edges = modules.flatMap(({ id: from, meta }) => {
    const later = new Set(Object.values(meta?.dynamic ?? {}))
    const found = new Map<string, GraphEdge>()
    for (const target of targets(meta)) {
      const to = idOf(target, name)
      if (to === undefined || to === from || found.has(to)) continue
      if (to.startsWith('npm:')) outside.set(to, node(to, to.slice('npm:'.length), 'package'))
      else if (!to.includes('/')) outside.set(to, node(to, to, RUNTIME.has(to) ? 'runtime' : 'application'))
      const kind = later.has(target) ? 'imports_later' : 'imports'
      found.set(to, { from, to, kind, range: null, implied: false })
    }
    return [...found.values()]
  })
  for (const one of listed) {
    const to = packageName(one)
    outside.set(`npm:${to}`, node(`npm:${to}`, to, 'package'))
  }
  const own = modules.map(({ id, name: shown }) => node(id, shown, 'module'))
  const others = [...outside.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
  return { title: `${name} ${vsn}`, of: 'modules', nodes: [...own, ...others], edges, startOrder: [] }
}

/** The module itself where it is of the application, else its application; a package; nothing for Node's own. */
function idOf(target: ReturnType<typeof targets>[number], application: string): string | undefined {
  if ('p' in target) return `npm:${packageName(target.p)}`
  if (!('m' in target)) return undefined
  const [owner = ''] = target.m.split('/')
  return owner === application ? target.m : owner
}

/** Marks the edges to what can be reached by a longer way too. */
function withImplied(edges: readonly Omit<GraphEdge, 'implied'>[]): GraphEdge[] {
  const next = new Map<string, string[]>()
  for (const { from, to } of edges) next.set(from, [...(next.get(from) ?? []), to])
  const known = new Map<string, ReadonlySet<string>>()
  const below = (id: string): ReadonlySet<string> => {
    const found = known.get(id)
    if (found !== undefined) return found
    const all = new Set<string>()
    // Set before it is complete, so that a circle ends.
    known.set(id, all)
    for (const one of next.get(id) ?? []) {
      all.add(one)
      for (const deeper of below(one)) all.add(deeper)
    }
    return all
  }
  return edges.map((edge) => ({
    ...edge,
    implied:
      edge.kind === 'needs' && (next.get(edge.from) ?? []).some((via) => via !== edge.to && below(via).has(edge.to)),
  }))
}
