/**
 * Text to checked value: JSON, or JSON with comments and trailing commas, of one of the formats, or every fault in it.
 *
 * What a program wrote is parsed by `JSON.parse` and costs no syntax tree; places are looked up only when something is
 * wrong. What a person writes is always parsed into a tree, which also sees a key that is written twice.
 */
import { explain, type Finding } from './explain.js'
import type { Fault } from './fault.js'
import {
  formatPath,
  type JsonNode,
  type JsonPath,
  parseErrorName,
  parseJsonTree,
  positionAt,
  positionInTree,
} from './position.js'
import { err, ok, type Result } from './result.js'
import type { Appup, Formats } from './types.js'
import * as validators from './validators.js'

/** A format's name: that of its schema file. */
export type Format = keyof Formats

const VALIDATORS: { readonly [F in Format]: validators.Validator } = {
  app: validators.validateApp,
  'otp.config': validators.validateOtpConfig,
  rel: validators.validateRel,
  script: validators.validateScript,
  appup: validators.validateAppup,
  relup: validators.validateRelup,
  releases: validators.validateReleases,
  start_otp: validators.validateStartOtp,
  'sys.config': validators.validateSysConfig,
}

/** Formats that programs write. */
const MACHINE_WRITTEN: ReadonlySet<Format> = new Set(['rel', 'script', 'relup', 'releases', 'start_otp'])

/**
 * Reads a file's text.
 *
 * @param file how faults name the file
 * @returns the value without its `$schema`, or every fault in the order of the text
 */
export function read<F extends Format>(format: F, text: string, file: string): Result<Formats[F], Fault[]> {
  const source = text.startsWith('\uFEFF') ? text.slice(1) : text
  if (MACHINE_WRITTEN.has(format)) {
    const fast = parseStrict(source)
    // The validator has just said that the value has the format.
    if (fast !== undefined && VALIDATORS[format](fast)) return ok(withoutSchema(fast) as Formats[F])
  }
  const tree = parseJsonTree(source)
  if (tree.root === undefined || tree.errors.length > 0) return err(parseFaults(source, tree, file))
  const { root } = tree
  const value = jsonValue(root)
  const findings: readonly Finding[] = [...duplicateKeys(source, root), ...findingsOf(format, value)]
  // No finding: the validator has said that the value has the format.
  if (findings.length === 0) return ok(withoutSchema(value) as Formats[F])
  const faults = findings.map((finding) => {
    const { line, column } = finding.at ?? positionInTree(source, root, finding.path, finding.place)
    return faultOf(finding, { file, line, column })
  })
  return err(faults.sort((a, b) => Number(a.line) - Number(b.line) || Number(a.column) - Number(b.column)))
}

/**
 * Checks a value that has no text, such as one made by a program.
 *
 * @returns the value itself, or every fault, without lines
 */
export function check<F extends Format>(format: F, value: unknown, file?: string): Result<Formats[F], Fault[]> {
  const findings = findingsOf(format, value)
  // No finding: the validator has said that the value has the format.
  if (findings.length === 0) return ok(value as Formats[F])
  return err(findings.map((finding) => faultOf(finding, file === undefined ? {} : { file })))
}

function findingsOf(format: Format, value: unknown): Finding[] {
  const validate = VALIDATORS[format]
  if (!validate(value)) return explain(validate.errors ?? [], value)
  // The validator has just said that the value is an appup.
  return format === 'appup' ? badExpressions(value as Appup) : []
}

function faultOf(finding: Finding, place: Pick<Fault, 'file' | 'line' | 'column'>): Fault {
  const { tag, message, path, facts } = finding
  return { tag, severity: 'error', message, ...place, path: formatPath(path), ...facts }
}

function parseStrict(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // JSONC, or a fault that the syntax tree places.
    return undefined
  }
}

const withoutSchema = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null || !('$schema' in value)) return value
  const { $schema: _, ...rest } = value
  return rest
}

