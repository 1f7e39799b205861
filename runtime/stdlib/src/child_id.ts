/**
 * Ids of children as keys of a Map: two ids that are the same term have the same key, so that a child is found in
 * constant time whatever its id is.
 *
 * OTP: ids are compared as terms (`=:=`) in supervisor.erl.
 */

const numbers = new WeakMap<object, number>()
let lastNumber = 0

/** The key of an id: the id itself where a Map compares as terms compare, else a text equal for equal ids. */
export function idKey(id: unknown): unknown {
  return isCompound(id) ? `\u0000${text(id)}` : id
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
