/**
 * What the text of a built module says that matters when it is replaced: which modules it starts as what, the children
 * that its `init` names as a supervisor, and which of its top-level declarations reach which others.
 *
 * Read without running it, from both releases alike. What cannot be read is left out and said to be (`complete`).
 * Longer than a file should be: one visitor of the syntax tree, with a case for each form in which these are written.
 */
import { type Node, type Program, parse } from 'acorn'
import type { BuiltText } from './built_module.js'

/** `GenServer.startLink({ local: 'x' }, self, arg)`. */
export interface StartFact {
  readonly behaviour: string
  /** The module that is started, by id. */
  readonly module: string
  /** The local name it gets, where it is written there. */
  readonly name: string | undefined
}

/** A child specification. */
export interface ChildFact {
  readonly id: string
  /** The module whose function starts it, by id as far as it was imported. */
  readonly module: string
  /** Modules whose code it runs, by id; `dynamic`: it is asked. */
  readonly modules: readonly string[] | 'dynamic'
  /** Its whole text. */
  readonly text: string
}

/** The children of a supervisor. */
export interface SupervisorFact {
  /** Undefined where it is computed. */
  readonly strategy: string | undefined
  readonly children: readonly ChildFact[]
  /** Whether these are all. */
  readonly complete: boolean
}

/** What one module says. */
export interface ModuleFacts {
  readonly exports: ReadonlySet<string>
  /** `export const behaviour = ...`. */
  readonly claims: readonly string[]
  readonly starts: readonly StartFact[]
  /** Present where `init` returns what a supervisor's does. */
  readonly supervisor: SupervisorFact | undefined
  /** Top-level declarations by name. */
  readonly parts: ReadonlyMap<string, PartFact>
}

/** A top-level declaration. */
interface PartFact {
  readonly text: string
  /** The others that it uses. */
  readonly uses: ReadonlySet<string>
  /** And those that a function within it reaches through its module's own name, of whatever version is current then. */
  readonly late: ReadonlySet<string>
}

const BEHAVIOURS: ReadonlyMap<string, string> = new Map([
  ['GenServer', 'gen_server'],
  ['GenStatem', 'gen_statem'],
  ['GenEvent', 'gen_event'],
  ['GenFsm', 'gen_fsm'],
  ['Supervisor', 'supervisor'],
  ['SupervisorBridge', 'supervisor_bridge'],
])
/** What a supervisor's `init` may say besides its children. */
const FLAGS = new Set(['strategy', 'intensity', 'period', 'auto_shutdown'])
const STARTS = new Set(['start', 'startLink', 'startMonitor', 'addHandler', 'addSupHandler'])

/** Fields of acorn's nodes are looked at one by one, whatever their types. */
type Loose = Node & { readonly [field: string]: unknown }

const isNode = (value: unknown): value is Loose =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string' && 'start' in value

const node = (value: unknown): Loose | undefined => (isNode(value) ? value : undefined)
const nodes = (value: unknown): (Loose | undefined)[] => (Array.isArray(value) ? value.map(node) : [])

const known = new WeakMap<BuiltText, ModuleFacts>()

/** Reads a module, once for each object; a JSON module says nothing. */
export function moduleFacts(text: BuiltText): ModuleFacts {
  const facts = known.get(text) ?? readFacts(text)
  known.set(text, facts)
  return facts
}

const oneOf = (words: Iterable<string>) => new RegExp(`\\b(${[...words].join('|')})\\b`)
const BEHAVIOUR_WORD = oneOf(BEHAVIOURS.keys())
const START_WORD = oneOf(STARTS)
const CLAIM_WORD = oneOf(['behaviour'])
const SUPERVISOR_WORD = oneOf(['init'])

