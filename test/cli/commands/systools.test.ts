import { readdir, readFile } from 'node:fs/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { runCli } from '../../../cli/commands/run.js'
import { unpack } from '../../../runtime/sasl/src/unpack.js'
import { type TempFolder, tempFolder } from '../../support/temp_folder.js'
import { capture } from '../support/capture.js'

const test = suite('cli/commands/systools')

let folder: TempFolder

/** An application as a release has it: its resource, and a text for each module. */
async function application(name: string, vsn: string, modules: readonly string[], more: object = {}): Promise<void> {
  const ebin = `lib/${name}-${vsn}/ebin`
  const applications = ['kernel', 'stdlib'].filter((one) => one !== name && name !== 'kernel')
  await folder.put(`${ebin}/app.json`, { name, vsn, modules, applications, ...more })
  for (const module of modules) await folder.put(`${ebin}/${module}.js`, `// ${module} ${vsn}`)
}

const rel = (vsn: string, ...applications: [string, string][]) =>
  folder.put(`shop-${vsn}.rel.json`, {
    name: 'shop',
    vsn,
    erts: '20.20.2',
    applications: [['kernel', '1.0.0'], ['stdlib', '1.0.0'], ['sasl', '1.0.0'], ...applications].map(([name, of]) => ({
      name,
      vsn: of,
    })),
  })

test.before.each(async () => {
  folder = await tempFolder()
  for (const name of ['kernel', 'stdlib', 'sasl']) await application(name, '1.0.0', [name])
  await application('shop', '1.0.0', ['shop', 'price'])
  await application('shop', '2.0.0', ['shop', 'price'])
  await folder.put('lib/shop-2.0.0/ebin/appup.json', {
    vsn: '2.0.0',
    up: [{ from: '1.0.0', instructions: [{ op: 'load_module', module: 'price' }] }],
    down: [{ to: '1.0.0', instructions: [{ op: 'load_module', module: 'price' }] }],
  })
  await rel('1', ['shop', '1.0.0'])
  await rel('2', ['shop', '2.0.0'])
})
test.after.each(() => folder.remove())

async function cli(...argv: string[]) {
  const { captured, world } = capture()
  const code = await runCli(['systools', ...argv], { ...world, cwd: folder.dir })
  return { code, ...captured }
}

const made = async (file: string): Promise<Record<string, unknown>> => JSON.parse(await folder.read(file))

test('make-script: a rel file to its boot script, beside it', async () => {
  const { code, out } = await cli('make-script', 'shop-1')
  assert.equal([code, out], [0, 'shop-1.script.json is made\n'])
  const { vsn, instructions } = await made('shop-1.script.json')
  assert.is(vsn, '1')
  assert.match(JSON.stringify(instructions), /"dirs":\["\$ROOT\/lib\/shop-1\.0\.0\/ebin"\]/)
})

test('make-relup: up and down, from applications on the path', async () => {
  const { code } = await cli('make-relup', 'shop-2.rel.json', '--from', 'shop-1', '--to', 'shop-1', '--outdir', 'out')
  assert.is(code, 0)
  const { up, down } = await made('out/relup.json')
  const loads = JSON.stringify([up, down]).match(/"op":"load","module":"shop\/price"/g)
  assert.is(loads?.length, 2)
})

test('script2boot: checked, and compact', async () => {
  await cli('make-script', 'shop-1')
  assert.is((await cli('script2boot', 'shop-1')).code, 0)
  assert.is((await folder.read('shop-1.boot.json')).split('\n').length, 2)
  await folder.put('bad.script.json', '{ "name": "x", "vsn": "1",\n "instructions": [{ "op": "fly" }] }')
  const { code, err } = await cli('script2boot', 'bad')
  assert.is(code, 3)
  assert.match(err, /bad\.script\.json:2:\d+ instructions\[0\]/)
})

test('make-tar: a package that a release handler takes, appup and all', async () => {
  await cli('make-script', 'shop-2')
  await folder.put('relup.json', { vsn: '2', up: [], down: [] })
  const { code, out } = await cli('make-tar', 'shop-2', '--json')
  assert.is(code, 0, out)
  const { entries } = JSON.parse(out)
  assert.equal(entries.slice(-5), [
    'lib/shop-2.0.0/ebin/shop.js',
    'lib/shop-2.0.0/ebin/price.js',
    'releases/2/shop.rel.json',
    'releases/2/start.script.json',
    'releases/2/relup.json',
  ])
  assert.ok(entries.includes('lib/shop-2.0.0/ebin/appup.json'))
  await folder.put('node/releases/.keep', '')
  const taken = await unpack(folder.path('node'), folder.path('shop-2.tar.gz'), { admit: () => undefined })
  assert.ok(taken.ok, JSON.stringify(taken))
  assert.is(await readFile(folder.path('node/lib/shop-2.0.0/ebin/price.js'), 'utf8'), '// price 2.0.0')
})

const REFUSED: readonly (readonly [what: string, argv: readonly string[], code: number, words: RegExp])[] = [
  ['a tool that is none', ['make-scrpt', 'shop-1'], 2, /no tool "make-scrpt".*did you mean "make-script"/],
  ['a file that is not there', ['make-script', 'shop-9'], 3, /shop-9\.rel\.json is not there/],
  ['a rel file that is no JSON', ['make-script', 'broken'], 3, /broken\.rel\.json: line 1, column \d+/],
  ['no base', ['make-relup', 'shop-2'], 2, /name them with --from and --to/],
  ['no entry in the appup', ['make-relup', 'shop-1', '--from', 'shop-2'], 4, /shop/],
  ['an application that is nowhere', ['make-script', 'shop-1', '--path', 'nowhere/*'], 4, /"shop"/],
  ['no boot script', ['make-tar', 'shop-1'], 4, /no start\.script\.json or NAME\.script\.json beside it/],
]
for (const [what, argv, code, words] of REFUSED) {
  test(`refused, with nothing made: ${what}`, async () => {
    await folder.put('broken.rel.json', '{ "name": ')
    const before = (await readdir(folder.dir)).sort()
    const got = await cli(...argv)
    assert.is(got.code, code, got.err)
    assert.match(got.err, words)
    assert.equal((await readdir(folder.dir)).sort(), before)
  })
}

test('a module that is not built, and a relup that is none, are named together', async () => {
  await application('shop', '1.0.0', ['shop', 'price'])
  await cli('make-script', 'shop-1')
  await folder.put('relup.json', { vsn: '' })
  await folder.put('lib/shop-1.0.0/ebin/app.json', {
    name: 'shop',
    vsn: '1.0.0',
    modules: ['shop', 'gone'],
    applications: ['kernel', 'stdlib'],
  })
  const { code, err } = await cli('make-tar', 'shop-1')
  assert.is(code, 4)
  assert.match(err, /lib\/shop-1\.0\.0\/ebin\/gone\.js: is missing; application "shop" has to be built to be packed/)
  assert.match(err, /relup\.json: is no relup/)
})

test.run()
