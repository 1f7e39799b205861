/**
 * What `otp-rel systools` reads: the applications on a path, unchecked, as systools looks at them. A folder of the path is
 * an `ebin` of a release, or an application's own folder; with `*` it is many. OTP: the option `path` of systools(3).
 */
import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import type { FoundApp, FoundAppup, TarFiles, World } from '../../runtime/sasl/src/systools.js'
import { parseErrorName, parseJsonTree, positionAt } from '../../schemas/position.js'
import { jsonValue } from '../../schemas/read.js'
import { runtimeLibDir } from './discover.js'
import { foldersOf } from './glob.js'
import { readSources } from './module_source.js'

/** The applications found, and where their files are. */
export interface FoundWorld {
  readonly world: World
  readonly trees: TarFiles['trees']
}

/** A file's content, parsed and unchecked, or why it cannot be. */
export type Parsed = { readonly content: unknown } | { readonly why: string }

/** Parses a JSON or JSONC file. @returns undefined where it is not there */
export async function readJson(file: string): Promise<Parsed | undefined> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (failure) {
    if (failure instanceof Error && 'code' in failure && (failure.code === 'ENOENT' || failure.code === 'ENOTDIR'))
      return undefined
    return { why: failure instanceof Error ? failure.message : String(failure) }
  }
  const { root, errors } = parseJsonTree(text)
  const [first] = errors
  if (first === undefined && root !== undefined) return { content: jsonValue(root) }
  const { line, column } = positionAt(text, first?.offset ?? 0)
  return { why: `line ${line}, column ${column}: ${first === undefined ? 'empty' : parseErrorName(first)}` }
}

/**
 * Reads every application on a path; after it come kernel, stdlib and sasl of this otp-rel, as on OTP's code path.
 *
 * @param path folders and patterns, relative to `cwd`, in the order in which they are searched
 */
export async function readWorld(path: readonly string[], cwd: string): Promise<FoundWorld> {
  const folders = (await Promise.all(path.map((pattern) => foldersOf(cwd, pattern)))).flat()
  const own = ['kernel', 'stdlib', 'sasl'].map((name) => join(runtimeLibDir(), name))
  const apps: FoundApp[] = []
  const appups: Record<string, FoundAppup> = {}
  const trees: Record<string, TarFiles['trees'][string]> = {}
  for (const folder of [...new Set([...folders, ...own])]) {
    const dir = (await isFile(join(folder, 'app.json'))) ? folder : join(folder, 'ebin')
    const file = join(dir, 'app.json')
    const read = await readJson(file)
    if (read === undefined) continue
    const named = nameOf(folder)
    if ('why' in read) {
      apps.push({ name: named, file, dir, unreadable: read.why })
      continue
    }
    const app = await withModules(read.content, dir)
    const { name = named, vsn = '' } = identity(app)
    apps.push({ name, file, dir, app })
    const key = `${name}-${vsn}`
    const appup = await readJson(join(dir, 'appup.json'))
    if (appup !== undefined && appups[key] === undefined) {
      const at = join(dir, 'appup.json')
      appups[key] = 'why' in appup ? { file: at, unreadable: appup.why } : { file: at, appup: appup.content }
    }
    trees[key] ??= await treeOf(dir)
  }
  return { world: { apps, appups }, trees }
}

const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  )

/** As which an application is found: its folder's name without the version. */
const nameOf = (folder: string): string =>
  basename(basename(folder) === 'ebin' ? dirname(folder) : folder).replace(/-\d.*$/, '')

function identity(app: unknown): { readonly name?: string; readonly vsn?: string } {
  if (typeof app !== 'object' || app === null) return {}
  const name = 'name' in app && typeof app.name === 'string' ? { name: app.name } : {}
  return 'vsn' in app && typeof app.vsn === 'string' ? { ...name, vsn: app.vsn } : name
}

/** An app.json of a project may leave its modules to those who build it. */
async function withModules(app: unknown, dir: string): Promise<unknown> {
  if (typeof app !== 'object' || app === null || Array.isArray(app) || 'modules' in app) return app
  const { name } = identity(app)
  if (name === undefined) return app
  const sources = (await stat(join(dir, 'src')).catch(() => undefined))?.isDirectory() ? join(dir, 'src') : dir
  const { files } = await readSources(name, sources)
  return { ...app, modules: files.map((one) => one.name) }
}

/** The files of an application with their names in a release: what lies beside app.json is its `ebin`. */
async function treeOf(dir: string): Promise<TarFiles['trees'][string]> {
  const folder = basename(dir) === 'ebin' ? dirname(dir) : dir
  const found = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = found.flatMap((entry) => {
    const path = join(entry.parentPath, entry.name).slice(resolve(folder).length + 1)
    return entry.isFile() && !/(^|[/\\])node_modules[/\\]/.test(path) ? [path.replaceAll('\\', '/')] : []
  })
  return { dir: folder, files: files.sort() }
}
