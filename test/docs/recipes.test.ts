/** The instructions that documents show are ones that an appup may have, and every high-level instruction is shown. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { formatFault } from '../../schemas/fault.js'
import { read } from '../../schemas/read.js'
import { readCookbook } from './cookbook.js'
import { blocksOf } from './documents.js'

const test = suite('docs/recipes')

const recipes = readCookbook().flatMap(({ number, title, instructions }) =>
  instructions.map(({ up, down }, index) => ({ name: `${number}. ${title} (${index + 1})`, up, down })),
)

const faultsOf = (text: string, place: string): string[] => {
  const appup = read('appup', text, place)
  return appup.ok ? [] : appup.error.map(formatFault)
}

for (const { name, up, down } of recipes) {
  test(name, () => {
    const appup = {
      vsn: '1.1.0',
      up: [{ from: '1.0.0', instructions: up }],
      down: [{ to: '1.0.0', instructions: down }],
    }
    assert.equal(faultsOf(JSON.stringify(appup), 'docs/cookbook.md'), [])
  })
}

test('the appups in full are appups', () => {
  const appups = ['docs/upgrade.md', 'docs/cookbook.md'].flatMap((document) =>
    blocksOf(document).filter(({ language, text }) => language === 'json' && text.includes('"up"')),
  )
  assert.is(appups.length, 2)
  assert.equal(
    appups.flatMap(({ document, line, text }) => faultsOf(text, `${document}:${line}`)),
    [],
  )
})

test('each way to change a module is shown', () => {
  const shown = new Set(JSON.stringify(recipes).match(/(?<="op":")\w+/g))
  assert.equal([...shown].sort(), [
    'add_module',
    'apply',
    'delete_module',
    'load_module',
    'point_of_no_return',
    'restart_application',
    'restart_emulator',
    'update',
  ])
})

test.run()
