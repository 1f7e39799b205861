/**
 * The opaque terms of the runtime: process identifiers and references, and what holds for every term: equality and
 * a printable form. OTP: erts, `term` data types.
 */
import { inspect, isDeepStrictEqual } from 'node:util'
import type { MessageTimer } from './message_timer.js'
import type { Process } from './proc.js'
import type { Monitor } from './signal.js'

let lastPid = 0
let lastRef = 0

/** Identifies a process, for ever: an identifier is never used again. Compare with `===`. */
export class Pid {
  /** Running number within this node, from 1. */
  readonly id: number
  /** The process while it lives; null afterwards. Internal to the runtime. */
  proc: Process | null

  constructor(proc: Process | null) {
    this.id = ++lastPid
    this.proc = proc
  }

  /** As OTP prints it: `<0.17.0>`. */
  toString(): string {
    return `<0.${this.id}.0>`
  }

  /** As terms travel over the control socket; see docs/protocol.md. */
  toJSON(): { $pid: string } {
    return { $pid: this.toString() }
  }

  /** As {@link toString}. */
  [inspect.custom](): string {
    return this.toString()
  }
}

/** What becomes of a message sent to an alias. See `alias` in alias.ts. */
export type AliasMode = 'explicit_unalias' | 'reply' | 'demonitor' | 'reply_demonitor'

/** A unique reference: names a monitor, a timer, a request or an alias. Compare with `===`. */
export class Ref {
  /** Running number within this node, from 1. */
  readonly id: number
  /** The monitor that this reference names, while it is active. Internal to the runtime. */
  monitor: Monitor | null = null
  /** The process that messages sent to this reference reach, while the alias is active. Internal to the runtime. */
  aliasOf: Process | null = null
  /** What ends the alias; of no meaning while there is none. Internal to the runtime. */
  aliasMode: AliasMode = 'explicit_unalias'
  /** The timer that this reference names, while it runs. Internal to the runtime. */
  timer: MessageTimer | null = null

  constructor() {
    this.id = ++lastRef
  }

  /** As OTP prints it, shorter: `#Ref<0.17>`. */
  toString(): string {
    return `#Ref<0.${this.id}>`
  }

  /** As terms travel over the control socket; see docs/protocol.md. */
  toJSON(): { $ref: string } {
    return { $ref: this.toString() }
  }

  /** As {@link toString}. */
  [inspect.custom](): string {
    return this.toString()
  }
}

/** Makes a reference that equals no other. */
export const makeRef = (): Ref => new Ref()

/** Whether two terms are the same value, deeply and strictly by type (`1` is not `'1'`); identifiers by identity. */
export function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return Object.is(a, b)
  if (a instanceof Pid || b instanceof Pid || a instanceof Ref || b instanceof Ref) return false
  return isDeepStrictEqual(a, b)
}

const numbers = new WeakMap<object, number>()
let lastNumber = 0

/**
 * A term as a key of a Map: two terms that are equal have the same key, so that one is found in constant time whatever
 * it is. The key is the term itself where a Map compares as terms compare, else a text.
 */
export function termKey(term: unknown): unknown {
  return isCompound(term) ? `\u0000${text(term)}` : term
}

type Compound = readonly unknown[] | Readonly<Record<string, unknown>>

/** Lists and plain objects are compared by their parts; everything else (pids, modules, functions) by identity. */
function isCompound(value: unknown): value is Compound {
  if (typeof value !== 'object' || value === null) return false
  return Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype
}

function text(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(text).join()}]`
  if (isCompound(value)) {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
    return `{${entries.map(([key, part]) => `${JSON.stringify(key)}:${text(part)}`).join()}}`
  }
  if (typeof value === 'string') return JSON.stringify(value)
  if ((typeof value === 'object' && value !== null) || typeof value === 'function') return `#${numberOf(value)}`
  return `${typeof value}(${String(value)})`
}

function numberOf(value: object): number {
  const known = numbers.get(value)
  if (known !== undefined) return known
  numbers.set(value, ++lastNumber)
  return lastNumber
}

/** The one-line form of a term for logs and messages: strings in quotes, identifiers as OTP prints them. */
export function format(term: unknown): string {
  return inspect(term, {
    depth: 6,
    compact: true,
    breakLength: Number.POSITIVE_INFINITY,
    maxArrayLength: 50,
    maxStringLength: 2000,
  })
}
