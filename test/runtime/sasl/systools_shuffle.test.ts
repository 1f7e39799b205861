/** The same files listed in another order give the same answer, byte for byte. */
import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Case, run } from './conformance_case.js'
import { makeRandom } from './random.js'

const test = suite('sasl/systools_shuffle')

const { int } = makeRandom(77)

function shuffled<T>(list: readonly T[]): T[] {
  const left = [...list]
  return list.flatMap(() => left.splice(int(left.length), 1))
}
const shuffledKeys = <T>(record: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(shuffled(Object.entries(record)))

/** Where two files are of one version of an application, or cannot be told apart, the place searched first counts. */
const isOrderFree = ({ apps, found_as }: Case): boolean =>
  found_as === undefined &&
  apps.every((one) => !('$unreadable' in one)) &&
  new Set(apps.map(({ name, vsn }) => `${name}-${vsn}`)).size === apps.length

/** Where the wanted version is not there, the message names those that are, in the order of search. */
const isAboutSearch = (test: Case): boolean => JSON.stringify(test.expected.errors).includes('no_valid_version')

const cases = ['script', 'relup', 'error', 'more']
  .flatMap((name): readonly Case[] =>
    JSON.parse(readFileSync(new URL(`../../golden/${name}-cases.json`, import.meta.url), 'utf8')),
  )
  .filter((one) => isOrderFree(one) && !isAboutSearch(one))

test('app.json and appup.json files in any order', () => {
  assert.ok(cases.length > 400, String(cases.length))
  for (const one of cases) {
    const expected = JSON.stringify(run(one))
    for (let round = 0; round < 3; round++) {
      const other: Case = {
        ...one,
        apps: shuffled(one.apps),
        ...(one.appups === undefined ? {} : { appups: shuffledKeys(one.appups) }),
        ...(one.rels === undefined ? {} : { rels: shuffledKeys(one.rels) }),
      }
      assert.is(JSON.stringify(run(other)), expected, one.id)
    }
  }
})

test.run()
