/** Setting the logger up: handlers, filters, levels. OTP: the configuration part of kernel's logger.erl. */
import { applyMfa, type ModuleRef, moduleName } from '../../erts/modules.js'
import { format } from '../../erts/process.js'
import { hasCallback } from './application_callback.js'
import { acTab } from './application_table.js'
import {
  checkFilters,
  checkOptions,
  DEFAULT_PRIMARY,
  handlerConfig,
  isNamedFilter,
  type LoggerError,
  loggerTable,
  ownModule,
} from './logger_config.js'
import type { Filter, HandlerConfig, HandlerOptions, PrimaryConfig } from './logger_event.js'
import { isThreshold, type Threshold } from './logger_level.js'

/** `ok`, or why not. */
export type Ok = 'ok' | ['error', LoggerError]

/**
 * Adds a handler; its `addingHandler`, if it has one, may refuse or complete the configuration.
 *
 * @param module exports `log(event, config)`; the standard handler is `'logger_std_h'`
 */
export function addHandler(id: string, module: ModuleRef, options: HandlerOptions = {}): Ok {
  const { handlers } = loggerTable()
  if (handlers.has(id)) return ['error', ['already_exist', id]]
  const made = handlerConfig(id, module, options)
  if (!made.ok) return ['error', made.error]
  const config = { ...made.value, formatter: [ownModule(made.value.formatter[0]), made.value.formatter[1]] as const }
  const accepted = consult(config, 'addingHandler', [config])
  if (!accepted.ok) return ['error', ['handler_not_added', accepted.error]]
  handlers.set(id, accepted.value)
  return 'ok'
}

type Consulted = { readonly ok: true; readonly value: HandlerConfig } | { readonly ok: false; readonly error: unknown }

/** Asks an optional callback of a handler for its consent. */
function consult(config: HandlerConfig, callback: string, args: readonly unknown[]): Consulted {
  if (!hasCallback(config.module, callback)) return { ok: true, value: config }
  try {
    const result = applyMfa([config.module, callback, args])
    // The callback's contract: ['ok', config] or ['error', reason].
    if (Array.isArray(result) && result[0] === 'ok') return { ok: true, value: result[1] as HandlerConfig }
    return { ok: false, error: Array.isArray(result) ? result[1] : result }
  } catch (failure) {
    return { ok: false, error: ['callback_crashed', format(failure)] }
  }
}

/** Removes a handler after telling it. */
export function removeHandler(id: string): Ok {
  const { handlers } = loggerTable()
  const config = handlers.get(id)
  if (config === undefined) return ['error', ['not_found', id]]
  handlers.delete(id)
  consult(config, 'removingHandler', [config])
  return 'ok'
}

/** Sets a handler's configuration: defaults and what is given. */
export const setHandlerConfig = (id: string, options: HandlerOptions): Ok =>
  changeHandler(id, 'set', options, () => options)

/** Changes a handler's configuration: what it was and what is given; its own `config` key by key. */
export const updateHandlerConfig = (id: string, options: HandlerOptions): Ok =>
  changeHandler(id, 'update', options, (before) => ({
    ...before,
    ...options,
    config: { ...before.config, ...options.config },
  }))

/** Changes keys of a handler's formatter. */
export function updateFormatterConfig(id: string, config: Readonly<Record<string, unknown>>): Ok {
  const before = loggerTable().handlers.get(id)
  if (before === undefined) return ['error', ['not_found', id]]
  const [module, old] = before.formatter
  return updateHandlerConfig(id, { formatter: [module, { ...old, ...config }] })
}

function changeHandler(
  id: string,
  how: 'set' | 'update',
  given: HandlerOptions,
  next: (before: HandlerConfig) => HandlerOptions,
): Ok {
  const { handlers } = loggerTable()
  const before = handlers.get(id)
  if (before === undefined) return ['error', ['not_found', id]]
  for (const key of ['id', 'module'] as const) {
    if (key in given && given[key] !== before[key])
      return ['error', ['illegal_config_change', { [key]: before[key] }, { [key]: given[key] }]]
  }
  const checked = checkOptions(given)
  if (!checked.ok) return ['error', checked.error]
  const made = handlerConfig(id, before.module, next(before))
  if (!made.ok) return ['error', made.error]
  const accepted = consult(made.value, 'changingConfig', [how, before, made.value])
  // In the handler's own words, whatever they are.
  if (!accepted.ok) return ['error', accepted.error as LoggerError]
  handlers.set(id, accepted.value)
  return 'ok'
}

/** @returns the names of all handlers, in order of addition. */
export const getHandlerIds = (): string[] => [...loggerTable().handlers.keys()]

/** @returns `['ok', config]` of a handler. */
export function getHandlerConfig(id: string): ['ok', HandlerConfig] | ['error', LoggerError] {
  const config = loggerTable().handlers.get(id)
  return config === undefined ? ['error', ['not_found', id]] : ['ok', config]
}

