import { lstat, readdir, rm, stat } from 'node:fs/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type BuildOptions, type BuildStep, build } from '../../../cli/release/build.js'
import { formatFault } from '../../../schemas/fault.js'
import { type TempFolder, tempFolder } from '../../support/temp_folder.js'

const test = suite('release/build')

let project: TempFolder

const config = (vsn: string, more: Record<string, unknown> = {}) => ({
  releases: [{ name: 'shop', vsn, applications: ['sasl', 'shop'], ...more }],
})

const counter = (vsn: string) => `
import { GenServer } from 'otp-rel'
import * as counter from './counter.js'
export const vsn = '${vsn}'
export const startLink = () => GenServer.startLink({ local: 'counter' }, counter, 0)
export const init = (n: number): GenServer.Init<number> => ['ok', n]
export const handleCall: GenServer.HandleCall<'get', number> = (_request, _from, n) => ['reply', n, n]
export const handleCast: GenServer.HandleCast<'add', number> = (_request, n) => ['noreply', n + 1]
`

/** Writes version `vsn` of the project; `from` is the version that its appup knows. */
async function write(vsn: string, from?: string) {
  await project.put('otp.config.json', config(vsn))
  await project.put('apps/shop/app.json', { name: 'shop', vsn, applications: ['kernel', 'stdlib', 'sasl'] })
  await project.put('apps/shop/src/counter.ts', counter(vsn))
  const instructions = [{ op: 'load_module', module: 'counter' }]
  if (from !== undefined)
    await project.put('apps/shop/appup.json', { vsn, up: [{ from, instructions }], down: [{ to: from, instructions }] })
}

test.before(async () => {
  project = await tempFolder()
  await project.put('apps/shop/src/shop.ts', 'export const name = "shop"')
  await project.put('apps/shop/priv/prices.csv', 'a,1\n')
  await write('1.0.0')
})

test.after(() => project.remove())

async function built(options: BuildOptions = {}) {
  const steps: BuildStep[] = []
  const result = await build(project.dir, options, (step) => steps.push(step))
  if (!result.ok) throw new Error(result.error.map(formatFault).join('\n'))
  const [release] = result.value.releases
  if (release === undefined) throw new Error('one release was asked for')
  return { release, steps, warnings: result.value.warnings }
}

const faults = async (options: BuildOptions = {}) => {
  const result = await build(project.dir, options)
  return result.ok ? [] : result.error.map((fault) => formatFault(fault).replaceAll(`${project.dir}/`, ''))
}

const isThere = (path: string) =>
  stat(project.path(path)).then(
    () => true,
    () => false,
  )

test('a dry run plans everything and writes no release', async () => {
  const { release } = await built({ dryRun: true })
  assert.ok(release.plan.groups.some(({ unit }) => unit === 'lib/shop-1.0.0'))
  assert.is(await isThere('_build/rel'), false)
})

test('a build tells its stages and assembles the release', async () => {
  const { release, steps, warnings } = await built({ tar: true })
  assert.equal(
    steps.map(({ verb }) => verb),
    ['resolving', 'compiling', 'generating', 'assembled', 'packed'],
  )
  assert.match(steps[0]?.text ?? '', /^shop 1\.0\.0: kernel \S+, stdlib \S+, sasl \S+, shop 1\.0\.0$/)
  assert.equal(
    steps.slice(1).map(({ text }) => text),
    [
      '2 modules in 1 application, 0 changed', // the dry run compiled them
      'releases/1.0.0/start.script.json',
      '_build/rel/shop',
      '_build/tar/shop-1.0.0.tar.gz',
    ],
  )
  assert.equal(await readdir(project.path('_build/rel/shop/lib/shop-1.0.0')), ['ebin', 'priv'])
  assert.equal(JSON.parse(await project.read('_build/rel/shop/lib/shop-1.0.0/ebin/app.json')).modules, [
    'counter',
    'shop',
  ])
  assert.equal([warnings, release.upgradeFrom], [[], []])
})

test('the boot script loads kernel and stdlib together before the rest', async () => {
  const script = JSON.parse(await project.read('_build/rel/shop/releases/1.0.0/start.script.json'))
  const first = script.instructions.find(({ op }: { op: string }) => op === 'primLoad').modules
  assert.ok(first.includes('kernel/application_controller') && first.includes('stdlib/gen_server'))
  assert.not(first.includes('shop/shop'))
})