function parseFaults(text: string, { root, errors }: ReturnType<typeof parseJsonTree>, file: string): Fault[] {
  if (root === undefined && text.trim() === '') {
    const message = 'the file is empty, a JSON value is needed'
    return [{ tag: 'parse_error', severity: 'error', message, file, line: 1, column: 1, path: '' }]
  }
  // the others are most often of its making: a key without quotes gives five
  return errors.slice(0, 1).map((error) => {
    const found = text.slice(error.offset, error.offset + Math.max(error.length, 1)).split('\n')[0] ?? ''
    const what = SYNTAX[parseErrorName(error)] ?? 'not JSON'
    const message =
      found.trim() === '' ? `${what}; found the end of the line or file` : `${what}; found ${quoteShort(found)}`
    return { tag: 'parse_error', severity: 'error', message, file, ...positionAt(text, error.offset), path: '' }
  })
}

/** jsonc-parser's names of syntax faults, in words. */
const SYNTAX: { readonly [name: string]: string } = {
  InvalidSymbol: 'a word that is not JSON (keys and strings stand in double quotes)',
  InvalidNumberFormat: 'a number that is not JSON',
  PropertyNameExpected: 'expected a key in double quotes',
  ValueExpected: 'expected a value',
  ColonExpected: 'expected ":"',
  CommaExpected: 'expected ","',
  CloseBraceExpected: 'expected "}"',
  CloseBracketExpected: 'expected "]"',
  EndOfFileExpected: 'expected nothing after the value',
  InvalidCommentToken: 'not a comment',
  UnexpectedEndOfComment: 'a comment that is not closed',
  UnexpectedEndOfString: 'a string that is not closed',
  UnexpectedEndOfNumber: 'a number that is not complete',
  InvalidUnicode: 'a \\u that four hexadecimal digits do not follow',
  InvalidEscapeCharacter: 'not an escape of JSON',
  InvalidCharacter: 'a control character inside a string',
}

const quoteShort = (text: string) => JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}...` : text)

/** The value of a tree. Built here since jsonc-parser's own loses a key named `__proto__`. */
export function jsonValue(node: JsonNode): unknown {
  if (node.type === 'array') return (node.children ?? []).map(jsonValue)
  if (node.type !== 'object') return node.value
  const value: Record<string, unknown> = {}
  for (const { children: [key, member] = [] } of node.children ?? []) {
    if (key === undefined || member === undefined) continue
    const descriptor = { value: jsonValue(member), enumerable: true, configurable: true, writable: true }
    Object.defineProperty(value, key.value, descriptor)
  }
  return value
}

/** Departure: OTP takes the first of two equal keys without a word; here nobody has to know which one counts. */
function duplicateKeys(text: string, node: JsonNode, path: JsonPath = []): Finding[] {
  if (node.type === 'array')
    return (node.children ?? []).flatMap((item, index) => duplicateKeys(text, item, [...path, index]))
  if (node.type !== 'object') return []
  const seen = new Set<string>()
  return (node.children ?? []).flatMap(({ children: [key, member] = [] }): Finding[] => {
    if (key === undefined || member === undefined) return []
    const name = String(key.value)
    const own = [...path, name]
    const inside = duplicateKeys(text, member, own)
    if (!seen.has(name)) {
      seen.add(name)
      return inside
    }
    const message = `key "${name}" is written twice; keep one of the two`
    const at = positionAt(text, key.offset)
    return [{ tag: 'duplicate_key', message, path: own, place: 'key', facts: { key: name }, at }, ...inside]
  })
}

/** Regular expressions of an appup that JavaScript refuses. */
function badExpressions(appup: Appup): Finding[] {
  const patterns = [
    ...appup.up.map((entry, index) => ({ pattern: entry.from, path: ['up', index, 'from', 'regex'] })),
    ...appup.down.map((entry, index) => ({ pattern: entry.to, path: ['down', index, 'to', 'regex'] })),
  ]
  return patterns.flatMap(({ pattern, path }): Finding[] => {
    if (typeof pattern === 'string' || !('regex' in pattern)) return []
    try {
      new RegExp(`^(?:${pattern.regex})$`, 'u')
      return []
    } catch (cause) {
      const message = `"${pattern.regex}" is not a regular expression: ${cause instanceof Error ? cause.message : cause}`
      return [{ tag: 'bad_regex', message, path, place: 'value', facts: { found: pattern.regex } }]
    }
  })
}
