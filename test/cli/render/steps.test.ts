import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { count, formatMs, type Step, stepLine } from '../../../cli/render/steps.js'
import { coloured, plain } from '../../../cli/render/style.js'

const test = suite('cli/render/steps')

const LINES: readonly (readonly [Step, string, string])[] = [
  [{ verb: 'resolving', text: 'shop 1.0.0' }, '* resolving    shop 1.0.0', 'a verb and what it is done to'],
  [
    { step: 1, of: 7, text: 'checked the plan, 4 modules compile and evaluate', ms: 18 },
    '  1/7 checked the plan, 4 modules compile and evaluate               18 ms',
    'milliseconds end at one column',
  ],
  [
    { step: 2, of: 7, text: 'suspended 12 processes', ms: 1 },
    '  2/7 suspended 12 processes                                          1 ms',
    'whatever the length of the text',
  ],
  [{ step: 9, of: 12, text: 'resumed' }, '   9/12 resumed', 'counts of two digits stand below each other'],
]
for (const [step, line, why] of LINES) test(why, () => assert.is(stepLine(step, plain), line))

test('colour changes nothing else', () => {
  const line = stepLine({ step: 2, of: 7, text: 'suspended 12 processes', ms: 1 }, coloured)
  assert.is.not(line, line.replace(/\x1b\[\d+m/g, ''))
  assert.is(line.replace(/\x1b\[\d+m/g, ''), stepLine({ step: 2, of: 7, text: 'suspended 12 processes', ms: 1 }, plain))
})

const TIMES = [
  [0, '0 ms'],
  [0.4, '<1 ms'],
  [18.4, '18 ms'],
  [999.4, '999 ms'],
  [999.9, '1.0 s'],
  [61_000, '1 min 1 s'],
  [3_600_000 * 3 + 60_000 * 12, '3 h 12 min'],
  [86_400_000 * 2 + 3_600_000 * 5, '2 d 5 h'],
] as const
for (const [ms, text] of TIMES) test(`${ms} ms is "${text}"`, () => assert.is(formatMs(ms), text))

test('one is singular, none and several are plural', () => {
  assert.equal(
    [count(0, 'module'), count(1, 'module'), count(2, 'process', 'processes')],
    ['0 modules', '1 module', '2 processes'],
  )
})

test.run()
