/**
 * Texts of the runtime's own reports, as OTP words them: crash, supervisor and progress reports, servers that
 * terminate, applications that end. A report is recognised by its label.
 *
 * OTP: `proc_lib:format`, `supervisor:format_log`, `gen_server:format_log`, `application_controller:format_log`.
 */
import { Stack } from '../../erts/process.js'
import { asText } from './io_format.js'
import { terminateText } from './logger_terminate_text.js'
import { errorText, termText as format } from './term_text.js'

/** A report with its title, where it has one; the text has no line break at its ends. */
export interface ReportText {
  /** `CRASH REPORT`; undefined: that of its level. */
  readonly title?: string
  readonly text: string
}

/** @returns the text of a report of the runtime, or undefined for any other. */
export function runtimeReport(report: unknown): ReportText | undefined {
  if (typeof report !== 'object' || report === null || !('label' in report) || !('report' in report)) return undefined
  const { label, report: facts } = report
  if (!Array.isArray(label)) return undefined
  const [who, what]: unknown[] = label
  if (what === 'progress') return { title: 'PROGRESS REPORT', text: lines(facts) }
  if (who === 'supervisor') return supervisorReport(what, facts)
  if (who === 'proc_lib' && what === 'crash') return { title: 'CRASH REPORT', text: crash(facts) }
  if (who === 'application_controller' && what === 'exit') return { title: 'INFO REPORT', text: lines(facts) }
  if (who === 'erts' && what === 'unhandled_rejection') return { text: unhandled(pairs(facts).get('reason')) }
  if (who === 'erts' && what === 'error_in_process') return { text: errorInProcess(pairs(facts)) }
  if (who === 'erts' && what === 'fenced') return { text: fenced(pairs(facts)) }
  if (who === 'error_logger') return { text: lines(facts) }
  if (who === 'behaviour') return { text: asText(pairs(facts).get('message')) }
  if (who === 'release_handler' && typeof facts === 'string') return { text: facts }
  if (what === 'terminate') return endText(who, pairs(facts))
  if (what === 'no_handle_info') return { text: noHandleInfo(pairs(facts)) }
  return undefined
}

function endText(who: unknown, facts: ReadonlyMap<string, unknown>): ReportText | undefined {
  const text = typeof who === 'string' ? terminateText(who, facts, fullReason) : undefined
  return text === undefined ? undefined : { text }
}

function noHandleInfo(facts: ReadonlyMap<string, unknown>): string {
  return `** Undefined handleInfo in ${asText(facts.get('module'))}\n** Unhandled message: ${format(facts.get('message'))}`
}

function supervisorReport(what: unknown, facts: unknown): ReportText {
  if (what === 'unexpected_msg') {
    return { text: `Supervisor received unexpected message: ${format(pairs(facts).get('message'))}` }
  }
  return { title: 'SUPERVISOR REPORT', text: lines(facts) }
}

/** The facts of a report by key, in order: of pairs or of a map. */
function pairs(facts: unknown): Map<string, unknown> {
  if (Array.isArray(facts)) {
    return new Map(facts.flatMap((pair: unknown) => (Array.isArray(pair) ? [[String(pair[0]), pair[1]] as const] : [])))
  }
  return new Map(typeof facts === 'object' && facts !== null ? Object.entries(facts) : [])
}

/** One line for each fact: `    key: value`, or the fact itself where it is no pair; a text stands as it is. */
export function lines(facts: unknown): string {
  if (typeof facts !== 'object' || facts === null) return asText(facts)
  const entries: unknown[] = Array.isArray(facts) ? facts : Object.entries(facts)
  return entries.map((entry) => INDENT + factText(entry)).join('\n')
}

const INDENT = '    '

function factText(fact: unknown): string {
  if (!isPair(fact)) return asText(fact)
  const [key, value] = fact
  return `${key}: ${valueText(value, INDENT.length + key.length + 2)}`
}

