/**
 * The debug structure of a process that speaks the system protocol: what is traced, logged, counted, and which
 * functions look on.
 *
 * OTP: `debug_options/1`, `handle_debug/4` and `debug_cmd/2` in stdlib's sys.erl.
 *
 * `null` means that everything is off. Test that before any work is done for an event: `if (debug !== null) debug =
 * handleDebug(...)`. A structure that is not null belongs to one process and is changed in place.
 */
import { closeSync, openSync, writeSync } from 'node:fs'
import { clock } from '../../erts/clock.js'
import { processInfo, selfOrUndefined } from '../../erts/process.js'
import { report } from '../../erts/report.js'

/** Where a format function writes a line. */
export interface Device {
  /** Appends a text; a line brings its end along. */
  write(text: string): unknown
}

/** Writes an event as text: a line with its end. `extra` is what the process gave with the event. */
export type FormatFun = (device: Device, event: unknown, extra: unknown) => void

/** Looks on: gets its state, the event and the extra; gives its next state, or `'done'` to be removed. */
export type DebugFun = (state: unknown, event: unknown, extra: unknown) => unknown

interface LoggedEvent {
  readonly event: unknown
  readonly extra: unknown
  readonly formatFun: FormatFun
}

interface Installed {
  readonly id: unknown
  readonly fun: DebugFun
  state: unknown
}

interface Statistics {
  readonly startMs: number
  readonly startReductions: number
  messagesIn: number
  messagesOut: number
}

/** The debug structure. */
export interface Debug {
  /** Whether events are printed to standard output. */
  trace: boolean
  /** The last `size` events, oldest first. */
  log: { readonly size: number; events: LoggedEvent[] } | null
  /** The file that events are printed to, besides. */
  file: { readonly name: string; readonly descriptor: number } | null
  /** What is counted, and since when. */
  statistics: Statistics | null
  /** Newest first. */
  installed: Installed[]
}

/** What a command gives: the answer for who asked, and the structure from now on. */
export interface DebugAnswer {
  readonly answer: unknown
  readonly debug: Debug | null
}

const LOG_SIZE = 10

const empty = (): Debug => ({ trace: false, log: null, file: null, statistics: null, installed: [] })

/** The structure itself, or null when nothing is on. */
function orNull(debug: Debug): Debug | null {
  const { trace, log, file, statistics, installed } = debug
  const on = trace || log !== null || file !== null || statistics !== null || installed.length > 0
  return on ? debug : null
}

/**
 * The structure that options describe: `'trace'`, `'log'`, `['log', n]`, `'statistics'`, `['log_to_file', name]`,
 * `['install', [fun, state] | [id, fun, state]]`. Unknown ones are ignored; what is no list is
 * reported and ignored.
 */
export function debugOptions(options: readonly unknown[]): Debug | null {
  // From a child specification, which nobody has checked.
  if (!Array.isArray(options)) {
    const facts = { message: 'ignoring erroneous debug options', options }
    report('error', { label: ['gen', 'debug_options'], report: facts }, { domain: ['otp'] })
    return null
  }
  let debug: Debug | null = null
  for (const option of options) {
    const command = commandOf(option)
    if (command !== undefined) ({ debug } = debugCommand(debug, command))
  }
  return debug
}

function commandOf(option: unknown): unknown {
  if (option === 'trace' || option === 'log' || option === 'statistics') return [option, true]
  if (!Array.isArray(option)) return undefined
  if (option[0] === 'log') return ['log', [true, option[1]]]
  return option[0] === 'log_to_file' || option[0] === 'install' ? option : undefined
}

/** Carries a debug command out. An unknown one answers `unknown_debug`. Called in the process it is about. */
export function debugCommand(debug: Debug | null, command: unknown): DebugAnswer {
  if (command === 'no_debug') {
    if (debug?.file != null) closeSync(debug.file.descriptor)
    return { answer: 'ok', debug: null }
  }
  const [word, value] = Array.isArray(command) ? command : []
  const current = debug ?? empty()
  const answer = carryOut(current, word, value)
  return { answer, debug: orNull(current) }
}

function carryOut(debug: Debug, word: unknown, value: unknown): unknown {
  switch (word) {
    case 'trace':
      if (typeof value !== 'boolean') return 'unknown_debug'
      debug.trace = value
      return 'ok'
    case 'log':
      return commandLog(debug, value)
    case 'log_to_file':
      return commandLogToFile(debug, value)
    case 'statistics':
      return commandStatistics(debug, value)
    case 'install':
      return install(debug, value)
    case 'remove':
      debug.installed = debug.installed.filter(({ id, fun }) => id !== value && fun !== value)
      return 'ok'
    default:
      return 'unknown_debug'
  }
}

function commandLog(debug: Debug, value: unknown): unknown {
  if (value === 'get') return ['ok', getLog(debug)]
  if (value === 'print') return printLog(debug)
  if (value === false) {
    debug.log = null
    return 'ok'
  }
  const [on, size] = Array.isArray(value) ? value : [value, LOG_SIZE]
  if (on !== true || !Number.isInteger(size) || size < 1) return 'unknown_debug'
  // A log that is on keeps its size, as in OTP: switch it off first.
  debug.log ??= { size, events: [] }
  return 'ok'
}

