/** The API reference: every public export has a docstring, and the check of it finds one that has none. */
import { spawnSync } from 'node:child_process'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ROOT } from './documents.js'

const test = suite('docs/api')

/** `npm run docs:api -- --check`. */
function check(...args: readonly string[]) {
  const ran = spawnSync(process.execPath, ['scripts/api_docs.mjs', '--check', ...args], { cwd: ROOT, encoding: 'utf8' })
  return { status: ran.status, text: ran.stdout + ran.stderr }
}

test('every public export, and every member of one, has a docstring; links in them lead somewhere', () => {
  const { status, text } = check()
  assert.is(text, '')
  assert.is(status, 0)
})

test('an export or a member without one fails, a variant of a union does not, a link to nowhere does', () => {
  const { status, text } = check('test/fixtures/undocumented/entry.ts', 'test/fixtures/undocumented/tsconfig.json')
  assert.is(status, 1)
  for (const found of [/Door\.high/, /open/, /"nowhere"/]) assert.match(text, found)
  for (const fine of [/wide/, /glass/, /close \(/]) assert.not.match(text, fine)
})

test.run()
