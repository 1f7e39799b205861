import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  type AssembledRelease,
  readAssembled,
  releaseRelup,
  type TopRelease,
} from '../../../cli/release/release_relup.js'
import { completeApp } from '../../../schemas/app_resource.js'
import type { Appup } from '../../../schemas/types.js'
import { tempFolder } from '../../support/temp_folder.js'

const test = suite('release/release_relup')

const rel = (vsn: string, shop = vsn) => ({
  name: 'shop',
  vsn,
  erts: '20.20.2',
  applications: [
    { name: 'kernel', vsn: '1.0.0' },
    { name: 'stdlib', vsn: '1.0.0' },
    { name: 'sasl', vsn: '1.0.0' },
    { name: 'shop', vsn: shop },
  ],
})

const app = (name: string, vsn: string) => ({
  name,
  app: completeApp({ name, vsn, modules: [name], applications: name === 'kernel' ? [] : ['kernel'] }),
})

const base = (vsn: string): AssembledRelease => ({
  rel: rel(vsn),
  apps: [app('kernel', '1.0.0'), app('stdlib', '1.0.0'), app('sasl', '1.0.0'), app('shop', vsn)],
})

/** Release 1.2.0, whose shop can be reached from these versions. */
function top(...from: readonly string[]): TopRelease {
  const instructions = [{ op: 'load_module', module: 'shop' }] as const
  const appup: Appup = {
    vsn: '1.2.0',
    up: from.map((vsn) => ({ from: vsn, instructions })),
    down: from.map((vsn) => ({ to: vsn, instructions })),
  }
  return { ...base('1.2.0'), appups: { 'shop-1.2.0': { file: 'apps/shop/appup.json', appup } } }
}

function outcome(release: TopRelease, assembled: readonly AssembledRelease[], wanted: readonly string[] = []) {
  const result = releaseRelup(release, assembled, wanted, '_build/rel/shop')
  if (!result.ok) return { faults: result.error.map(({ tag, message }) => [tag, message]) }
  const { relup, bases, warnings } = result.value
  return {
    bases,
    up: relup?.up.map(({ from }) => from).sort(),
    down: relup?.down.map(({ to }) => to).sort(),
    warnings: warnings.map(({ tag }) => tag),
  }
}

test('every older version with a way in the appups is in it, newest first', () => {
  assert.equal(outcome(top('1.0.0', '1.1.0'), [base('1.0.0'), base('1.1.0'), base('2.0.0')]), {
    bases: ['1.1.0', '1.0.0'],
    up: ['1.0.0', '1.1.0'],
    down: ['1.0.0', '1.1.0'],
    warnings: [],
  })
})

test('an older version without a way is left out', () => {
  assert.equal(outcome(top('1.1.0'), [base('1.0.0'), base('1.1.0')]), {
    bases: ['1.1.0'],
    up: ['1.1.0'],
    down: ['1.1.0'],
    warnings: [],
  })
})

test('when the newest of them has none, this is a warning', () => {
  assert.equal(outcome(top('1.0.0'), [base('1.0.0'), base('1.1.0')]), {
    bases: ['1.0.0'],
    up: ['1.0.0'],
    down: ['1.0.0'],
    warnings: ['no_relup'],
  })
})

test('the first release has none, and nothing is missed', () => {
  assert.equal(outcome(top(), []), { bases: [], up: undefined, down: undefined, warnings: [] })
})

test('upgrade_from decides alone where it is given', () => {
  assert.equal(outcome(top('1.0.0', '1.1.0'), [base('1.0.0'), base('1.1.0')], ['1.0.0']), {
    bases: ['1.0.0'],
    up: ['1.0.0'],
    down: ['1.0.0'],
    warnings: [],
  })
})

test('a version in upgrade_from that is not assembled is a fault', () => {
  assert.equal(outcome(top('1.0.0'), [base('1.0.0')], ['0.9.0']), {
    faults: [
      [
        'no_such_release',
        '"upgrade_from" names shop 0.9.0, which is not assembled in _build/rel/shop; there are: 1.0.0; build it first',
      ],
    ],
  })
})

test('a version in upgrade_from without a way is a fault of the appup', () => {
  const { faults } = outcome(top('1.1.0'), [base('1.0.0')], ['1.0.0'])
  assert.equal(
    faults?.map(([tag]) => tag),
    ['no_relup', 'no_relup'],
  )
})

test('assembled releases are read from their rel files, the one that is built left out', async () => {
  const folder = await tempFolder()
  await folder.put('releases/1.0.0/shop.rel.json', rel('1.0.0'))
  await folder.put('releases/1.1.0/shop.rel.json', rel('1.1.0'))
  await folder.put('releases/RELEASES.json', [])
  await folder.put('lib/shop-1.0.0/ebin/app.json', app('shop', '1.0.0').app)
  const found = await readAssembled(folder.dir, 'shop', '1.1.0')
  assert.equal(
    found.map(({ rel: { vsn }, apps }) => [vsn, apps.map((one) => [one.name, 'app' in one])]),
    [
      [
        '1.0.0',
        [
          ['kernel', false],
          ['stdlib', false],
          ['sasl', false],
          ['shop', true],
        ],
      ],
    ],
  )
  assert.equal(await readAssembled(folder.path('none'), 'shop', '1.1.0'), [])
  await folder.remove()
})

test.run()
