/** An event handler that writes errors to a file: opened (for writing) when it begins, closed when it ends. */
import { type FileHandle, open } from 'node:fs/promises'
import { type GenEvent, Process } from 'otp-rel'

export const init: GenEvent.HandlerInit<FileHandle, string> = async (file) => ['ok', await open(file, 'w')]

export const handleEvent: GenEvent.HandleEvent<FileHandle> = async (error, file) => {
  await file.write(`***Error*** ${Process.format(error)}\n`)
  return ['ok', file]
}

export const handleCall: GenEvent.HandleCall<FileHandle> = (_request, file) => ['ok', 'ok', file]

export const terminate: GenEvent.Terminate<FileHandle> = async (_arg, file) => {
  await file.close()
  return 'ok'
}
