/**
 * The old logging functions, on top of the logger, and its report handlers. OTP: kernel's error_logger.erl.
 *
 * A report of a type of one's own gets the domain `[Type]`, which the default handler does not print. A report handler
 * is a handler of the event manager `error_logger`, which is started with the first of them; it gets `[tag,
 * groupLeader, [pid, formatOrType, argsOrReport]]`.
 */
import { type ModuleRef, sameModule } from '../../erts/modules.js'
import { whereis } from '../../erts/process.js'
import * as genEvent from '../../stdlib/src/gen_event.js'
import * as supervisor from '../../stdlib/src/supervisor.js'
import * as fileHandler from './error_logger_file_h.js'
import * as errorLoggerHandler from './error_logger_h.js'
import { ERROR_LOGGER } from './error_logger_h.js'
import * as ttyHandler from './error_logger_tty_h.js'
import { log } from './logger.js'
import { addHandler, removeHandler } from './logger_handlers.js'
import type { Level } from './logger_level.js'
import { LOGGER_SUP } from './logger_sup.js'

export type { ErrorLoggerEvent, Tag } from './error_logger_event.js'

type Kind = 'error' | 'warning' | 'info'

/** Information is a notice, as in OTP. */
const LEVEL: Readonly<Record<Kind, Level>> = { error: 'error', warning: 'warning', info: 'notice' }

function message(kind: Kind, tag: string, format: string, args: readonly unknown[]): 'ok' {
  return log(LEVEL[kind], format, args, { error_logger: { tag } })
}

function typedReport(kind: Kind, args: readonly [unknown] | readonly [type: unknown, report: unknown]): 'ok' {
  const standard = `std_${kind}`
  const [type, report] = args.length === 1 ? [standard, args[0]] : args
  const own = type === standard ? {} : { domain: [String(type)] }
  const meta = { error_logger: { tag: `${kind}_report`, type }, ...own }
  // A text is a report, too; given alone it would be a message.
  return typeof report === 'object' && report !== null
    ? log(LEVEL[kind], report, meta)
    : log(LEVEL[kind], { label: ['error_logger', `${kind}_report`], report }, meta)
}

/** Logs at level error. */
export const errorMsg = (format: string, args: readonly unknown[] = []): 'ok' => message('error', 'error', format, args)

/** As {@link errorMsg}. */
export const format = errorMsg

/** Logs at level warning. */
export const warningMsg = (format: string, args: readonly unknown[] = []): 'ok' =>
  message('warning', 'warning_msg', format, args)

/** Logs at level notice. */
export const infoMsg = (format: string, args: readonly unknown[] = []): 'ok' =>
  message('info', 'info_msg', format, args)

/** Logs a report, `errorReport(report)` or `errorReport(type, report)`, at level error. */
export const errorReport = (...args: readonly [unknown] | readonly [type: unknown, report: unknown]): 'ok' =>
  typedReport('error', args)

/** Logs a report at level warning. */
export const warningReport = (...args: readonly [unknown] | readonly [type: unknown, report: unknown]): 'ok' =>
  typedReport('warning', args)

/** Logs a report at level notice. */
export const infoReport = (...args: readonly [unknown] | readonly [type: unknown, report: unknown]): 'ok' =>
  typedReport('info', args)

// ---- report handlers

/** Starts the event manager, below the kernel's supervisors where the kernel runs. */
async function startManager(): Promise<'ok' | readonly ['error', unknown]> {
  if (whereis(ERROR_LOGGER) !== undefined) return 'ok'
  const started =
    whereis(LOGGER_SUP) === undefined
      ? await genEvent.start({ local: ERROR_LOGGER })
      : await supervisor.startChild(LOGGER_SUP, {
          id: ERROR_LOGGER,
          start: [genEvent, 'startLink', [{ local: ERROR_LOGGER }]],
          restart: 'transient',
          shutdown: 2000,
          modules: 'dynamic',
        })
  // Somebody else may have been quicker.
  if (whereis(ERROR_LOGGER) !== undefined || started[0] === 'ok') return 'ok'
  return ['error', started]
}

async function stopManager(): Promise<void> {
  removeHandler(ERROR_LOGGER)
  if (whereis(LOGGER_SUP) !== undefined) {
    await supervisor.terminateChild(LOGGER_SUP, ERROR_LOGGER)
    await supervisor.deleteChild(LOGGER_SUP, ERROR_LOGGER)
  }
  if (whereis(ERROR_LOGGER) !== undefined) await genEvent.stop(ERROR_LOGGER)
}

/**
 * Adds a report handler: a module of gen_event callbacks. Events of level info and above reach it.
 *
 * @returns `'ok'`, or what its init gave instead of a state
 */
export async function addReportHandler(module: genEvent.HandlerName, arg: unknown = []): Promise<unknown> {
  const started = await startManager()
  if (started !== 'ok') return started
  addHandler(ERROR_LOGGER, errorLoggerHandler, { level: 'info', filter_default: 'log' })
  return genEvent.addHandler(ERROR_LOGGER, module, arg)
}

/** Removes a report handler; with the last one the event manager goes. @returns what its `terminate` gave */
export async function deleteReportHandler(module: genEvent.HandlerName): Promise<unknown> {
  if (whereis(ERROR_LOGGER) === undefined) return 'ok'
  const result = await genEvent.deleteHandler(ERROR_LOGGER, module, [])
  if ((await genEvent.whichHandlers(ERROR_LOGGER)).length === 0) await stopManager()
  return result
}

/** @returns the names of the report handlers, newest first */
export const whichReportHandlers = async (): Promise<genEvent.HandlerName[]> =>
  whereis(ERROR_LOGGER) === undefined ? [] : genEvent.whichHandlers(ERROR_LOGGER)

async function isInstalled(module: ModuleRef): Promise<boolean> {
  // Our own handlers are installed without an id.
  return (await whichReportHandlers()).some((name) => !Array.isArray(name) && sameModule(name as ModuleRef, module))
}

/**
 * A file for messages and reports: opens it (`['open', file]`, emptied), closes it, or tells its name.
 *
 * @returns `'ok'` or the name; `['error', reason]`: `allready_have_logfile` (OTP's spelling), the system's error code,
 *          `module_not_found` (nothing to close), `no_log_file`
 */
export async function logfile(request: readonly ['open', file: string] | 'close' | 'filename'): Promise<unknown> {
  if (typeof request === 'object') {
    return (await isInstalled(fileHandler))
      ? ['error', 'allready_have_logfile']
      : addReportHandler(fileHandler, request[1])
  }
  const open = await isInstalled(fileHandler)
  if (request === 'filename')
    return open ? genEvent.call(ERROR_LOGGER, fileHandler, 'filename') : ['error', 'no_log_file']
  if (!open) return ['error', 'module_not_found']
  await genEvent.deleteHandler(ERROR_LOGGER, fileHandler, 'normal')
  return 'ok'
}

/** Prints messages and reports on standard output besides, or does not any more. */
export async function tty(on: boolean): Promise<'ok'> {
  if (!on) await deleteReportHandler(ttyHandler)
  else if (!(await isInstalled(ttyHandler))) await addReportHandler(ttyHandler)
  return 'ok'
}
