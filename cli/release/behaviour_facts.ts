/**
 * What the text of a module says of behaviours: those it claims to be of, those it declares, the modules it hands to
 * start functions, and how many arguments its exported functions ask for.
 *
 * Read from the plain ES module between the compilers, without running it; kept with the built module in the cache.
 */
import { SourceMap } from 'node:module'
import { type CallExpression, type Expression, type Node, type Pattern, type Program, parse } from 'acorn'
import type { Behaviour } from '../../runtime/stdlib/src/behaviour.js'
import type { EsModule } from './es_module.js'

/** Where something stands in the source; line and column from 1. */
export interface Spot {
  readonly line: number
  readonly column: number
}

/** What one module says. Plain data. */
export interface BehaviourFacts {
  /** `export const behaviour = 'gen_server'`, or a list of names. */
  readonly claims: readonly (Spot & { readonly behaviour: string })[]
  /** `Behaviour.define({ name: ..., callbacks: ... })` of literals. */
  readonly declares: readonly (Spot & Behaviour)[]
  /** `GenServer.startLink({ local: 'x' }, self, arg)`: the module it stands for, by the specifier it is imported with. */
  readonly starts: readonly (Spot & { readonly behaviour: string; readonly specifier: string })[]
  /** Exported functions: arguments without a default value. */
  readonly arities: Readonly<Record<string, number>>
}

/** Namespaces of 'otp-rel' with functions that are given a callback module. */
const BY_NAME: ReadonlyMap<string, string> = new Map([
  ['GenServer', 'gen_server'],
  ['GenStatem', 'gen_statem'],
  ['GenEvent', 'gen_event'],
  ['GenFsm', 'gen_fsm'],
  ['Supervisor', 'supervisor'],
  ['SupervisorBridge', 'supervisor_bridge'],
])

/** Such functions; the module is their first or second argument. An event manager has handlers, no module. */
const STARTS: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  [...BY_NAME.values()].map((behaviour) => [
    behaviour,
    new Set(behaviour === 'gen_event' ? ['addHandler', 'addSupHandler'] : ['start', 'startLink', 'startMonitor']),
  ]),
)

/** Reads the facts of a module. */
export function behaviourFacts({ code, map }: EsModule): BehaviourFacts {
  const program = parse(code, { ecmaVersion: 'latest', sourceType: 'module', locations: true })
  const spot = spotter(map)
  const { namespaces, otp } = importsOf(program)
  const declares: (Spot & Behaviour)[] = []
  const starts: (Spot & { behaviour: string; specifier: string })[] = []
  walk(program, (node) => {
    if (node.type !== 'CallExpression') return
    // acorn's own types: a node of this type is a CallExpression.
    const call = node as CallExpression
    const { callee } = call
    if (callee.type !== 'MemberExpression' || callee.object.type !== 'Identifier') return
    if (callee.property.type !== 'Identifier') return
    const namespace = otp.get(callee.object.name)
    const fun = callee.property.name
    if (namespace === 'Behaviour' && fun === 'define') {
      const declared = declaration(call.arguments[0])
      if (declared !== undefined) declares.push({ ...declared, ...spot(call) })
      return
    }
    const behaviour = BY_NAME.get(namespace ?? '')
    if (behaviour === undefined || !STARTS.get(behaviour)?.has(fun)) return
    const specifier = moduleArgument(call, namespaces)
    if (specifier !== undefined) starts.push({ behaviour, specifier, ...spot(call) })
  })
  return {
    claims: claimsOf(program, spot),
    declares,
    starts,
    arities: aritiesOf(program),
  }
}

type Spotter = (node: Node) => Spot

function spotter(map: EsModule['map']): Spotter {
  // Node wants fields that esbuild leaves out.
  const source = new SourceMap({ file: '', sourceRoot: '', ...map, sourcesContent: [] })
  return ({ loc }) => {
    const { line, column } = loc?.start ?? { line: 1, column: 0 }
    const found = source.findEntry(line - 1, column)
    return 'originalLine' in found
      ? { line: found.originalLine + 1, column: found.originalColumn + 1 }
      : { line: 1, column: 1 }
  }
}

/** Local names: of imported namespaces (with their specifiers), and of the namespaces of 'otp-rel'. */
function importsOf(program: Program) {
  const namespaces = new Map<string, string>()
  const otp = new Map<string, string>()
  for (const statement of program.body) {
    if (statement.type !== 'ImportDeclaration') continue
    const from = String(statement.source.value)
    for (const one of statement.specifiers) {
      const { name } = one.local
      if (one.type === 'ImportNamespaceSpecifier') namespaces.set(name, from)
      if (one.type === 'ImportSpecifier' && from === 'otp-rel' && one.imported.type === 'Identifier') {
        otp.set(name, one.imported.name)
      }
    }
  }
  return { namespaces, otp }
}