function readFacts(built: BuiltText): ModuleFacts {
  const { code, meta } = built
  // Most modules of a large application have no word of what is asked: they are never parsed.
  const has = (word: RegExp): boolean => meta !== undefined && word.test(code)
  const parsed = once(() => parseModule(built))
  const claims = once(() => (has(CLAIM_WORD) ? parsed()?.reader.claims() : undefined) ?? [])
  const starts = once(() => (has(BEHAVIOUR_WORD) && has(START_WORD) ? startsIn(parsed()) : []))
  const supervisor = once(() => (has(SUPERVISOR_WORD) ? parsed()?.reader.supervisor() : undefined))
  const parts = once(() => (meta === undefined ? new Map() : partsOf(code, parsed())))
  return {
    exports: new Set(meta?.exports),
    get claims() {
      return claims()
    },
    get starts() {
      return starts()
    },
    get supervisor() {
      return supervisor()
    },
    get parts() {
      return parts()
    },
  }
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

interface Parsed {
  readonly wrapper: Loose
  /** Local names of imported modules, to their ids. */
  readonly modules: ReadonlyMap<string, string>
  readonly declared: ReadonlyMap<string, Declared>
  readonly reader: FactReader
}

/** Undefined where the text is not that of a built module. */
function parseModule({ code, meta }: BuiltText): Parsed | undefined {
  const program: Program = parse(code, { ecmaVersion: 'latest', allowReturnOutsideFunction: true })
  const wrapper = wrapperOf(program)
  if (wrapper === undefined) return undefined
  const params = nodes(wrapper.params).map((param) => text(param?.name))
  const modules = new Map(
    (meta?.imports ?? []).flatMap((target, index) =>
      'm' in target ? [[params[index + 1] ?? '', target.m] as const] : [],
    ),
  )
  const declared = declarations(nodes(node(wrapper.body)?.body))
  return { wrapper, modules, declared, reader: new FactReader(code, modules, declared) }
}

function startsIn(parsed: Parsed | undefined): readonly StartFact[] {
  const starts: StartFact[] = []
  if (parsed !== undefined) walk(parsed.wrapper, (one) => starts.push(...parsed.reader.start(one)))
  return starts
}

function partsOf(code: string, parsed: Parsed | undefined): ModuleFacts['parts'] {
  if (parsed === undefined) return new Map()
  const { declared, modules } = parsed
  const imported = new Set(modules.keys())
  return new Map(
    [...declared].map(([name, { whole }]) => {
      const part = { text: code.slice(whole.start, whole.end), uses: new Set<string>(), late: new Set<string>() }
      references(whole, imported, 0, (to, late) => {
        if (declared.has(to)) (late ? part.late : part.uses).add(to)
      })
      return [name, part]
    }),
  )
}

/** The names that code refers to. A property is none, but for that of an imported module, which may be its own. */
function references(
  at: Loose,
  imported: ReadonlySet<string>,
  depth: number,
  found: (name: string, late: boolean) => void,
): void {
  if (at.type === 'Identifier') found(text(at.name), false)
  const inside = /Function/.test(at.type) ? depth + 1 : depth
  const property = at.computed === true ? undefined : node(at.property ?? at.key)
  if (property !== undefined && imported.has(text(node(at.object)?.name))) found(text(property.name), inside > 1)
  for (const value of Object.values(at)) {
    for (const child of Array.isArray(value) ? value : [value])
      if (isNode(child) && child !== property) references(child, imported, inside, found)
  }
}

/**
 * The text of a declaration and of everything that it reaches; undefined where there is none of that name.
 *
 * @param late also what it reaches later, from a function that it makes, and by its module's own name. Default true
 */
export function closure({ parts }: ModuleFacts, name: string, late = true): string | undefined {
  if (!parts.has(name)) return undefined
  const seen = new Set<string>()
  const reach = (one: string): void => {
    const part = parts.get(one)
    if (part === undefined || seen.has(one)) return
    seen.add(one)
    for (const used of part.uses) reach(used)
    if (late) for (const used of part.late) reach(used)
  }
  reach(name)
  return [...seen]
    .sort()
    .map((one) => parts.get(one)?.text ?? '')
    .join('\n')
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '')

/** `return {m: META, f: (function*(...){...})}` */
function wrapperOf({ body }: Program): Loose | undefined {
  const returned = node(node(body[0])?.argument)
  const properties = nodes(returned?.properties)
  const f = properties.find((one) => text(node(one?.key)?.name) === 'f')
  return node(f?.value)
}

interface Declared {
  /** The statement. */
  readonly whole: Loose
  /** What the name stands for: a function, or the expression of a constant. */
  readonly value: Loose | undefined
}

function declarations(body: readonly (Loose | undefined)[]): Map<string, Declared> {
  const found = new Map<string, Declared>()
  for (const statement of body) {
    if (statement === undefined) continue
    if (statement.type === 'FunctionDeclaration' || statement.type === 'ClassDeclaration')
      found.set(text(node(statement.id)?.name), { whole: statement, value: statement })
    if (statement.type !== 'VariableDeclaration') continue
    for (const one of nodes(statement.declarations)) {
      const id = node(one?.id)
      if (one === undefined || id?.type !== 'Identifier') continue
      found.set(text(id.name), { whole: one, value: node(one.init) })
    }
  }
  return found
}

function walk(at: Loose, visit: (one: Loose) => void): void {
  visit(at)
  for (const value of Object.values(at)) {
    for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) walk(child, visit)
  }
}

class FactReader {
  readonly #code: string
  readonly #modules: ReadonlyMap<string, string>
  readonly #declared: ReadonlyMap<string, Declared>

  constructor(code: string, modules: ReadonlyMap<string, string>, declared: ReadonlyMap<string, Declared>) {
    this.#code = code
    this.#modules = modules
    this.#declared = declared
  }

