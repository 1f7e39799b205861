/** docs/formats.md is what the schemas say. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { formatsPage } from '../../docs/generate_formats.js'
import { textOf } from './documents.js'

const test = suite('docs/formats')

test('the page is what the schemas say; make it with: node --import tsx docs/generate_formats.ts', () => {
  assert.is(textOf('docs/formats.md'), formatsPage())
})

test.run()