/** The specifier of the module among the first two arguments; `[handler, id]` names a handler. */
function moduleArgument(call: CallExpression, namespaces: ReadonlyMap<string, string>): string | undefined {
  for (const argument of call.arguments.slice(0, 2)) {
    const named = argument.type === 'ArrayExpression' ? argument.elements[0] : argument
    if (named?.type === 'Identifier' && namespaces.has(named.name)) return namespaces.get(named.name)
  }
  return undefined
}

function claimsOf(program: Program, spot: Spotter): BehaviourFacts['claims'] {
  for (const { name, init, node } of exportedConstants(program)) {
    if (name !== 'behaviour') continue
    const names = init?.type === 'ArrayExpression' ? init.elements.map(text) : [text(init)]
    return names.flatMap((behaviour) => (behaviour === undefined ? [] : [{ behaviour, ...spot(node) }]))
  }
  return []
}

/** Constants at the top level that are exported, at once or in a list under their own name. */
function* exportedConstants(program: Program) {
  const listed = new Set<string>()
  for (const statement of program.body) {
    if (statement.type !== 'ExportNamedDeclaration' || statement.source != null) continue
    for (const { local } of statement.specifiers) if (local.type === 'Identifier') listed.add(local.name)
  }
  for (const statement of program.body) {
    const exported = statement.type === 'ExportNamedDeclaration'
    const inner = exported ? statement.declaration : statement
    if (inner?.type !== 'VariableDeclaration') continue
    for (const { id, init } of inner.declarations) {
      if (id.type === 'Identifier' && (exported || listed.has(id.name))) yield { name: id.name, init, node: statement }
    }
  }
}

const text = (node: Node | null | undefined): string | undefined =>
  node?.type === 'Literal' && 'value' in node && typeof node.value === 'string' ? node.value : undefined

/** A behaviour of literals; undefined when it says anything that only running it would show. */
function declaration(node: Node | undefined): Behaviour | undefined {
  const { name, callbacks, optional } = members(node)
  const declared = text(name)
  if (declared === undefined || callbacks?.type !== 'ObjectExpression') return undefined
  const arities: Record<string, number> = {}
  for (const [key, value] of Object.entries(members(callbacks))) {
    if (value.type !== 'Literal' || !('value' in value) || typeof value.value !== 'number') return undefined
    arities[key] = value.value
  }
  if (optional !== undefined && optional.type !== 'ArrayExpression') return undefined
  const left = optional === undefined ? [] : optional.elements.flatMap((one) => text(one) ?? [])
  return { name: declared, callbacks: arities, optional: left }
}

function members(node: Node | undefined): Record<string, Expression> {
  const found: Record<string, Expression> = {}
  // acorn's own types: a node of this type is an ObjectExpression.
  if (node?.type !== 'ObjectExpression') return found
  for (const property of (node as Expression & { type: 'ObjectExpression' }).properties) {
    if (property.type !== 'Property') continue
    const { key } = property
    const name = key.type === 'Identifier' ? key.name : text(key)
    if (name !== undefined && !property.computed) found[name] = property.value
  }
  return found
}

function aritiesOf(program: Program): Record<string, number> {
  const local = new Map<string, number>()
  const arities: Record<string, number> = {}
  const take = (name: string, node: Node | null | undefined, exported: boolean) => {
    if (node == null || !('params' in node) || !Array.isArray(node.params)) return
    const arity = arityOf(node.params)
    local.set(name, arity)
    if (exported) arities[name] = arity
  }
  for (const statement of program.body) {
    const exported = statement.type === 'ExportNamedDeclaration'
    const inner = exported ? statement.declaration : statement
    if (inner?.type === 'FunctionDeclaration') take(inner.id?.name ?? '', inner, exported)
    if (inner?.type !== 'VariableDeclaration') continue
    for (const { id, init } of inner.declarations) if (id.type === 'Identifier') take(id.name, init, exported)
  }
  for (const statement of program.body) {
    if (statement.type !== 'ExportNamedDeclaration' || statement.source != null) continue
    for (const one of statement.specifiers) {
      if (one.local.type !== 'Identifier' || one.exported.type !== 'Identifier') continue
      const arity = local.get(one.local.name)
      if (arity !== undefined) arities[one.exported.name] = arity
    }
  }
  return arities
}

/** As `Function.length`: those before the first with a default value or the rest. */
function arityOf(params: readonly Pattern[]): number {
  const first = params.findIndex(({ type }) => type === 'AssignmentPattern' || type === 'RestElement')
  return first < 0 ? params.length : first
}

function walk(node: Node, visit: (node: Node) => void): void {
  visit(node)
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) walk(child, visit)
  }
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string' && 'start' in value
