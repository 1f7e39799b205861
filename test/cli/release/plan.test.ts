import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type FileAction, planRelease, type ReleasePlan } from '../../../cli/release/plan.js'
import { formatPlan } from '../../../cli/release/plan_text.js'
import { found, planApplication, planInput, sha } from '../../support/plan_input.js'

const test = suite('release/plan')

const layout = (plan: ReleasePlan) =>
  plan.groups.map(({ unit, kind, actions }) => [kind, unit, actions.map(({ path }) => path)])

const actionAt = (plan: ReleasePlan, path: string): FileAction | undefined =>
  plan.groups.flatMap(({ actions }) => actions).find((action) => action.path === path)

const textAt = (plan: ReleasePlan, path: string) => {
  const action = actionAt(plan, path)
  return action?.op === 'write' ? action.text : undefined
}

test('a release is its applications, its start script, its own folder, and the state of a first node', () => {
  assert.equal(layout(planRelease(planInput())), [
    [
      'application',
      'lib/kernel-1.0.0',
      [
        'lib/kernel-1.0.0/ebin/app.json',
        'lib/kernel-1.0.0/ebin/kernel.js',
        'lib/kernel-1.0.0/ebin/kernel.js.map',
        'lib/kernel-1.0.0/ebin/kernel.archive',
        'lib/kernel-1.0.0/priv/erts.cjs',
        'lib/kernel-1.0.0/priv/erts.cjs.map',
        'lib/kernel-1.0.0/priv/erts.js',
        'lib/kernel-1.0.0/priv/erts.js.map',
        'lib/kernel-1.0.0/priv/nodetool.mjs',
        'lib/kernel-1.0.0/priv/nodetool.mjs.map',
      ],
    ],
    [
      'application',
      'lib/shop-1.0.0',
      ['app.json', 'cart.js', 'cart.js.map', 'shop.archive'].map((file) => `lib/shop-1.0.0/ebin/${file}`),
    ],
    ['command', 'bin/shop', ['bin/shop']],
    [
      'release',
      'releases/1.0.0',
      [
        'releases/1.0.0/shop.rel.json',
        'releases/1.0.0/start.script.json',
        'releases/1.0.0/sys.config.json',
        'releases/1.0.0/vm.args',
        'releases/1.0.0/env.sh',
        'releases/1.0.0/shop.cdx.json',
        'releases/1.0.0/checksums.json',
      ],
    ],
    ['state', 'releases', ['releases/RELEASES.json', 'releases/start_otp.json']],
  ])
})

test('checksums list every file of the release but themselves and the state', () => {
  const plan = planRelease(planInput())
  const sums = JSON.parse(textAt(plan, 'releases/1.0.0/checksums.json') ?? '{}')
  const files = plan.groups
    .filter(({ kind }) => kind !== 'state')
    .flatMap(({ actions }) => actions.map(({ path }) => path))
  assert.equal(Object.keys(sums), files.filter((path) => !path.endsWith('checksums.json')).sort())
  assert.is(sums['lib/shop-1.0.0/ebin/cart.js'], sha('CART'))
  assert.is(sums['bin/shop'], sha('#!/bin/sh'))
})

test('npm packages lie in the store once, with links from applications and from each other', () => {
  const links = [{ name: '@s/a', key: '@s/a@2.0.0', package: '@s/a' }]
  const packages = [
    {
      name: '@s/a',
      version: '2.0.0',
      key: '@s/a@2.0.0',
      links: [{ name: 'b', key: 'b@1.0.0', package: 'b' }],
      files: [found('index.js', '/nm/@s/a/index.js', 'A')],
    },
    { name: 'b', version: '1.0.0', key: 'b@1.0.0', links: [], files: [found('bin/b', '/nm/b/bin/b', 'B', 0o755)] },
  ]
  const plan = planRelease(planInput('1.0.0', planApplication('shop', '1.0.0', {}, { links }), { packages }))
  assert.equal(actionAt(plan, 'lib/.npm/@s/a@2.0.0/node_modules/@s/a/index.js'), {
    op: 'copy',
    path: 'lib/.npm/@s/a@2.0.0/node_modules/@s/a/index.js',
    from: '/nm/@s/a/index.js',
    mode: 0o644,
    sha256: sha('A'),
  })
  assert.is(textAt(plan, 'lib/shop-1.0.0/ebin/anchor.mjs')?.split('\n').length, 3)
  const targets = plan.groups.flatMap(({ actions }) =>
    actions.flatMap((one) => (one.op === 'link' ? [[one.path, one.target]] : [])),
  )
  assert.equal(targets, [
    ['lib/.npm/@s/a@2.0.0/node_modules/b', '../../../b@1.0.0/node_modules/b'],
    ['lib/shop-1.0.0/node_modules/@s/a', '../../../.npm/@s/a@2.0.0/node_modules/@s/a'],
  ])
})

test('priv, appup, relup and the node binary are part of it where there are any', () => {
  const appup = { vsn: '1.1.0', up: [], down: [] }
  const shop = planApplication('shop', '1.1.0', {}, { appup, priv: [found('run.sh', '/p/run.sh', 'RUN', 0o755)] })
  const node = found('node', '/usr/bin/node', 'NODE', 0o755)
  const plan = planRelease(planInput('1.1.0', shop, { node, relup: { vsn: '1.1.0', up: [], down: [] } }))
  assert.equal(JSON.parse(textAt(plan, 'lib/shop-1.1.0/ebin/appup.json') ?? ''), appup)
  assert.equal(JSON.parse(textAt(plan, 'releases/1.1.0/relup.json') ?? ''), { vsn: '1.1.0', up: [], down: [] })
  assert.equal(actionAt(plan, 'lib/shop-1.1.0/priv/run.sh')?.op, 'copy')
  assert.equal(plan.groups[0], {
    unit: 'erts-20.20.2',
    kind: 'erts',
    actions: [{ op: 'copy', path: 'erts-20.20.2/bin/node', from: '/usr/bin/node', mode: 0o755, sha256: sha('NODE') }],
  })
})

test('the first release of a root is permanent and booted', () => {
  const plan = planRelease(planInput())
  const libs = [
    { application: 'kernel', vsn: '1.0.0', dir: 'lib/kernel-1.0.0' },
    { application: 'shop', vsn: '1.0.0', dir: 'lib/shop-1.0.0' },
  ]
  const releases = JSON.parse(textAt(plan, 'releases/RELEASES.json') ?? '')
  assert.equal(releases, [{ name: 'shop', vsn: '1.0.0', erts: '20.20.2', libs, status: 'permanent' }])
  assert.is(textAt(plan, 'releases/start_otp.json'), '{"erts":"20.20.2","vsn":"1.0.0"}\n')
})

test('the same input makes the same plan', () => {
  assert.equal(planRelease(planInput()), planRelease(planInput()))
})

test('a plan is printed folder by folder', () => {
  assert.equal(formatPlan(planRelease(planInput())).slice(11, 19), [
    'lib/shop-1.0.0/',
    '  write ebin/app.json',
    '  write ebin/cart.js',
    '  write ebin/cart.js.map',
    '  write ebin/shop.archive',
    'bin/shop',
    'releases/1.0.0/',
    '  write shop.rel.json',
  ])
})

test.run()
