import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parseConfig } from '../../../cli/release/config.js'
import { discover, runtimeLibDir } from '../../../cli/release/discover.js'
import { discovered, fixture } from './fixtures.js'

const test = suite('cli/release/discover')

const summary = (found: Awaited<ReturnType<typeof discover>>) =>
  [...found.apps.values()].flat().map(({ name, vsn, origin }) => `${name} ${vsn} ${origin}`)

/** A project made of files, in a folder of its own. */
async function project(
  files: Readonly<Record<string, string>>,
  links: Readonly<Record<string, string>>,
  use: (root: string) => Promise<void>,
) {
  const root = await mkdtemp(join(tmpdir(), 'discover-'))
  try {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(root, name)), { recursive: true })
      await writeFile(join(root, name), text)
    }
    for (const [name, target] of Object.entries(links)) {
      await mkdir(dirname(join(root, name)), { recursive: true })
      await symlink(join(root, target), join(root, name))
    }
    await use(root)
  } finally {
    await rm(root, { recursive: true })
  }
}

const at = (root: string, libDirs: readonly string[]) => {
  const config = parseConfig({
    file: join(root, 'otp.config.json'),
    text: JSON.stringify({ lib_dirs: libDirs, releases: [] }),
  })
  if (!config.ok) throw new Error('a config of two keys is good')
  return discover(config.value, fixture('runtime_apps'))
}

const app = (name: string, vsn: string) => JSON.stringify({ name, vsn })

test('lib_dirs, workspaces, node_modules and the runtime are looked at, in this order', async () => {
  const found = await discovered('good_project')
  assert.equal(summary(found), [
    'cart 1.2.0 apps/*',
    'shop 1.0.0 apps/*',
    'mail 1.4.0 workspaces',
    'kernel 1.0.0 otp-rel',
    'stdlib 1.0.0 otp-rel',
    'sasl 1.0.0 otp-rel',
  ])
  assert.equal(found.places, ['apps/*', 'workspaces', 'node_modules', 'otp-rel'])
})

test('modules left out are the source modules: below src where there is one, without tests and declarations', async () => {
  const { apps } = await discovered('good_project')
  const [shop] = apps.get('shop') ?? []
  const [mail] = apps.get('mail') ?? []
  assert.equal(shop?.resource.modules, ['http/router', 'shop'])
  assert.is(shop?.sourceDir, join(fixture('good_project'), 'apps/shop/src'))
  assert.equal(mail?.resource.modules, ['mail'])
  assert.is(mail?.sourceDir, join(fixture('good_project'), 'packages/mail'))
})

test('an appup beside app.json is read', async () => {
  const { apps } = await discovered('good_project')
  assert.equal(apps.get('shop')?.[0]?.appup?.value, { vsn: '1.0.0', up: [], down: [] })
  assert.is(apps.get('cart')?.[0]?.appup, undefined)
})

test('of several versions the newest comes first, of equal ones the first found', async () => {
  const files = {
    'libs/m-1.9.0/app.json': app('m', '1.9.0'),
    'libs/m-1.10.0/app.json': app('m', '1.10.0'),
    'more/m/app.json': app('m', '1.10.0'),
    'libs/n-9/app.json': app('n', '9'),
    'libs/n-10/app.json': app('n', '10'),
  }
  await project(files, {}, async (root) => {
    const found = await at(root, ['libs/*', 'more'])
    assert.equal(
      (found.apps.get('m') ?? []).map(({ dir }) => dir.slice(root.length)),
      ['/libs/m-1.10.0', '/more/m', '/libs/m-1.9.0'],
    )
    assert.equal(
      (found.apps.get('n') ?? []).map(({ vsn }) => vsn),
      ['10', '9'],
    )
  })
})

