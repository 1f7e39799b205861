/**
 * Terms of a node as text: what `rpc`, `eval` and error reasons show.
 *
 * What JSON does not have travels on the control socket in forms of its own (`{ "$pid": "<0.1.0>" }`, `{ "$map": ... }`,
 * see the kernel's control_terms.ts); here each becomes what it would look like on the node. A form that this version
 * does not know is shown as it came.
 * OTP: `io_lib:format("~tp", [Term])`.
 */
import { inspect } from 'node:util'
import { record } from './record.js'

/**
 * A term in one or several lines, strings quoted, pids and references as OTP prints them.
 *
 * @param stacks whether errors stand there with where they were thrown
 */
export function formatTerm(term: unknown, stacks = true): string {
  return inspect(revive(term, stacks), { depth: 8, breakLength: 100, maxArrayLength: 200, maxStringLength: 20_000 })
}

/** Text that `inspect` prints without quotes. */
class Bare {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
  [inspect.custom](): string {
    return this.text
  }
}

/** `[error, frames]`, as a process ends that threw: the frames are those of the error's own stack. */
function isCrash([error, frames, ...more]: readonly unknown[]): boolean {
  if (more.length > 0 || record(error)?.$error === undefined) return false
  return Array.isArray(frames) && frames.every((frame) => typeof frame === 'string')
}

function revive(term: unknown, stacks: boolean): unknown {
  if (Array.isArray(term)) {
    return isCrash(term) ? revive(term[0], stacks) : term.map((item) => revive(item, stacks))
  }
  const object = record(term)
  if (object === undefined || Object.getPrototypeOf(object) !== Object.prototype) return term
  const [key, ...others] = Object.keys(object)
  if (key === undefined || others.length > 0 || !key.startsWith('$')) return reviveObject(object, stacks)
  const value = object[key]
  const text = String(value)
  switch (key) {
    case '$pid':
    case '$ref':
    case '$number':
      return new Bare(text)
    case '$undefined':
      return undefined
    case '$bigint':
      return new Bare(`${text}n`)
    case '$function':
      return new Bare(text === '' ? '[Function]' : `[Function: ${text}]`)
    case '$symbol':
      return new Bare(`Symbol(${text})`)
    case '$module':
      return new Bare(`[Module: ${text}]`)
    case '$date':
      return new Bare(text)
    case '$circular':
      return new Bare('[Circular]')
    case '$bytes':
      return Buffer.from(text, 'base64')
    case '$map':
      return new Map(
        Array.isArray(value) ? value.map((pair) => [revive(pair[0], stacks), revive(pair[1], stacks)]) : [],
      )
    case '$set':
      return new Set(Array.isArray(value) ? value.map((item) => revive(item, stacks)) : [])
    case '$object':
      return reviveObject(record(value) ?? {}, stacks)
    case '$error':
      return new Bare(formatErrorTerm(value, stacks))
    default:
      return reviveObject(object, stacks)
  }
}

function reviveObject(object: Readonly<Record<string, unknown>>, stacks: boolean): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, revive(value, stacks)]))
}

/** An error's stack says its name and message as well; it is what a person at a prompt wants. */
function formatErrorTerm(value: unknown, stacks: boolean): string {
  const { name = 'Error', message = '', stack } = record(value) ?? { message: value }
  return stacks && typeof stack === 'string' && stack !== '' ? stack : `${String(name)}: ${String(message)}`
}
