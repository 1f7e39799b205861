/** Purged code is freed exactly when nothing can run it any more. */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const test = suite('erts/linker tokens')

const child = fileURLToPath(new URL('./children/token_table.ts', import.meta.url))
const printed: unknown = JSON.parse(
  execFileSync(process.execPath, ['--expose-gc', '--import', 'tsx', child], { encoding: 'utf8' }),
)
// The child prints exactly this.
const { table, versions, finalised, scripts } = printed as {
  table: Record<string, readonly [boolean, boolean]>
  versions: number
  finalised: number
  scripts: number
}

// what is held, whether it keeps a purged version alive
const CASES = [
  ['nothing', false],
  ['plain data', false],
  ['an exported array', false],
  ['the facade', false],
  ['closure', true],
  ['bound function', true],
  ['exported function', true],
  ['class instance', true],
  ['suspended async function', true],
  ['generator', true],
  ['timer', true],
  ['listener', true],
] as const

for (const [what, keeps] of CASES) {
  test(`${what} ${keeps ? 'keeps' : 'does not keep'} a purged version alive`, () => {
    assert.equal(table[what], [keeps, false], 'alive while held, alive after release')
  })
}

test('every purged version is finalised, and its source map is forgotten with it', () => {
  assert.is(finalised, versions - 1)
  assert.is(scripts, 1)
})

test.run()
