/** Compressing a log archive beside the running node. OTP: `compress_on_rotate` of kernel's logger_std_h.erl. */
import { createReadStream, createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { internalLog } from './logger_internal.js'

/**
 * Makes `FILE.gz` of a file and removes the file; nobody waits for it. When it is aborted, since the next archive
 * comes and the names move on, or fails, the file stays as it is.
 */
export function compress(file: string, signal: AbortSignal): void {
  // Loaded with the first archive: few nodes ever compress one.
  const { createGzip } = process.getBuiltinModule('node:zlib')
  const { pipeline } = process.getBuiltinModule('node:stream/promises')
  const temporary = `${file}.gz.tmp`
  const done = async (): Promise<void> => {
    await pipeline(createReadStream(file), createGzip(), createWriteStream(temporary), { signal })
    if (signal.aborted) return
    await rename(temporary, `${file}.gz`)
    await rm(file)
  }
  done().catch(async (failure: unknown) => {
    await rm(temporary, { force: true })
    if (!signal.aborted) internalLog(`cannot compress ${file}: ${String(failure)}`)
  })
}
