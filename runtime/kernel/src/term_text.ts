/**
 * Terms in log texts: on one line, a module by its name, an error by name and message (its stack stands beside it
 * where it is known), texts in quotes. OTP: `io_lib:format("~tp")`.
 */
import { type ModuleNamespace, moduleName } from '../../erts/modules.js'
import { format, Pid, Ref, Stack } from '../../erts/process.js'

/** Lists and maps deeper than this are shortened. */
const DEEPEST = 12

/** @returns the term on one line. */
export const termText = (term: unknown): string => text(term, 0)

function text(term: unknown, depth: number): string {
  if (typeof term !== 'object' || term === null || term instanceof Pid || term instanceof Ref) return format(term)
  if (term instanceof Error) return errorText(term)
  if (term instanceof Stack) return `[${term.frames.slice(0, 8).join(', ')}]`
  if (depth === DEEPEST) return Array.isArray(term) ? '[...]' : '{...}'
  if (Array.isArray(term)) return `[${term.map((item: unknown) => text(item, depth + 1)).join(', ')}]`
  if (isModule(term)) return moduleName(term)
  const proto: unknown = Object.getPrototypeOf(term)
  if (proto !== Object.prototype && proto !== null) return oneLine(format(term))
  const members = Object.entries(term).map(([key, value]) => `${keyText(key)}: ${text(value, depth + 1)}`)
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`
}

/** An error by name and message. */
export const errorText = ({ name, message }: Error): string => (message === '' ? name : `${name}: ${message}`)

const isModule = (term: object): term is ModuleNamespace => Reflect.get(term, Symbol.toStringTag) === 'Module'
const keyText = (key: string): string => (/^[\w$]+$/.test(key) ? key : `'${key}'`)
const oneLine = (shown: string): string => shown.replace(/\s*\n\s*/g, ' ')
