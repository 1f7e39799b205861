/**
 * The path of a log event: primary filters, then for each handler its level, its filters and the handler itself, in
 * the calling process. A filter or handler that fails is removed, so that it cannot fail again, and the event goes on.
 * OTP: kernel's logger_backend.erl.
 */
import { applyMfa, type ModuleRef } from '../../erts/modules.js'
import { format } from '../../erts/process.js'
import { loggerTable, ownModule } from './logger_config.js'
import type { Filter, FilterDefault, FilterResult, HandlerConfig, LogEvent, NamedFilter } from './logger_event.js'
import * as filters from './logger_filters.js'
import { internalLog } from './logger_internal.js'
import { passes } from './logger_level.js'

export { internalLog, setInternalLog } from './logger_internal.js'

/** Hands an event on that has passed the level. */
export function logAllowed(event: LogEvent): void {
  const table = loggerTable()
  const { primary } = table
  const passed = applyFilters(event, primary.filters, primary.filter_default, (id) => {
    table.primary = { ...table.primary, filters: table.primary.filters.filter(([name]) => name !== id) }
  })
  if (passed === 'stop') return
  for (const handler of [...table.handlers.values()]) {
    if (passes(passed.level, handler.level)) callHandler(passed, handler)
  }
}

function callHandler(event: LogEvent, handler: HandlerConfig): void {
  const { handlers } = loggerTable()
  const passed = applyFilters(event, handler.filters, handler.filter_default, (id) => {
    const now = handlers.get(handler.id)
    if (now !== undefined) handlers.set(now.id, { ...now, filters: now.filters.filter(([name]) => name !== id) })
  })
  if (passed === 'stop') return
  try {
    applyMfa([handler.module, 'log', [passed, handler]])
  } catch (failure) {
    handlers.delete(handler.id)
    internalLog(`Handler ${handler.id} was removed because it failed: ${format(failure)}`)
  }
}

/** The event that comes out, or `stop`. `remove` is told which filter to take out. */
function applyFilters(
  event: LogEvent,
  named: readonly NamedFilter[],
  byDefault: FilterDefault,
  remove: (id: string) => void,
): LogEvent | 'stop' {
  let current = event
  let opinion = false
  for (const [id, filter] of named) {
    const result = applyFilter(current, id, filter, remove)
    if (result === 'stop') return 'stop'
    if (result === 'ignore') continue
    opinion = true
    current = result
  }
  return opinion || byDefault === 'log' ? current : 'stop'
}

function applyFilter(event: LogEvent, id: string, [fun, arg]: Filter, remove: (id: string) => void): FilterResult {
  try {
    const result: unknown =
      typeof fun === 'function' ? Reflect.apply(fun, undefined, [event, arg]) : callNamed(fun, event, arg)
    if (result === 'stop' || result === 'ignore' || isEvent(result)) return result
    internalLog(`Filter ${id} was removed because it returned ${format(result)}`)
  } catch (failure) {
    internalLog(`Filter ${id} was removed because it failed: ${format(failure)}`)
  }
  remove(id)
  return 'ignore'
}

const callNamed = ([module, fun]: readonly [ModuleRef, string], event: LogEvent, arg: unknown): unknown =>
  applyMfa([module === 'logger_filters' ? filters : ownModule(module), fun, [event, arg]])

const isEvent = (value: unknown): value is LogEvent =>
  typeof value === 'object' && value !== null && 'level' in value && 'msg' in value && 'meta' in value
