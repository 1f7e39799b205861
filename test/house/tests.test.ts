/** What the test runner would let through: a suite that is never run, a test that asserts nothing. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const test = suite('house/tests')
const HERE = fileURLToPath(new URL('../', import.meta.url))
const files = readdirSync(HERE, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.test.ts'))

test('every test file runs its suite, as its last line', () => {
  const idle = files.filter((file) => !/\.run\(\)\n$/.test(readFileSync(join(HERE, file), 'utf8')))
  assert.equal(idle, [])
})

test('every test file asserts something', () => {
  const silent = files.filter((file) => !/'uvu\/assert'|\bsame\(/.test(readFileSync(join(HERE, file), 'utf8')))
  assert.equal(silent, [])
})

test.run()
