/**
 * What differs between two states: the places, with what stands there in the one and in the other. For people, so both
 * the values and their number are limited. OTP has no counterpart.
 */
import { inspect } from 'node:util'
import { equal } from '../../erts/term.js'

/** A place where two states differ. */
export interface StateDifference {
  /** `items[2].price`, `byId.get(17).name`; empty: the state itself. */
  readonly path: string
  /** What stands there, as text; undefined: nothing. */
  readonly before?: string
  readonly after?: string
}

/** Characters of a value that are shown. */
const VALUE = 200
/** Differences that are told. */
const MOST = 50

/** @returns at most 50 differences, in the order of the new state's parts, then what it lacks */
export function stateDiff(before: unknown, after: unknown): StateDifference[] {
  const found: StateDifference[] = []
  const above = new Set<unknown>()
  const walk = (path: string, one: unknown, other: unknown): void => {
    if (found.length >= MOST) return
    const [old, now] = [partsOf(one), partsOf(other)]
    if (old === undefined || now === undefined || old.kind !== now.kind) {
      if (!isSame(one, other)) found.push({ path, before: valueText(one), after: valueText(other) })
      return
    }
    if (above.has(other)) return
    above.add(other)
    for (const [key, value] of now.parts) {
      const at = path + now.step(key, path)
      if (old.parts.has(key)) walk(at, old.parts.get(key), value)
      else if (found.length < MOST) found.push({ path: at, after: valueText(value) })
    }
    for (const [key, value] of old.parts) {
      if (!now.parts.has(key) && found.length < MOST)
        found.push({ path: path + old.step(key, path), before: valueText(value) })
    }
    above.delete(other)
  }
  walk('', before, after)
  return found
}

/** A function is none of what states are made of: two stand for whoever waits for an answer. */
const isSame = (one: unknown, other: unknown): boolean =>
  equal(one, other) || (typeof one === 'function' && typeof other === 'function')

interface Parts {
  readonly kind: 'array' | 'map' | 'object'
  readonly parts: ReadonlyMap<unknown, unknown>
  readonly step: (key: unknown, path: string) => string
}

/** The parts of a value that has some; keys of maps are compared as Map does. */
function partsOf(value: unknown): Parts | undefined {
  if (Array.isArray(value)) return { kind: 'array', parts: new Map(value.entries()), step: (key) => `[${String(key)}]` }
  if (value instanceof Map) return { kind: 'map', parts: value, step: (key) => `.get(${valueText(key)})` }
  if (typeof value !== 'object' || value === null) return undefined
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return undefined
  return { kind: 'object', parts: new Map(Object.entries(value)), step: keyText }
}

function keyText(key: unknown, path: string): string {
  const name = String(key)
  if (!/^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name)) return `[${JSON.stringify(name)}]`
  return path === '' ? name : `.${name}`
}

/** A value on one line: at most `most` characters of it, `depth` levels deep, `items` items of an array. */
export function valueText(value: unknown, most = VALUE, depth = 4, items = 10): string {
  const text = inspect(value, {
    depth,
    maxArrayLength: items,
    maxStringLength: most,
    breakLength: Number.POSITIVE_INFINITY,
  })
  return text.length > most ? `${text.slice(0, most)}...` : text
}
