/**
 * makeScript and makeRelup against what OTP's systools made of the same input (test/golden, recorded from OTP 25).
 * more-cases.json holds random ones, and what such were found to disagree in.
 *
 * Every case that is not marked as an oddity of OTP must agree. The odd ones are run too, and each kind has our
 * choice here: to answer the same, or to depart; a choice that no longer holds fails.
 */
import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { check } from '../../../schemas/read.js'
import { disagreement } from './conformance_agree.js'
import { type Case, run } from './conformance_case.js'

type Choice = 'same' | 'departure'

/** Our answer to each kind of oddity; the vectors' README says what OTP does. */
const CHOICES: Readonly<Record<string, Choice>> = {
  'dependency-named-twice': 'departure', // counts once, with a warning
  'used-and-included': 'departure', // counts as included
  'includer-used-from-inside': 'departure', // is no dependency
  'called-undefined': 'departure', // only what is not there is called undefined
  'circle-by-inclusion': 'same', // it is one at run time; the message has the whole walk
  'circle-of-inclusions': 'same', // refused; OTP never answers
  'needs-itself': 'same', // dropped, with a warning
  'listed-twice': 'departure', // refused
  'unreadable-is-passed-over': 'departure', // refused
  'supervisor-short-form-only': 'departure', // combined with any field but type dynamic
  'code-change-without-mode': 'departure', // the mode it means is written out
  'restart-and-reboot': 'departure', // refused
  'not-checked': 'departure', // checked
  'added-and-removed-in-rel-order': 'departure', // in the order of dependency, and its reverse
  'included-ones-are-started': 'departure', // loaded
  'code-change-not-suspended': 'departure', // refused
  'downgrade-order': 'departure', // dependants first
  'added-without-modules': 'departure', // object code of no module says where its files are
  'added-twice': 'departure', // refused
  'restart-with-mod-deps': 'departure', // loaded with the application, after its stop
  'sasl-before-2.2': 'departure', // no such special case
  'first-match-only': 'departure', // a pattern covers the whole version if it can
  'perl-patterns': 'same', // flags at the start are understood
}

/** Cases in which the choice of their kind does not show, or another oddity does. */
const EXCEPTIONS: Readonly<Record<string, Choice>> = {
  'script/app-errors/other-version-then-unreadable': 'same', // both faults are reported
  'script/random/22': 'departure', // the circle is, the "undefined" application is not reported
}

const load = (name: string): readonly Case[] =>
  JSON.parse(readFileSync(new URL(`../../golden/${name}-cases.json`, import.meta.url), 'utf8'))

const summary: string[] = []

for (const name of ['script', 'relup', 'error', 'more']) {
  const cases = load(name)
  const counted = cases.filter((one) => one.otp_quirk !== true)
  const odd = cases.filter((one) => one.otp_quirk === true)

  test(`${name}: every case agrees with OTP`, () => {
    const found = counted.flatMap((one) => {
      const difference = disagreement(one)
      return difference === undefined ? [] : [`${one.id}: ${difference.slice(0, 2_000)}`]
    })
    summary.push(`${name}: ${counted.length - found.length}/${counted.length} agree`)
    assert.equal(found, [])
  })

  test(`${name}: whatever is made is of the published format`, () => {
    for (const one of cases) {
      const outcome = run(one)
      if (!outcome.ok) continue
      const checked = outcome.script === undefined ? check('relup', outcome.relup) : check('script', outcome.script)
      assert.ok(
        checked.ok,
        `${one.id}: ${checked.ok ? '' : checked.error.map(({ path, message }) => `${path} ${message}`)}`,
      )
    }
  })

  test(`${name}: oddities of OTP have our answer`, () => {
    let same = 0
    for (const one of odd) {
      const choice = EXCEPTIONS[one.id] ?? CHOICES[one.quirk ?? '']
      const got: Choice = disagreement(one) === undefined ? 'same' : 'departure'
      if (got === 'same') same++
      assert.is(got, choice, `${one.id} (${one.quirk})`)
    }
    summary.push(`${name}: of ${odd.length} oddities ${same} as OTP, ${odd.length - same} departures`)
  })
}

test.after(() => {
  console.log(`\n  ${summary.join('\n  ')}`)
})

test.run()
