import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { coloured, padEnd, plain, styleFor, width } from '../../../cli/render/style.js'

const test = suite('cli/render/style')

// stream, environment, coloured?, why
const CASES = [
  [{ isTTY: true }, {}, true, 'a terminal is coloured'],
  [{ isTTY: false }, {}, false, 'a pipe is not'],
  [{}, {}, false, 'nor a file'],
  [{ isTTY: true }, { NO_COLOR: '1' }, false, 'NO_COLOR turns colour off'],
  [{ isTTY: true }, { NO_COLOR: '' }, true, 'an empty NO_COLOR does not'],
  [{}, { FORCE_COLOR: '1' }, true, 'FORCE_COLOR turns it on'],
  [{}, { FORCE_COLOR: '1', NO_COLOR: '1' }, false, 'NO_COLOR wins over FORCE_COLOR'],
  [{ isTTY: true }, { FORCE_COLOR: '0' }, false, 'FORCE_COLOR=0 turns it off'],
  [{ isTTY: true }, { TERM: 'dumb' }, false, 'a dumb terminal is not coloured'],
] as const
for (const [stream, env, expected, why] of CASES) {
  test(why, () => assert.is(styleFor(stream, env), expected ? coloured : plain))
}

test('attributes take no columns', () => {
  assert.is(width(coloured.red('abc')), 3)
  assert.is(padEnd(coloured.red('abc'), 5), `${coloured.red('abc')}  `)
})

test.run()
