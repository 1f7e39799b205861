/**
 * Failures and warnings as lines for a terminal.
 *
 * Faults stand first, each with its place; then what went wrong as a whole; then the ways out.
 */
import { type Fault, formatPlace } from '../../schemas/fault.js'
import type { Failure } from './failure.js'
import type { Style } from './style.js'

/** The lines of a failure. */
export function failureLines(failure: Failure, style: Style): string[] {
  const { message, faults = [], hints = [] } = failure
  const [first = '', ...more] = message.split('\n')
  return [
    ...faults.map((fault) => faultLine(fault, style)),
    `${style.red('error:')} ${first}`,
    ...more,
    ...hints.map((hint) => `  ${hint}`),
  ]
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
