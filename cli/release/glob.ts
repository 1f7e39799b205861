/**
 * Folders by pattern: `apps/*`, `packages/app-*`, `libs`, `packages/**`. A `*` stands for any part of one name, `**` for
 * any folders, or none, one in the other.
 */
import { readdir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'

/**
 * @param root folder that a relative pattern starts from
 * @throws what the file system says of a folder that is there and cannot be read
 * @returns folders, absolute, in order of name; hidden ones and node_modules only where the pattern says so by name
 */
export async function foldersOf(root: string, pattern: string): Promise<string[]> {
  const normal = pattern.replaceAll('\\', '/')
  const fixed = normal.slice(0, normal.search(/[^/]*\*|$/))
  const rest = normal.slice(fixed.length).split('/').filter(Boolean)
  let folders = [resolve(root, fixed)]
  for (const step of rest) {
    const find = step === '**' ? foldersBelow : matching
    folders = (await Promise.all(folders.map((folder) => find(folder, step)))).flat()
  }
  const found = await Promise.all(
    folders.map((folder) =>
      stat(folder).then(
        (info) => info.isDirectory(),
        () => false,
      ),
    ),
  )
  return [...new Set(folders.filter((_, index) => found[index]))]
}

/** The folder and every one below it. */
async function foldersBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(absent)
  const inside = entries
    .filter((entry) => entry.isDirectory() && !isHidden(entry.name))
    .map(({ name }) => name)
    .sort()
  return [folder, ...(await Promise.all(inside.map((name) => foldersBelow(join(folder, name))))).flat()]
}

const isHidden = (name: string): boolean => name.startsWith('.') || name === 'node_modules'

/** A folder that is not there has nothing; one that cannot be read is an error. */
function absent(failure: NodeJS.ErrnoException): [] {
  if (failure.code === 'ENOENT' || failure.code === 'ENOTDIR') return []
  throw failure
}

/** Whether a path below the root is one that a pattern means. */
export function isMatch(path: string, pattern: string): boolean {
  const steps = pattern
    .replaceAll('\\', '/')
    .split('/')
    .filter((step) => step !== '' && step !== '.')
  const source = steps.map((step) => (step === '**' ? '(?:[^/]+/)*' : `${step.split('*').map(escaped).join('[^/]*')}/`))
  return new RegExp(`^${source.join('')}$`).test(`${path}/`)
}

async function matching(folder: string, step: string): Promise<string[]> {
  if (!step.includes('*')) return [join(folder, step)]
  const expression = new RegExp(`^${step.split('*').map(escaped).join('.*')}$`)
  const names: string[] = await readdir(folder).catch(absent)
  return names
    .filter((name) => !isHidden(name) && expression.test(name))
    .sort()
    .map((name) => join(folder, name))
}

const escaped = (text: string) => text.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&')
