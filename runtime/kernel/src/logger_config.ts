/** The checks of what is put into the logger's table. OTP: kernel's logger_server.erl. */
import { err, ok, type Result } from '../../../schemas/result.js'
import { type ModuleRef, moduleName } from '../../erts/modules.js'
import { hasCallback } from './application_callback.js'
import * as diskLogHandler from './logger_disk_log_h.js'
import type { HandlerConfig, HandlerOptions, NamedFilter } from './logger_event.js'
import * as formatter from './logger_formatter.js'
import { isThreshold } from './logger_level.js'
import * as standardHandler from './logger_std_h.js'

export { DEFAULT_PRIMARY, type LoggerTable, loggerTable } from './logger_table.js'

const OWN_MODULES: ReadonlyMap<string, ModuleRef> = new Map<string, ModuleRef>([
  ['logger_std_h', standardHandler],
  ['kernel/logger_std_h', standardHandler],
  ['logger_disk_log_h', diskLogHandler],
  ['kernel/logger_disk_log_h', diskLogHandler],
  ['logger_formatter', formatter],
  ['kernel/logger_formatter', formatter],
])

/** A handler or formatter module; the logger's own may be named without a folder. */
export const ownModule = (module: ModuleRef): ModuleRef =>
  typeof module === 'string' ? (OWN_MODULES.get(module) ?? module) : module

/** Why a configuration is refused, as OTP's error term. */
export type LoggerError =
  | readonly ['already_exist' | 'not_found', id: string]
  | readonly [
      (
        | 'invalid_id'
        | 'invalid_level'
        | 'invalid_config'
        | 'invalid_filter'
        | 'invalid_filters'
        | 'invalid_filter_default'
      ),
      found: unknown,
    ]
  | readonly ['invalid_handler', readonly ['function_not_exported', readonly [module: string, 'log', 2]]]
  | readonly ['invalid_formatter', unknown]
  | readonly ['invalid_formatter_config', module: string, unknown]
  | readonly ['illegal_config_change', unknown, unknown]
  | readonly ['handler_not_added', unknown]
  /** Why a handler does not take a change of its configuration: in its own words. */
  | readonly [tag: 'callback_crashed' | 'refused', unknown]

/** Completes and checks a handler's configuration. */
export function handlerConfig(
  id: unknown,
  module: ModuleRef,
  options: HandlerOptions,
): Result<HandlerConfig, LoggerError> {
  if (typeof id !== 'string' || id === '') return err(['invalid_id', id])
  const checked = checkOptions(options)
  if (!checked.ok) return checked
  const handler = ownModule(module)
  if (!hasCallback(handler, 'log'))
    return err(['invalid_handler', ['function_not_exported', [moduleName(handler), 'log', 2]]])
  return ok({
    level: 'all',
    filter_default: 'log',
    filters: [],
    formatter: [formatter, {}],
    config: {},
    ...options,
    id,
    module: handler,
  })
}

/** Checks what is given of a handler's configuration. */
export function checkOptions(options: HandlerOptions): Result<null, LoggerError> {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) return err(['invalid_config', options])
  if (options.level !== undefined && !isThreshold(options.level)) return err(['invalid_level', options.level])
  const common = checkFilters(options.filters, options.filter_default)
  if (!common.ok) return common
  if (options.formatter !== undefined) {
    const pair: unknown = options.formatter
    if (!Array.isArray(pair) || pair.length !== 2) return err(['invalid_formatter', pair])
    const [module, config] = options.formatter
    const refused = ownModule(module) === formatter ? formatter.checkConfig(config) : 'ok'
    if (refused !== 'ok') return err(refused[1])
  }
  return ok(null)
}

/** Checks filters and what counts when none has an opinion. */
export function checkFilters(filters: unknown, filterDefault: unknown): Result<null, LoggerError> {
  if (filterDefault !== undefined && filterDefault !== 'log' && filterDefault !== 'stop')
    return err(['invalid_filter_default', filterDefault])
  if (filters === undefined) return ok(null)
  if (!Array.isArray(filters)) return err(['invalid_filters', filters])
  const bad: unknown = filters.find((named: unknown) => !isNamedFilter(named))
  return bad === undefined ? ok(null) : err(['invalid_filter', bad])
}

/** Whether a value is a filter with its name. */
export function isNamedFilter(value: unknown): value is NamedFilter {
  if (!Array.isArray(value) || value.length !== 2 || typeof value[0] !== 'string') return false
  const filter: unknown = value[1]
  if (!Array.isArray(filter) || filter.length !== 2) return false
  const fun: unknown = filter[0]
  return typeof fun === 'function' || (Array.isArray(fun) && fun.length === 2 && typeof fun[1] === 'string')
}
