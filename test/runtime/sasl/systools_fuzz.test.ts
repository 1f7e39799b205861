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
import { type Case, run } from './conformance_case.js'
import { makeRandom } from './random.js'

const ROUNDS = 6_000
const SEED = 20_251

const cases: readonly Case[] = ['script', 'relup', 'error'].flatMap((name) =>
  JSON.parse(readFileSync(new URL(`../../golden/${name}-cases.json`, import.meta.url), 'utf8')),
)
// Big ones take the time of many small ones and hold nothing that those do not.
const small = cases.map((one) => JSON.stringify(one)).filter((text) => text.length < 6_000)

const { int, pick } = makeRandom(SEED)

const junk = (): unknown =>
  structuredClone(
    pick([
      null,
      0,
      -1,
      1.5,
      '',
      ' ',
      'a',
      'a/b',
      '..',
      '__proto__',
      'constructor',
      'kernel',
      'ch_app/ch3',
      '^1.0.0',
      '1 ||',
      true,
      [],
      [[]],
      {},
      { name: 'kernel' },
      { op: 'load_module' },
      { regex: '(' },
      { range: '>' },
      { regex: '(?i)a' },
      [null],
      ['a', 'a'],
      '\u0000',
      '\ud800',
    ] as const),
  )

type Place = { readonly at: Record<string, unknown> | unknown[]; readonly key: string }

/** Every place inside a value; what says which case it is stays as it is. */
function places(value: unknown, found: Place[] = []): Place[] {
  if (typeof value !== 'object' || value === null) return found
  for (const [key, inner] of Object.entries(value)) {
    found.push({ at: value as Place['at'], key }) // an object or a list, by the test above
    places(inner, found)
  }
  return found
}

function mutate(test: Case): Case {
  const parts = {
    apps: test.apps,
    appups: test.appups,
    rel: test.rel,
    rels: test.rels,
    options: test.options,
    files: test.files,
  }
  for (let left = 1 + int(4); left > 0; left--) {
    const inner = places(parts).filter(({ at }) => at !== parts && at !== parts.apps)
    if (inner.length === 0) break
    const { at, key } = pick(inner)
    const other = pick(inner)
    const slot = at as Record<string, unknown> // indexing a list by its own key is the same thing
    switch (int(5)) {
      case 0:
        slot[key] = junk()
        break
      case 1:
        if (Array.isArray(at)) at.splice(Number(key), 1)
        else delete slot[key]
        break
      case 2:
        if (Array.isArray(at)) at.push(structuredClone(slot[key]))
        else slot[`${key}s`] = slot[key]
        break
      case 3:
        if (Array.isArray(at)) at.reverse()
        else slot[key] = [slot[key]]
        break
      case 4:
        slot[key] = structuredClone((other.at as Record<string, unknown>)[other.key])
    }
  }
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