  claims(): string[] {
    const value = this.#resolve(this.#declared.get('behaviour')?.value)
    const all = value?.type === 'ArrayExpression' ? nodes(value.elements) : [value]
    return all.flatMap((one) => this.#literal(one) ?? [])
  }

  /** `$otp_rel.GenServer.startLink(...)`, or of `otp-rel`'s own modules: `$gen_server.startLink(...)`. */
  start(call: Loose): StartFact[] {
    if (call.type !== 'CallExpression') return []
    const callee = node(call.callee)
    const owner = node(callee?.object)
    const behaviour = BEHAVIOURS.get(text(node(owner?.property)?.name))
    if (behaviour === undefined || !STARTS.has(text(node(callee?.property)?.name))) return []
    const given = nodes(call.arguments)
    for (const one of given.slice(0, 2)) {
      const named = one?.type === 'ArrayExpression' ? nodes(one.elements)[0] : one
      const module = this.#module(named)
      if (module !== undefined) {
        const local = this.#members(given[0]).get('local')
        return [{ behaviour, module, name: this.#literal(local) }]
      }
    }
    return []
  }

  supervisor(): SupervisorFact | undefined {
    const returned = this.#returned(this.#declared.get('init')?.value)
    const [tag, flags, children] = nodes(this.#resolve(returned)?.elements)
    const settings = this.#members(flags)
    const list = this.#resolve(children)
    const all = list?.type === 'ArrayExpression' ? nodes(list.elements) : undefined
    // Flags may all be left to their defaults.
    const written = this.#resolve(flags)
    const areFlags = written?.type === 'ObjectExpression' && [...settings.keys()].every((key) => FLAGS.has(key))
    const isOne = settings.has('strategy') || settings.has('intensity') || (areFlags && all !== undefined)
    if (this.#literal(tag) !== 'ok' || !isOne) return undefined
    const isRead = written?.type === 'ObjectExpression' && nodes(written.properties).length === settings.size
    const strategy = settings.has('strategy') || !isRead ? this.#literal(settings.get('strategy')) : 'one_for_one'
    const read = all?.map((one) => this.#child(one)) ?? []
    return {
      strategy,
      children: read.filter((one) => one !== undefined),
      complete: all !== undefined && !read.includes(undefined),
    }
  }

  #child(given: Loose | undefined): ChildFact | undefined {
    const spec = this.#resolve(given)
    const members = this.#members(spec)
    const id = this.#literal(members.get('id'))
    const [first] = nodes(this.#resolve(members.get('start'))?.elements)
    const module = this.#module(first) ?? this.#literal(first)
    if (spec === undefined || id === undefined || module === undefined) return undefined
    const written = this.#resolve(members.get('modules'))
    const modules =
      written === undefined
        ? [module]
        : this.#literal(written) === 'dynamic'
          ? 'dynamic'
          : nodes(written.elements).flatMap((one) => this.#module(one) ?? this.#literal(one) ?? [])
    return { id, module, modules, text: this.#code.slice(spec.start, spec.end) }
  }

  /** What a function returns, where that is one expression. */
  #returned(fun: Loose | undefined): Loose | undefined {
    const body = node(fun?.body)
    if (body === undefined || body.type !== 'BlockStatement') return body
    const statements = nodes(body.body)
    const last = statements.at(-1)
    const returns: Loose[] = []
    walk(body, (one) => {
      if (one.type === 'ReturnStatement') returns.push(one)
    })
    return last?.type === 'ReturnStatement' && returns.length === 1 ? node(last.argument) : undefined
  }

  /** The id of the module that a name stands for. */
  #module(one: Loose | undefined): string | undefined {
    return one?.type === 'Identifier' ? this.#modules.get(text(one.name)) : undefined
  }

  /** What a constant stands for, or a call of a function of this module that returns one expression. */
  #resolve(one: Loose | undefined, depth = 0): Loose | undefined {
    if (one === undefined || depth > 8) return one
    if (one.type === 'Identifier') {
      const declared = this.#declared.get(text(one.name))
      return declared === undefined ? one : this.#resolve(declared.value, depth + 1)
    }
    return one
  }

  #literal(one: Loose | undefined): string | undefined {
    const value = this.#resolve(one)
    if (value?.type === 'TemplateLiteral' && nodes(value.expressions).length === 0) {
      const cooked = nodes(value.quasis)[0]?.value
      return typeof cooked === 'object' && cooked !== null && 'cooked' in cooked ? text(cooked.cooked) : undefined
    }
    return value?.type === 'Literal' && typeof value.value === 'string' ? value.value : undefined
  }

  #members(one: Loose | undefined): Map<string, Loose> {
    const value = this.#resolve(one)
    const found = new Map<string, Loose>()
    if (value?.type !== 'ObjectExpression') return found
    for (const property of nodes(value.properties)) {
      const key = node(property?.key)
      const name = key?.type === 'Identifier' ? text(key.name) : text(key?.value)
      const given = node(property?.value)
      if (name !== '' && given !== undefined && property?.computed !== true) found.set(name, given)
    }
    return found
  }
}
