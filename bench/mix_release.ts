/**
 * `node --import tsx bench/mix_release.ts`: `mix release` of a project of one supervisor, nothing changed since the
 * one before, ms for each whole command. Needs `mix` (Debian: `elixir`); nothing is fetched.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const REPEATS = process.env.BENCH_QUICK === '1' ? 2 : 5

const work = mkdtempSync(join(tmpdir(), 'otp-rel-bench-'))
const home = join(work, 'home')
// a home of its own: no archives, no settings of who runs this
const env = { ...process.env, HOME: home, MIX_ENV: 'prod', HEX_OFFLINE: '1' }

/** One command, ms. */
function mix(folder: string, ...args: readonly string[]): number {
  const start = performance.now()
  execFileSync('mix', args, { cwd: join(work, folder), env, stdio: ['ignore', 'ignore', 'pipe'] })
  return performance.now() - start
}

try {
  mkdirSync(home)
  mix('.', 'new', 'trivial', '--sup')
  mix('trivial', 'release', '--overwrite')
  console.log(JSON.stringify({ ms: Array.from({ length: REPEATS }, () => mix('trivial', 'release', '--overwrite')) }))
} finally {
  rmSync(work, { recursive: true, force: true })
}