/** Adds a filter to a handler, behind those it has. */
export function addHandlerFilter(handler: string, id: string, filter: Filter): Ok {
  const config = loggerTable().handlers.get(handler)
  if (config === undefined) return ['error', ['not_found', handler]]
  if (!isNamedFilter([id, filter])) return ['error', ['invalid_filter', [id, filter]]]
  if (config.filters.some(([name]) => name === id)) return ['error', ['already_exist', id]]
  loggerTable().handlers.set(handler, { ...config, filters: [...config.filters, [id, filter]] })
  return 'ok'
}

/** Removes a filter of a handler. */
export function removeHandlerFilter(handler: string, id: string): Ok {
  const config = loggerTable().handlers.get(handler)
  if (config === undefined) return ['error', ['not_found', handler]]
  if (!config.filters.some(([name]) => name === id)) return ['error', ['not_found', id]]
  loggerTable().handlers.set(handler, { ...config, filters: config.filters.filter(([name]) => name !== id) })
  return 'ok'
}

// ---- primary configuration

/** @returns what counts for every event. */
export const getPrimaryConfig = (): PrimaryConfig => loggerTable().primary

/** Sets one key, or all of them to defaults and what is given. */
export function setPrimaryConfig(config: Partial<PrimaryConfig>): Ok
export function setPrimaryConfig(key: keyof PrimaryConfig, value: unknown): Ok
export function setPrimaryConfig(what: Partial<PrimaryConfig> | string, value?: unknown): Ok {
  const table = loggerTable()
  return typeof what === 'string'
    ? putPrimary({ ...table.primary, [what]: value })
    : putPrimary({ ...DEFAULT_PRIMARY, ...what })
}

/** Sets what is given and leaves the rest. */
export const updatePrimaryConfig = (config: Partial<PrimaryConfig>): Ok =>
  putPrimary({ ...loggerTable().primary, ...config })

function putPrimary(next: PrimaryConfig): Ok {
  if (!isThreshold(next.level)) return ['error', ['invalid_level', next.level]]
  const filters = checkFilters(next.filters, next.filter_default)
  if (!filters.ok) return ['error', filters.error]
  loggerTable().primary = next
  return 'ok'
}

/** Adds a filter for every event, behind those there are. */
export function addPrimaryFilter(id: string, filter: Filter): Ok {
  const { primary } = loggerTable()
  if (!isNamedFilter([id, filter])) return ['error', ['invalid_filter', [id, filter]]]
  if (primary.filters.some(([name]) => name === id)) return ['error', ['already_exist', id]]
  return putPrimary({ ...primary, filters: [...primary.filters, [id, filter]] })
}

/** Removes a filter for every event. */
export function removePrimaryFilter(id: string): Ok {
  const { primary } = loggerTable()
  if (!primary.filters.some(([name]) => name === id)) return ['error', ['not_found', id]]
  return putPrimary({ ...primary, filters: primary.filters.filter(([name]) => name !== id) })
}

// ---- levels of single modules

/** Sets the level of modules: it counts instead of the primary one, for events that say their module (`mfa`). */
export function setModuleLevel(modules: ModuleRef | readonly ModuleRef[], level: Threshold): Ok {
  if (!isThreshold(level)) return ['error', ['invalid_level', level]]
  for (const module of Array.isArray(modules) ? modules : [modules])
    loggerTable().modules.set(moduleName(module), level)
  return 'ok'
}

/** Takes the level of modules back; without argument that of all. */
export function unsetModuleLevel(modules?: ModuleRef | readonly ModuleRef[]): 'ok' {
  const table = loggerTable().modules
  if (modules === undefined) table.clear()
  else for (const module of Array.isArray(modules) ? modules : [modules]) table.delete(moduleName(module))
  return 'ok'
}

/** @returns the levels of single modules. */
export const getModuleLevel = (): [module: string, level: Threshold][] => [...loggerTable().modules]

/** Sets the level of all modules of a loaded application. */
export function setApplicationLevel(application: string, level: Threshold): Ok | ['error', ['not_loaded', string]] {
  const data = acTab().loaded.get(application)
  if (data === undefined) return ['error', ['not_loaded', application]]
  return setModuleLevel(
    data.modules.map((module) => `${application}/${module}`),
    level,
  )
}

/** Takes the level of an application's modules back. */
export function unsetApplicationLevel(application: string): 'ok' | ['error', ['not_loaded', string]] {
  const data = acTab().loaded.get(application)
  if (data === undefined) return ['error', ['not_loaded', application]]
  return unsetModuleLevel(data.modules.map((module) => `${application}/${module}`))
}

/** @returns everything that is set. */
export const getConfig = (): {
  readonly primary: PrimaryConfig
  readonly handlers: HandlerConfig[]
  readonly modules: [string, Threshold][]
} => ({
  primary: getPrimaryConfig(),
  handlers: [...loggerTable().handlers.values()],
  modules: getModuleLevel(),
})
