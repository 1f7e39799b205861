/** What differs between two releases. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { diffReleases } from '../../../cli/appup/release_diff.js'
import { readSides } from '../../../cli/appup/release_side.js'
import { diffLines } from '../../../cli/render/release_diff.js'
import { styleFor } from '../../../cli/render/style.js'
import { type AppOf, built, contentOf } from '../../support/release_content.js'

const test = suite('cli/appup/release_diff')

const BASE: AppOf = { vsn: '1.0.0', modules: { a: built('const x = 1'), b: built('const y = 1') } }

async function diff(old: AppOf | undefined, next: AppOf | undefined, store: [object, object] = [{}, {}]) {
  const content = (vsn: string, app: AppOf | undefined, files: object) =>
    contentOf(vsn, app === undefined ? {} : { shop: app }, { store: { ...files } })
  const sides = await readSides(content('1', old, store[0]), content('2', next, store[1]))
  return diffReleases(sides.old, sides.next)
}

test('what is alike is not named', async () => {
  const same = await diff(BASE, BASE)
  assert.equal(same.applications, [])
  assert.ok(diffLines(same, styleFor({}, {})).join('\n').includes('nothing differs'))
})

test('applications, modules, fields and priv files are told by name', async () => {
  const { applications } = await diff(
    { ...BASE, priv: { 'a.txt': '1', 'b.txt': '1' } },
    {
      vsn: '1.1.0',
      app: { registered: ['x'] },
      modules: { a: built('const x = 2'), c: built('') },
      priv: { 'a.txt': '2' },
    },
  )
  const [shop] = applications
  assert.equal(
    [shop?.change, shop?.old, shop?.new, shop?.modules, shop?.fields, shop?.priv],
    [
      'changed',
      '1.0.0',
      '1.1.0',
      [
        { module: 'a', change: 'changed', moved: false },
        { module: 'b', change: 'removed', moved: false },
        { module: 'c', change: 'added', moved: false },
      ],
      [{ field: 'registered', old: [], new: ['x'] }],
      [
        { file: 'a.txt', change: 'changed' },
        { file: 'b.txt', change: 'removed' },
      ],
    ],
  )
  assert.equal((await diff(undefined, BASE)).applications[0]?.change, 'added')
  assert.equal((await diff(BASE, undefined)).applications[0]?.change, 'removed')
})

test('another source map is no difference, another line of an import is a moved one', async () => {
  const imports = { './b.js': { m: 'shop/b' } }
  const at = (line: number, map = 'x') => ({
    vsn: '1.0.0',
    modules: { a: built('const x = 1', { imports, line }).replace('=x.js', `=${map}.js`) },
  })
  assert.equal((await diff(at(1), at(1, 'other'))).applications, [])
  assert.equal((await diff(at(1), at(2))).applications[0]?.modules, [{ module: 'a', change: 'changed', moved: true }])
})

test('content that differs under the same version is told', async () => {
  const { applications } = await diff(BASE, { ...BASE, modules: { a: built('const x = 2'), b: built('const y = 1') } })
  assert.is(applications[0]?.unversioned, true)
})

test('an npm package differs by its files and by what it needs', async () => {
  const module = { a: built('', { imports: { ws: { p: 'ws/lib' } } }), b: built('') }
  const app = (key: string): AppOf => ({ vsn: '1.0.0', modules: module, packages: { ws: key } })
  const link = { 'ws@8/node_modules/ms': '-> ../../ms@1/node_modules/ms' }
  const changed = await diff(app('ws@8'), app('ws@9'))
  assert.equal(changed.applications[0]?.packages, [
    { name: 'ws', change: 'changed', old: '8', new: '9', importers: ['a'] },
  ])
  const below = (text: string) => ({ ...link, 'ms@1/node_modules/ms/index.js': text })
  assert.equal((await diff(app('ws@8'), app('ws@8'), [below('1'), below('1')])).applications, [])
  const deeper = await diff(app('ws@8'), app('ws@8'), [below('1'), below('2')])
  assert.is(deeper.applications[0]?.packages.length, 1)
})

test('parameters are those a node works out: sys.config over env', async () => {
  const content = (vsn: string, limit: number, config: unknown) =>
    contentOf(vsn, { shop: { vsn: '1.0.0', app: { env: { limit, other: 1 } } } }, { config })
  const covered = await readSides(content('1', 1, { shop: { limit: 9 } }), content('2', 2, { shop: { limit: 9 } }))
  assert.equal(diffReleases(covered.old, covered.next).config, [])
  const told = await readSides(content('1', 1, {}), content('2', 1, { shop: { limit: 9 } }))
  assert.equal(
    diffReleases(told.old, told.next).config.map(({ key, old, new: next }) => [key, old, next]),
    [['limit', 1, 9]],
  )
})

test.run()
