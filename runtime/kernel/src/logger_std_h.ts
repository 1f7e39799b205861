/**
 * The standard handler: writes to standard output, standard error or a file. OTP: kernel's logger_std_h.erl.
 *
 * Events are formatted and handed over in the logging process; nothing waits for a device.
 */
import { resolve } from 'node:path'
import { applyMfa } from '../../erts/modules.js'
import { rootDir } from './code_path.js'
import { type LogDevice, standardDevice } from './log_device.js'
import { LogFile } from './log_file.js'
import type { HandlerConfig, LogEvent } from './logger_event.js'
import * as formatter from './logger_formatter.js'
import { format } from './logger_formatter.js'
import { namedTable } from './named_table.js'

/** `config` of the handler; what is left out has its default. */
export interface StdConfig {
  /** `standard_io` (default), `standard_error` or `file`; cannot be changed later. */
  readonly type?: 'standard_io' | 'standard_error' | 'file'
  /** For type `file`, relative to the installation; default the handler's name. Cannot be changed later. */
  readonly file?: string
  /** Bytes at which the file is rotated. Default `infinity`. */
  readonly max_no_bytes?: number | 'infinity'
  /** Archives kept, `FILE.0` the newest. Default 0: the file is emptied. */
  readonly max_no_files?: number
}

const TYPES: ReadonlySet<unknown> = new Set(['standard_io', 'standard_error', 'file'])
const isCount = (value: unknown): boolean => Number.isInteger(value) && Number(value) >= 0

const CHECKS: Readonly<Record<string, (value: unknown) => boolean>> = {
  type: (value) => TYPES.has(value),
  file: (value) => typeof value === 'string' && value !== '',
  max_no_bytes: (value) => value === 'infinity' || isCount(value),
  max_no_files: isCount,
}

/** Open devices by handler. */
const devices = (): Map<string, LogDevice> => namedTable('kernel/logger_std_h', () => new Map())

/** Opens the device. @returns `['ok', config]`, or why it cannot be added */
export function addingHandler(handler: HandlerConfig): ['ok', HandlerConfig] | ['error', unknown] {
  const bad = Object.entries(handler.config).find(([key, value]) => !(CHECKS[key]?.(value) ?? false))
  if (bad !== undefined) return ['error', ['invalid_config', 'logger_std_h', { [bad[0]]: bad[1] }]]
  const own = withDefaults(handler)
  try {
    devices().set(handler.id, open(own))
  } catch (failure) {
    return ['error', ['open_failed', own.file, failure]]
  }
  return ['ok', { ...handler, config: { ...own } }]
}

function withDefaults({ id, config }: HandlerConfig): Required<StdConfig> {
  // The keys have been checked one by one.
  const given = config as StdConfig
  const type = given.type ?? (given.file === undefined ? 'standard_io' : 'file')
  const file = type === 'file' ? resolve(rootDir(), given.file ?? id) : ''
  return { type, file, max_no_bytes: given.max_no_bytes ?? 'infinity', max_no_files: given.max_no_files ?? 0 }
}

function open({ type, file, max_no_bytes, max_no_files }: Required<StdConfig>): LogDevice {
  if (type !== 'file') return standardDevice(type)
  return new LogFile(file, { maxNoBytes: max_no_bytes, maxNoFiles: max_no_files })
}

/** Type and file stay; a changed size opens the file anew. */
export function changingConfig(
  _how: 'set' | 'update',
  before: HandlerConfig,
  after: HandlerConfig,
): ['ok', HandlerConfig] | ['error', unknown] {
  for (const key of ['type', 'file']) {
    if (key in after.config && after.config[key] !== before.config[key]) {
      return [
        'error',
        ['illegal_config_change', 'logger_std_h', { [key]: before.config[key] }, { [key]: after.config[key] }],
      ]
    }
  }
  removingHandler(before)
  return addingHandler({ ...after, config: { ...before.config, ...after.config, ...keepFile(before) } })
}

const keepFile = ({ config }: HandlerConfig): object =>
  config.file === '' ? { type: config.type, file: undefined } : { type: config.type, file: config.file }

/** Closes the device. */
export function removingHandler({ id }: HandlerConfig): void {
  devices().get(id)?.close()
  devices().delete(id)
}

/** Formats an event and hands it to the device. */
export function log(event: LogEvent, { id, formatter: [module, config] }: HandlerConfig): void {
  const text = module === formatter ? format(event, config) : String(applyMfa([module, 'format', [event, config]]))
  devices().get(id)?.write(text)
}

/** Writes everything a handler has accepted. OTP: `filesync/1`. */
export function filesync(id: string): 'ok' | ['error', unknown] {
  const device = devices().get(id)
  if (device === undefined) return ['error', ['not_found', id]]
  device.sync()
  return 'ok'
}
