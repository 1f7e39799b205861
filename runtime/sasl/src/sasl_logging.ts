/** What the logging parameters of sasl do: a handler of its own, the multi-file log. OTP: sasl's sasl.erl. */
import { resolve } from 'node:path'
import { exit } from '../../erts/exit.js'
import { lookup } from '../../kernel/src/application_env.js'
import { rootDir } from '../../kernel/src/code_path.js'
import * as errorLogger from '../../kernel/src/error_logger.js'
import * as logger from '../../kernel/src/logger.js'
import * as filters from '../../kernel/src/logger_filters.js'
import { termText } from '../../kernel/src/term_text.js'
import * as logMfH from './log_mf_h.js'
import { readSettings, type SaslLogger, type SaslSettings } from './sasl_settings.js'

/**
 * Puts the parameters in force.
 *
 * @returns what is to be undone by {@link stopLogging}
 * @throws Exit `missing_config` or `bad_config`: sasl does not start
 */
export async function startLogging(): Promise<SaslSettings> {
  const read = readSettings(lookup)
  if (!read.ok) exit(read.error)
  const { logger: own, multiFile } = read.value
  if (own !== undefined) addOwn(own)
  if (multiFile !== undefined) {
    const dir = resolve(rootDir(), multiFile.dir)
    showInfo()
    const added = await errorLogger.addReportHandler(logMfH, { ...multiFile, dir })
    if (added !== 'ok') logger.warning('the multi-file log in ~s cannot be written: ~p', [dir, added])
  }
  return read.value
}

/** Takes the handlers away. */
export async function stopLogging({ logger: own, multiFile }: SaslSettings): Promise<void> {
  if (own !== undefined) logger.removeHandler(HANDLER)
  if (multiFile !== undefined) await errorLogger.deleteReportHandler(logMfH)
}

const HANDLER = 'sasl'

function addOwn({ to, level }: SaslLogger): void {
  const added = logger.addHandler(HANDLER, 'logger_std_h', {
    level,
    filter_default: 'stop',
    filters: [
      ['remote_gl', [filters.remoteGl, 'stop']],
      ['sasl_domain', [filters.domain, ['log', 'equal', ['otp', 'sasl']]]],
    ],
    formatter: ['logger_formatter', { legacy_header: true, single_line: false }],
    config: to === 'tty' ? { type: 'standard_io' } : { type: 'file', file: to.file, modes: to.modes },
  })
  if (added !== 'ok') exit(['bad_config', ['sasl', ['sasl_error_logger', termText(added[1])]]])
  if (level === 'info') showInfo()
}

/** Progress is info: the primary level must let it pass. */
function showInfo(): void {
  const { level } = logger.getPrimaryConfig()
  if (logger.compareLevels(level, 'info') === 'gt') logger.setPrimaryConfig('level', 'info')
}
