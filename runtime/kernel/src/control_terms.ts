/**
 * Terms over the control socket: JSON with a form for what JSON does not have. Identifiers become
 * `{"$pid":"<0.1.0>"}` and `{"$ref":..}`, errors `{"$error":{name,message,stack}}`, `undefined` in lists
 * `{"$undefined":true}`, big numbers, maps, sets, dates, bytes, functions and circles likewise.
 */

import { moduleName } from '../../erts/modules.js'
import { Pid, processes, Ref, Stack } from '../../erts/process.js'

/** What can be sent: JSON. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** @returns the term as JSON. Never throws. */
export const encodeTerm = (term: unknown): Json => encode(term, [])

function encode(term: unknown, path: readonly object[]): Json {
  switch (typeof term) {
    case 'string':
    case 'boolean':
      return term
    case 'number':
      return Number.isFinite(term) ? term : { $number: String(term) }
    case 'undefined':
      return { $undefined: true }
    case 'bigint':
      return { $bigint: String(term) }
    case 'function':
      return { $function: term.name }
    case 'symbol':
      return { $symbol: String(term.description) }
    case 'object':
      return term === null ? null : encodeObject(term, path)
  }
}

function encodeObject(term: object, path: readonly object[]): Json {
  if (term instanceof Pid) return { $pid: String(term) }
  if (term instanceof Ref) return { $ref: String(term) }
  if (term instanceof Stack) return [...term.frames]
  if (path.includes(term)) return { $circular: true }
  const inner = [...path, term]
  if (Array.isArray(term)) return term.map((item) => encode(item, inner))
  if (term instanceof Error) return { $error: encodeError(term, inner) }
  if (term instanceof Date) return { $date: Number.isNaN(term.getTime()) ? 'Invalid Date' : term.toISOString() }
  if (term instanceof Map)
    return { $map: [...term].map(([key, value]): Json => [encode(key, inner), encode(value, inner)]) }
  if (term instanceof Set) return { $set: [...term].map((item) => encode(item, inner)) }
  if (term instanceof Uint8Array) return { $bytes: Buffer.from(term).toString('base64') }
  if (isModule(term)) return { $module: moduleName(term) }
  const made: Record<string, Json> = {}
  for (const [key, value] of Object.entries(term)) if (value !== undefined) made[key] = encode(value, inner)
  // An object that looks like one of the forms above is wrapped, so that it arrives as it is.
  return Object.keys(made).some((key) => key.startsWith('$')) ? { $object: made } : made
}

const isModule = (term: object): boolean => Reflect.get(term, Symbol.toStringTag) === 'Module'

function encodeError(failure: Error, path: readonly object[]): Json {
  const { name, message, stack, cause } = failure
  const reason = 'reason' in failure ? { reason: encode(failure.reason, path) } : {}
  const why = cause === undefined ? {} : { cause: encode(cause, path) }
  return { name, message, ...(stack === undefined ? {} : { stack }), ...reason, ...why }
}

/** @returns the term that a client meant; a pid that names no living process stays as it was written. */
export function decodeTerm(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(decodeTerm)
  if (typeof json !== 'object' || json === null) return json
  const entries = Object.entries(json)
  const [first] = entries
  if (entries.length === 1 && first !== undefined && first[0].startsWith('$'))
    return decodeForm(first[0], first[1], json)
  return Object.fromEntries(entries.map(([key, value]) => [key, decodeTerm(value)]))
}

function decodeForm(form: string, value: unknown, whole: object): unknown {
  switch (form) {
    case '$pid':
      return processes().find((pid) => String(pid) === value) ?? whole
    case '$undefined':
      return undefined
    case '$bigint':
      return /^-?\d+$/.test(String(value)) ? BigInt(String(value)) : whole
    case '$number':
      return Number(value)
    case '$date':
      return new Date(String(value))
    case '$map':
      return new Map(entriesOf(value))
    case '$set':
      return new Set(Array.isArray(value) ? value.map(decodeTerm) : [])
    case '$bytes':
      return new Uint8Array(Buffer.from(String(value), 'base64'))
    case '$object':
      return typeof value === 'object' && value !== null
        ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, decodeTerm(inner)]))
        : whole
    default:
      return whole
  }
}

function entriesOf(value: unknown): [unknown, unknown][] {
  if (!Array.isArray(value)) return []
  return value.flatMap((pair: unknown) => (Array.isArray(pair) ? [[decodeTerm(pair[0]), decodeTerm(pair[1])]] : []))
}
