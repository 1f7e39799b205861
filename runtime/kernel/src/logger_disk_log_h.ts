/**
 * The handler with a wrap log: a fixed number of files of a fixed size, written one after the other and then from the
 * first again. OTP: kernel's logger_disk_log_h.erl.
 *
 * Its `config` takes also the options against overload (log_overload.ts) and `filesync_repeat_interval`.
 */
import { resolve } from 'node:path'
import { rootDir } from './code_path.js'
import { WrapLog } from './log_wrap.js'
import { handlerModule } from './logger_h_common.js'

/** `config` of the handler; what is left out has its default. Nothing of it can be changed later. */
export interface DiskLogConfig {
  /** The log's name, relative to the installation; its files are `FILE.1` ... Default the handler's name. */
  readonly file: string
  /** `wrap` (default) or `halt`: one file, and when it is full what comes is lost. */
  readonly type: 'wrap' | 'halt'
  /** Files of a wrap log. Default 10. */
  readonly max_no_files: number
  /** Bytes of a file. Default 1048576, for `halt` `infinity`. */
  readonly max_no_bytes: number | 'infinity'
}

const isCount = (value: unknown): boolean => Number.isInteger(value) && Number(value) > 0

const handler = handlerModule<DiskLogConfig>({
  name: 'logger_disk_log_h',
  fixed: ['file', 'type', 'max_no_files', 'max_no_bytes'],
  checks: {
    file: (value) => typeof value === 'string' && value !== '',
    type: (value) => value === 'wrap' || value === 'halt',
    max_no_files: isCount,
    max_no_bytes: (value) => value === 'infinity' || isCount(value),
  },
  complete: (id, given) => {
    const type = given.type ?? 'wrap'
    return {
      type,
      file: resolve(rootDir(), given.file ?? id),
      max_no_files: given.max_no_files ?? 10,
      max_no_bytes: given.max_no_bytes ?? (type === 'wrap' ? 1_048_576 : 'infinity'),
    }
  },
  open: ({ file, type, max_no_files, max_no_bytes }) =>
    new WrapLog(file, { type, maxNoFiles: max_no_files, maxNoBytes: max_no_bytes }),
})

/** Opens the log. */
export const addingHandler = handler.addingHandler
/** Only what protects against overload can be changed. */
export const changingConfig = handler.changingConfig
/** Closes the log. */
export const removingHandler = handler.removingHandler
/** Formats an event and hands it over. */
export const log = handler.log
/** Returns when everything a handler has accepted is on the disk. */
export const filesync = handler.filesync
/** What became of the texts of a handler. */
export const info = handler.info
