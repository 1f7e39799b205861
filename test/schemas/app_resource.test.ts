import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { completeApp, dependencyNames } from '../../schemas/app_resource.js'
import { check } from '../../schemas/read.js'

const test = suite('schemas/app_resource')

test("what app.json leaves out has OTP's default, and the result is an app.json again", () => {
  const app = completeApp({ name: 'a', vsn: '1' })
  assert.equal(app, {
    name: 'a',
    vsn: '1',
    description: '',
    id: '',
    modules: [],
    registered: [],
    applications: [],
    optional_applications: [],
    included_applications: [],
    env: {},
    maxT: 'infinity',
  })
  assert.ok(check('app', app).ok)
})

test('absent start phases stay absent, an empty list stays a list', () => {
  assert.not('start_phases' in (completeApp({ name: 'a', vsn: '1' }) ?? {}))
  assert.equal(completeApp({ name: 'a', vsn: '1', start_phases: [] })?.start_phases, [])
})

test('a version that is looked up has to be given', () => {
  const file = { name: 'a', vsn: { from: 'git' } } as const
  assert.is(completeApp(file), undefined)
  assert.is(completeApp(file, { vsn: '2' })?.vsn, '2')
})

test('names of dependencies, with range or without', () => {
  const app = completeApp({ name: 'a', vsn: '1', applications: ['kernel', { name: 'b', vsn: '^1.0.0' }] })
  assert.equal(app === undefined ? [] : dependencyNames(app), ['kernel', 'b'])
})

test.run()
