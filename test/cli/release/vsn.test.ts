import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { compareVsn, isRange, readVsn, satisfies, uncommitted } from '../../../cli/release/vsn.js'

const test = suite('cli/release/vsn')

// version, range, will it do, why
const RANGES: readonly (readonly [string, string, boolean, string])[] = [
  ['1.2.0', '^1.0.0', true, 'semver within a range'],
  ['2.0.0', '^1.0.0', false, 'semver outside'],
  ['1.2.0', '1.2.0', true, 'an exact version'],
  ['R12B', 'R12B', true, 'a version that is not semver equals itself'],
  ['R12B', '^1.0.0', false, 'and is in no range'],
  ['1.0.0-rc.1', '^1.0.0', false, 'a release candidate only where the range names one'],
]
for (const [vsn, range, expected, why] of RANGES) test(why, () => assert.is(satisfies(vsn, range), expected))

test('what is no range', () => {
  assert.equal(['^1.0.0', '>=1 <3', 'R12B', '', '^1 or 2'].map(isRange), [true, true, true, true, false])
})

test('order of versions', () => {
  const sorted = ['1.10.0', '1.9.0', '2.0.0-rc.1', '2.0.0'].sort(compareVsn)
  assert.equal(sorted, ['1.9.0', '1.10.0', '2.0.0-rc.1', '2.0.0'])
  assert.equal(['R10', 'R9'].sort(compareVsn), ['R9', 'R10'])
})

function inFolder(use: (dir: string) => Promise<void>) {
  return async () => {
    const dir = mkdtempSync(join(tmpdir(), 'vsn-'))
    try {
      await use(dir)
    } finally {
      rmSync(dir, { recursive: true })
    }
  }
}

test(
  'from package.json: the nearest one',
  inFolder(async (dir) => {
    assert.equal(await readVsn('7', dir, dir), { ok: true, value: '7' })
    assert.equal(await readVsn({ from: 'package.json' }, dir, dir), {
      ok: false,
      error: 'there is no package.json to take the version from',
    })
    writeFileSync(join(dir, 'package.json'), '{"version":"3.2.1"}')
    assert.equal(await readVsn({ from: 'package.json' }, join(dir, 'apps/a'), dir), { ok: true, value: '3.2.1' })
    writeFileSync(join(dir, 'package.json'), '{}')
    const nameless = await readVsn({ from: 'package.json' }, dir, dir)
    assert.equal(nameless, { ok: false, error: `${join(dir, 'package.json')} has no "version"` })
  }),
)

test(
  'from git: the newest tag, and the commits after it',
  inFolder(async (dir) => {
    const git = (...args: string[]) =>
      execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', ...args], { cwd: dir, stdio: 'pipe' })
    git('init', '-q')
    git('commit', '-q', '--allow-empty', '-m', 'one')
    const untagged = await readVsn({ from: 'git' }, dir, dir)
    assert.is(untagged.ok, false)
    git('tag', 'v1.2.0')
    assert.equal(await readVsn({ from: 'git' }, dir, dir), { ok: true, value: '1.2.0' })
    git('commit', '-q', '--allow-empty', '-m', 'two')
    const later = await readVsn({ from: 'git' }, dir, dir)
    assert.match(later.ok ? later.value : '', /^1\.2\.0\+1\.g[0-9a-f]{9}$/)
    assert.is(await uncommitted(dir, join(dir, '_build')), 0)
    mkdirSync(join(dir, '_build'))
    for (const name of ['_build/out', 'new']) writeFileSync(join(dir, name), '')
    assert.is(await uncommitted(dir, join(dir, '_build')), 1)
  }),
)

test.run()
