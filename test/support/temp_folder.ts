/** Folders and files for a test, removed after it. */
import { rmSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** A folder of a test's own. */
export interface TempFolder {
  /** Absolute real path. */
  readonly dir: string
  /** The absolute path of a file in it. */
  path(path: string): string
  /** Writes a file and the folders it needs; a value that is no text becomes JSON. */
  put(path: string, content: unknown): Promise<void>
  read(path: string): Promise<string>
  remove(): Promise<void>
}

const atExit = new Set<string>()
process.on('exit', () => {
  for (const dir of atExit) rmSync(dir, { recursive: true, force: true })
})

/** Removes a folder at the end of this process at the latest: also where a test fails first or forgets to. */
export function removedAtExit(dir: string): string {
  atExit.add(dir)
  return dir
}

/** Makes an empty folder. */
export async function tempFolder(): Promise<TempFolder> {
  const dir = removedAtExit(await realpath(await mkdtemp(join(tmpdir(), 'otp-rel-test-'))))
  const path = (below: string) => join(dir, below)
  return {
    dir,
    path,
    async put(below, content) {
      await mkdir(dirname(path(below)), { recursive: true })
      await writeFile(path(below), typeof content === 'string' ? content : JSON.stringify(content))
    },
    read: (below) => readFile(path(below), 'utf8'),
    remove: () => rm(dir, { recursive: true, force: true }),
  }
}
