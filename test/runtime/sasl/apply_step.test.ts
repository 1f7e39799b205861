/** What a call of a relup that failed is said to have failed with. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { failureOf } from '../../../runtime/sasl/src/apply_step.js'

const test = suite('sasl/apply_step')

const START = ['kernel/application', 'start', ['shop', 'permanent']] as const
const RESTART = ['stdlib/supervisor', 'restartChild', ['shop_sup', 'http']] as const
const OWN = ['shop/lib', 'go', []] as const
const busy = [new Error('listen EADDRINUSE: address already in use :::80'), ['frame']]

const FAILURES = [
  [START, 'ok', undefined],
  [START, ['error', ['already_started', 'shop']], undefined],
  [START, ['error', ['not_started', 'db']], "returned [ 'error', [ 'not_started', 'db' ] ]"],
  [
    START,
    [
      'error',
      [
        ['shutdown', ['failed_to_start_child', 'http', busy]],
        ['shop/shop_app', 'start', ['normal', []]],
      ],
    ],
    'child "http": listen EADDRINUSE: address already in use :::80',
  ],
  [RESTART, ['error', busy], 'listen EADDRINUSE: address already in use :::80'],
  [OWN, ['error', 'no'], "returned [ 'error', 'no' ]"],
] as const

for (const [mfa, result, said] of FAILURES)
  test(`${mfa[1]}: ${said ?? 'no failure'}`, () => assert.is(failureOf([...mfa], result), said))

test('the error of a function of an application is told with its stack', () => {
  assert.match(failureOf([...OWN], ['error', new Error('no')]) ?? '', /^returned .*no\n *at /s)
})

test.run()
