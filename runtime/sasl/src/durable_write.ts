/**
 * Replacing a small file so that, whatever happens in between, there is either the old text or the new one.
 *
 * Write to a temporary file in the same folder, fsync it, rename it over the old one, fsync the folder. OTP has no
 * counterpart: it rewrites RELEASES and start_erl.data in place.
 */
import { promises } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** An open file, as far as writing needs it. */
export interface DurableFile {
  writeFile(text: string): Promise<void>
  sync(): Promise<void>
  close(): Promise<void>
}

/** The operations used, in the form of `node:fs/promises`; tests put one in place that fails. */
export interface DurableFs {
  open(path: string, flags: string, mode?: number): Promise<DurableFile>
  rename(from: string, to: string): Promise<void>
  unlink(path: string): Promise<void>
}

/** Node's own, which Node loads at its first use. */
export const durableFs: DurableFs = {
  open: (path, flags, mode) => promises.open(path, flags, mode),
  rename: (from, to) => promises.rename(from, to),
  unlink: (path) => promises.unlink(path),
}

/** The temporary file that stands beside `path` while it is replaced. One name: what a crash leaves is overwritten. */
export const temporaryOf = (path: string): string => join(dirname(path), `.${basename(path)}.tmp`)

/**
 * Replaces the text of a file, durably. Not for two writers of one file at a time.
 *
 * @throws the error of the operating system; then the old text stands, unless only the folder's fsync failed
 */
export async function writeDurably(path: string, text: string, using: DurableFs = durableFs): Promise<void> {
  const temporary = temporaryOf(path)
  const file = await using.open(temporary, 'w', 0o644)
  try {
    await file.writeFile(text)
    await file.sync()
  } catch (failure) {
    await file.close().catch(() => {})
    await using.unlink(temporary).catch(() => {})
    throw failure
  }
  await file.close()
  await using.rename(temporary, path)
  await syncFolder(dirname(path), using)
}

/** Makes renames within a folder durable. */
export async function syncFolder(path: string, using: DurableFs = durableFs): Promise<void> {
  // Windows cannot open a folder; its renames are journalled.
  if (process.platform === 'win32') return
  const folder = await using.open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
