import { chmod, lstat, mkdir, readdir, readlink, stat } from 'node:fs/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { assemble, formatAssembleFault } from '../../../cli/release/assemble.js'
import { planRelease } from '../../../cli/release/plan.js'
import { found, planApplication, planInput } from '../../support/plan_input.js'
import { type TempFolder, tempFolder } from '../../support/temp_folder.js'

const test = suite('release/assemble')

let folder: TempFolder

test.before.each(async () => {
  folder = await tempFolder()
})

test.after.each(() => folder.remove())

const root = () => folder.path('rel/shop')

const planOf = (vsn: string, cart: string, appVsn = vsn) =>
  planRelease(planInput(vsn, planApplication('shop', appVsn, { cart })))

async function assembled(plan = planOf('1.0.0', 'CART'), options = {}) {
  const result = await assemble(plan, root(), options)
  if (!result.ok) throw new Error(result.error.map(formatAssembleFault).join('\n'))
  return result.value
}

const inode = async (path: string) => (await stat(folder.path(path))).ino

test('writes, copies and links what the plan says, with its modes', async () => {
  await folder.put('b.js', 'B')
  await chmod(folder.path('b.js'), 0o777)
  const links = [{ name: 'b', key: 'b@1.0.0', package: 'b' }]
  const packages = [
    { name: 'b', version: '1.0.0', key: 'b@1.0.0', links: [], files: [found('b.js', folder.path('b.js'), 'B')] },
  ]
  await assembled(planRelease(planInput('1.0.0', planApplication('shop', '1.0.0', {}, { links }), { packages })))
  assert.is(await folder.read('rel/shop/lib/shop-1.0.0/node_modules/b/b.js'), 'B')
  assert.is(await readlink(folder.path('rel/shop/lib/shop-1.0.0/node_modules/b')), '../../.npm/b@1.0.0/node_modules/b')
  const modes = ['bin/shop', 'lib/.npm/b@1.0.0/node_modules/b/b.js'].map(
    async (path) => (await stat(folder.path(`rel/shop/${path}`))).mode & 0o777,
  )
  assert.equal(await Promise.all(modes), [0o755, 0o644])
})

test('a second build of the same touches nothing', async () => {
  const first = await assembled()
  const before = await inode('rel/shop/lib/shop-1.0.0')
  const second = await assembled()
  assert.equal(first.placed.at(-1), 'releases/start_otp.json')
  assert.equal([second.placed, await inode('rel/shop/lib/shop-1.0.0')], [[], before])
})

test('another version is put beside; what is there, and which one boots, stays', async () => {
  await assembled()
  const kernel = await inode('rel/shop/lib/kernel-1.0.0')
  const { placed } = await assembled(planOf('1.1.0', 'CART 2'))
  assert.equal(placed, ['lib/shop-1.1.0', 'releases/1.1.0'])
  assert.is(await inode('rel/shop/lib/kernel-1.0.0'), kernel)
  assert.is(await folder.read('rel/shop/releases/start_otp.json'), '{"erts":"20.20.2","vsn":"1.0.0"}\n')
  assert.is(JSON.parse(await folder.read('rel/shop/releases/RELEASES.json')).length, 1)
})

test('the same application version with other content is refused, and nothing is changed', async () => {
  await assembled()
  const result = await assemble(planOf('1.1.0', 'CART 2', '1.0.0'), root())
  assert.equal(result.ok ? [] : result.error.map(formatAssembleFault), [
    'lib/shop-1.0.0: was assembled before with other content ("ebin/cart.js"), and a running node or another release relies on it; give the changed application a new "vsn", or build with --force',
  ])
  assert.equal(await readdir(folder.path('rel/shop/releases')), ['1.0.0', 'RELEASES.json', 'start_otp.json'])
})

test('a library of the project with other content is refused, and the way out is its version', async () => {
  const unit = 'lib/.npm/@acme/shared@1.0.0'
  const manifest = folder.path('packages/shared/package.json')
  await folder.put('packages/shared/package.json', '{}')
  await folder.put(`rel/shop/${unit}/node_modules/@acme/shared/package.json`, 'other')
  const path = `${unit}/node_modules/@acme/shared/package.json`
  const copy = { op: 'copy', path, from: manifest, mode: 0o644, sha256: '0' } as const
  const plan = planOf('1.0.0', 'CART')
  const result = await assemble({ ...plan, groups: [{ unit, kind: 'package', actions: [copy] }] }, root())
  assert.match(
    result.ok ? '' : result.error.map(formatAssembleFault).join(),
    `give the package a new "version" in ${manifest}, and who imports it a new "vsn"`,
  )
})

test('a file that is no longer part of an application is a change', async () => {
  await assembled()
  await folder.put('rel/shop/lib/shop-1.0.0/ebin/old.js', 'OLD')
  const result = await assemble(planOf('1.0.0', 'CART'), root())
  assert.equal(result.ok ? [] : result.error.map((fault) => ('files' in fault ? fault.files : [])), [['ebin/old.js']])
})

test('--force replaces it', async () => {
  await assembled()
  const { placed } = await assembled(planOf('1.0.0', 'CART 2'), { force: () => true })
  assert.equal(placed, ['lib/shop-1.0.0', 'releases/1.0.0'])
  assert.is(await folder.read('rel/shop/lib/shop-1.0.0/ebin/cart.js'), 'CART 2')
})

test('a failure removes what was put in place, and restores what was replaced', async () => {
  await assembled()
  const plan = planOf('1.0.0', 'CART 2')
  const missing = { op: 'copy', path: 'lib/x-1/x', from: folder.path('gone'), mode: 0o644, sha256: '0' } as const
  const broken = {
    ...plan,
    groups: [...plan.groups, { unit: 'lib/x-1', kind: 'application', actions: [missing] } as const],
  }
  const result = await assemble(broken, root(), { force: () => true })
  assert.is(result.ok, false)
  assert.is(await folder.read('rel/shop/lib/shop-1.0.0/ebin/cart.js'), 'CART')
  assert.equal((await readdir(root())).sort(), ['bin', 'lib', 'releases'])
})

test('a failure in the middle of putting things in place takes back those before', async () => {
  const plan = planOf('1.0.0', 'CART')
  // a file where a folder has to be: the rename of this group fails after others have succeeded
  await folder.put('rel/shop/lib/blocked', '')
  const last = { op: 'write', path: 'lib/blocked/x-1/x', text: '', mode: 0o644, sha256: '0' } as const
  const broken = {
    ...plan,
    groups: [...plan.groups, { unit: 'lib/blocked/x-1', kind: 'application', actions: [last] } as const],
  }
  const result = await assemble(broken, root())
  assert.is(result.ok, false)
  assert.equal(await readdir(folder.path('rel/shop/lib')), ['blocked'])
  assert.is(await lstat(folder.path('rel/shop/releases/1.0.0')).catch(() => 'absent'), 'absent')
})

test('what a killed build left is removed', async () => {
  await mkdir(folder.path('rel/shop/.build-999999999/lib'), { recursive: true })
  await assembled()
  assert.equal((await readdir(root())).sort(), ['bin', 'lib', 'releases'])
})

test.run()
