/**
 * Where otp-rel's own files are: in the repository (TypeScript, run by tsx) or in the installed package (`dist/`).
 *
 * Both have the same folders below `code`: cli, runtime, schemas; this file stands at `cli/release/home.*` of it.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folders of this otp-rel. */
export interface Home {
  /** Folder with cli, runtime and schemas: the repository's root, or `dist` of the package. */
  readonly code: string
  /** Folder of the package itself, with package.json and templates. */
  readonly root: string
  /** Ending of the code files in it. */
  readonly ending: '.ts' | '.js'
}

/** This otp-rel's folders. */
export function home(): Home {
  const code = fileURLToPath(new URL('../../', import.meta.url)).replace(/[/\\]$/, '')
  const installed = !existsSync(join(code, 'package.json'))
  return { code, root: installed ? join(code, '..') : code, ending: installed ? '.js' : '.ts' }
}

/** The version of this otp-rel, from its package.json. */
export function homeVersion(at: Home = home()): string {
  // our own package.json: it has a version
  const { version } = JSON.parse(readFileSync(join(at.root, 'package.json'), 'utf8')) as { version: string }
  return version
}
