/**
 * The standard handler: writes to standard output, standard error or a file. OTP: kernel's logger_std_h.erl.
 *
 * Its `config` takes also the options against overload (log_overload.ts) and `filesync_repeat_interval`, ms or
 * `no_repeat`, default 5000.
 */
import { resolve } from 'node:path'
import { rootDir } from './code_path.js'
import { isDevice, type LogDevice, standardDevice } from './log_device.js'
import { LogFile } from './log_file.js'
import { handlerModule } from './logger_h_common.js'

/** `config` of the handler; what is left out has its default. */
export interface StdConfig {
  /**
   * `standard_io` (default), `standard_error`, `file`, or `['device', D]` with a {@link LogDevice} of one's own; cannot
   * be changed later.
   */
  readonly type: 'standard_io' | 'standard_error' | 'file' | readonly ['device', LogDevice]
  /** For type `file`, relative to the installation; default the handler's name. Cannot be changed later. */
  readonly file: string
  /** What becomes of a file that is there: `append` (default), `write`: emptied, `exclusive`: refused. Fixed, too. */
  readonly modes: readonly string[]
  /** Bytes at which the file is rotated. Default `infinity`. */
  readonly max_no_bytes: number | 'infinity'
  /** Archives kept, `FILE.0` the newest. Default 0: the file is emptied. */
  readonly max_no_files: number
  /** Whether archives are compressed, to `FILE.0.gz`. Default false. */
  readonly compress_on_rotate: boolean
  /** Milliseconds between two looks whether somebody has moved the file. Default 0: before each write. */
  readonly file_check: number
}

const TYPES: ReadonlySet<unknown> = new Set(['standard_io', 'standard_error', 'file'])
const MODES: ReadonlySet<unknown> = new Set(['append', 'write', 'exclusive', 'raw', 'delayed_write', 'sync'])
const isCount = (value: unknown): boolean => Number.isInteger(value) && Number(value) >= 0
const isOwnDevice = (value: unknown): value is readonly ['device', LogDevice] =>
  Array.isArray(value) && value[0] === 'device' && isDevice(value[1])

const handler = handlerModule<StdConfig>({
  name: 'logger_std_h',
  fixed: ['type', 'file', 'modes'],
  checks: {
    type: (value) => TYPES.has(value) || isOwnDevice(value),
    file: (value) => typeof value === 'string',
    modes: (value) => Array.isArray(value) && value.every((mode) => MODES.has(mode)),
    max_no_bytes: (value) => value === 'infinity' || isCount(value),
    max_no_files: isCount,
    compress_on_rotate: (value) => typeof value === 'boolean',
    file_check: isCount,
  },
  complete: (id, given) => {
    const named = given.file !== undefined && given.file !== ''
    const type = given.type ?? (named ? 'file' : 'standard_io')
    return {
      type,
      file: type === 'file' ? resolve(rootDir(), named ? (given.file ?? id) : id) : '',
      modes: given.modes ?? DEFAULT_MODES,
      max_no_bytes: given.max_no_bytes ?? 'infinity',
      max_no_files: given.max_no_files ?? 0,
      compress_on_rotate: given.compress_on_rotate ?? false,
      file_check: given.file_check ?? 0,
    }
  },
  open,
})

const DEFAULT_MODES: readonly string[] = ['append']

function open(config: StdConfig, why: 'start' | 'go_on'): LogDevice {
  const { type } = config
  if (typeof type === 'object') return type[1]
  if (type !== 'file') return standardDevice(type)
  return new LogFile(config.file, {
    maxNoBytes: config.max_no_bytes,
    maxNoFiles: config.max_no_files,
    compressOnRotate: config.compress_on_rotate,
    fileCheckMs: config.file_check,
    flags: why === 'go_on' ? 'a' : flagsOf(config.modes),
  })
}

function flagsOf(modes: readonly string[]): 'a' | 'w' | 'ax' {
  if (modes.includes('exclusive')) return 'ax'
  return modes.includes('write') && !modes.includes('append') ? 'w' : 'a'
}

/** Opens the device. */
export const addingHandler = handler.addingHandler
/** Type, file and modes stay. */
export const changingConfig = handler.changingConfig
/** Closes the device. */
export const removingHandler = handler.removingHandler
/** Formats an event and hands it over. */
export const log = handler.log
/** Returns when everything a handler has accepted is on the disk. */
export const filesync = handler.filesync
/** What became of the texts of a handler: mode, texts in line, written, dropped, thrown away. */
export const info = handler.info
