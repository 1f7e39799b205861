import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { replaceable } from '../../../cli/release/replaceable.js'
import { type TempFolder, tempFolder } from '../../support/temp_folder.js'

const test = suite('release/replaceable')

let folder: TempFolder

const LISTED = {
  '1.0.0': ['lib/shop-1.0.0/a.js', 'lib/web-1.0.0/a.js'],
  '1.1.0': ['lib/shop-1.1.0/a.js', 'lib/web-1.0.0/a.js'],
}

test.before.each(async () => {
  folder = await tempFolder()
  for (const [vsn, files] of Object.entries(LISTED)) {
    const sums = Object.fromEntries(files.map((file) => [file, 'sum']))
    await folder.put(`releases/${vsn}/checksums.json`, sums)
  }
})

test.after.each(() => folder.remove())

/** A node of this test's own process. @param statuses of versions that the node knows */
async function running(vsn: string, statuses: Readonly<Record<string, string>>) {
  const releases = Object.entries(statuses).map(([known, status]) => {
    return { name: 'shop', vsn: known, erts: '20.20.2', libs: [], status }
  })
  await folder.put('releases/RELEASES.json', releases)
  await folder.put('run/node.json', {
    pid: process.pid,
    socket: folder.path('run/shop.sock'),
    name: 'shop',
    vsn,
    node: '20.20.2',
    started: '2026-01-01T00:00:00.000Z',
  })
}

const FOLDERS = ['lib/shop-1.0.0', 'lib/shop-1.1.0', 'lib/web-1.0.0']

async function replaced(rebuilt: readonly string[], force = false): Promise<string[]> {
  const may = await replaceable(folder.dir, new Set(rebuilt), force)
  return FOLDERS.filter(may)
}

test('without a node what no other release lists may be replaced', async () => {
  assert.equal(await replaced(['1.1.0']), ['lib/shop-1.1.0'])
  assert.equal(await replaced(['1.0.0', '1.1.0']), FOLDERS)
})

test('--force replaces what other releases list', async () => {
  assert.equal(await replaced(['1.1.0'], true), FOLDERS)
})

test('a version that a running node never ran may be replaced beside it', async () => {
  await running('1.0.0', { '1.0.0': 'permanent' })
  assert.equal(await replaced(['1.0.0', '1.1.0']), ['lib/shop-1.1.0'])
  await running('1.0.0', { '1.0.0': 'permanent', '1.1.0': 'unpacked' })
  assert.equal(await replaced(['1.1.0']), ['lib/shop-1.1.0'])
})

test('what a running node runs or ran is not replaced, --force or not', async () => {
  await running('1.1.0', { '1.0.0': 'permanent', '1.1.0': 'unpacked' })
  assert.equal(await replaced(['1.0.0', '1.1.0']), [])
  await running('1.0.0', { '1.0.0': 'permanent', '1.1.0': 'old' })
  assert.equal(await replaced(['1.1.0'], true), [])
})

test('a running node whose list cannot be read keeps everything', async () => {
  await running('1.0.0', {})
  await folder.put('releases/RELEASES.json', 'half of')
  assert.equal(await replaced(['1.1.0'], true), [])
})

test.run()
