/** The logger at the start of the kernel: the reports of the runtime come to it. OTP: `logger:init_kernel_handlers`. */
import { type Report, type ReportLevel, type ReportMeta, setReporter } from '../../erts/report.js'
import { errorLoggerMeta } from './error_logger_event.js'
import { log } from './logger.js'
import { loggerTable } from './logger_config.js'
import { configure, DEFAULT_HANDLER } from './logger_configure.js'
import { addHandler } from './logger_handlers.js'

export { DEFAULT_HANDLER } from './logger_configure.js'

/** Takes the runtime's reports, and adds the default handler unless there are handlers already. */
export function startLogging(): void {
  const table = loggerTable()
  if (table.reporting) return
  table.reporting = true
  setReporter(toLogger)
  if (table.handlers.size === 0) addHandler('default', 'logger_std_h', DEFAULT_HANDLER)
}

function toLogger(level: ReportLevel, report: Report, meta: ReportMeta): void {
  log(level, report, { error_logger: errorLoggerMeta(report.label, level), ...meta })
}

/** Starts, and sets the logger up from the kernel's parameters. @returns what is wrong with them, one text a fault */
export function configureLogging(): string[] {
  startLogging()
  return configure()
}
