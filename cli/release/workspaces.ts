/**
 * The workspaces of a project: `workspaces` of package.json (npm, yarn, bun), `packages` of pnpm-workspace.yaml. A
 * pattern that begins with `!` takes folders away again, wherever it stands.
 */
import { readFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { foldersOf, isMatch } from './glob.js'

/** The folders of a project's workspaces, absolute, each once, in the order of the patterns. */
export async function workspaceFolders(root: string): Promise<string[]> {
  const patterns = [...(await ofPackageJson(root)), ...(await ofPnpm(root))]
  const wanted = patterns.filter((pattern) => !pattern.startsWith('!'))
  const unwanted = patterns.filter((pattern) => pattern.startsWith('!')).map((pattern) => pattern.slice(1))
  const folders = (await Promise.all(wanted.map((pattern) => foldersOf(root, pattern)))).flat()
  const below = (folder: string) => relative(root, folder).split(sep).join('/')
  return [...new Set(folders)].filter((folder) => !unwanted.some((pattern) => isMatch(below(folder), pattern)))
}

async function ofPackageJson(root: string): Promise<readonly string[]> {
  try {
    // What is not a list of strings is no list of workspaces; npm says so better.
    const { workspaces } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { workspaces?: unknown }
    const list = Array.isArray(workspaces) ? workspaces : (workspaces as { packages?: unknown } | undefined)?.packages
    return Array.isArray(list) ? list.filter((item) => typeof item === 'string') : []
  } catch {
    return []
  }
}

/** `packages:` and under it a list, or one in brackets: as much of YAML as the file is written in. */
async function ofPnpm(root: string): Promise<readonly string[]> {
  const text = await readFile(join(root, 'pnpm-workspace.yaml'), 'utf8').catch(() => '')
  const lines = text.split(/\r?\n/).map((line) => line.replace(/(^|\s)#.*$/, '').trimEnd())
  const start = lines.findIndex((line) => /^packages\s*:/.test(line))
  if (start === -1) return []
  const inline = /^packages\s*:\s*\[(.*)\]$/.exec(lines[start] ?? '')?.[1]
  if (inline !== undefined) return inline.split(',').map(unquoted).filter(Boolean)
  const after = lines.slice(start + 1).filter((line) => line !== '')
  const end = after.findIndex((line) => !/^\s*-\s+/.test(line))
  return after.slice(0, end === -1 ? undefined : end).map((line) => unquoted(line.replace(/^\s*-\s+/, '')))
}

const unquoted = (text: string): string => text.trim().replace(/^(['"])(.*)\1$/, '$2')
