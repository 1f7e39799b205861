import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { formatFault } from '../../schemas/fault.js'
import { formatPath, type JsonPath, type Position, positionOf } from '../../schemas/position.js'

const test = suite('schemas/position')

const TEXT = '{\n  "a": [1, /* c */ { "b": 2 }],\r\n  "x y": null\n}'

// path, key or value, line and column, why
const CASES: readonly (readonly [JsonPath, 'key' | 'value', Position, string])[] = [
  [[], 'value', { line: 1, column: 1 }, 'the whole begins at its brace'],
  [['a'], 'value', { line: 2, column: 8 }, 'a value'],
  [['a'], 'key', { line: 2, column: 3 }, 'a key'],
  [['a', 1, 'b'], 'value', { line: 2, column: 27 }, 'a value behind a comment'],
  [['x y'], 'value', { line: 3, column: 10 }, 'a line after CR LF'],
  [['a', 7, 'b'], 'value', { line: 2, column: 8 }, 'a path that leads nowhere ends at what exists'],
]

for (const [path, at, expected, why] of CASES) {
  test(why, () => assert.equal(positionOf(TEXT, path, at), expected))
}

test('an empty text has no positions', () => assert.is(positionOf('', ['a']), undefined))

test('paths are written as in JavaScript', () => {
  assert.is(formatPath(['a', 0, 'b', 'x y', '$c']), 'a[0].b["x y"].$c')
  assert.is(formatPath([2, 'a']), '[2].a')
})

test('a fault is printed with as much of its place as is known', () => {
  const fault = { tag: 't', severity: 'error', message: 'm' } as const
  assert.is(formatFault({ ...fault, file: 'f', line: 1, column: 2, path: 'a' }), 'f:1:2 a: m')
  assert.is(formatFault({ ...fault, file: 'f', path: '' }), 'f: m')
  assert.is(formatFault({ ...fault, path: 'a' }), 'a: m')
  assert.is(formatFault(fault), 'm')
})

test.run()