function commandLogToFile(debug: Debug, value: unknown): unknown {
  if (value !== false && typeof value !== 'string') return 'unknown_debug'
  if (debug.file !== null) closeSync(debug.file.descriptor)
  debug.file = null
  if (value === false) return 'ok'
  try {
    debug.file = { name: value, descriptor: openSync(value, 'w') }
    return 'ok'
  } catch {
    // The client learns of it as OTP has it; which error it was is in no answer of sys.
    return ['error', 'open_file']
  }
}

function commandStatistics(debug: Debug, value: unknown): unknown {
  if (value === 'get') return ['ok', getStatistics(debug)]
  if (typeof value !== 'boolean') return 'unknown_debug'
  if (value) {
    debug.statistics ??= {
      startMs: clock.systemMs(),
      startReductions: reductions(),
      messagesIn: 0,
      messagesOut: 0,
    }
  } else debug.statistics = null
  return 'ok'
}

/** Departure: the times are milliseconds since 1970 UTC, where OTP has local date and time as a tuple. */
function getStatistics({ statistics }: Debug): unknown {
  if (statistics === null) return 'no_statistics'
  return [
    ['start_time', statistics.startMs],
    ['current_time', clock.systemMs()],
    ['reductions', reductions() - statistics.startReductions],
    ['messages_in', statistics.messagesIn],
    ['messages_out', statistics.messagesOut],
  ]
}

function reductions(): number {
  const pid = selfOrUndefined()
  const item = pid === undefined ? undefined : processInfo(pid, 'reductions')
  return typeof item?.[1] === 'number' ? item[1] : 0
}

function install(debug: Debug, value: unknown): unknown {
  if (!Array.isArray(value)) return 'unknown_debug'
  const [id, fun, state] = value.length === 3 ? value : [value[0], value[0], value[1]]
  if (typeof fun !== 'function') return 'unknown_debug'
  // One that is installed already goes on with the state it has.
  if (!debug.installed.some((other) => other.id === id)) debug.installed.unshift({ id, fun, state })
  return 'ok'
}

const stdout: Device = { write: (text) => process.stdout.write(text) }

/**
 * Tells the debug functions of an event: `['in', msg]`, `['in', msg, from]`, `['out', msg, to]`, `['out', msg, to,
 * state]`, or anything else, which counts as no message.
 *
 * @param formatFun writes the event as text, for trace and log
 * @param extra     handed to `formatFun` and to installed functions; often the name of the process
 * @returns the structure from now on; null when nothing is on any more
 */
export function handleDebug(debug: Debug | null, formatFun: FormatFun, extra: unknown, event: unknown): Debug | null {
  if (debug === null) return null
  if (debug.trace) formatFun(stdout, event, extra)
  if (debug.log !== null) {
    const { events, size } = debug.log
    events.push({ event, extra, formatFun })
    if (events.length > size) events.shift()
  }
  if (debug.file !== null) {
    const { descriptor } = debug.file
    formatFun({ write: (text) => writeSync(descriptor, text) }, event, extra)
  }
  if (debug.statistics !== null) countMessage(debug.statistics, event)
  if (debug.installed.length === 0) return debug
  debug.installed = debug.installed.filter((one) => looksOn(one, event, extra))
  return orNull(debug)
}

function countMessage(statistics: Statistics, event: unknown): void {
  if (!Array.isArray(event)) return
  if (event[0] === 'in' && (event.length === 2 || event.length === 3)) statistics.messagesIn++
  if (event[0] === 'out' && (event.length === 3 || event.length === 4)) statistics.messagesOut++
}

/** Calls an installed function. @returns whether it stays; one that fails goes without a word, as in OTP. */
function looksOn(one: Installed, event: unknown, extra: unknown): boolean {
  try {
    one.state = one.fun(one.state, event, extra)
  } catch {
    return false
  }
  return one.state !== 'done'
}

/** The logged events, oldest first. */
export function getLog(debug: Debug | null): unknown[] {
  return debug?.log?.events.map(({ event }) => event) ?? []
}

/** Writes the logged events to standard output, oldest first. */
export function printLog(debug: Debug | null): 'ok' {
  for (const { event, extra, formatFun } of debug?.log?.events ?? []) formatFun(stdout, event, extra)
  return 'ok'
}

/** What is on, as `get_status` shows it. */
export function shownDebug(debug: Debug | null): readonly (readonly [string, unknown])[] {
  const shown: [string, unknown][] = []
  if (debug?.trace === true) shown.push(['trace', true])
  if (debug?.log != null) shown.push(['log', [debug.log.size, getLog(debug)]])
  if (debug?.file != null) shown.push(['log_to_file', debug.file.name])
  if (debug?.statistics != null) shown.push(['statistics', getStatistics(debug)])
  for (const { id, state } of debug?.installed ?? []) shown.push(['install', [id, state]])
  return shown
}
