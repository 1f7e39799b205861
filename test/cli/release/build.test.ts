import { readdir, rm, stat } from 'node:fs/promises'
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
    assert.match(
      several.ok ? '' : (several.error[0]?.message ?? ''),
      /^there are several applications, "solo", "other"; say/,
    )
  } finally {
    await bare.remove()
  }
})

test.run()
