/** Folders by pattern: `apps/*`, `packages/app-*`, `libs`. A `*` stands for any part of one name. */
import { readdir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'

/**
 * @param root folder that a relative pattern starts from
 * @returns folders, absolute, in order of name; hidden ones and node_modules only where the pattern says so by name
 */
export async function foldersOf(root: string, pattern: string): Promise<string[]> {
  const normal = pattern.replaceAll('\\', '/')
  const fixed = normal.slice(0, normal.search(/[^/]*\*|$/))
  const rest = normal.slice(fixed.length).split('/').filter(Boolean)
  let folders = [resolve(root, fixed)]
  for (const step of rest) folders = (await Promise.all(folders.map((folder) => matching(folder, step)))).flat()
  const found = await Promise.all(
    folders.map((folder) =>
      stat(folder).then(
        (info) => info.isDirectory(),
        () => false,
      ),
    ),
  )
  return folders.filter((_, index) => found[index])
}

async function matching(folder: string, step: string): Promise<string[]> {
  if (!step.includes('*')) return [join(folder, step)]
  const expression = new RegExp(`^${step.split('*').map(escaped).join('.*')}$`)
  const names = await readdir(folder).catch(() => [])
  return names
    .filter((name) => !name.startsWith('.') && name !== 'node_modules' && expression.test(name))
    .sort()
    .map((name) => join(folder, name))
}

const escaped = (text: string) => text.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&')
