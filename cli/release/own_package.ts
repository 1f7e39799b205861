/**
 * What a new project writes for otp-rel into its package.json. A copy that came from a registry is asked for there, by
 * its version. Any other copy, of a clone or of a file made with `npm pack`, is in no registry for certain: it goes into
 * the project itself, as a package in `vendor/`, so that `npm install` works there, in a container and on a build server.
 */
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { basename, dirname, join, sep } from 'node:path'
import { type Home, home, homeVersion } from './home.js'

/** Where a project gets otp-rel from. */
export interface OwnPackage {
  /** The dependency in package.json: `^0.1.0`, `file:vendor/otp-rel-0.1.0.tgz`. */
  readonly spec: string
  /** The file of the project that it names, with its content; undefined: none, it comes from the registry. */
  readonly file?: { readonly path: string; readonly content: Buffer }
}

/**
 * The dependency on this otp-rel.
 *
 * @throws what the file system says where the package lacks a file: a clone that was not built
 */
export async function ownPackage(at: Home = home()): Promise<OwnPackage> {
  const vsn = homeVersion(at)
  // scripts/build.mjs writes it for `npm publish`, and only for that
  if (existsSync(join(at.root, 'dist', 'published'))) return { spec: `^${vsn}` }
  const path = `vendor/otp-rel-${vsn}.tgz`
  return { spec: `file:${path}`, file: { path, content: await pack(at.root) } }
}

/** The package as `npm pack` makes it; the same files give the same bytes. */
async function pack(root: string): Promise<Buffer> {
  const { create } = await import('tar')
  // our own package.json: it has these
  const { files } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { files: readonly string[] }
  // what npm takes besides
  const always = ['package.json', 'README.md', 'LICENSE']
  const paths = (await Promise.all([...always, ...files].map((pattern) => expand(root, pattern)))).flat()
  const entries = [...new Set(paths)].sort()
  const packed = create(
    { cwd: root, portable: true, mtime: new Date(0), gzip: true, prefix: 'package', noDirRecurse: true, strict: true },
    entries,
  )
  const chunks: Buffer[] = []
  for await (const chunk of packed) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** The files of an entry of `files`: a file, all below a folder, or a `*` in the last part. */
async function expand(root: string, pattern: string): Promise<string[]> {
  if (pattern.includes('*')) {
    const [before = '', after = ''] = basename(pattern).split('*')
    const names = await readdir(join(root, dirname(pattern)))
    return names
      .filter((name) => name.startsWith(before) && name.endsWith(after))
      .map((name) => `${dirname(pattern)}/${name}`)
  }
  const found = await readdir(join(root, pattern), { recursive: true, withFileTypes: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOTDIR') return undefined
      throw error
    },
  )
  if (found === undefined) return [pattern]
  return found
    .filter((entry) => entry.isFile() && entry.name !== '.stamp')
    .map((entry) => join(entry.parentPath, entry.name).slice(join(root, sep).length).replaceAll(sep, '/'))
}
