/** The command line of `npm run bench`: what it takes and refuses, without measuring anything. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { BUDGETS } from '../../bench/budgets/all.js'

const test = suite('bench/run')

const RUN = fileURLToPath(new URL('../../bench/run.ts', import.meta.url))
const bench = (...args: readonly string[]) =>
  spawnSync(process.execPath, ['--import', 'tsx', RUN, ...args], { encoding: 'utf8' })

test('--list names every budget, or those that were picked', () => {
  const names = (...picks: readonly string[]): string[] => {
    const { status, stdout } = bench('--list', ...picks)
    assert.is(status, 0)
    return stdout
      .trim()
      .split('\n')
      .map((line) => line.split(' ')[0] ?? '')
  }
  assert.equal(
    names(),
    BUDGETS.map(({ name }) => name),
  )
  assert.equal(names('loads', 'call'), ['call', 'loads_heap', 'loads_finalised'])
})

for (const [args, said] of [
  [['cal'], /no budget cal, did you mean call\?/],
  [['--rounds', '0'], /--rounds 0/],
  [['--fast'], /--fast/],
] as const) {
  test(`${args.join(' ')} is refused with status 2`, () => {
    const { status, stderr } = bench(...args)
    assert.is(status, 2)
    assert.match(stderr, said)
  })
}

test.run()
