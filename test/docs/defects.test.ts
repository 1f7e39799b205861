/** docs/defects.md and the tests agree: each row names a file, and that file the number. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ROOT } from './documents.js'

const test = suite('docs/defects')

const rows = readFileSync(join(ROOT, 'docs/defects.md'), 'utf8')
  .split('\n')
  .flatMap((line) => {
    const [, number, , , files = ''] = line.split('|').map((cell) => cell.trim())
    return number !== undefined && /^D\d+$/.test(number)
      ? [{ number, files: [...files.matchAll(/`([^`]+)`/g)].map(([, file = '']) => file) }]
      : []
  })

test('rows are sorted by number, each once', () => {
  const numbers = rows.map(({ number }) => Number(number.slice(1)))
  assert.ok(numbers.length > 20)
  assert.equal(
    numbers,
    [...new Set(numbers)].sort((a, b) => a - b),
  )
})

test('each names the test that bears its number', () => {
  const wrong = rows.flatMap(({ number, files }) => {
    if (files.length === 0) return [`${number}: no test`]
    return files.flatMap((file) => {
      if (!existsSync(join(ROOT, file))) return [`${number}: ${file} is not there`]
      const bears = new RegExp(`\\b${number}\\b`).test(readFileSync(join(ROOT, file), 'utf8'))
      return bears ? [] : [`${number}: ${file} does not name it`]
    })
  })
  assert.equal(wrong, [])
})

test.run()
