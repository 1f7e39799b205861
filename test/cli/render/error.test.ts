import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { failureLines, warningLines } from '../../../cli/render/error.js'
import { EXIT_CODES, exitCode } from '../../../cli/render/exit_codes.js'
import type { Failure } from '../../../cli/render/failure.js'
import { dataDocument, failureDocument, progressLine } from '../../../cli/render/json.js'
import { plain } from '../../../cli/render/style.js'
import { formatTerm } from '../../../cli/render/term.js'

const test = suite('cli/render/error')

const FAILURE: Failure = {
  exit: 'build_fault',
  tag: 'build_failed',
  message: 'shop 1.0.0 cannot be built',
  hints: ['otp-rel check'],
  faults: [
    {
      tag: 'x',
      severity: 'error',
      message: 'no such module',
      file: 'apps/shop/app.json',
      line: 7,
      column: 3,
      path: 'modules[2]',
    },
    { tag: 'y', severity: 'warning', message: 'no appup' },
  ],
}

test('faults stand first with their places, then the whole, then the way out', () => {
  assert.equal(failureLines(FAILURE, plain), [
    'apps/shop/app.json:7:3 modules[2]: no such module',
    'warning: no appup',
    'error: shop 1.0.0 cannot be built',
    '  otp-rel check',
  ])
})

test('warnings say that they are', () => {
  const fault = { tag: 'y', severity: 'warning', message: 'no appup', file: 'app.json' } as const
  assert.equal(warningLines([fault], plain), ['app.json: warning: no appup'])
})

test('the same words stand in the JSON document, with tag, class and number', () => {
  const { error } = JSON.parse(failureDocument(FAILURE))
  assert.is(error.message, FAILURE.message)
  assert.equal([error.tag, error.exit, error.code], ['build_failed', 'build_fault', 4])
  assert.is(error.faults[0].line, 7)
})

test('what JSON does not know does not stop it from printing', () => {
  assert.equal(JSON.parse(dataDocument({ big: 1n, fun: () => 1, error: new Error('x') })), {
    big: '1',
    fun: '[Function: fun]',
    error: { name: 'Error', message: 'x' },
  })
  assert.is(dataDocument(undefined), 'null')
  assert.is(progressLine({ verb: 'a', text: 'b' }), '{"progress":{"verb":"a","text":"b"}}')
})

test('every class of failure has a number of its own below those of the shell', () => {
  const codes = Object.values(EXIT_CODES).map(({ code }) => code)
  assert.is(new Set(codes).size, codes.length)
  for (const code of codes) assert.ok(code < 126 || code === 130, String(code))
  assert.not.ok(codes.some((code) => Number(code) === 13))
})

// The documented numbers, which never change.
const NUMBERS = [
  ['ok', 0],
  ['bug', 1],
  ['usage', 2],
  ['bad_input', 3],
  ['build_fault', 4],
  ['not_running', 5],
  ['wrong_user', 6],
  ['wrong_node', 7],
  ['not_answering', 8],
  ['refused', 9],
  ['upgrade_undone', 10],
  ['bad_package', 11],
  ['application_down', 19],
] as const
for (const [name, code] of NUMBERS) test(`${name} is ${code}`, () => assert.is(exitCode(name), code))

const TERMS = [
  [{ $pid: '<0.1.0>' }, '<0.1.0>', 'a pid as OTP prints it'],
  [['ok', { $ref: '#Ref<0.5>' }], "[ 'ok', #Ref<0.5> ]", 'a reference inside a tuple'],
  [{ $error: { name: 'TypeError', message: 'no' } }, 'TypeError: no', 'an error in its own words'],
  [{ $map: [['a', { $set: [1] }]] }, "Map(1) { 'a' => Set(1) { 1 } }", 'a map of sets'],
  [{ $object: { $pid: 'x' } }, "{ '$pid': 'x' }", 'an object that looks like a form and is none'],
  [{ $undefined: true }, 'undefined', 'nothing'],
  [{ $bigint: '12' }, '12n', 'a big number'],
  [{ $new: 1 }, "{ '$new': 1 }", 'a form of another version is shown as it came'],
  [{ a: 1, $pid: 'x' }, "{ a: 1, '$pid': 'x' }", 'an object that only looks like one stays'],
] as const
for (const [term, text, why] of TERMS) test(why, () => assert.is(formatTerm(term), text))

test.run()
