import { relative } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { CompiledApplication } from '../../../cli/release/compiled.js'
import { whyApplication, whyPackage } from '../../../cli/release/why.js'
import { plain } from '../../../cli/render/style.js'
import { whyLines } from '../../../cli/render/why.js'
import { configOf, discovered, fixture, releaseOf } from './fixtures.js'

const test = suite('cli/release/why')

async function why(name: string): Promise<string[] | undefined> {
  const release = await releaseOf('good_project')
  if (!release.ok) throw new Error('good_project is good')
  const found = whyApplication(name, await configOf('good_project'), await discovered('good_project'), release.value)
  const root = fixture('good_project')
  return found === undefined
    ? undefined
    : whyLines(found, 'shop 1.0.0', plain).map((line) =>
        line
          .replaceAll(`${root}/`, '')
          .replace(/\S*runtime_apps/, 'runtime')
          .replaceAll(/ +/g, ' ')
          .trim(),
      )
}

// application, lines, why
const ASKED = [
  [
    'shop',
    [
      'shop 1.0.0 is in shop 1.0.0',
      '1 release "shop" asks for shop otp.config.json:2:75',
      'version 1.0.0 is the only one found, from apps/shop',
    ],
    'a goal',
  ],
  [
    'mail',
    [
      'mail 1.4.0 is in shop 1.0.0',
      '1 release "shop" asks for shop otp.config.json:2:75',
      '"shop" 1.0.0 needs mail ^1.0.0 apps/shop/app.json:4:48',
      'version 1.4.0 is the only one found, from packages/mail',
    ],
    'by way of another, with the range and the place',
  ],
  ['nothing', undefined, 'what is not there'],
] as const
for (const [name, lines, rule] of ASKED) {
  test(rule, async () => assert.equal(await why(name), lines))
}

test('kernel is in every release; who else needs it is told', async () => {
  const lines = (await why('kernel')) ?? []
  assert.is(lines[1], '1 every release has kernel')
  assert.match(lines[2] ?? '', /^also "stdlib" 1\.0\.0 needs kernel runtime\/stdlib\/app\.json:\d+:\d+$/)
})

const place = { file: 'a.ts', line: 1, column: 2 }
const application = (...uses: (readonly [module: string, specifier: string])[]): CompiledApplication => ({
  name: 'shop',
  vsn: '1.0.0',
  modules: uses.map(([name, specifier]) => ({
    application: 'shop',
    name,
    id: `shop/${name}`,
    source: '',
    file: '',
    code: '',
    map: undefined,
    meta: undefined,
    packages: [{ specifier, optional: false, ...place }],
  })),
})
const traced = (needs: Readonly<Record<string, readonly string[]>>, linked: readonly string[]) => ({
  packages: Object.entries(needs).map(([name, links]) => ({
    name,
    version: '1.0.0',
    key: `${name}@1.0.0`,
    dir: `node_modules/${name}`,
    links: links.map((one) => ({ name: one, key: `${one}@1.0.0`, package: one })),
  })),
  files: [],
  links: new Map([['shop', linked.map((name) => ({ name, key: `${name}@1.0.0`, package: name }))]]),
})

test('a package by way of packages: the shortest ways alone, and what is not carried leads nowhere', () => {
  const needs = { a: ['b', 'c', 'not_carried'], b: ['c'], c: ['d'], d: ['a'] }
  const found = whyPackage(
    'd',
    [application(['one', 'a/sub'], ['two', 'c'], ['three', 'c'])],
    traced(needs, ['a', 'c']),
  )
  assert.equal(
    found?.ways.map((way) => way.map(({ by, how, asks }) => `${by} ${how} ${asks}`)),
    [
      ['shop/two imports c@1.0.0', 'c@1.0.0 needs d@1.0.0'],
      ['shop/three imports c@1.0.0', 'c@1.0.0 needs d@1.0.0'],
    ],
  )
  assert.is(found?.more, 0)
  assert.is(whyPackage('not_carried', [application(['one', 'a'])], traced(needs, ['a'])), undefined)
})

test('a package that app.json lists is needed by its application', () => {
  const packages = [{ specifier: 'a', listed: true, ...place, path: 'packages[0]' }]
  const found = whyPackage('a', [application()], traced({ a: [] }, ['a']), [{ name: 'shop', vsn: '1.0.0', packages }])
  assert.equal(
    found?.asked.map(({ by, how, asks, place: at }) => [by, how, asks, at?.path]),
    [['"shop" 1.0.0', 'needs', 'a@1.0.0', 'packages[0]']],
  )
})

test('ways are many, and counted without being written out', () => {
  const wide = Array.from({ length: 30 }, (_, index) => `m${index}`)
  const found = whyPackage('c', [application(...wide.map((name) => [name, 'c'] as const))], traced({ c: [] }, ['c']))
  assert.equal([found?.ways.length, found?.more], [10, 20])
  assert.ok(
    found !== undefined &&
      whyLines(found, 'shop 1.0.0', plain).some((line) => line.includes('and 20 other ways as short')),
  )
})

test('places are those of the files', async () => {
  const release = await releaseOf('good_project')
  if (!release.ok) throw new Error('good_project is good')
  const found = whyApplication('cart', await configOf('good_project'), await discovered('good_project'), release.value)
  const files = found?.ways.flat().map(({ place: at }) => relative(fixture('good_project'), at?.file ?? ''))
  assert.equal(files, ['otp.config.json', 'apps/shop/app.json'])
})

test.run()