const isPair = (value: unknown): value is readonly [key: string, value: unknown] =>
  Array.isArray(value) && value.length === 2 && typeof value[0] === 'string'

const isPairs = (value: unknown): value is [unknown, unknown][] =>
  Array.isArray(value) && value.length > 0 && value.every(isPair)

function valueText(value: unknown, column: number): string {
  const space = ' '.repeat(column)
  if (isFailure(value))
    return [reasonText(value[0]), ...value[1].frames.map((frame) => `${space}  in ${frame}`)].join('\n')
  if (!isPairs(value) || value.length < 2) return asText(value)
  return `[${value.map((pair) => format(pair)).join(`,\n${space} `)}]`
}

/** A reason with its stack, as it stands in exit reasons. */
const isFailure = (value: unknown): value is readonly [reason: unknown, stack: Stack] =>
  Array.isArray(value) && value.length === 2 && value[1] instanceof Stack

// ---- crash reports

function crash(facts: unknown): string {
  const [own, neighbours]: unknown[] = Array.isArray(facts) ? facts : [facts, []]
  const text = ['  crasher:', ...[...pairs(own)].map(([key, value]) => crashLine(key, value, 4)), '  neighbours:']
  for (const neighbour of Array.isArray(neighbours) ? neighbours : []) {
    const inner: unknown = Array.isArray(neighbour) ? neighbour[1] : neighbour
    text.push('    neighbour:', ...[...pairs(inner)].map(([key, value]) => crashLine(key, value, 6)))
  }
  return text.join('\n')
}

function crashLine(key: string, value: unknown, indent: number): string {
  const space = ' '.repeat(indent)
  if (key === 'initial_call' && Array.isArray(value) && value.length === 3) {
    const [module, fun, args]: unknown[] = value
    return `${space}initial call: ${module}:${fun}/${Array.isArray(args) ? args.length : args}`
  }
  if (key === 'initial_call') return `${space}initial call: ${asText(value)}`
  if (key === 'error_info' && Array.isArray(value)) return exception(value, space)
  return `${space}${key}: ${asText(value)}`
}

function exception([kind, reason, stack]: readonly unknown[], space: string): string {
  const frames: unknown[] = stack instanceof Stack ? [...stack.frames] : Array.isArray(stack) ? stack : []
  const where = frames.map((frame, i) => `${space}  ${i === 0 ? 'in function  ' : 'in call from '}${asText(frame)}`)
  return [`${space}exception ${kind}: ${reasonText(reason)}`, ...where].join('\n')
}

/** A reason: an Error by name and message, since its stack is shown apart. */
function reasonText(reason: unknown): string {
  return reason instanceof Error ? errorText(reason) : asText(reason)
}

function fullReason(reason: unknown): string {
  if (!isFailure(reason)) return reasonText(reason)
  return [reasonText(reason[0]), ...reason[1].frames.map((frame) => `   ${frame}`)].join('\n** ')
}

function errorInProcess(facts: ReadonlyMap<string, unknown>): string {
  return `Error in process ${facts.get('pid')} with exit value:\n${fullReason(facts.get('reason'))}`
}

/** Code of an ended process went on. */
function fenced(facts: ReadonlyMap<string, unknown>): string {
  const [initial, stack] = [facts.get('initial_call'), facts.get('stack')]
  const whose = `process ${facts.get('pid')}${initial === undefined ? '' : ` (${initial})`}`
  return [
    `Code of ${whose} went on after the process had ended; dropped: ${facts.get('dropped')}`,
    'Told once. Process.abortSignal() ends such work; kernel\'s parameter "fence_warnings": false turns this off.',
    ...(stack instanceof Stack ? stack.frames.map((frame) => `   ${frame}`) : []),
  ].join('\n')
}

/** A promise that was rejected and that nobody awaited: with its stack, since that is all there is to find it by. */
function unhandled(reason: unknown): string {
  const stack = reason instanceof Error ? (reason.stack ?? errorText(reason)) : format(reason)
  return `Unhandled rejection of a promise:\n${stack}`
}
