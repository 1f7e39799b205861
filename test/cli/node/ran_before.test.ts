import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ranBefore } from '../../../cli/node/commands/ran_before.js'

const test = suite('cli/node/ran_before')

/** `install 1 2`, `install 2 3 failed`, `unpack 1 2`. */
const entry = (text: string): object => {
  const [action, from, to, outcome = 'ok'] = text.split(' ')
  return { action, from, to, outcome }
}

// what was done, what there is, what runs, what ran before it, the rule
const CASES: readonly (readonly [string, string, string, string | undefined, string])[] = [
  ['install 1 2, make_permanent 2 2', '1:old 2:permanent', '2', '1', 'the version that the one that runs came from'],
  [
    'install 1 2, make_permanent 2 2, unpack 2 3, install 2 3 install_failed, install 2 4, make_permanent 4 4',
    '4:permanent 3:unpacked 2:old 1:old',
    '4',
    '2',
    'not one that is unpacked or whose installation failed',
  ],
  ['install 1 2, install 2 1', '2:old 1:permanent', '1', undefined, 'a step back is taken back by no further one'],
  ['install 1 2, install 2 1, install 1 3', '3:permanent 2:old 1:old', '3', '1', 'nor is it a step on the way up'],
  ['install 1 2, install 2 3, remove 3 2', '3:permanent 1:old', '3', '1', 'what was removed is left out'],
  ['make_permanent 2 1', '2:old 1:permanent', '1', undefined, 'what did not boot is no way back'],
  ['', '2:old 1:permanent', '1', undefined, 'without a history nothing is known'],
]

for (const [done, there, runs, expected, rule] of CASES) {
  test(rule, () => {
    const all = there.split(' ').map((one) => {
      const [vsn = '', status = ''] = one.split(':')
      return { name: 'shop', vsn, status, erts: '', libs: [] }
    })
    assert.is(ranBefore(done === '' ? [] : done.split(', ').map(entry), all, runs), expected)
  })
}

test.run()
