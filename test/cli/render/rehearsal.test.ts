import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { rehearsalLines } from '../../../cli/render/rehearsal.js'
import { styleFor } from '../../../cli/render/style.js'

const test = suite('cli/render/rehearsal')
const plain = styleFor({}, {})

const lines = (facts: Record<string, unknown>): string[] => {
  const one = { pid: '<0.17.0>', name: 'cart', module: 'shop/cart', outcome: 'converted', back: 'the same', ...facts }
  return rehearsalLines({ from: '1', to: '2', longest_ms: 1, processes: [one] }, 'shop', 'bin/shop', plain).slice(2, -1)
}

test('a short state is shown whole', () => {
  assert.equal(lines({ before: '{ n: 5 }', after: '{ count: 5 }', changes: [] }), [
    '    <0.17.0> cart  { n: 5 }',
    '      -> { count: 5 }',
  ])
})

test('of a long state what differs is shown', () => {
  const changes = [
    { path: 'count', after: '5' },
    { path: 'items[0].price', before: '1', after: '2' },
    { path: 'n', before: '5' },
  ]
  assert.equal(lines({ before: 'x'.repeat(600), after: 'y'.repeat(600), changes }), [
    '    <0.17.0> cart  what differs, the whole with --json:',
    '      + count: 5',
    '      ~ items[0].price: 1 -> 2',
    '      - n: 5',
  ])
})

test('a long state that does not come back is told by what differs', () => {
  const back = { back: 'different', back_text: 'z'.repeat(600), back_changes: [{ path: 'n', before: '5', after: '0' }] }
  assert.equal(lines({ before: 'a', after: 'b', ...back }), [
    '    <0.17.0> cart  a',
    '      -> b',
    '    the state of <0.17.0> cart is another one after the way there and back',
    '      ~ n: 5 -> 0',
  ])
})

test.run()
