import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, readlink, stat, utimes } from 'node:fs/promises'
import * as tar from 'tar'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { assemble } from '../../../cli/release/assemble.js'
import { planRelease, type ReleasePlan } from '../../../cli/release/plan.js'
import { formatTarFault, packageEntries, writeTar } from '../../../cli/release/tar.js'
import { checkEntries, type PackageEntry } from '../../../runtime/sasl/src/package_entry.js'
import { found, planApplication, planInput } from '../../support/plan_input.js'
import { type TempFolder, tempFolder } from '../../support/temp_folder.js'

const test = suite('release/tar')

let folder: TempFolder

test.before.each(async () => {
  folder = await tempFolder()
  await folder.put('b.js', 'B')
})

test.after.each(() => folder.remove())

/** A release with an npm package, an executable in priv and a file of 200 KB. */
function plan(): ReleasePlan {
  const links = [{ name: 'b', key: 'b@1.0.0', package: 'b' }]
  const packages = [
    { name: 'b', version: '1.0.0', key: 'b@1.0.0', links: [], files: [found('b.js', folder.path('b.js'), 'B')] },
  ]
  const priv = [found('run', folder.path('b.js'), 'B', 0o755)]
  const cart = 'export const x = 1\n'.repeat(10_000)
  return planRelease(planInput('1.0.0', planApplication('shop', '1.0.0', { cart }, { links, priv }), { packages }))
}

async function packed(root: string, file: string, entries = packageEntries(plan())) {
  const result = await writeTar(entries, root, file, { sbom: 'releases/1.0.0/shop.cdx.json' })
  if (!result.ok) throw new Error(formatTarFault(result.error))
  return result.value
}

const sum = async (file: string) =>
  createHash('sha256')
    .update(await readFile(file))
    .digest('hex')

test('the same release gives the same bytes, wherever, whenever and in whatever order it is packed', async () => {
  await assemble(plan(), folder.path('one'))
  await assemble(plan(), folder.path('elsewhere/two'))
  await utimes(folder.path('elsewhere/two/bin/shop'), 0, 1_000_000)
  await packed(folder.path('one'), folder.path('1.tar.gz'))
  await packed(folder.path('elsewhere/two'), folder.path('2.tar.gz'), packageEntries(plan()).reverse())
  assert.is(await sum(folder.path('1.tar.gz')), await sum(folder.path('2.tar.gz')))
})

test('the header names neither time nor operating system', async () => {
  await assemble(plan(), folder.path('one'))
  await packed(folder.path('one'), folder.path('1.tar.gz'))
  const header = (await readFile(folder.path('1.tar.gz'))).subarray(0, 10)
  assert.equal([...header.subarray(4, 8), header[9]], [0, 0, 0, 0, 255])
})

test('beside it are its sum, as sha256sum reads it, and the bill of materials', async () => {
  await assemble(plan(), folder.path('one'))
  const { sha256 } = await packed(folder.path('one'), folder.path('shop-1.0.0.tar.gz'))
  assert.is(sha256, await sum(folder.path('shop-1.0.0.tar.gz')))
  assert.is(await folder.read('shop-1.0.0.tar.gz.sha256'), `${sha256}  shop-1.0.0.tar.gz\n`)
  assert.is(JSON.parse(await folder.read('shop-1.0.0.cdx.json')).bomFormat, 'CycloneDX')
})

test('a package that is there with other content is replaced only when told', async () => {
  await assemble(plan(), folder.path('one'))
  const file = folder.path('1.tar.gz')
  await packed(folder.path('one'), file)
  await packed(folder.path('one'), file)
  const before = await sum(file)
  const fewer = packageEntries(plan()).slice(1)
  const refused = await writeTar(fewer, folder.path('one'), file)
  assert.match(refused.ok ? '' : formatTarFault(refused.error), /1\.tar\.gz: is there with other content .* --force/)
  assert.is(await sum(file), before)
  assert.equal(
    (await readdir(folder.path('.'))).filter((name) => name.startsWith('1.tar.gz.')),
    ['1.tar.gz.sha256'],
  )
  assert.ok((await writeTar(fewer, folder.path('one'), file, { force: true })).ok)
})

test('everything but the state of a node is in it, and the release handler takes it', async () => {
  await assemble(plan(), folder.path('one'))
  const { entries: count } = await packed(folder.path('one'), folder.path('1.tar.gz'))
  const entries: PackageEntry[] = []
  await tar.t({
    file: folder.path('1.tar.gz'),
    onReadEntry: ({ path, type, linkpath, mode, size }) => entries.push({ path, type, linkpath, mode, size }),
  })
  const paths = entries.map(({ path }) => path)
  assert.equal(paths, packageEntries(plan()))
  assert.is(paths.length, count)
  assert.not(paths.some((path) => /RELEASES|start_otp/.test(path)))
  assert.equal(checkEntries(entries), [])
})

test('unpacked into an empty folder it is the release, modes and links kept', async () => {
  await assemble(plan(), folder.path('one'))
  await packed(folder.path('one'), folder.path('1.tar.gz'))
  await mkdir(folder.path('target'))
  await tar.x({ file: folder.path('1.tar.gz'), cwd: folder.path('target') })
  assert.is(await folder.read('target/lib/shop-1.0.0/node_modules/b/b.js'), 'B')
  assert.is(await readlink(folder.path('target/lib/shop-1.0.0/node_modules/b')), '../../.npm/b@1.0.0/node_modules/b')
  const modes = ['bin/shop', 'lib/shop-1.0.0/priv/run', 'lib/shop-1.0.0/ebin/cart.js'].map(
    async (path) => (await stat(folder.path(`target/${path}`))).mode & 0o777,
  )
  assert.equal(await Promise.all(modes), [0o755, 0o755, 0o644])
  assert.equal(await readdir(folder.path('target/releases')), ['1.0.0'])
})

test('a file that is not there is named, and no half package is left', async () => {
  await mkdir(folder.path('one'))
  const result = await writeTar(['bin/shop'], folder.path('one'), folder.path('out/1.tar.gz'))
  assert.is(
    result.ok ? '' : formatTarFault(result.error),
    `${folder.path('one/bin/shop')}: is missing; the release was changed after it was assembled, build it again`,
  )
  assert.equal(await readdir(folder.path('out')), [])
})

test.run()
