/**
 * What a validator has against a value, in words: one finding for each fault, with what was found, what is allowed, the
 * nearest right name and the way out.
 *
 * A validator that meets a choice (`anyOf`) complains about every branch. {@link explain} keeps the complaints of the
 * branch that was meant, told by the type of the value, or says once what the choice is. Instructions are chosen by
 * their `op` in the validator itself.
 */
import { didYouMean, nearest } from './nearest.js'
import type { JsonPath, Position } from './position.js'
import type { Complaint } from './validators.js'

/** A fault that is not placed in a text yet. */
export interface Finding {
  readonly tag: string
  readonly message: string
  readonly path: JsonPath
  /** Whether the fault is about the key or about the value at the path. */
  readonly place: 'key' | 'value'
  /** Facts for programs. */
  readonly facts: { readonly [fact: string]: unknown }
  /** Where it stands, where the path alone does not say it. */
  readonly at?: Position
}

/** @returns findings in the order of the complaints */
export function explain(complaints: readonly Complaint[], value: unknown): Finding[] {
  const findings = reduceChoices(complaints).map((complaint) => findingOf(complaint, value))
  const meant = new Set(findings.filter(isUnknownKey).map((finding) => `${parentOf(finding)} ${finding.facts.nearest}`))
  // A key that is only misspelt is not missing as well.
  return findings.filter((finding) => {
    return finding.tag !== 'missing_key' || !meant.has(`${JSON.stringify(finding.path)} ${finding.facts.key}`)
  })
}

const isUnknownKey = (finding: Finding) => finding.tag === 'unknown_key'
const parentOf = (finding: Finding) => JSON.stringify(finding.path.slice(0, -1))

/** Says that a value is not of a branch at all, as opposed to being one with faults. */
const MISMATCH: ReadonlySet<string> = new Set(['type', 'enum', 'const'])

function reduceChoices(complaints: readonly Complaint[]): Complaint[] {
  const kept: Complaint[] = []
  for (const complaint of complaints) {
    // Carries nothing of its own: the complaint about then or else stands beside it.
    if (complaint.keyword === 'if') continue
    // A missing "op" is reported as a missing key.
    if (complaint.keyword === 'discriminator' && opOf(complaint) === undefined) continue
    if (complaint.keyword === 'propertyNames') {
      // The rule that the name breaks was reported just before, without the name.
      kept.pop()
      kept.push(complaint)
    } else if (complaint.keyword === 'anyOf') {
      // The complaints of the branches stand directly before that of their choice.
      let from = kept.length
      while (from > 0 && isWithin(kept[from - 1], complaint)) from--
      for (const one of choose(complaint, kept.splice(from))) kept.push(one)
    } else {
      kept.push(complaint)
    }
  }
  return kept
}

const isWithin = (inner: Complaint | undefined, outer: Complaint) =>
  inner !== undefined &&
  (inner.instancePath === outer.instancePath || inner.instancePath.startsWith(`${outer.instancePath}/`))

const opOf = (complaint: Complaint) => {
  const { data } = complaint
  return typeof data === 'object' && data !== null && 'op' in data ? data.op : undefined
}

function choose(choice: Complaint, branches: readonly Complaint[]): readonly Complaint[] {
  const meant = branches.filter((one) => one.instancePath !== choice.instancePath || !MISMATCH.has(one.keyword))
  const deeper = meant.filter((one) => one.instancePath !== choice.instancePath)
  // A branch to which a key is unknown that another branch looked into was not meant.
  const strangers = new Set(meant.filter((one) => isContradicted(one, deeper)).map((one) => one.parentSchema))
  const left = meant.filter((one) => !strangers.has(one.parentSchema))
  const owners = new Set(left.filter((one) => !deeper.includes(one)).map((one) => one.parentSchema))
  // Several branches that all complain about the whole: none is nearer than the others.
  return left.length > 0 && owners.size <= 1 ? left : [choice]
}

function isContradicted(one: Complaint, deeper: readonly Complaint[]): boolean {
  if (one.keyword !== 'additionalProperties') return false
  const pointer = `${one.instancePath}/${one.params.additionalProperty}`
  return deeper.some(({ instancePath }) => instancePath === pointer || instancePath.startsWith(`${pointer}/`))
}

