/** What bench/judge makes of samples, and that every budget is well formed. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Budget } from '../../bench/budget.js'
import { BUDGETS } from '../../bench/budgets/all.js'
import { type Found, figuresOf, judge, median, merge, type Round } from '../../bench/judge.js'

const test = suite('bench/judge')

const budget: Budget = {
  name: 'b',
  what: 'something',
  unit: '/s',
  better: 'more',
  target: 2,
  targetOf: 'ratio',
  measure: { program: { node: 'a.ts' }, figure: 'rate', cpu: 'cpu' },
  baseline: { what: 'theirs', measure: { program: { node: 'b.ts' }, figure: 'rate', cpu: 'cpu' } },
}
const round = (ours: number, cpu: number, theirs: number, theirCpu: number): Round => ({
  ours: { rate: [ours], cpu: [cpu] },
  baseline: { rate: [theirs], cpu: [theirCpu] },
})

function found(of: Budget, rounds: readonly Round[]): Found {
  const result = judge(of, rounds, 'v20.0.0')
  if (result === undefined) throw new Error('nothing found')
  return result
}

for (const [values, expected] of [
  [[3], 3],
  [[3, 1, 2], 2],
  [[4, 1, 2, 3], 2.5],
] as const) {
  test(`the median of ${values} is ${expected}`, () => assert.is(median(values), expected))
}

test('the median of nothing is no number', () => assert.ok(Number.isNaN(median([]))))

test('figures are the last line that is an object, numbers and lists of numbers only', () => {
  const output = '{"old":1}\n| table |\n{"a":1,"b":[1,2],"name":"x","c":[1,"x"]}\nbye\n'
  assert.equal(figuresOf(output), { a: [1], b: [1, 2] })
  assert.throws(() => figuresOf('nothing here'), /no figures/)
})

test('the ratio is the median of the ratios of rounds, by processor time where both have it', () => {
  const result = found(budget, [round(10, 30, 5, 10), round(20, 20, 5, 10), round(90, 25, 5, 10)])
  assert.equal([result.ours, result.spread, result.baseline], [20, [10, 90], 5])
  assert.equal([result.ratio, result.ratio_spread, result.ratio_by], [2.5, [2, 3], 'cpu time'])
  assert.equal([result.met, result.baseline_from, result.rounds], [true, 'same run', 3])
})

test('without a baseline met is null, and the figure of ours stays', () => {
  const result = found(budget, [{ ours: { rate: [7], cpu: [1] } }])
  assert.equal([result.ours, result.baseline, result.ratio, result.met], [7, null, null, null])
  assert.is(result.baseline_from, 'none')
})

test('a recorded figure stands in for a baseline that did not run, and is named so', () => {
  const recorded = { ...budget, baseline: { ...budget.baseline, recorded: 2 } }
  const result = found(recorded, [{ ours: { rate: [7], cpu: [1] } }])
  assert.equal([result.baseline, result.ratio, result.ratio_by, result.met], [2, 3.5, 'figure', true])
  assert.is(result.baseline_from, 'recorded')
})

test('a target of our own figure needs no baseline', () => {
  const bytes: Budget = { ...budget, unit: 'B', better: 'less', target: 600, targetOf: 'ours' }
  assert.is(found(bytes, [{ ours: { rate: [600] } }]).met, true)
  assert.is(found(bytes, [{ ours: { rate: [601] } }]).met, false)
})

test('a program that ran once stands beside every round of the other', () => {
  const once: Budget = {
    ...budget,
    measure: { ...budget.measure, cpu: 'none' },
    baseline: { what: 'once', measure: { program: { node: 'b.ts', once: true }, figure: 'rate' } },
  }
  const result = found(once, [{ ours: { rate: [8] }, baseline: { rate: [4] } }, { ours: { rate: [16] } }])
  assert.equal(result.ratio_spread, [2, 4])
})

test('figures of one program are held together sample by sample', () => {
  const program = { node: 'both.ts' }
  const both: Budget = {
    ...budget,
    measure: { program, figure: 'a' },
    baseline: { what: 'b', measure: { program, figure: 'b' } },
  }
  const figures = { a: [2, 30, 4], b: [1, 10, 1] }
  assert.equal(found(both, [{ ours: figures, baseline: figures }]).ratio_spread, [2, 4])
})

test('a round whose program failed is counted and left out', () => {
  const result = found(budget, [round(10, 20, 5, 10), { baseline: { rate: [5], cpu: [10] } }])
  assert.equal([result.ratio, result.failed, result.rounds], [2, 1, 2])
  assert.is(judge(budget, [{}], 'v20.0.0'), undefined)
})

test('new results lie over those before, in the order of the budgets, and what is no budget goes', () => {
  const one = found(budget, [round(1, 1, 1, 1)])
  const as = (name: string, ours: number): Found => ({ ...one, name, ours })
  const merged = merge([as('a', 1), as('gone', 1), as('b', 1)], [as('b', 2)], ['b', 'a', 'c'])
  assert.equal(
    merged.map(({ name, ours }) => [name, ours]),
    [
      ['b', 2],
      ['a', 1],
    ],
  )
})

test('every budget has a name of its own and something to be held against', () => {
  assert.is(new Set(BUDGETS.map(({ name }) => name)).size, BUDGETS.length)
  for (const { name, baseline, targetOf } of BUDGETS) {
    const held = targetOf === 'ours' || baseline.measure !== undefined || baseline.recorded !== undefined
    assert.ok(held, name)
  }
})

test.run()
