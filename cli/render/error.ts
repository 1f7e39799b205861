/**
 * Failures and warnings as lines for a terminal.
 *
 * Faults stand first, each with its place; then what went wrong as a whole; then the ways out.
 */
import { type Fault, formatPlace } from '../../schemas/fault.js'
import type { Failure } from './failure.js'
import type { Style } from './style.js'

/** So many codes are pointed at; who has more faults starts with these. */
const MOST_EXPLAINED = 3

/**
 * The lines of a failure.
 *
 * @param explain how the program that explains codes is called; absent: no hint at it
 */
export function failureLines(failure: Failure, style: Style, explain?: string): string[] {
  const { message, faults = [], hints = [] } = failure
  const [first = '', ...more] = message.split('\n')
  return [
    ...faults.map((fault) => faultLine(fault, style)),
    `${style.red('error:')} ${first}`,
    ...more,
    ...hints.map((hint) => `  ${hint}`),
    ...(explain === undefined
      ? []
      : explainable(failure).map((code) => style.dim(`  more: ${explain} explain ${code}`))),
  ]
}

/** Codes of a failure that are worth a page: those of its faults, else its own. What help says needs none. */
function explainable({ exit, tag, faults = [] }: Failure): string[] {
  if (exit === 'usage' || exit === 'interrupted' || exit === 'bug') return []
  const errors = faults.filter(({ severity }) => severity === 'error').map((fault) => fault.tag)
  return [...new Set(errors.length === 0 ? [tag] : errors)].slice(0, MOST_EXPLAINED)
}

/** The lines of warnings. */
export function warningLines(warnings: readonly Fault[], style: Style): string[] {
  return warnings.map((fault) => faultLine(fault, style))
}

/** `file:line:column path: message`; a warning says that it is one. */
export function faultLine(fault: Fault, style: Style): string {
  const place = formatPlace(fault)
  const head = place === '' ? '' : `${style.bold(place)}: `
  return `${head}${fault.severity === 'warning' ? style.yellow('warning: ') : ''}${fault.message}`
}