function findingOf(complaint: Complaint, root: unknown): Finding {
  const { keyword, params, parentSchema = {} } = complaint
  const path = pathOf(complaint.instancePath, root)
  const found = complaint.data
  const allowedText = typeof parentSchema['x-allowed'] === 'string' ? parentSchema['x-allowed'] : undefined
  const bad = (allowed: string, names: readonly string[] = []): Finding => {
    const slip = typeof found === 'string' ? didYouMean(found, names) : ''
    const message = `found ${describe(found)}, allowed: ${allowed}${slip}`
    return {
      tag: 'bad_value',
      message,
      path,
      place: 'value',
      facts: { found, allowed: names.length > 0 ? names : allowed },
    }
  }
  switch (keyword) {
    case 'additionalProperties': {
      const key = String(params.additionalProperty)
      const known = Object.keys((parentSchema.properties as object | undefined) ?? {}).filter(
        (name) => name !== '$schema',
      )
      const other = OTHER_WORDS[key]
      const close = other !== undefined && known.includes(other) ? other : nearest(key, known)
      const way = close === undefined ? `; known here: ${known.map(quote).join(', ')}` : `; did you mean "${close}"?`
      const facts = { key, allowed: known, ...(close === undefined ? {} : { nearest: close }) }
      return { tag: 'unknown_key', message: `unknown key "${key}"${way}`, path: [...path, key], place: 'key', facts }
    }
    case 'required': {
      const key = String(params.missingProperty)
      // Without a type of its own it is one half of a choice between keys, which the schema puts in words.
      const what = parentSchema.type === undefined && allowedText !== undefined ? allowedText : quote(key)
      return {
        tag: 'missing_key',
        message: `missing key ${what}`,
        path,
        place: 'value',
        facts: { key },
      }
    }
    case 'propertyNames': {
      const key = String(params.propertyName)
      const rule = parentSchema.propertyNames as { readonly [word: string]: unknown } | undefined
      const message = `found the name "${key}", allowed: ${rule?.['x-allowed']}`
      return { tag: 'bad_name', message, path: [...path, key], place: 'key', facts: { key } }
    }
    case 'discriminator': {
      const names = (parentSchema['x-values'] as readonly string[] | undefined) ?? []
      const op = opOf(complaint)
      const close = typeof op === 'string' ? nearest(op, names) : undefined
      const way = close === undefined ? `, allowed: ${names.map(quote).join(', ')}` : `; did you mean "${close}"?`
      const facts = { found: op, allowed: names, ...(close === undefined ? {} : { nearest: close }) }
      return {
        tag: 'unknown_op',
        message: `unknown instruction ${describe(op)}${way}`,
        path: [...path, 'op'],
        place: 'value',
        facts,
      }
    }
    case 'enum':
    case 'const': {
      const values = keyword === 'enum' ? (params.allowedValues as readonly unknown[]) : [params.allowedValue]
      return bad(values.map((value) => JSON.stringify(value)).join(', '), values.map(String))
    }
    case 'type':
      return bad(allowedText ?? kinds(params.type))
    case 'minimum':
      return bad(allowedText ?? `a number from ${String(params.limit)} on`)
    default:
      return bad(allowedText ?? 'something else')
  }
}

/** What npm calls it, and what OTP does. */
const OTHER_WORDS: { readonly [word: string]: string } = {
  version: 'vsn',
  dependencies: 'applications',
  optionalDependencies: 'optional_applications',
  optional_dependencies: 'optional_applications',
}

const quote = (word: string) => `"${word}"`

/** `an object or a list`: JSON's types in words. */
const kinds = (types: unknown) =>
  [types]
    .flat()
    .map((type) => KINDS[String(type)] ?? String(type))
    .join(' or ')

const KINDS: { readonly [type: string]: string } = {
  string: 'a string',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  null: 'null',
}

/** A value as the user wrote it, where it is short. */
function describe(value: unknown): string {
  if (value === undefined) return 'nothing'
  const text = JSON.stringify(value)
  if (text.length <= 60) return text
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an object' : `${text.slice(0, 60)}...`
}

/** A JSON pointer as keys and indexes; which of the two, the value tells. */
function pathOf(pointer: string, root: unknown): JsonPath {
  let at = root
  return pointer
    .split('/')
    .slice(1)
    .map((step) => {
      const key = step.replaceAll('~1', '/').replaceAll('~0', '~')
      const index = Array.isArray(at) ? Number(key) : key
      // Whatever the path leads through is an object or a list.
      at = (at as { readonly [key: string | number]: unknown } | undefined)?.[index]
      return index
    })
}
