/**
 * Texts of the reports of servers that terminate, as OTP words them. OTP: `format_log` of stdlib's gen_server.erl,
 * gen_statem.erl, gen_fsm.erl and gen_event.erl.
 */
import { asText } from './io_format.js'
import { termText as format } from './term_text.js'

type Facts = ReadonlyMap<string, unknown>

/** Text of an exit reason, over several lines where there is a stack. */
export type ReasonText = (reason: unknown) => string

/** @returns the text of a behaviour's report, without a line break at its ends; undefined for an unknown behaviour */
export function terminateText(behaviour: string, facts: Facts, reasonText: ReasonText): string | undefined {
  const lines = linesOf(behaviour, facts, reasonText)
  return lines?.filter((line) => line !== undefined).join('\n')
}

type Lines = readonly (string | undefined)[]

function linesOf(behaviour: string, facts: Facts, reasonText: ReasonText): Lines | undefined {
  switch (behaviour) {
    case 'gen_server':
      return server(facts, reasonText)
    case 'gen_statem':
      return machine(facts)
    case 'gen_fsm':
      return oldMachine(facts, reasonText)
    case 'gen_event':
      return handler(facts, reasonText)
    default:
      return undefined
  }
}

function server(facts: Facts, reasonText: ReasonText): Lines {
  return [
    `** Generic server ${asText(facts.get('name'))} terminating `,
    `** Last message in was ${format(facts.get('last_message'))}`,
    `** When Server state == ${format(facts.get('state'))}`,
    '** Reason for termination ==',
    `** ${reasonText(facts.get('reason'))}`,
    log(facts),
    ...client(facts.get('client_info')),
  ]
}

function machine(facts: Facts): Lines {
  const [kind, reason, stack] = list(facts.get('reason'))
  const [last, ...queued] = list(facts.get('queue'))
  const [postponed, [, timeouts]] = [list(facts.get('postponed')), list(facts.get('timeouts'))]
  const mode =
    facts.get('state_enter') === true ? [facts.get('callback_mode'), 'state_enter'] : facts.get('callback_mode')
  return [
    `** State machine ${asText(facts.get('name'))} terminating`,
    last === undefined ? undefined : `** Last event = ${format(last)}`,
    `** When server state  = ${format(facts.get('state'))}`,
    `** Reason for termination = ${asText(kind)}:${asText(reason instanceof Error ? format(reason) : reason)}`,
    `** Callback modules = ${format(facts.get('modules'))}`,
    `** Callback mode = ${asText(mode)}`,
    queued.length === 0 ? undefined : `** Queued = ${format(queued)}`,
    postponed.length === 0 ? undefined : `** Postponed = ${format(postponed)}`,
    ...stackLines(stack),
    list(timeouts).length === 0 ? undefined : `** Time-outs: ${format(facts.get('timeouts'))}`,
    log(facts),
    ...client(facts.get('client_info')),
  ]
}

function oldMachine(facts: Facts, reasonText: ReasonText): Lines {
  const [kind, reason, stack] = list(facts.get('reason'))
  const [last] = list(facts.get('queue'))
  const [state, data] = list(facts.get('state'))
  return [
    `** State machine ${asText(facts.get('name'))} terminating `,
    last === undefined ? undefined : oldEvent(list(last), facts.get('client_info')),
    `** When State == ${format(state)}`,
    `**      Data  == ${format(data)}`,
    '** Reason for termination ==',
    `** ${reasonText(kind === 'exit' ? reason : [reason, stack])}`,
    log(facts),
    ...client(facts.get('client_info')),
  ]
}

function oldEvent([type, content]: readonly unknown[], from: unknown): string {
  if (Array.isArray(type) && type[0] === 'call')
    return `** Last sync event in was ${format(content)} from ${list(from)[0]}`
  return `** Last ${type === 'info' ? 'message' : 'event'} in was ${format(content)}`
}

function handler(facts: Facts, reasonText: ReasonText): Lines {
  return [
    `** gen_event handler ${asText(facts.get('handler'))} crashed.`,
    `** Was installed in ${asText(facts.get('name'))}`,
    `** Last event was: ${format(facts.get('last_message'))}`,
    `** When handler state == ${format(facts.get('state'))}`,
    `** Reason == ${reasonText(bare(facts.get('reason')))}`,
    log(facts),
  ]
}

/** The reason without the tag that says it was caught. */
const bare = (reason: unknown): unknown => (Array.isArray(reason) && reason[0] === 'EXIT' ? reason[1] : reason)

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** A debug log that `sys` keeps. */
function log(facts: Facts): string | undefined {
  const events = list(facts.get('log'))
  return events.length === 0 ? undefined : `** Log ==\n** ${format(events)}`
}

function stackLines(stack: unknown): readonly string[] {
  const frames = typeof stack === 'object' && stack !== null && 'frames' in stack ? list(stack.frames) : list(stack)
  return frames.length === 0 ? [] : ['** Stacktrace =', ...frames.map((frame) => `**  ${asText(frame)}`)]
}

function client(info: unknown): readonly string[] {
  if (!Array.isArray(info)) return []
  const [pid, found]: unknown[] = info
  if (found === 'dead') return [`** Client ${pid} is dead`]
  if (found === 'remote') return [`** Client ${pid} is remote on node ${pid}`]
  if (!Array.isArray(found)) return [`** Client ${asText(found)}`]
  return [`** Client ${asText(found[0])} stacktrace`, `** ${format(found[1])}`]
}
