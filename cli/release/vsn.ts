/**
 * Versions: looked up where a file says `{ "from": ... }`, compared, and held against ranges.
 *
 * Semver where both sides are semver; any other version equals itself only and orders by its numbers and words.
 */
import { execFile } from 'node:child_process'
import { readFile, realpath } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { promisify } from 'node:util'
import compareBuild from 'semver/functions/compare-build.js'
import satisfiesRange from 'semver/functions/satisfies.js'
import validVersion from 'semver/functions/valid.js'
import validRange from 'semver/ranges/valid.js'
import { err, ok, type Result } from '../../schemas/result.js'
import type { WrittenVsn } from '../../schemas/types.js'

/**
 * The version itself, looked up where it has to be.
 *
 * `package.json`: that of the nearest one from `dir` up to `root`. `git`: the newest reachable tag that looks like a
 * version, without `v`; commits after it are told in semver's own way, `1.2.0+3.gab12cd345`.
 *
 * @returns the version, or why there is none, in words
 */
export async function readVsn(vsn: WrittenVsn, dir: string, root: string): Promise<Result<string, string>> {
  if (typeof vsn === 'string') return ok(vsn)
  return vsn.from === 'git' ? gitVsn(dir) : packageVsn(dir, root)
}

async function packageVsn(dir: string, root: string): Promise<Result<string, string>> {
  const file = join(dir, 'package.json')
  const text = await readFile(file, 'utf8').catch(() => undefined)
  if (text === undefined) {
    const above = dirname(dir)
    if (dir === root || above === dir) return err('there is no package.json to take the version from')
    return packageVsn(above, root)
  }
  let version: unknown
  try {
    // Whatever it is, its "version" is looked at as unknown.
    version = (JSON.parse(text) as { readonly version?: unknown } | null)?.version
  } catch (cause) {
    return err(`${file} is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`)
  }
  return typeof version === 'string' && isVsn(version) ? ok(version) : err(`${file} has no "version"`)
}

const run = promisify(execFile)

async function gitVsn(dir: string): Promise<Result<string, string>> {
  const flags = ['describe', '--tags', '--long', '--abbrev=9', '--match', 'v[0-9]*', '--match', '[0-9]*']
  try {
    const { stdout } = await run('git', flags, { cwd: dir })
    const [, tag = '', commits = '0', hash = ''] = /^v?(.*)-(\d+)-(g[0-9a-f]+)\s*$/.exec(stdout) ?? []
    if (!isVsn(tag)) return err(`git describe says "${stdout.trim()}", which is no version`)
    return ok(commits === '0' ? tag : `${tag}${tag.includes('+') ? '.' : '+'}${commits}.${hash}`)
  } catch (cause) {
    const text = cause instanceof Error && 'stderr' in cause ? String(cause.stderr).trim() : String(cause)
    return err(`git has no tag that looks like a version (v1.2.0 or 1.2.0): ${text}`)
  }
}

/**
 * How many files of a folder git would not find again in the version it tells: changed, new or gone since the commit.
 *
 * @param but a folder that does not count, absolute
 */
export async function uncommitted(dir: string, but: string): Promise<number> {
  const { stdout } = await run('git', ['status', '--porcelain', '--', '.', `:(exclude,top)${await inGit(dir, but)}`], {
    cwd: dir,
  }).catch(() => ({ stdout: '' }))
  return stdout.split('\n').filter((line) => line !== '').length
}

/** A path from the top of the working tree. */
async function inGit(dir: string, path: string): Promise<string> {
  const { stdout } = await run('git', ['rev-parse', '--show-toplevel'], { cwd: dir })
  return relative(await realpath(stdout.trim()), path)
}

/** As the schemas have it. */
const isVsn = (text: string) => /^(?!\.{1,2}$)[^\s/\\]+$/.test(text)

/** Whether a text is a range, or a version that is not semver. */
export const isRange = (range: string): boolean => validRange(range) !== null || isVsn(range)

/** Whether a version will do; one that is not semver has to be the very same. */
export const satisfies = (vsn: string, range: string): boolean => vsn === range || satisfiesRange(vsn, range)

/** Order of versions, older first. */
export function compareVsn(a: string, b: string): number {
  const [left, right] = [validVersion(a), validVersion(b)]
  if (left !== null && right !== null) return compareBuild(left, right)
  // "10" after "9", "1.10" after "1.9".
  return a.localeCompare(b, 'en', { numeric: true })
}
