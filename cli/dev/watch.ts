/**
 * Watches folders and everything below them, one watcher of the system for each folder.
 *
 * A watcher of a folder also sees files that an editor replaces by renaming, and folders that come later are watched as
 * they are found. What lies in `node_modules`, in a folder of the build or below a name with a dot is not looked at.
 */
import { type FSWatcher, readdirSync, statSync, watch as watchFolder } from 'node:fs'
import { join } from 'node:path'

/** A watch that goes on until it is closed. */
export interface Watch {
  /** Watches further folders; those that are watched already stay so. */
  add(folders: readonly string[]): void
  close(): void
}

/** How long nothing must happen before a burst of changes counts as one, in ms: an editor writes in several steps. */
const QUIET_MS = 25

/**
 * @param folders those that are not there are left out
 * @param ignored whether a folder is not looked at
 * @param changed told the paths of a burst of changes, and when the first of them was noticed (performance.now())
 * @param failed  told why a folder cannot be watched: usually the system's limit of watches
 */
export function watchFolders(
  folders: readonly string[],
  ignored: (path: string) => boolean,
  changed: (paths: readonly string[], sinceMs: number) => void,
  failed: (folder: string, why: Error) => void,
): Watch {
  const watchers = new Map<string, FSWatcher>()
  let burst = new Set<string>()
  let sinceMs = 0
  let timer: NodeJS.Timeout | undefined
  const settle = () => {
    const paths = [...burst]
    burst = new Set()
    changed(paths, sinceMs)
  }
  const note = (path: string) => {
    if (burst.size === 0) sinceMs = performance.now()
    burst.add(path)
    clearTimeout(timer)
    timer = setTimeout(settle, QUIET_MS)
  }
  const forget = (folder: string) => {
    watchers.get(folder)?.close()
    watchers.delete(folder)
  }
  /** @param later it was not there at the start: what is in it is new, too. */
  const add = (folder: string, later: boolean): void => {
    if (watchers.has(folder) || ignored(folder)) return
    try {
      const watcher = watchFolder(folder, (_event, name) => {
        const path = name === null ? folder : join(folder, name)
        if (ignored(path)) return
        note(path)
        if (isFolder(path)) add(path, true)
      })
      // A folder that is removed takes its watcher along.
      watcher.on('error', () => forget(folder))
      watchers.set(folder, watcher)
      for (const entry of readdirSync(folder, { withFileTypes: true })) {
        const path = join(folder, entry.name)
        if (entry.isDirectory()) add(path, later)
        else if (later && !ignored(path)) note(path)
      }
    } catch (error) {
      forget(folder)
      const code = error instanceof Error && 'code' in error ? error.code : undefined
      if (code !== 'ENOENT' && error instanceof Error) failed(folder, error)
      return
    }
  }
  for (const folder of folders) add(folder, false)
  return {
    add(more) {
      for (const folder of more) add(folder, false)
    },
    close() {
      clearTimeout(timer)
      for (const folder of [...watchers.keys()]) forget(folder)
    },
  }
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
