/**
 * Terms in log texts: on one line, a module by its name, an error by name and message (its stack stands beside it
 * where it is known), texts in quotes. OTP: `io_lib:format("~tp")`.
 */
import { type ModuleNamespace, moduleName } from '../../erts/modules.js'
import { format, Pid, Ref, Stack } from '../../erts/process.js'

/** Without a limit of the configuration: lists and maps deeper than this are shortened. */
const DEEPEST = 12

/** How much of a term is printed, as {@link withDepth} says; undefined: everything down to {@link DEEPEST}. */
let limit: number | undefined

/**
 * Runs `body`, in which terms are printed no deeper than this, as `~P` of OTP's io_lib counts it: each element of a list
 * is one deeper than the one before. Texts are not shortened. Not for functions that wait.
 */
export function withDepth<T>(depth: number | 'unlimited', body: () => T): T {
  const before = limit
  limit = depth === 'unlimited' ? undefined : depth
  try {
    return body()
  } finally {
    limit = before
  }
}

/** @returns the term on one line. */
export const termText = (term: unknown): string => text(term, 0, limit ?? Number.POSITIVE_INFINITY)

/** @param left how much deeper it may still go; 0: not at all */
function text(term: unknown, depth: number, left: number): string {
  if (left <= 0) return '...'
  if (typeof term !== 'object' || term === null || term instanceof Pid || term instanceof Ref) return format(term)
  if (term instanceof Error) return errorText(term)
  if (term instanceof Stack) return `[${term.frames.slice(0, 8).join(', ')}]`
  if (Array.isArray(term)) {
    if (depth === DEEPEST || left === 1) return '[...]'
    return `[${members(term, left, (item, more) => text(item, depth + 1, more))}]`
  }
  if (isModule(term)) return moduleName(term)
  const proto: unknown = Object.getPrototypeOf(term)
  if (proto !== Object.prototype && proto !== null) return oneLine(format(term))
  const entries = Object.entries(term)
  if (entries.length === 0) return '{}'
  if (depth === DEEPEST || left === 1) return '{...}'
  return `{ ${members(entries, left, ([key, value], more) => `${keyText(key)}: ${text(value, depth + 1, more)}`)} }`
}

function members<T>(items: readonly T[], left: number, show: (item: T, left: number) => string): string {
  const fit = Math.min(items.length, left - 1)
  const shown = items.slice(0, fit).map((item, i) => show(item, left - 1 - i))
  return (fit < items.length ? [...shown, '...'] : shown).join(', ')
}

/** An error by name and message. */
export const errorText = ({ name, message }: Error): string => (message === '' ? name : `${name}: ${message}`)

const isModule = (term: object): term is ModuleNamespace => Reflect.get(term, Symbol.toStringTag) === 'Module'
const keyText = (key: string): string => (/^[\w$]+$/.test(key) ? key : `'${key}'`)
const oneLine = (shown: string): string => shown.replace(/\s*\n\s*/g, ' ')