test('packages with an app.json are applications, scoped ones too; a linked workspace counts once', async () => {
  const files = {
    'node_modules/plain/app.json': app('plain', '1.0.0'),
    'node_modules/@scope/scoped/app.json': app('scoped', '1.0.0'),
    'node_modules/none/package.json': '{}',
    'apps/own/app.json': app('own', '1.0.0'),
  }
  await project(files, { 'node_modules/own': 'apps/own' }, async (root) => {
    const found = await at(root, ['apps/*'])
    assert.equal(summary(found).slice(0, 3), [
      'own 1.0.0 apps/*',
      'scoped 1.0.0 node_modules',
      'plain 1.0.0 node_modules',
    ])
  })
})

test('an app.json that is something else is kept as broken, under the name of its folder', async () => {
  await project({ 'node_modules/expo_thing/app.json': '{"expo":{}}' }, {}, async (root) => {
    const { broken, apps } = await at(root, [])
    assert.equal(
      broken.map(({ guess, origin }) => [guess, origin]),
      [['expo_thing', 'node_modules']],
    )
    assert.is(apps.size, 3)
  })
})

test('a folder without * is an application, or one with applications in it', async () => {
  const files = { 'one/app.json': app('one', '1.0.0'), 'many/two/app.json': app('two', '1.0.0') }
  await project(files, {}, async (root) => {
    assert.equal(summary(await at(root, ['one', 'many', 'absent'])).slice(0, 2), ['one 1.0.0 one', 'two 1.0.0 many'])
  })
})

test('workspaces of pnpm and yarn, without those that "!" takes away', async () => {
  const apps = ['packages/a', 'packages/deep/b', 'packages/test/c', 'tools/d']
  const files = Object.fromEntries(apps.map((dir) => [`${dir}/app.json`, app(dir.slice(-1), '1.0.0')]))
  const names = async (root: string) => summary(await at(root, [])).filter((one) => one.endsWith('workspaces'))
  const pnpm =
    'catalog:\n  x: 1\npackages: # ours\n  - "packages/**"\n  - \'!**/test/**\'\n\n  - tools/d\nother:\n  - no\n'
  await project({ ...files, 'pnpm-workspace.yaml': pnpm }, {}, async (root) => {
    assert.equal((await names(root)).sort(), ['a 1.0.0 workspaces', 'b 1.0.0 workspaces', 'd 1.0.0 workspaces'])
  })
  await project({ ...files, 'pnpm-workspace.yaml': "packages: ['packages/*', tools/*]" }, {}, async (root) => {
    assert.equal(await names(root), ['a 1.0.0 workspaces', 'd 1.0.0 workspaces'])
  })
  const yarn = JSON.stringify({ workspaces: { packages: ['packages/*', 'packages/*/*', '!packages/test/*'] } })
  await project({ ...files, 'package.json': yarn }, {}, async (root) => {
    assert.equal((await names(root)).sort(), ['a 1.0.0 workspaces', 'b 1.0.0 workspaces'])
  })
})

test('packages of a workspace, and beside a package where pnpm puts them', async () => {
  const store = 'node_modules/.pnpm/x@1.0.0/node_modules'
  const files = {
    'apps/own/app.json': app('own', '1.0.0'),
    [`${store}/x/app.json`]: app('x', '1.0.0'),
    [`${store}/y/app.json`]: app('y', '1.0.0'),
  }
  await project(files, { 'apps/own/node_modules/x': `${store}/x` }, async (root) => {
    assert.equal(summary(await at(root, ['apps/*'])).slice(0, 3), [
      'own 1.0.0 apps/*',
      'x 1.0.0 node_modules',
      'y 1.0.0 node_modules',
    ])
  })
})

test('what is there and cannot be read is told', async () => {
  await project({ 'apps/odd/app.json/x': '' }, { loop: 'loop' }, async (root) => {
    const { broken } = await at(root, ['apps/*', 'loop/*'])
    assert.equal(broken.map(({ faults: [fault] }) => fault?.file?.slice(root.length)).sort(), [
      '/apps/odd/app.json',
      '/loop',
    ])
    assert.ok(broken.every(({ faults: [fault] }) => fault?.message.startsWith('cannot be read: E')))
  })
})

test("the runtime's applications are found where they are", async () => {
  assert.ok(runtimeLibDir().endsWith('/runtime'))
})

test.run()
