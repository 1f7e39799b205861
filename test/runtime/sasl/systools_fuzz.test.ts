/**
 * Mutated inputs: whatever stands in the files, makeScript and makeRelup give a value or name what is wrong, never throw,
 * and say the same when asked again.
 *
 * The cases of test/golden are taken apart and one to four places in each are replaced, removed, doubled or renamed.
 */
import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { formatSystoolsError, formatSystoolsWarning } from '../../../runtime/sasl/src/systools.js'
import { makeMutator } from '../../support/mutate.js'
import { type Case, run } from './conformance_case.js'
import { makeRandom } from './random.js'

/** `npm run test:fuzz` runs more. */
const ROUNDS = Number(process.env.FUZZ ?? 6_000)
const SEED = 20_251

const cases: readonly Case[] = ['script', 'relup', 'error'].flatMap((name) =>
  JSON.parse(readFileSync(new URL(`../../golden/${name}-cases.json`, import.meta.url), 'utf8')),
)
// Big ones take the time of many small ones and hold nothing that those do not.
const small = cases.map((one) => JSON.stringify(one)).filter((text) => text.length < 6_000)

const random = makeRandom(SEED)
const { pick } = random
const { mutate: spoil } = makeMutator(random)

function mutate(test: Case): Case {
  const parts = {
    apps: test.apps,
    appups: test.appups,
    rel: test.rel,
    rels: test.rels,
    options: test.options,
    files: test.files,
  }
  // what says which case it is stays as it is
  spoil(parts, [parts, parts.apps])
  // A case whose files are no longer files is the test's own affair.
  const isFacts = (value: unknown) => typeof value === 'object' && value !== null
  const files = Object.values(parts.files ?? {}).every(
    (fact) => isFacts(fact) && Object.values(fact as object).every(Array.isArray),
  )
  const { files: _, ...rest } = { ...test, ...parts }
  return (files && parts.files !== undefined ? { ...rest, files: parts.files } : rest) as Case // mutated: its content is unchecked
}

test(`${ROUNDS} mutated inputs: a value or its faults, never an exception`, () => {
  const outcomes = { made: 0, refused: 0 }
  for (let round = 0; round < ROUNDS; round++) {
    const original: Case = JSON.parse(pick(small))
    const mutated = mutate(original)
    const written = JSON.stringify(mutated)
    try {
      const outcome = run(mutated)
      if (outcome.ok) {
        outcomes.made++
        outcome.warnings.map(formatSystoolsWarning)
      } else {
        outcomes.refused++
        assert.ok(outcome.error.length > 0, 'refused without a fault')
        for (const error of outcome.error) assert.ok(formatSystoolsError(error).length > 0)
      }
      assert.is(JSON.stringify(run(JSON.parse(written))), JSON.stringify(outcome), 'not the same again')
    } catch (error) {
      throw new Error(`round ${round}, ${original.id}: ${error instanceof Error ? error.stack : error}\n${written}`)
    }
  }
  assert.ok(outcomes.made > ROUNDS / 20 && outcomes.refused > ROUNDS / 20, JSON.stringify(outcomes))
})

test.run()
