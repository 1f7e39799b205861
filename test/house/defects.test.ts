/** Every row of docs/defects.md has tests of its number in the files it names, and every numbered test has its row. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const test = suite('house/defects')
const ROOT = fileURLToPath(new URL('../../', import.meta.url))

const rows = readFileSync(join(ROOT, 'docs/defects.md'), 'utf8')
  .split('\n')
  .flatMap((line) => {
    const number = /^\| (D\d+) \|/.exec(line)?.[1]
    return number === undefined
      ? []
      : [{ number, files: [...line.matchAll(/`(test\/[^`]+)`/g)].map(([, file]) => file) }]
  })

/** Number and file of each test that is called by a number, by several, or has one behind a semicolon. */
const tested = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.test.ts'))
  .flatMap((name) => {
    const names = readFileSync(join(ROOT, 'test', name), 'utf8').matchAll(/(?:['`]|; )((?:D\d+, )*D\d+): /g)
    return [...names].flatMap(([, numbers = '']) => numbers.split(', ').map((one) => `${one} test/${name}`))
  })

test('rows and tests name each other', () => {
  const listed = rows.flatMap(({ number, files }) => files.map((file) => `${number} ${file}`))
  assert.equal(listed.toSorted(), [...new Set(tested)].sort())
})

test('rows stand in the order of their numbers, each once', () => {
  const numbers = rows.map(({ number }) => Number(number.slice(1)))
  assert.equal(
    numbers,
    [...new Set(numbers)].sort((one, other) => one - other),
  )
})

test.run()
