/**
 * Events of a state machine: what happened (the type) and with what (the content). OTP: `event_type/1` and
 * `event_string/1` in stdlib's gen_statem.erl.
 */
import { ErlangError, Exit, Stack } from '../../erts/exit.js'
import { type ModuleRef, moduleName } from '../../erts/modules.js'
import { format } from '../../erts/term.js'
import type { From } from './gen_call.js'

/**
 * Type of an event: a call with whom to answer, a cast, any other message (`info`), one of the three time-outs, or an
 * event that the machine gave itself (`internal`).
 */
export type EventType =
  | readonly ['call', From]
  | 'cast'
  | 'info'
  | 'timeout'
  | 'state_timeout'
  | readonly ['timeout', name: unknown]
  | 'internal'

/** One event. */
export interface Event {
  /** How it came. */
  readonly type: EventType
  /** With what: the request, the message, what the time-out was set with. */
  readonly content: unknown
}

const WORDS: ReadonlySet<unknown> = new Set(['cast', 'info', 'timeout', 'state_timeout', 'internal'])

/** Whether a value is somebody to answer to. */
export const isFrom = (value: unknown): value is From =>
  typeof value === 'object' && value !== null && 'reply' in value && typeof value.reply === 'function'

/** Whether a value is a type of event. */
export function isEventType(value: unknown): value is EventType {
  if (!Array.isArray(value)) return WORDS.has(value)
  return value.length === 2 && (value[0] === 'timeout' || (value[0] === 'call' && isFrom(value[1])))
}

/** Who waits for an answer to an event of this type. */
export const fromOf = (type: EventType): From | undefined =>
  Array.isArray(type) && type[0] === 'call' && isFrom(type[1]) ? type[1] : undefined

/** A term in a line of trace: a word as it is, like OTP's atoms, anything else as `format` has it. */
export const shown = (term: unknown): string => (typeof term === 'string' ? term : format(term))

/** The event in a line of trace: `cast button`, `call unlock from <0.9.0>`. */
export function eventText(type: EventType, content: unknown): string {
  const from = fromOf(type)
  return from === undefined
    ? `${shown(type)} ${shown(content)}`
    : `call ${shown(content)} from ${from.pid?.toString() ?? 'nobody'}`
}

/** Why a machine or a handler fails: class and reason as OTP tells them apart, and the stack of an error. */
export interface Fault {
  readonly class: 'exit' | 'error'
  readonly reason: unknown
  /** Set for errors: the process ends with `[reason, stack]`, after an exit with the reason alone. */
  readonly stack: Stack | undefined
}

/** The fault that a thrown Error is. */
export function faultOf(thrown: Error): Fault {
  if (thrown instanceof Exit) return { class: 'exit', reason: thrown.reason, stack: undefined }
  return { class: 'error', reason: thrown instanceof ErlangError ? thrown.reason : thrown, stack: new Stack(thrown) }
}

/** An end by `stop`. */
export const stopFault = (reason: unknown): Fault => ({ class: 'exit', reason, stack: undefined })

/** The reason with which the process ends. */
export const exitReasonOf = ({ reason, stack }: Fault): unknown => (stack === undefined ? reason : [reason, stack])

/** The error of a callback that is not there: reason `undef`, with the function's name on top of the stack. */
export function undefFunction(module: ModuleRef, fun: unknown, arity: number): ErlangError {
  const error = new ErlangError('undef')
  const [first = '', ...frames] = (error.stack ?? '').split('\n')
  error.stack = [first, `    at ${moduleName(module)}:${String(fun)}/${arity} (not exported)`, ...frames].join('\n')
  return error
}
