/**
 * Copies of states for another OS process: everything that is data, with stand-ins for pids, references, modules and
 * those who wait for an answer. What is no data (functions, sockets, instances of classes) is named with its place. Pure.
 * OTP sends any term; here only copies can leave the process.
 */
import { types } from 'node:util'
import { moduleName } from '../../erts/modules.js'
import { Pid, Ref } from '../../erts/term.js'
import { Call } from '../../stdlib/src/gen_call.js'

/** What cannot be copied, and where it stands: `.server is an instance of Server`. */
export interface CopyFault {
  /** From the whole state: `.rooms[3].socket`; empty for the state itself. */
  readonly path: string
  readonly what: string
}

/** A value in a form that `v8.serialize` takes; circles and shared parts are kept. */
type Node =
  | { readonly kind: 'array'; readonly items: unknown[] }
  | { readonly kind: 'object'; readonly bare: boolean; readonly entries: [string, unknown][] }
  | { readonly kind: 'map'; readonly entries: [unknown, unknown][] }
  | { readonly kind: 'set'; readonly items: unknown[] }
  | { readonly kind: 'native'; readonly value: object }
  | { readonly kind: 'pid' | 'ref'; readonly id: number }
  | { readonly kind: 'module'; readonly id: string }
  | { readonly kind: 'from' }

/** A copy, or everything that stands against it (the first few). */
export type Copied = { readonly copy: unknown } | { readonly faults: readonly CopyFault[] }

/** Most faults that are named. */
const MOST = 5

/** Copies a value. */
export function copyOf(value: unknown): Copied {
  const seen = new Map<object, Node>()
  const faults: CopyFault[] = []
  const fault = (path: string, what: string): undefined => {
    if (faults.length < MOST) faults.push({ path, what })
    return undefined
  }
  const walk = (one: unknown, path: string): unknown => {
    if (typeof one === 'function') return fault(path, `is a function${one.name === '' ? '' : ` "${one.name}"`}`)
    if (typeof one === 'symbol') return fault(path, `is a symbol, ${String(one)}`)
    if (typeof one !== 'object' || one === null) return one
    const known = seen.get(one)
    if (known !== undefined) return known
    const node = shellOf(one)
    if (node === undefined) return fault(path, `is ${article(one)}`)
    seen.set(one, node)
    fill(one, node, path)
    return node
  }
  const fill = (one: object, node: Node, path: string): void => {
    if (node.kind === 'array' && Array.isArray(one)) {
      for (const [index, item] of one.entries()) node.items.push(walk(item, `${path}[${index}]`))
    } else if (node.kind === 'object') {
      for (const [key, item] of Object.entries(one)) node.entries.push([key, walk(item, `${path}.${key}`)])
    } else if (node.kind === 'map' && one instanceof Map) {
      for (const [key, item] of one)
        node.entries.push([walk(key, `${path} key`), walk(item, `${path}.get(${String(key)})`)])
    } else if (node.kind === 'set' && one instanceof Set) {
      for (const item of one) node.items.push(walk(item, `${path} member`))
    }
  }
  const copy = walk(value, '')
  return faults.length > 0 ? { faults } : { copy }
}

/** The node of a value, still empty; undefined for what cannot be copied. */
function shellOf(one: object): Node | undefined {
  if (one instanceof Pid) return { kind: 'pid', id: one.id }
  if (one instanceof Ref) return { kind: 'ref', id: one.id }
  if (one instanceof Call) return { kind: 'from' }
  if (types.isModuleNamespaceObject(one) || moduleName(one) !== 'module') return { kind: 'module', id: moduleName(one) }
  if (Array.isArray(one)) return { kind: 'array', items: [] }
  if (one instanceof Map) return { kind: 'map', entries: [] }
  if (one instanceof Set) return { kind: 'set', items: [] }
  if (types.isDate(one) || types.isRegExp(one) || types.isAnyArrayBuffer(one) || ArrayBuffer.isView(one))
    return { kind: 'native', value: one }
  if (types.isNativeError(one)) return { kind: 'native', value: one }
  const prototype: unknown = Object.getPrototypeOf(one)
  const isPlain = prototype === null || prototype === Object.prototype
  return isPlain ? { kind: 'object', bare: prototype === null, entries: [] } : undefined
}

function article(one: object): string {
  if (types.isPromise(one)) return 'a promise'
  const made: unknown = one.constructor
  return `an instance of ${typeof made === 'function' && made.name !== '' ? made.name : 'a class'}`
}

/**
 * A value of a copy. Each pid and reference of the original has one stand-in, which belongs to no process; sends to it
 * go nowhere.
 */
export function revive(copy: unknown): unknown {
  const made = new Map<object, unknown>()
  const standIns = new Map<string, unknown>()
  const standIn = (key: string, make: () => unknown): unknown => {
    if (!standIns.has(key)) standIns.set(key, make())
    return standIns.get(key)
  }
  const walk = (one: unknown): unknown => {
    if (typeof one !== 'object' || one === null) return one
    if (made.has(one)) return made.get(one)
    return build(one as Node) // copyOf makes nothing else
  }
  const keep = <T>(node: Node, value: T): T => {
    made.set(node, value)
    return value
  }
  const build = (node: Node): unknown => {
    switch (node.kind) {
      case 'pid':
        return standIn(`pid ${node.id}`, () => new Pid(null))
      case 'ref':
        return standIn(`ref ${node.id}`, () => new Ref())
      case 'module':
        return node.id
      case 'from':
        return keep(node, { pid: undefined, reply: () => {} })
      case 'native':
        return node.value
      case 'array': {
        const value: unknown[] = keep(node, [])
        for (const item of node.items) value.push(walk(item))
        return value
      }
      case 'object': {
        const value: Record<string, unknown> = keep(node, node.bare ? Object.create(null) : {})
        for (const [key, item] of node.entries) value[key] = walk(item)
        return value
      }
      case 'map': {
        const value = keep(node, new Map<unknown, unknown>())
        for (const [key, item] of node.entries) value.set(walk(key), walk(item))
        return value
      }
      case 'set': {
        const value = keep(node, new Set<unknown>())
        for (const item of node.items) value.add(walk(item))
        return value
      }
    }
  }
  return walk(copy)
}

/** Two values of a copy that share nothing but their stand-ins: one to change, one to compare with. */
export function reviveTwice(copy: unknown): readonly [unknown, unknown] {
  const both: Node = { kind: 'array', items: [copy, structuredClone(copy)] }
  // an array of two, as it says above
  return revive(both) as [unknown, unknown]
}
