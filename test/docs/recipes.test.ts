/** The instructions in docs/upgrade.md are ones that an appup may have, and every high-level instruction is shown. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { formatFault } from '../../schemas/fault.js'
import { read } from '../../schemas/read.js'
import { blocksOf, proseOf, textOf } from './documents.js'

const test = suite('docs/recipes')
const DOCUMENT = 'docs/upgrade.md'

/** The indented blocks: `up`, `down` or `up, down`, then a list of instructions, maybe over several lines. */
const recipes = [...proseOf(DOCUMENT).matchAll(/(?:^ {4}(?:up|down).*\n(?: {5,}.*\n)*)+/gm)].flatMap(([block]) =>
  [...block.matchAll(/^ {4}((?:up|down)(?:, down)?) +(\[[\s\S]*?\])\n(?= {4}\w|$)/gm)].map(
    ([, ways = '', instructions = '']) => ({ ways, instructions }),
  ),
)

test('there are recipes', () => assert.ok(recipes.length > 12, `${recipes.length}`))

for (const { ways, instructions } of recipes) {
  test(`${ways} ${instructions.replaceAll(/\s+/g, ' ')}`, () => {
    const text = `{ "vsn": "1.1.0", "up": [{ "from": "1.0.0", "instructions": ${instructions} }], "down": [] }`
    const appup = read('appup', text, DOCUMENT)
    assert.equal(appup.ok ? [] : appup.error.map(formatFault), [])
  })
}

test('the appups in full are appups', () => {
  const faults = blocksOf(DOCUMENT)
    .filter(({ language }) => language === 'json')
    .flatMap(({ text, line }) => {
      const appup = read('appup', text, `${DOCUMENT}:${line}`)
      return appup.ok ? [] : appup.error.map(formatFault)
    })
  assert.equal(faults, [])
})

test('each way to change a module is shown', () => {
  const text = textOf(DOCUMENT)
  const shown = ['load_module', 'update', 'add_module', 'delete_module', 'restart_application', 'apply'].filter((op) =>
    text.includes(`"op": "${op}"`),
  )
  assert.is(shown.length, 6)
})

test.run()
