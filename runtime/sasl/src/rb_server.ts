/** The server of the report browser; see rb.ts. OTP: the gen_server callbacks of sasl's rb.erl. */
import { closeSync, openSync, writeSync } from 'node:fs'
import { resolve } from 'node:path'
import { exit, trapExit } from '../../erts/process.js'
import { lookup } from '../../kernel/src/application_env.js'
import { rootDir } from '../../kernel/src/code_path.js'
import type { HandleCall, HandleCast, Init } from '../../stdlib/src/gen_server.js'
import { isOfType, type Scope, scan } from './rb_scan.js'
import {
  compile,
  compileDates,
  compileFilters,
  contains,
  type Dates,
  type Filter,
  factsOf,
  type Pattern,
} from './rb_select.js'
import { listText, type NumberedReport, reportText } from './rb_text.js'

/** Where reports go: a file that is continued, standard output, or whatever has `write(text)`. */
export type LogTarget = 'standard_io' | string | { write(text: string): unknown }

/** What is read, and where reports go. */
export interface RbOptions {
  /** Default `standard_io`. */
  readonly start_log?: LogTarget
  /** Reports read at most, the newest. Default `all`. */
  readonly max?: number | 'all'
  /** Folder of the log; default sasl's `error_logger_mf_dir`. */
  readonly report_dir?: string
  /** Types that are read. Default `all`. */
  readonly type?: string | readonly string[]
  /** Whether reports that cannot be printed end the printing; here all can. Default false. */
  readonly abort_on_error?: boolean
}

/** What is asked of the server. */
export type Request =
  | readonly ['rescan', RbOptions]
  | readonly ['list' | 'log_list', type: string]
  | readonly ['show', number | string]
  | readonly ['grep', Pattern]
  | readonly ['filter', readonly Filter[], Dates | undefined]
  | readonly ['start_log', LogTarget]
  | 'stop_log'

interface Device {
  write(text: string): unknown
  close(): void
}

interface State {
  readonly dir: string
  readonly scope: Scope
  /** The oldest first. */
  readonly reports: readonly NumberedReport[]
  readonly device: Device
}

const STANDARD: Device = { write: (text) => process.stdout.write(text), close: () => {} }

/** Remarks go to standard output, as in OTP, whatever the log is. */
const say = (text: string): void => void process.stdout.write(text)

const isUtc = (): boolean => lookup('sasl', 'utc_log')?.[1] === true

/** Reads the log. */
export function init(options: RbOptions): Init<State> {
  trapExit(true)
  const dir = options.report_dir ?? lookup('sasl', 'error_logger_mf_dir')?.[1]
  if (typeof dir !== 'string') return ['stop', 'cannot locate report directory']
  const scope = { max: options.max ?? 'all', type: options.type ?? 'all' } as const
  const path = resolve(rootDir(), dir)
  return [
    'ok',
    { dir: path, scope, reports: read(path, scope), device: openDevice(options.start_log ?? 'standard_io') },
  ]
}

/** @throws Exit `cannot read the index file` */
function read(dir: string, scope: Scope): readonly NumberedReport[] {
  say('rb: reading report...')
  const found = scan(dir, scope)
  if (!found.ok) exit(found.error)
  const { reports, faults } = found.value
  say(faults.length === 0 ? 'done.\n' : `${faults.join('\n')}\n`)
  return reports
}

function openDevice(to: LogTarget): Device {
  if (to === 'standard_io' || to === 'standard_error') return STANDARD
  if (typeof to !== 'string') return { write: (text) => to.write(text), close: () => {} }
  try {
    const fd = openSync(resolve(rootDir(), to), 'a')
    return { write: (text) => writeSync(fd, text), close: () => closeSync(fd) }
  } catch (failure) {
    say(`rb: Cannot open file '${to}' (${String(failure)}).\nrb: Using standard_io\n`)
    return STANDARD
  }
}

/** Does what is asked. */
export const handleCall: HandleCall<Request, State> = (request, _from, state) => {
  const { reports, device } = state
  if (request === 'stop_log') {
    device.close()
    return ['reply', 'ok', { ...state, device: STANDARD }]
  }
  switch (request[0]) {
    case 'rescan':
      return ['reply', 'ok', rescan(state, request[1])]
    case 'list':
    case 'log_list': {
      const [word, type] = request
      const text = listText(reports, (report) => isOfType(report.type, type), isUtc())
      if (word === 'list') say(text)
      else device.write(text)
      return ['reply', 'ok', state]
    }
    case 'show':
      show(state, request[1])
      return ['reply', 'ok', state]
    case 'grep':
      return ['reply', grep(state, request[1]), state]
    case 'filter':
      return ['reply', filter(state, request[1], request[2]), state]
    case 'start_log':
      device.close()
      return ['reply', 'ok', { ...state, device: openDevice(request[1]) }]
  }
}

/** Nobody casts to the browser. */
export const handleCast: HandleCast<unknown, State> = (_request, state) => ['noreply', state]

/** Closes the log. */
export function terminate(_reason: unknown, { device }: State): void {
  device.close()
}

function rescan(state: State, options: RbOptions): State {
  const scope = { max: options.max ?? state.scope.max, type: options.type ?? state.scope.type }
  if (options.start_log === undefined) return { ...state, scope, reports: read(state.dir, scope) }
  state.device.close()
  return { ...state, scope, reports: read(state.dir, scope), device: openDevice(options.start_log) }
}

function print({ device }: State, { record }: NumberedReport): void {
  device.write(reportText(record, isUtc()))
}

function show(state: State, what: number | string): void {
  if (typeof what === 'string') {
    for (const report of state.reports) if (isOfType(report.type, what)) print(state, report)
    return
  }
  const report = state.reports.find(({ number }) => number === what)
  if (report === undefined) say(`There is no report with number ${what}.\n`)
  else print(state, report)
}

type Ok = 'ok' | readonly ['error', 'badarg']

function grep(state: State, pattern: Pattern): Ok {
  const expression = compile(pattern)
  if (expression === undefined) return ['error', 'badarg']
  for (const report of state.reports) {
    if (!contains(report.record, expression)) continue
    say(`Found match in report number ${report.number}\n`)
    print(state, report)
  }
  return 'ok'
}

function filter(state: State, filters: readonly Filter[], dates: Dates | undefined): Ok {
  const meets = compileFilters(filters)
  const inTime = dates === undefined ? () => true : compileDates(dates)
  if (meets === undefined || inTime === undefined) return ['error', 'badarg']
  for (const report of state.reports) {
    if (inTime(report.record.time) && meets(factsOf(report.record))) print(state, report)
  }
  return 'ok'
}
