/**
 * The logging parameters of sasl, read and checked. Pure. OTP: `get_logger_dest/0` and `get_error_logger_mf/0` of
 * sasl's sasl.erl; https://www.erlang.org/doc/apps/sasl/sasl_app.html#configuration
 */
import { err, ok, type Result } from '../../../schemas/result.js'

/** Where reports of sasl's domain go by themselves, and which. */
export interface SaslLogger {
  readonly to: 'tty' | { readonly file: string; readonly modes: readonly string[] }
  readonly level: 'error' | 'info'
}

/** The multi-file log. */
export interface MultiFileLog {
  /** The folder of the files `1` to `maxFiles` and `index`. */
  readonly dir: string
  /** Bytes of a file. */
  readonly maxBytes: number
  /** Number of files, 1 to 255. */
  readonly maxFiles: number
}

/** What the parameters ask for; undefined: none. */
export interface SaslSettings {
  readonly logger: SaslLogger | undefined
  readonly multiFile: MultiFileLog | undefined
}

/** Why sasl does not start: OTP's exit reason. */
export type SettingsError =
  | readonly ['missing_config', readonly ['sasl', parameter: string]]
  | readonly ['bad_config', readonly ['sasl', readonly [parameter: string, value: unknown]]]

/** Reads a parameter: `['ok', value]`, or undefined when it is not set. */
export type Lookup = (application: string, parameter: string) => readonly ['ok', unknown] | undefined

/** What the parameters of sasl and kernel's `logger_sasl_compatible` ask for, or the first fault. */
export function readSettings(lookup: Lookup): Result<SaslSettings, SettingsError> {
  const logger = lookup('kernel', 'logger_sasl_compatible')?.[1] === true ? readLogger(lookup) : ok(undefined)
  if (!logger.ok) return logger
  const multiFile = readMultiFile(lookup)
  return multiFile.ok ? ok({ logger: logger.value, multiFile: multiFile.value }) : multiFile
}

const bad = (parameter: string, value: unknown): Result<never, SettingsError> =>
  err(['bad_config', ['sasl', [parameter, value]]])
const missing = (parameter: string): Result<never, SettingsError> => err(['missing_config', ['sasl', parameter]])

/** `sasl_error_logger`: `"tty"` (default), `["file", NAME]`, `["file", NAME, MODES]`, `false`; `errlog_type`. */
function readLogger(lookup: Lookup): Result<SaslLogger | undefined, SettingsError> {
  const type = lookup('sasl', 'errlog_type')?.[1] ?? 'all'
  const level = type === 'error' ? 'error' : 'info'
  if (type !== 'error' && type !== 'progress' && type !== 'all') return bad('errlog_type', type)
  const to = lookup('sasl', 'sasl_error_logger')?.[1] ?? 'tty'
  if (to === false) return ok(undefined)
  if (to === 'tty') return ok({ to, level })
  const [word, file, modes = ['append']]: unknown[] = Array.isArray(to) ? to : []
  if (word !== 'file' || typeof file !== 'string' || !isTexts(modes)) return bad('sasl_error_logger', to)
  return ok({ to: { file, modes }, level })
}

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string')

/** All three parameters or none. */
function readMultiFile(lookup: Lookup): Result<MultiFileLog | undefined, SettingsError> {
  const dir = lookup('sasl', 'error_logger_mf_dir')?.[1]
  const maxBytes = lookup('sasl', 'error_logger_mf_maxbytes')?.[1]
  const maxFiles = lookup('sasl', 'error_logger_mf_maxfiles')?.[1]
  if (dir !== undefined && dir !== false && typeof dir !== 'string') return bad('error_logger_mf_dir', dir)
  if (maxBytes !== undefined && !isCount(maxBytes)) return bad('error_logger_mf_maxbytes', maxBytes)
  if (maxFiles !== undefined && !(isCount(maxFiles) && maxFiles > 0 && maxFiles < 256)) {
    return bad('error_logger_mf_maxfiles', maxFiles)
  }
  const wanted = dir !== undefined && dir !== false
  if (!wanted && maxBytes === undefined && maxFiles === undefined) return ok(undefined)
  if (!wanted) return missing('error_logger_mf_dir')
  if (maxBytes === undefined) return missing('error_logger_mf_maxbytes')
  if (maxFiles === undefined) return missing('error_logger_mf_maxfiles')
  return ok({ dir, maxBytes, maxFiles })
}

const isCount = (value: unknown): value is number => typeof value === 'number' && Number.isInteger(value) && value >= 0
