/**
 * Every scenario of the runtime reference is tested, or docs/scenarios.md says why it cannot be: a test of scenario 57
 * has a name that begins with `S57 `.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const test = suite('house/scenarios')
const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** The reference's numbers. */
const LAST = 134

/** Scenarios with the files whose tests begin with their number, in a name or in a column that names are made from. */
const tested = new Map<number, string[]>()
for (const name of readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' }).sort()) {
  if (!name.endsWith('.test.ts') || name === join('house', 'scenarios.test.ts')) continue
  const text = readFileSync(join(ROOT, 'test', name), 'utf8')
  const numbers = [...text.matchAll(/(['"`])S(\d+)(?= |\1,)/g)].map((match) => Number(match[2]))
  for (const number of new Set(numbers)) tested.set(number, [...(tested.get(number) ?? []), `test/${name}`])
}

/** The rows of docs/scenarios.md: number -> its second column. */
const rows = new Map<number, string>()
for (const [, number, said] of readFileSync(join(ROOT, 'docs/scenarios.md'), 'utf8').matchAll(
  /^\| S(\d+) \| (.*) \|$/gm,
)) {
  rows.set(Number(number), said ?? '')
}

/** The files that a row names; none for one that says why there is no test. */
const filesOf = (said: string): string[] =>
  [...said.matchAll(/`(test\/[^`]+\.test\.ts)`/g)].map(([, file]) => file ?? '')

test('docs/scenarios.md has a row for every number, once and in order', () => {
  assert.equal(
    [...rows.keys()],
    Array.from({ length: LAST }, (_, index) => index + 1),
  )
})

test('what a row says is so: its files test the scenario, one that is excused has no test', () => {
  const wrong: string[] = []
  for (const [number, said] of rows) {
    const files = filesOf(said)
    const found = tested.get(number) ?? []
    if (files.length === 0 && found.length === 0 && said.length > 20) continue
    const listed = files.length > 0 && files.every((file) => found.includes(file))
    if (listed) continue
    const row = found.map((file) => `\`${file}\``).join(', ')
    wrong.push(`| S${number} | ${row === '' ? 'no test' : row} | instead of: ${said}`)
  }
  assert.equal(wrong, [])
})

test('no test has the number of a scenario that there is not', () => {
  assert.equal(
    [...tested.keys()].filter((number) => !rows.has(number)),
    [],
  )
})

test.run()
