/**
 * How a state machine shows itself: its trace, its status and the report of its end, with state and data as
 * `formatStatus` wants them seen. OTP: `print_event/3`, `format_status/2` and `error_info/7` in stdlib's
 * gen_statem.erl.
 */
import type { Process } from '../../erts/proc.js'
import { report } from '../../erts/report.js'
import type { Pid } from '../../erts/term.js'
import { statusOf } from './gen_server_status.js'
import { type Event, type EventType, eventText, type Fault, fromOf, shown } from './gen_statem_events.js'
import type { Mode } from './gen_statem_returns.js'
import type { Debug, Device } from './sys_debug.js'
import { getLog } from './sys_debug.js'

/** What a machine traces. */
export type TraceEvent =
  | readonly ['in', readonly [EventType, unknown], state: unknown]
  | readonly ['out', answer: unknown, to: Pid | undefined]
  | readonly ['enter' | 'module', module: string, state: unknown]
  | readonly ['consume' | 'postpone', readonly [EventType, unknown], state: unknown, nextState: unknown]
  | readonly ['start_timer' | 'insert_timeout', readonly unknown[], state: unknown]
  | readonly ['terminate', reason: unknown, state: unknown]

/** The line of one traced event, in OTP's words. */
export function traceLine(device: Device, event: unknown, name: unknown): void {
  device.write(`*DBG* ${String(name)} ${traceText(event as TraceEvent)}\n`) // the loop traces nothing else
}

function traceText(event: TraceEvent): string {
  switch (event[0]) {
    case 'in':
      return `receive ${eventText(...event[1])} in state ${shown(event[2])}`
    case 'out':
      return `send ${shown(event[1])} to ${event[2]?.toString() ?? 'nobody'}`
    case 'consume':
    case 'postpone': {
      const [word, [type, content], state, next] = event
      const states = next === state ? shown(state) : `${shown(state)} => ${shown(next)}`
      return `${word} ${eventText(type, content)} in state ${states}`
    }
    case 'enter':
    case 'module':
    case 'start_timer':
    case 'insert_timeout':
    case 'terminate':
      return `${event[0]} ${shown(event[1])} in state ${shown(event[2])}`
  }
}

/** Everything about a machine that status and report show. */
export interface Machine {
  readonly name: string
  /** The name is one; otherwise it is the pid's text. */
  readonly named: boolean
  readonly callbacks: { formatStatus?(status: Readonly<Record<string, unknown>>): unknown }
  /** Newest first. */
  readonly modules: readonly string[]
  readonly mode: Mode | undefined
  readonly stateEnter: boolean
  readonly state: unknown
  readonly data: unknown
  /** The event in hand and those that wait, next one first. */
  readonly queue: readonly Event[]
  /** Oldest first. */
  readonly postponed: readonly Event[]
  readonly timeouts: readonly (readonly unknown[])[]
  readonly debug: Debug | null
}

interface Shown {
  readonly [key: string]: unknown
}

/** State, data and the rest as the callback shows them. When it fails, neither state nor data are seen. */
function formatted(machine: Machine, more: Readonly<Record<string, unknown>>): Shown {
  const { state, data, timeouts } = machine
  const pairs = (events: readonly Event[]) => events.map(({ type, content }) => [type, content])
  const facts = {
    state,
    data,
    queue: pairs(machine.queue),
    postponed: pairs(machine.postponed),
    timeouts: [timeouts.length, timeouts],
    log: getLog(machine.debug),
    ...more,
  }
  const { callbacks } = machine
  if (callbacks.formatStatus === undefined) return facts
  let given: unknown
  const formatStatus = (status: Shown): unknown => {
    given = callbacks.formatStatus?.(status)
    return given
  }
  const seen = statusOf({ formatStatus }, machine.modules[0] ?? '', facts)
  return seen === given ? seen : { ...seen, data: seen.state }
}

/** The last element of a status. */
export function machineStatus(machine: Machine, title: string, suspended: boolean, parent: Pid): unknown[] {
  const seen = formatted(machine, {})
  return [
    ['header', `${title} ${machine.name}`],
    [
      'data',
      [
        ['Status', suspended ? 'suspended' : 'running'],
        ['Parent', parent],
        ['Modules', machine.modules],
        ['Time-outs', seen.timeouts],
        ['Logged Events', seen.log],
        ['Postponed', seen.postponed],
      ],
    ],
    ['data', [['State', [seen.state, seen.data]]]],
  ]
}

/** Reports the abnormal end of a machine. */
export function reportMachine(machine: Machine, proc: Process, behaviour: string, fault: Fault): void {
  const seen = formatted(machine, { reason: [fault.class, fault.reason, fault.stack ?? []] })
  const from = machine.queue[0] === undefined ? undefined : fromOf(machine.queue[0].type)
  const client = from?.pid
  const facts = {
    name: machine.named ? machine.name : proc.pid,
    queue: seen.queue,
    postponed: seen.postponed,
    modules: machine.modules,
    callback_mode: machine.mode,
    state_enter: machine.stateEnter,
    state: [seen.state, seen.data],
    timeouts: seen.timeouts,
    log: seen.log,
    reason: seen.reason,
    client_info:
      client === undefined ? undefined : client.proc === null ? [client, 'dead'] : [client, client.proc.name ?? client],
  }
  report('error', { label: [behaviour, 'terminate'], report: facts }, { domain: ['otp'] })
}
