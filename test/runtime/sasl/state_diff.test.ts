import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type StateDifference, stateDiff } from '../../../runtime/sasl/src/state_diff.js'

const test = suite('sasl/state_diff')

const loop: Record<string, unknown> = { a: 1 }
loop.self = loop
const otherLoop: Record<string, unknown> = { a: 2 }
otherLoop.self = otherLoop

// before, after, what differs, why
const CASES: readonly (readonly [unknown, unknown, StateDifference[], string])[] = [
  [{ a: 1, b: [2] }, { b: [2], a: 1 }, [], 'nothing'],
  [1, '1', [{ path: '', before: '1', after: "'1'" }], 'the state itself'],
  [
    { items: [{ price: 1 }], old: true },
    { items: [{ price: 2 }], 'new one': 3 },
    [
      { path: 'items[0].price', before: '1', after: '2' },
      { path: '["new one"]', after: '3' },
      { path: 'old', before: 'true' },
    ],
    'a value, a field that came, one that went',
  ],
  [
    new Map([[17, { n: 1 }]]),
    new Map([[17, { n: 2 }]]),
    [{ path: '.get(17).n', before: '1', after: '2' }],
    'an entry of a map',
  ],
  [{ at: [1] }, { at: { x: 1 } }, [{ path: 'at', before: '[ 1 ]', after: '{ x: 1 }' }], 'another kind of value'],
  [{ ids: new Set([1]) }, { ids: new Set([1]) }, [], 'equal sets'],
  [loop, otherLoop, [{ path: 'a', before: '1', after: '2' }], 'a state that holds itself'],
]
for (const [before, after, differences, why] of CASES) {
  test(`differs: ${why}`, () => {
    assert.equal(stateDiff(before, after), differences)
  })
}

test('values and their number are limited', () => {
  const found = stateDiff({}, Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`k${at}`, 'x'.repeat(1000)])))
  assert.is(found.length, 50)
  assert.ok(found.every(({ after = '' }) => after.length < 220))
})

test.run()
