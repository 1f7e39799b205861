import { pathToFileURL } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openCache } from '../../../cli/release/cache.js'
import { bundleRuntime } from '../../../cli/release/runtime_bundle.js'
import { tempFolder } from '../../support/temp_folder.js'

const test = suite('release/runtime_bundle')

test('erts.mjs exposes each module of the runtime underneath, as one instance', async () => {
  const folder = await tempFolder()
  const { erts, preloaded } = await bundleRuntime()
  await folder.put('erts.mjs', erts.code)
  // imported, not run: it is not the program of this process
  const { preloaded: modules } = await import(pathToFileURL(folder.path('erts.mjs')).href)
  assert.equal(Object.keys(modules), preloaded)
  assert.equal([typeof modules['erts/process'].spawn, typeof modules['schemas/read'].read], ['function', 'function'])
  assert.is(modules['erts/process'].Pid, modules['erts/term'].Pid)
  assert.not(preloaded.some((id: string) => id === 'erts/main' || id === 'schemas/generate'))
  await folder.remove()
})

test('no path of the build machine is in the programs', async () => {
  const { erts, nodetool } = await bundleRuntime()
  const texts = [erts.code, nodetool?.code ?? '', ...JSON.parse(erts.map).sources]
  assert.equal(
    texts.filter((text) => text.includes(process.cwd())),
    [],
  )
})

test('the same sources are bundled once', async () => {
  const folder = await tempFolder()
  const cache = openCache(folder.path('cache'))
  const first = await bundleRuntime({ cache })
  const second = await bundleRuntime({ cache })
  assert.equal([second.erts.code === first.erts.code, second.preloaded], [true, first.preloaded])
  await folder.remove()
})

test.run()
