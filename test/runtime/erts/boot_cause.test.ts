import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { bootCause, bootRemedy } from '../../../runtime/erts/boot_cause.js'

const test = suite('erts/boot_cause')

const taken = new Error('listen EADDRINUSE: address already in use :::8080')
const native = Object.assign(new Error("The module 'a.node'\nwas compiled\n  with another"), {
  code: 'ERR_DLOPEN_FAILED',
})
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
  [[failed('db', native), top], `child "db": The module 'a.node' was compiled with another`],
  [new Error('x'.repeat(2000)), `${'x'.repeat(1000)} ...`],
  [['not_started', 'missing'], undefined],
]
for (const [reason, words] of REASONS) {
  test(words ?? 'what was not thrown has no words', () => {
    assert.is(bootCause(reason), words)
  })
}

const HERE = `this is Node ${process.versions.node} on ${process.platform} ${process.arch}`
const OUT =
  ': run the release with the Node it was built with, or use this Node where it is built: npm rebuild, otp-rel build'

test('compiled code that Node refuses has a way out, wherever it stands', () => {
  const built = `${HERE}, the release was built with Node 18.0.0${OUT}`
  assert.is(bootRemedy([failed('db', native), top], '18.0.0'), built)
  assert.is(bootRemedy(new Error('top-level code threw', { cause: native }), '18.0.0'), built)
  assert.is(bootRemedy(native, undefined), `${HERE}${OUT}`)
  assert.is(bootRemedy(taken, '18.0.0'), undefined)
})

test.run()
