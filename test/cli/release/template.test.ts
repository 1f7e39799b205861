import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { renderTemplate } from '../../../cli/release/template.js'
import { tempFolder } from '../../support/temp_folder.js'

const test = suite('release/template')

async function rendered(template: string, data: Record<string, unknown>) {
  const folder = await tempFolder()
  await folder.put('templates/x.hbs', template)
  return renderTemplate('x', data, { home: { root: folder.dir, code: folder.dir, ending: '.ts' } }).finally(() =>
    folder.remove(),
  )
}

test('variables are put in as they are, not escaped for HTML', async () => {
  assert.is(await rendered(`NAME='{{name}}'`, { name: 'a<b>&"' }), `NAME='a<b>&"'`)
})

test('a variable that nobody gives is an error of ours', async () => {
  const error = await rendered('{{nmae}}', { name: 'shop' }).catch((thrown: Error) => thrown)
  assert.match(String(error), /"nmae" not defined/)
})

test.run()
