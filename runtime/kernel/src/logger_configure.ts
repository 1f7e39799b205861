/**
 * What the parameters of applications say of the logger. OTP: the parameters of kernel(6) `logger_level`, `logger`,
 * `logger_metadata`, `logger_sasl_compatible`, `error_logger`, and `logger:add_handlers/1`.
 *
 * `logger` is a list of `["handler", id, module, config]`, `["handler", "default", null]` (none), `["filters",
 * filter_default, filters]`, `["module_level", level, modules]`, and `["proxy", options]`, which are checked; without
 * distribution nothing comes over a proxy.
 */
import type { ModuleRef } from '../../erts/modules.js'
import { format } from '../../erts/process.js'
import { lookup } from './application_env.js'
import { checkOverload, DEFAULT_PROXY } from './log_overload.js'
import { loggerTable } from './logger_config.js'
import type { HandlerOptions, NamedFilter } from './logger_event.js'
import * as filters from './logger_filters.js'
import { addHandler, removeHandler, setModuleLevel, setPrimaryConfig, updatePrimaryConfig } from './logger_handlers.js'
import type { Threshold } from './logger_level.js'

/** Filters of the default handler: what is of this node, for people; of the runtime what is in the domain. */
const defaultFilters = (domain: readonly string[]): readonly NamedFilter[] => [
  ['remote_gl', [filters.remoteGl, 'stop']],
  ['domain', [filters.domain, ['log', 'super', domain]]],
  ['no_domain', [filters.domain, ['log', 'undefined', []]]],
]

/** The default handler as it is unless configured otherwise. */
export const DEFAULT_HANDLER: HandlerOptions = {
  level: 'all',
  filter_default: 'stop',
  filters: defaultFilters(['otp', 'sasl']),
  formatter: ['logger_formatter', { legacy_header: true, single_line: false }],
  config: { type: 'standard_io' },
}

const isSaslCompatible = (): boolean => lookup('kernel', 'logger_sasl_compatible')?.[1] === true

const defaultHandler = (): HandlerOptions =>
  isSaslCompatible() ? { ...DEFAULT_HANDLER, filters: defaultFilters(['otp']) } : DEFAULT_HANDLER

/**
 * Sets the logger up from the kernel's parameters.
 *
 * @returns what is wrong with them, one text a fault; what is right is in force
 */
export function configure(): string[] {
  const faults: string[] = []
  const level = lookup('kernel', 'logger_level')?.[1] ?? 'notice'
  note(faults, 'logger_level', level, updatePrimaryConfig({ level: level as Threshold })) // checked there
  const metadata = lookup('kernel', 'logger_metadata')?.[1]
  if (typeof metadata === 'object' && metadata !== null) updatePrimaryConfig({ metadata: { ...metadata } })
  setDefault(faults)
  const entries = lookup('kernel', 'logger')?.[1] ?? []
  if (!Array.isArray(entries)) return [...faults, `logger ${format(entries)}: not a list`]
  for (const entry of entries) applyEntry(entry, faults)
  return faults
}

/**
 * The default handler as `logger_sasl_compatible` and `error_logger` want it: with the former the reports of sasl's
 * domain are for the handler `sasl` alone; the latter says where to (`tty`, `["file", F]`) or that there is none
 * (`false`, `silent`).
 */
function setDefault(faults: string[]): void {
  const { handlers } = loggerTable()
  const to = lookup('kernel', 'error_logger')?.[1] ?? 'tty'
  if ((to === 'tty' && !isSaslCompatible()) || handlers.get('default') === undefined) return
  removeHandler('default')
  if (to === false || to === 'silent') return
  const options = defaultHandler()
  const [word, file]: unknown[] = Array.isArray(to) ? to : [to]
  if (word === 'tty') addHandler('default', 'logger_std_h', options)
  else if (word === 'file' && typeof file === 'string') {
    const config = { type: 'file', file }
    note(faults, 'error_logger', to, addHandler('default', 'logger_std_h', { ...options, config }))
  } else faults.push(`error_logger ${format(to)}: not one of "tty", ["file", NAME], false, "silent"`)
}

function applyEntry(entry: unknown, faults: string[]): void {
  const [kind, first, second, third]: unknown[] = Array.isArray(entry) ? entry : []
  if (kind === 'handler' && typeof first === 'string') {
    if (first === 'default') removeHandler('default')
    if (second === null || second === undefined) return
    // Checked by addHandler.
    const options = (third ?? {}) as HandlerOptions
    const complete = first === 'default' ? { ...defaultHandler(), ...options } : options
    note(faults, 'logger', entry, addHandler(first, second as ModuleRef, complete))
  } else if (kind === 'filters') {
    // Checked by updatePrimaryConfig.
    const config = { filter_default: first as 'log', filters: (second ?? []) as readonly NamedFilter[] }
    note(faults, 'logger', entry, updatePrimaryConfig(config))
  } else if (kind === 'module_level') {
    // Checked by setModuleLevel.
    note(faults, 'logger', entry, setModuleLevel(second as readonly string[], first as Threshold))
  } else if (kind === 'proxy') {
    const options = typeof first === 'object' && first !== null ? { ...first } : { proxy: first }
    const checked = checkOverload(options, DEFAULT_PROXY)
    note(faults, 'logger', entry, checked.ok ? 'ok' : ['error', checked.error])
  } else faults.push(`logger ${format(entry)}: not one of handler, filters, module_level, proxy`)
}

function note(faults: string[], key: string, value: unknown, result: 'ok' | ['error', unknown]): void {
  if (result !== 'ok') faults.push(`${key} ${format(value)}: ${format(result[1])}`)
}

/**
 * Adds the handlers that an application's parameter `logger` says, and what else it says; those of the kernel are added
 * at its start. OTP: `logger:add_handlers/1`.
 *
 * @returns `['error', faults]` with a text for each fault; what is right is in force
 */
export function addHandlers(application: string): 'ok' | ['error', string[]] {
  const entries = lookup(application, 'logger')?.[1] ?? []
  const faults: string[] = []
  if (Array.isArray(entries)) for (const entry of entries) applyEntry(entry, faults)
  else faults.push(`logger ${format(entries)}: not a list`)
  return faults.length === 0 ? 'ok' : ['error', faults]
}

/**
 * Sets everything anew from the kernel's parameters as they are now: handlers, filters and levels that were set
 * otherwise go. OTP: `logger:reconfigure/0`.
 */
export function reconfigure(): 'ok' | ['error', string[]] {
  const table = loggerTable()
  for (const id of [...table.handlers.keys()]) removeHandler(id)
  table.modules.clear()
  setPrimaryConfig({})
  addHandler('default', 'logger_std_h', DEFAULT_HANDLER)
  const faults = configure()
  return faults.length === 0 ? 'ok' : ['error', faults]
}
