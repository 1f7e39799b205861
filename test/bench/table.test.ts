/** The table of bench/README.md is that of bench/results.json; how figures are printed. */
import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Unit } from '../../bench/budget.js'
import { BUDGETS } from '../../bench/budgets/all.js'
import type { Found } from '../../bench/judge.js'
import { show, withTable } from '../../bench/table.js'

const test = suite('bench/table')

const bench = new URL('../../bench/', import.meta.url)
const readme = readFileSync(new URL('README.md', bench), 'utf8')
// written by bench/run.ts in this shape
const results = JSON.parse(readFileSync(new URL('results.json', bench), 'utf8')) as Found[]

test('the table in the README is generated from results.json (npm run bench -- --table)', () => {
  assert.is(readme, withTable(readme, results))
})

test('every result is of a budget, and bears its target', () => {
  for (const { name, target } of results) {
    assert.is(target, BUDGETS.find((budget) => budget.name === name)?.target, name)
  }
})

test('the README explains every budget', () => {
  for (const { name } of BUDGETS) {
    const idea = name.replace(/_(\d+)(_down)?$/, '_N')
    assert.ok(new RegExp(`\\*\\*[^*]*\\b${idea}\\b[^*]*\\*\\*`).test(readme), `${name}: **${idea}** is not explained`)
  }
})

for (const [value, unit, expected] of [
  [1_793_841, '/s', '1.79 M/s'],
  [11_037, '/s', '11.0 k/s'],
  [411, 'B', '411 B'],
  [0.452, 'ms', '0.45 ms'],
  [8400, 'ms', '8400 ms'],
  [0, 'count', '0'],
] as const satisfies readonly (readonly [number, Unit, string])[]) {
  test(`${value} of ${unit} is ${expected}`, () => assert.is(show(value, unit), expected))
}

test.run()
