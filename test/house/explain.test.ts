/**
 * Every code that a user can meet has a page in `otp-rel explain`, and every page is of a code that there is. The types
 * of cli/explain hold this for the closed unions; here it is held for every code that stands in a source file.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { AREAS, codes } from '../../cli/explain/pages.js'
import { EXIT_CODES } from '../../cli/render/exit_codes.js'

const test = suite('house/explain')
const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** What makes failures and faults that are shown. Pages themselves make none. */
const SOURCES = [
  ...below('cli').filter((file) => !file.startsWith('cli/explain/')),
  ...below('schemas'),
  ...below('runtime/sasl/src'),
  'runtime/erts/arguments.ts',
  'runtime/erts/linker/prepare_error.ts',
  'runtime/kernel/src/config_variables.ts',
  'runtime/kernel/src/control_connection.ts',
  'runtime/kernel/src/control_protocol.ts',
  'runtime/stdlib/src/behaviour.ts',
]

/** Tags within the program that no user meets: each stands for the reason it carries. */
const INNER = new Set(['answered', 'bad_import', 'behaviour'])

function below(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
    .map((name) => `${folder}/${name}`)
}

/** `tag: 'x'`, `tag: c ? 'x' : 'y'`, `tag: 'x' | 'y'`, `usage('x'`, `faultAt(file, place, 'x'`, and a default after `??`. */
const MADE =
  /\bfaultAt\(\s*[\w.]+,\s*(?:\[[^\]]*\]|\w+\([^)]*\)|\w+),\s*'(\w+)'|\btag: '(\w+)'((?: \| '\w+')*)|\btag: [^'\n]*[?] '(\w+)' : '(\w+)'|\busage\('(\w+)'|\btag: [^'\n]*[?]{2} '(\w+)'/g

const tags = new Set(
  SOURCES.flatMap((file) => {
    const text = readFileSync(join(ROOT, file), 'utf8')
    const made = [...text.matchAll(MADE)].flatMap(([whole]) => {
      const names = [...whole.matchAll(/'(\w+)'/g)]
      // before the tag of such a fault stands its place in the file
      return whole.startsWith('faultAt') ? names.slice(-1) : names
    })
    // unions of names that no line above makes one by one
    const named = file.endsWith('systools_rc_error.ts') ? [...text.matchAll(/case '(\w+)':/g)] : []
    return [...made, ...named].map(([, tag = '']) => tag)
  }).filter((tag) => !INNER.has(tag)),
)

test('every code has a page', () => {
  assert.ok(tags.size > 150, `${tags.size} codes`)
  const explained = new Set(codes())
  assert.equal(
    [...tags].filter((tag) => !explained.has(tag)),
    [],
    'add a page to the file of its area in cli/explain',
  )
})

test('every page is of a code', () => {
  const unused = AREAS.filter(({ name }) => name !== 'exit_codes').flatMap(({ pages }) =>
    Object.keys(pages).filter((tag) => !tags.has(tag)),
  )
  assert.equal(unused, [], 'the code is gone: take its page away')
})

test('every exit code has a page', () => {
  assert.equal(Object.keys(AREAS[0]?.pages ?? {}), Object.keys(EXIT_CODES))
})

test('every page says all four things, in sentences', () => {
  for (const { pages } of AREAS) {
    for (const [code, { means, why, way, example }] of Object.entries(pages)) {
      for (const said of [means, why, way]) assert.match(said, /^\S[\s\S]*\.$/, `${code}: ${said}`)
      assert.ok(example.trim() !== '' && example.split('\n').length <= 3, code)
    }
  }
})

test.run()
