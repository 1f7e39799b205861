/** Version ranges: a few rules by name, and the answers of npm's semver on generated pairs. */
import semver from 'semver'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { inRange, parseRange } from '../../../runtime/sasl/src/systools_range.js'
import { makeRandom } from './random.js'

const fits = (vsn: string, text: string): boolean | undefined => {
  const range = parseRange(text)
  return range === undefined ? undefined : inRange(vsn, range)
}

const RULES: readonly (readonly [rule: string, vsn: string, range: string, fits: boolean | undefined])[] = [
  ['caret keeps the first number that is not 0', '1.9.0', '^1.2.3', true],
  ['caret of 0.x keeps the minor', '0.3.0', '^0.2.3', false],
  ['caret of 0.0.x keeps the patch', '0.0.4', '^0.0.3', false],
  ['tilde keeps the minor', '1.2.9', '~1.2.3', true],
  ['a partial version is a range', '1.2.9', '1.2', true],
  ['a hyphen range includes a partial end', '2.9.9', '1.0.0 - 2', true],
  ['alternatives', '3.0.0', '^1.0.0 || >=3', true],
  ['all comparators of an alternative', '2.0.0', '>=1.0.0 <2.0.0', false],
  ['a pre-release only fits its own three numbers', '1.2.4-rc.1', '>=1.2.3-rc.1', false],
  ['pre-releases are ordered', '1.2.3-rc.2', '>=1.2.3-rc.1', true],
  ['what is not semver never fits', 'R13B04', '*', false],
  ['1.0 is not semver', '1.0', '*', false],
  ['what is no range', '1.0.0', 'abc', undefined],
]
for (const [rule, vsn, range, expected] of RULES)
  test(`${rule}: ${vsn} in ${range}`, () => assert.is(fits(vsn, range), expected))

test('agrees with semver', () => {
  const { int, pick } = makeRandom(7)
  const number = (): string => String(pick([0, 0, 1, 2, 3, 10]))
  const pre = (): string => (int(4) === 0 ? `-${pick(['rc', 'rc.1', 'rc.2', '0', '1', 'alpha.beta', 'a-b'])}` : '')
  const version = (): string => `${number()}.${number()}.${number()}${pre()}`
  const partial = (): string =>
    pick([
      version,
      version,
      () => `${number()}.${number()}`,
      number,
      () => `${number()}.x`,
      () => '*',
      () => `${number()}.${number()}.x`,
    ])()
  const operator = (): string => pick(['', '^', '~', '>=', '<=', '>', '<', '=', '>= ', '~>'])
  const comparator = (): string => operator() + partial()
  const alternative = (): string =>
    pick([comparator, () => `${comparator()} ${comparator()}`, () => `${partial()} - ${partial()}`, () => ''])()
  const different: string[] = []
  for (let i = 0; i < 20_000; i++) {
    const range = int(4) === 0 ? `${alternative()} || ${alternative()}` : alternative()
    const vsn = version()
    const valid = semver.validRange(range)
    const expected = valid === null ? undefined : semver.satisfies(vsn, range)
    if (fits(vsn, range) !== expected) different.push(`${vsn} in "${range}": ${expected}`)
  }
  assert.equal(different.slice(0, 20), [])
})

test.run()
