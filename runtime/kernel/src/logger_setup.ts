/**
 * The logger at the start of the kernel: the default handler, what the kernel's parameters say, and the reports of the
 * runtime. OTP: `logger:init_kernel_handlers` and the parameters of kernel(6): `logger_level`, `logger`,
 * `logger_metadata`.
 *
 * `logger` is a list of `["handler", id, module, config]`, `["handler", "default", null]` (none), `["filters",
 * filter_default, filters]` and `["module_level", level, modules]`.
 */
import type { ModuleRef } from '../../erts/modules.js'
import { format } from '../../erts/process.js'
import { type Report, type ReportLevel, type ReportMeta, setReporter } from '../../erts/report.js'
import { lookup } from './application_env.js'
import { log } from './logger.js'
import { loggerTable } from './logger_config.js'
import type { HandlerOptions, NamedFilter } from './logger_event.js'
import * as filters from './logger_filters.js'
import { addHandler, setModuleLevel, updatePrimaryConfig } from './logger_handlers.js'
import type { Level, Threshold } from './logger_level.js'

/** Filters of the default handler: what is of this node, for people. */
const DEFAULT_FILTERS: readonly NamedFilter[] = [
  ['remote_gl', [filters.remoteGl, 'stop']],
  ['domain', [filters.domain, ['log', 'super', ['otp', 'sasl']]]],
  ['no_domain', [filters.domain, ['log', 'undefined', []]]],
]

/** The default handler as it is unless configured otherwise. */
export const DEFAULT_HANDLER: HandlerOptions = {
  level: 'all',
  filter_default: 'stop',
  filters: DEFAULT_FILTERS,
  formatter: ['logger_formatter', { legacy_header: true, single_line: false }],
  config: { type: 'standard_io' },
}

/** Takes the runtime's reports, and adds the default handler unless there are handlers already. */
export function startLogging(): void {
  const table = loggerTable()
  if (table.reporting) return
  table.reporting = true
  setReporter(toLogger)
  if (table.handlers.size === 0) addHandler('default', 'logger_std_h', DEFAULT_HANDLER)
}

function toLogger(level: ReportLevel, report: Report, meta: ReportMeta): void {
  log(level, report, { error_logger: { tag: tagOf(level) }, ...meta })
}

const tagOf = (level: Level): string =>
  level === 'notice' || level === 'info' || level === 'debug'
    ? 'info_report'
    : level === 'warning'
      ? 'warning_report'
      : 'error_report'

/**
 * Sets the logger up from the kernel's parameters.
 *
 * @returns what is wrong with them, one text a fault; what is right is in force
 */
export function configureLogging(): string[] {
  startLogging()
  const faults: string[] = []
  const level = lookup('kernel', 'logger_level')?.[1] ?? 'notice'
  note(faults, `logger_level ${format(level)}`, updatePrimaryConfig({ level: level as Threshold })) // checked there
  const metadata = lookup('kernel', 'logger_metadata')?.[1]
  if (typeof metadata === 'object' && metadata !== null) updatePrimaryConfig({ metadata: { ...metadata } })
  const entries = lookup('kernel', 'logger')?.[1] ?? []
  if (!Array.isArray(entries)) return [...faults, `logger ${format(entries)}: not a list`]
  for (const entry of entries) applyEntry(entry, faults)
  return faults
}

function applyEntry(entry: unknown, faults: string[]): void {
  const [kind, first, second, third]: unknown[] = Array.isArray(entry) ? entry : []
  const what = `logger ${format(entry)}`
  if (kind === 'handler' && typeof first === 'string') {
    if (first === 'default') loggerTable().handlers.delete('default')
    if (second === null || second === undefined) return
    // Checked by addHandler.
    const options = (third ?? {}) as HandlerOptions
    const complete = first === 'default' ? { ...DEFAULT_HANDLER, ...options } : options
    note(faults, what, addHandler(first, second as ModuleRef, complete))
  } else if (kind === 'filters') {
    // Checked by updatePrimaryConfig.
    const config = { filter_default: first as 'log', filters: (second ?? []) as readonly NamedFilter[] }
    note(faults, what, updatePrimaryConfig(config))
  } else if (kind === 'module_level') {
    // Checked by setModuleLevel.
    note(faults, what, setModuleLevel(second as readonly string[], first as Threshold))
  } else faults.push(`${what}: not one of handler, filters, module_level`)
}

function note(faults: string[], what: string, result: 'ok' | ['error', unknown]): void {
  if (result !== 'ok') faults.push(`${what}: ${format(result[1])}`)
}
