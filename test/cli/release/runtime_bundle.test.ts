import { spawnSync } from 'node:child_process'
import { cp } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { cwd, execPath, versions } from 'node:process'
import { Script } from 'node:vm'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openCache } from '../../../cli/release/cache.js'
import { bundleRuntime, type RuntimeBundle } from '../../../cli/release/runtime_bundle.js'
import * as process from '../../../runtime/erts/process.js'
import * as read from '../../../schemas/read.js'
import { tempFolder } from '../../support/temp_folder.js'

const test = suite('release/runtime_bundle')

const programOf = ({ programs }: RuntimeBundle, file: string) => programs.find((one) => one.file === file)?.code ?? ''

test('erts.js exposes each module of the runtime underneath, as one instance', async () => {
  const bundle = await bundleRuntime()
  // made, not run: it is not the program of this process
  const program = new Script(programOf(bundle, 'erts.js')).runInThisContext()
  const { main, preloaded } = program(createRequire(import.meta.url))
  assert.type(main, 'function')
  assert.equal(Object.keys(preloaded), bundle.preloaded)
  assert.equal(
    [typeof preloaded['erts/process'].spawn, typeof preloaded['schemas/read'].read],
    ['function', 'function'],
  )
  assert.is(preloaded['erts/process'].Pid, preloaded['erts/term'].Pid)
  assert.not(bundle.preloaded.some((id) => ['erts/main', 'erts/launch', 'schemas/generate'].includes(id)))
})

test('a module of the runtime has the same names in a release as among its sources', async () => {
  const bundle = await bundleRuntime()
  const { preloaded } = new Script(programOf(bundle, 'erts.js')).runInThisContext()(createRequire(import.meta.url))
  for (const [id, namespace] of Object.entries({ 'erts/process': process, 'schemas/read': read })) {
    assert.equal(Object.keys(preloaded[id]).sort(), Object.keys(namespace).sort(), id)
  }
})

test('a node that is too old is told so by the launcher, before anything else', async () => {
  const folder = await tempFolder()
  await folder.put('erts.cjs', programOf(await bundleRuntime(), 'erts.cjs'))
  const env = { RELEASE_NODE_MIN: '99.1.0', RELEASE_NAME: 'shop', RELEASE_VSN: '1.0.0' }
  const { status, stderr } = spawnSync(execPath, [folder.path('erts.cjs')], { env, encoding: 'utf8' })
  assert.is(status, 15)
  assert.is(stderr, `error: ${execPath} is version ${versions.node}; shop 1.0.0 needs 99.1.0 or later\n`)
  await folder.remove()
})

test('the launcher passes the attributes of an import on', async () => {
  assert.match(programOf(await bundleRuntime(), 'erts.cjs'), /import\(specifier, options\)/)
})

for (const [made, home] of [
  ['sources', { code: cwd(), root: cwd(), ending: '.ts' }],
  ['compiled files', { code: join(cwd(), 'dist'), root: cwd(), ending: '.js' }],
] as const)
  test(`no path of the build machine is in the programs made of ${made}, and in their source maps`, async () => {
    const { programs } = await bundleRuntime({ home })
    const texts = programs.flatMap(({ file, code, map }) => [
      [file, code],
      [`${file}.map`, map],
    ])
    assert.is(texts.length, 6)
    assert.equal(
      texts.filter(([, text]) => text?.includes(cwd())).map(([file]) => file),
      [],
    )
  })

test('where otp-rel and its packages are installed makes no difference', async () => {
  const folder = await tempFolder()
  const from = new URL('../../../', import.meta.url)
  const layouts = { clone: ['', 'node_modules'], project: ['node_modules/otp-rel', 'node_modules'] }
  const made = await Promise.all(
    Object.entries(layouts).map(async ([name, [at = '', packages = '']]) => {
      const root = folder.path(join(name, at))
      for (const part of ['cli/node', 'cli/render', 'runtime', 'schemas', 'package.json']) {
        await cp(new URL(part, from), join(root, part), { recursive: true })
      }
      await cp(new URL('node_modules/jsonc-parser', from), folder.path(join(name, packages, 'jsonc-parser')), {
        recursive: true,
      })
      return bundleRuntime({ home: { code: root, root, ending: '.ts' } })
    }),
  )
  const [one = [], other = []] = made.map(({ programs }) => programs.flatMap(({ code, map }) => [code, map]))
  assert.is(one.length, 6)
  assert.ok(one.some((text) => text.includes('otp-rel/node_modules/jsonc-parser/')))
  assert.equal(
    one.map((text, index) => text === other[index]),
    one.map(() => true),
  )
  await folder.remove()
})

test('the same sources are bundled once', async () => {
  const folder = await tempFolder()
  const cache = openCache(folder.path('cache'))
  const first = await bundleRuntime({ cache })
  const second = await bundleRuntime({ cache })
  assert.equal(second, first)
  await folder.remove()
})

test.run()
