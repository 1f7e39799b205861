/**
 * The report browser: lists, shows and searches the reports of the multi-file log (sasl's `error_logger_mf_dir`). It is
 * a server below sasl_sup. OTP: sasl's rb.erl; https://www.erlang.org/doc/apps/sasl/rb.html
 *
 *     await Rb.start({ max: 100 })
 *     await Rb.list('crash_report') // number 1 is the newest
 *     await Rb.show(1)
 *     await Rb.grep('badarg')
 *
 * Lists and reports are printed; `startLog` sends all but `list` and remarks to a file.
 */
import type { StartResult } from '../../stdlib/src/gen_server.js'
import * as genServer from '../../stdlib/src/gen_server.js'
import * as supervisor from '../../stdlib/src/supervisor.js'
import * as self from './rb.js'
import type { Dates, Filter, Pattern } from './rb_select.js'
import type { LogTarget, RbOptions, Request } from './rb_server.js'
import * as server from './rb_server.js'

export type { Dates, Filter, Moment, Pattern } from './rb_select.js'
export type { LogTarget, RbOptions } from './rb_server.js'

const NAME = 'rb_server'

/** Starts the browser and reads the log. Needs sasl. @returns `['ok', pid]`, `['error', reason]` */
export const start = (options: RbOptions = {}) =>
  supervisor.startChild('sasl_sup', {
    id: NAME,
    start: [self, 'startLink', [options]],
    restart: 'temporary',
    shutdown: 'brutal_kill',
    modules: [server],
  })

/** Starts the server; sasl_sup's part. */
export const startLink = (options: RbOptions): Promise<StartResult> =>
  genServer.startLink({ local: NAME }, server, options)

/** Ends the browser. @returns `'ok'`, `['error', 'not_found']` */
export const stop = () => supervisor.terminateChild('sasl_sup', NAME)

type Ok = 'ok' | readonly ['error', unknown]

const ask = (request: Request): Promise<Ok> => genServer.call<Ok>(NAME, request, 'infinity')

/** Reads the log again, with other options where they are given. */
export const rescan = (options: RbOptions = {}): Promise<Ok> => ask(['rescan', options])

/** Prints the table of reports, of one type or all; the oldest first, number 1 is the newest. */
export const list = (type = 'all'): Promise<Ok> => ask(['list', type])

/** As {@link list}, to where reports are printed. */
export const logList = (type = 'all'): Promise<Ok> => ask(['log_list', type])

/** Prints reports: one by its number, those of a type, or all. */
export const show = (what: number | string = 'all'): Promise<Ok> => ask(['show', what])

/** Prints the reports in which a regular expression matches. @returns `['error', 'badarg']`: it is none */
export const grep = (pattern: Pattern): Promise<Ok> => ask(['grep', pattern])

/** Prints the reports whose facts meet all filters, and that were made at that time. */
export const filter = (filters: readonly Filter[], dates?: Dates): Promise<Ok> => ask(['filter', filters, dates])

/** Sends reports to a file, which is continued, or to whatever has `write(text)`. */
export const startLog = (to: LogTarget): Promise<Ok> => ask(['start_log', to])

/** Closes the file; reports are printed again. */
export const stopLog = (): Promise<Ok> => ask('stop_log')

const HELP = `
Report Browser Tool - usage
===========================
start()            - start the browser with default options
start(options)     - { start_log: file, max: count or 'all', report_dir: folder,
                       type: type, types or 'all', abort_on_error: boolean }
help()             - print this help
list()             - list all reports
list(type)         - list all reports of a type:
                     crash_report, supervisor_report, progress, error,
                     error_report, info_msg, info_report, warning_msg, warning_report
logList(type)      - as list, to the log
grep(pattern)      - print reports that match a regular expression
filter(filters)    - print reports whose facts meet all filters:
                     [key, value]  [key, value, 'no']
                     [key, pattern, 're']  [key, pattern, 're', 'no']
filter(filters, dates)
                   - those made at that time: [from, to]  [date, 'from']  [date, 'to']
rescan(options)    - read the folder again
show(number)       - print a report
show(type)         - print all reports of a type
show()             - print all reports
startLog(file)     - print to a file from now on
stopLog()          - close the file
stop()             - stop the browser
`

/** Prints what there is. */
export function help(): 'ok' {
  process.stdout.write(HELP)
  return 'ok'
}

/** As {@link help}. */
export const h = help