test('a build of the same compiles and writes nothing', async () => {
  const { release } = await built()
  assert.equal([release.modules.compiled, release.placed], [0, []])
})

test('the next version is put beside, with a relup from the one before; only what changed is compiled', async () => {
  await write('1.1.0', '1.0.0')
  const { release, steps } = await built()
  assert.equal(release.placed, ['lib/shop-1.1.0', 'releases/1.1.0'])
  assert.equal([release.upgradeFrom, release.modules.compiled], [['1.0.0'], 1])
  assert.is(steps[2]?.text, 'releases/1.1.0/start.script.json, relup.json from 1.0.0')
  assert.is(JSON.parse(await project.read('_build/rel/shop/releases/start_otp.json')).vsn, '1.0.0')
})

test('a changed module under the same version is refused while a node runs from there, otherwise replaced', async () => {
  await project.put('apps/shop/src/counter.ts', counter('other'))
  const node = { pid: process.pid, socket: '', name: 'shop', vsn: '1.1.0', node: '', started: '' }
  await project.put('_build/rel/shop/run/node.json', node)
  const refused = (await faults()).find((one) => one.startsWith('lib/shop'))
  assert.match(refused ?? '', /^lib\/shop-1\.1\.0: was assembled before with other content \("ebin\/counter\.js", /)
  await rm(project.path('_build/rel/shop/run'), { recursive: true })
  assert.equal((await built()).release.placed, ['lib/shop-1.1.0', 'releases/1.1.0'])
})

test('D6: a changed module that no appup names is found by the build, for both ways', async () => {
  await write('1.2.0', '1.1.0')
  await project.put('apps/shop/src/shop.ts', 'export const name = "more"')
  const gap = (way: string, direction: string) =>
    `the relup from ${way} does not load "shop/shop", which differs: old code would go on running; name it under "${direction}" in the appup.json of "shop", or have "otp-rel appup" do it`
  assert.equal(await faults(), [gap('1.1.0 to 1.2.0', 'up'), gap('1.2.0 back to 1.1.0', 'down')])
  assert.is(await isThere('_build/rel/shop/releases/1.2.0'), false)
  await project.put('apps/shop/src/shop.ts', 'export const name = "shop"')
})

test('what cannot be compiled is told with its places, and nothing is assembled', async () => {
  await write('1.2.0')
  await project.put('apps/shop/src/shop.ts', `import './conuter.js'\nimport 'left_pad'\nexport const name = "shop"`)
  assert.equal(await faults(), [
    'apps/shop/src/shop.ts:1:8: import of "./conuter.js": there is no module "shop/conuter"; did you mean "./counter.js"?',
  ])
  await project.put('apps/shop/src/shop.ts', `import 'left_pad'`)
  assert.equal(await faults(), [
    'apps/shop/src/shop.ts:1:8: import of "left_pad": package "left_pad" is in no node_modules at or above the application "shop"; add it to "dependencies" of package.json and run npm install',
  ])
  assert.is(await isThere('_build/rel/shop/releases/1.2.0'), false)
})

test('a release that nobody described is refused', async () => {
  const [fault] = await faults({ releases: ['shpo'] })
  assert.match(fault ?? '', /no release is called "shpo".*did you mean "shop"\?/)
})

let smallProject: TempFolder

test.before(async () => {
  smallProject = await tempFolder()
})

test.after(() => smallProject.remove())

/** A project of one small application, for tests of what a release has besides; only the cache is that of the test before. */
async function small(more: Record<string, unknown>, use: (folder: TempFolder) => Promise<void>, top: object = {}) {
  const folder = smallProject
  const old = [...(await readdir(folder.dir)), '_build/rel', '_build/tar', '_build/maps'].filter(
    (one) => one !== '_build',
  )
  for (const name of old) await rm(folder.path(name), { recursive: true, force: true })
  await folder.put('otp.config.json', {
    ...top,
    releases: [{ name: 'shop', vsn: '1', applications: ['shop'], ...more }],
  })
  await folder.put('apps/shop/app.json', { name: 'shop', vsn: '1.0.0', applications: ['kernel', 'stdlib'] })
  await folder.put('apps/shop/src/shop.ts', 'export const x: number = 1')
  await folder.put('apps/shop/src/list.json', '[1]')
  await folder.put('apps/shop/priv/a.txt', 'a')
  await use(folder)
}

async function buildIn(folder: TempFolder, options: BuildOptions = {}) {
  const result = await build(folder.dir, options)
  return result.ok ? [] : result.error.map((fault) => formatFault(fault).replaceAll(`${folder.dir}/`, ''))
}

const ROOT = '_build/rel/shop'

test('in a release for development priv and configuration are links, an edit needs no build; it cannot be packed', () =>
  small(
    { sys_config: 'sys.json', dev_mode: true, overlay: [{ copy: 'sys.json', to: 'etc/sys.json' }] },
    async (folder) => {
      await folder.put('sys.json', { shop: { a: 1 } })
      assert.equal(await buildIn(folder), [])
      await folder.put('apps/shop/priv/a.txt', 'b')
      await folder.put('apps/shop/priv/new.txt', 'new')
      await folder.put('sys.json', { shop: { a: 2 } })
      assert.is(await folder.read(`${ROOT}/lib/shop-1.0.0/priv/a.txt`), 'b')
      assert.is(await folder.read(`${ROOT}/lib/shop-1.0.0/priv/new.txt`), 'new')
      assert.is(await folder.read(`${ROOT}/releases/1/sys.config.json`), '{"shop":{"a":2}}')
      assert.is(await folder.read(`${ROOT}/etc/sys.json`), '{"shop":{"a":2}}')
      assert.match(
        (await buildIn(folder, { tar: true }))[0] ?? '',
        /releases\[0\]\.dev_mode: a release of links cannot be packed/,
      )
      assert.equal(await buildIn(folder, { tar: true, set: ['releases.shop.dev_mode=false'] }), [])
      assert.is((await lstat(folder.path(`${ROOT}/lib/shop-1.0.0/priv`))).isDirectory(), true)
    },
  ))

test('sources travel on wish, where the maps look for them', () =>
  small({ include_src: true }, async (folder) => {
    assert.equal(await buildIn(folder), [])
    assert.is(await folder.read(`${ROOT}/lib/shop-1.0.0/src/shop.ts`), 'export const x: number = 1')
    const map = JSON.parse(await folder.read(`${ROOT}/lib/shop-1.0.0/ebin/shop.js.map`))
    assert.equal(map.sources, ['../src/shop.ts'])
    assert.equal((await readdir(folder.path(`${ROOT}/lib/kernel-1.0.0`))).includes('src'), false)
  }))

test('source maps stay at home on wish, and fit over the release', () =>
  small({ strip: true }, async (folder) => {
    assert.equal(await buildIn(folder, { tar: true }), [])
    const inRelease = await readdir(folder.path(`${ROOT}/lib`), { recursive: true })
    assert.equal(
      inRelease.filter((file) => file.endsWith('.map')),
      [],
    )
    assert.ok((await folder.read('_build/maps/shop-1/lib/shop-1.0.0/ebin/shop.js.map')).startsWith('{'))
    assert.equal((await readdir(folder.path('_build/tar'))).filter((file) => file.endsWith('.gz')).sort(), [
      'shop-1.maps.tar.gz',
      'shop-1.tar.gz',
    ])
  }))

test('overlays lie beside or inside, are rebuilt, and what a node put into their folders stays', () => {
  const overlay = [
    { mkdir: 'data' },
    { template: 'a.hbs', to: 'releases/{{release.vsn}}/a.txt' },
    { copy: 'a.hbs', to: 'lib/shop-1.0.0/priv/b.txt' },
    { copy: 'a.hbs', to: 'etc/c.txt' },
  ]
  return small({ overlay }, async (folder) => {
    await folder.put('a.hbs', '{{release.name}}')
    assert.equal(await buildIn(folder), [])
    await folder.put(`${ROOT}/data/kept`, 'kept')
    await folder.put('a.hbs', '{{release.vsn}}')
    assert.equal(await buildIn(folder), [])
    assert.is(await folder.read(`${ROOT}/releases/1/a.txt`), '1')
    assert.is(await folder.read(`${ROOT}/lib/shop-1.0.0/priv/b.txt`), '{{release.vsn}}')
    assert.is(await folder.read(`${ROOT}/etc/c.txt`), '{{release.vsn}}')
    assert.is(await folder.read(`${ROOT}/data/kept`), 'kept')
    const sums = JSON.parse(await folder.read(`${ROOT}/releases/1/checksums.json`))
    assert.equal(
      ['etc/c.txt', 'releases/1/a.txt', 'data'].map((path) => path in sums),
      [true, true, false],
    )
  })
})

test('an overlay does not take the place of a file of the build', () => {
  const overlay = ['bin/shop', 'releases/1/vm.args', 'lib/shop-1.0.0/ebin/app.json'].map((to) => ({ copy: 'a', to }))
  return small({ overlay }, async (folder) => {
    await folder.put('a', 'a')
    const said = await buildIn(folder, { dryRun: true })
    assert.equal(said.map((one) => /makes "(.*)", which the build makes itself/.exec(one)?.[1]).sort(), [
      'bin/shop',
      'lib/shop-1.0.0/ebin/app.json',
      'releases/1/vm.args',
    ])
  })
})

test('env_sh is part of env.sh', () =>
  small({ env_sh: 'env.sh' }, async (folder) => {
    await folder.put('env.sh', 'export A=1\n')
    assert.equal(await buildIn(folder), [])
    assert.match(await folder.read(`${ROOT}/releases/1/env.sh`), /\nRELEASE_NODE_MIN=\S+\n[\s\S]*\nexport A=1\n+$/)
  }))

test('commands before and after a build; one that fails ends it', () => {
  const hooks = {
    before: ['echo "made $OTP_REL_RELEASES" > apps/shop/priv/made.txt'],
    after: ['cp "$OTP_REL_OUTPUT/rel/shop/lib/shop-1.0.0/priv/made.txt" after.txt', 'exit 3'],
  }
  return small(
    {},
    async (folder) => {
      assert.equal(await buildIn(folder, { dryRun: true }), [])
      assert.match((await buildIn(folder))[0] ?? '', /build_hooks\.after\[1\]: "exit 3" ended with status 3$/)
      assert.is(await folder.read('after.txt'), 'made shop\n')
    },
    { build_hooks: hooks },
  )
})

test('an application that lies in two places is warned about; the one found first is taken', async () => {
  const two = await tempFolder()
  try {
    await two.put('otp.config.json', {
      lib_dirs: ['a/*', 'b/*'],
      releases: [{ name: 'shop', vsn: '1', applications: ['shop'] }],
    })
    for (const dir of ['a', 'b']) await two.put(`${dir}/shop/app.json`, { name: 'shop', vsn: '1.0.0', modules: [] })
    const result = await build(two.dir, { dryRun: true })
    const told = result.ok ? result.value.warnings.map((one) => formatFault(one).replaceAll(`${two.dir}/`, '')) : []
    assert.equal(
      told.filter((one) => one.includes('is also in')),
      ['a/shop/app.json:1:9 name: "shop" 1.0.0 is also in b/shop; this one is taken, which was found first'],
    )
  } finally {
    await two.remove()
  }
})

test('one application needs no configuration; of several nobody knows what is wanted', async () => {
  const bare = await tempFolder()
  try {
    await bare.put('package.json', { version: '3.1.0' })
    await bare.put('app.json', { name: 'solo', vsn: { from: 'package.json' }, applications: ['kernel', 'stdlib'] })
    await bare.put('src/solo.ts', 'export const x = 1')
    await bare.put('config/sys.config.json', { solo: { a: 1 } })
    const result = await build(bare.path('src'), { dryRun: true })
    const release = result.ok ? result.value.releases[0] : undefined
    assert.equal([release?.name, release?.vsn], ['solo', '3.1.0'])
    assert.equal(
      release?.applications.map(({ name }) => name),
      ['kernel', 'stdlib', 'sasl', 'solo'],
    )
    const files = release?.plan.groups.flatMap(({ actions }) => actions) ?? []
    const config = files.find(({ path }) => path === 'releases/3.1.0/sys.config.json')
    assert.is(config?.op === 'write' && config.text, '{"solo":{"a":1}}')
    await bare.put('apps/other/app.json', { name: 'other', vsn: '1' })
    const several = await build(bare.dir, { dryRun: true })
    const fault = several.ok ? undefined : several.error[0]
    assert.is(fault?.tag, 'several_applications')
    assert.match(fault?.message ?? '', /^there are several applications, "solo", "other"; say/)
  } finally {
    await bare.remove()
  }
})

test.run()
