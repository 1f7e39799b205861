/** Waiting for whoever is still writing: an editor between emptying a file and filling it, git in the middle of a checkout. */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { textOf } from './project.js'

/** How long an empty file is taken for one that is about to be written, in ms. */
const EMPTY_MS = 150
/** A lock that is older is one that was left behind, in ms. */
const STALE_MS = 10_000
const LOOK_MS = 10

/** Waits while a file is empty: a save empties it first, and to the loser of that race the module would have lost all. */
export async function filled(path: string): Promise<void> {
  for (let ms = 0; ms < EMPTY_MS && existsSync(path) && textOf(path) === ''; ms += LOOK_MS) await soon()
}

/** Waits until git has written all files of a checkout, merge or stash: it holds its lock meanwhile. */
export async function gitDone(lock: string | undefined): Promise<void> {
  if (lock === undefined) return
  const isHeld = (): boolean => {
    const at = statSync(lock, { throwIfNoEntry: false })?.mtimeMs
    return at !== undefined && Date.now() - at < STALE_MS
  }
  while (isHeld()) await soon()
}

/** The lock of the repository that a folder lies in; undefined where there is none. */
export function gitLock(dir: string): string | undefined {
  const git = join(dir, '.git')
  const info = statSync(git, { throwIfNoEntry: false })
  if (info?.isDirectory()) return join(git, 'index.lock')
  if (info?.isFile()) {
    // a further working tree, or a submodule
    const to = /^gitdir: (.*)$/m.exec(readFileSync(git, 'utf8'))?.[1]
    return to === undefined ? undefined : join(resolve(dir, to), 'index.lock')
  }
  const up = dirname(dir)
  return up === dir ? undefined : gitLock(up)
}

const soon = (): Promise<void> => new Promise((done) => setTimeout(done, LOOK_MS))
