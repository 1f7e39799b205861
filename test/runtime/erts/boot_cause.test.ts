import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { bootCause } from '../../../runtime/erts/boot_cause.js'

const test = suite('erts/boot_cause')

const taken = new Error('listen EADDRINUSE: address already in use :::8080\nmore')
const top = ['shop/shop_app', 'start', ['normal', []]]
const failed = (id: string, why: unknown): unknown => ['shutdown', ['failed_to_start_child', id, why]]

// a reason, the words
const REASONS: readonly (readonly [unknown, string | undefined])[] = [
  [
    [failed('http', [taken, ['listen (node:net:1)']]), top],
    'child "http": listen EADDRINUSE: address already in use :::8080',
  ],
  [
    [failed('web_sup', failed('http', taken)), top],
    'child "web_sup": child "http": listen EADDRINUSE: address already in use :::8080',
  ],
  [[failed('http', ['no_port', 80]), top], `child "http": [ 'no_port', 80 ]`],
  [[[taken, []], top], 'listen EADDRINUSE: address already in use :::8080'],
  [new TypeError(''), 'TypeError'],
  [['not_started', 'missing'], undefined],
]
for (const [reason, words] of REASONS) {
  test(words ?? 'what was not thrown has no words', () => {
    assert.is(bootCause(reason), words)
  })
}

test.run()
