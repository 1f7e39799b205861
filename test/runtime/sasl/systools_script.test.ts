/** The boot script as a whole, and how its paths are written. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { makeScript } from '../../../runtime/sasl/src/systools.js'
import { check } from '../../../schemas/read.js'
import { app, base, rel, world } from './shorthand.js'

const resource = (name: string, applications: readonly string[], rest: object = {}) => ({
  name,
  vsn: '1',
  description: '',
  id: '',
  modules: [],
  registered: [],
  applications,
  optional_applications: [],
  included_applications: [],
  env: {},
  maxT: 'infinity',
  ...rest,
})

const all = [...base, app('a(kernel)[b]', { modules: ['z', 'http/router'], type: 'temporary' }), app('b')]

test('instructions stand in the order of OTP', () => {
  const result = makeScript(rel(all), world(all), {
    preLoaded: ['erts/process', 'erts/init'],
    primLoad: ['kernel/code'],
  })
  assert.ok(result.ok)
  if (!result.ok) return
  const load = (spec: object) => ({ op: 'apply', mfa: ['kernel/application', 'load', [spec]] })
  const start = (name: string, type: string) => ({
    op: 'apply',
    mfa: ['kernel/application', 'startBoot', [name, type]],
  })
  const dir = (name: string) => `$ROOT/lib/${name}-1/ebin`
  const code = (name: string, ...modules: string[]) => [
    { op: 'path', dirs: [dir(name)] },
    { op: 'primLoad', modules },
  ]
  assert.equal(result.value.script, {
    name: 'shop',
    vsn: '1',
    instructions: [
      { op: 'preLoaded', modules: ['erts/init', 'erts/process'] },
      { op: 'progress', id: 'preloaded' },
      { op: 'path', dirs: [dir('kernel'), dir('stdlib')] },
      { op: 'primLoad', modules: ['kernel/code'] },
      { op: 'kernel_load_completed' },
      { op: 'progress', id: 'kernel_load_completed' },
      ...code('kernel'),
      ...code('stdlib'),
      ...code('sasl'),
      ...code('b'),
      ...code('a', 'a/http/router', 'a/z'),
      { op: 'progress', id: 'modules_loaded' },
      { op: 'path', dirs: ['kernel', 'stdlib', 'sasl', 'b', 'a'].map(dir) },
      {
        op: 'kernelProcess',
        name: 'application_controller',
        mfa: ['kernel/application_controller', 'start', [resource('kernel', [])]],
      },
      { op: 'progress', id: 'init_kernel_started' },
      load(resource('stdlib', ['kernel'])),
      load(resource('sasl', ['kernel', 'stdlib'])),
      load(resource('b', [])),
      load(resource('a', ['kernel'], { modules: ['z', 'http/router'], included_applications: ['b'] })),
      { op: 'progress', id: 'applications_loaded' },
      start('kernel', 'permanent'),
      start('stdlib', 'permanent'),
      start('sasl', 'permanent'),
      start('a', 'temporary'),
      { op: 'progress', id: 'started' },
    ],
  })
})

const PATHS: readonly (readonly [rule: string, dir: string | undefined, options: object, path: string])[] = [
  ['standard, wherever it was found', '/build/a/ebin', {}, '$ROOT/lib/a-1/ebin'],
  ['local: where it was found', '/build/a/ebin', { local: true }, '/build/a/ebin'],
  ['local, but the folder is not known', undefined, { local: true }, '$ROOT/lib/a-1/ebin'],
  [
    'variable: the folder of the application is left out',
    '/opt/libs/x/a/ebin',
    { variables: { LIBS: '/opt/libs/' } },
    '$LIBS/x/a-1/ebin',
  ],
  ['variable: also with its version', '/opt/libs/a-1/ebin', { variables: { LIBS: '/opt/libs' } }, '$LIBS/a-1/ebin'],
  ['variable: any other folder stays', '/opt/libs/built', { variables: { LIBS: '/opt/libs' } }, '$LIBS/built/a-1/ebin'],
  [
    'variable: the first that fits',
    '/opt/libs/a/ebin',
    { variables: { NO: '/usr', OPT: '/opt', LIBS: '/opt/libs' } },
    '$OPT/libs/a-1/ebin',
  ],
  ['variable: none fits', '/home/a/ebin', { variables: { LIBS: '/opt/libs' } }, '$ROOT/lib/a-1/ebin'],
]
for (const [rule, dir, options, path] of PATHS) {
  test(rule, () => {
    const one = app('a')
    const found = { name: 'a', app: one.resource, ...(dir === undefined ? {} : { dir }) }
    const result = makeScript(rel([...base, one]), { apps: [...world(base).apps, found] }, options)
    assert.ok(result.ok)
    if (!result.ok) return
    assert.is(
      result.value.script.instructions
        .flatMap((i) => (i.op === 'path' ? [i.dirs] : []))
        .at(-1)
        ?.at(-1),
      path,
    )
  })
}

test('scripts are of the published format', () => {
  const result = makeScript(rel(all), world(all))
  assert.ok(result.ok && check('script', result.value.script).ok)
})

test.run()
