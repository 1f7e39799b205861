import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openCache } from '../../../cli/release/cache.js'
import { packageName } from '../../../cli/release/package_folders.js'
import { formatTraceFault, type TraceFault, trace } from '../../../cli/release/trace.js'

const test = suite('release/trace')

let root = ''

test.before.each(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'otp-rel-trace-')))
})

test.after.each(() => rm(root, { recursive: true, force: true }))

const put = async (path: string, text: string) => {
  await mkdir(dirname(join(root, path)), { recursive: true })
  await writeFile(join(root, path), text)
}

/** An installed package: its manifest beside name and version, and its files. */
const install = async (at: string, manifest: Record<string, unknown>, files: Record<string, string>) => {
  const name = at.split('node_modules/').at(-1)
  await put(`${at}/package.json`, JSON.stringify({ name, version: '1.0.0', ...manifest }))
  for (const [path, text] of Object.entries(files)) await put(`${at}/${path}`, text)
}

const importOf = (specifier: string) => ({ specifier, file: join(root, 'apps/shop/src/cart.ts'), line: 3, column: 22 })

const traced = async (...specifiers: string[]) => {
  const inputs = [{ application: 'shop', dir: join(root, 'apps/shop'), imports: specifiers.map(importOf) }]
  const result = await trace(inputs)
  if (!result.ok) throw new Error(result.error.map((fault) => formatTraceFault(fault)).join('\n'))
  return result.value
}

const faultsOf = async (specifier: string) => {
  const result = await trace([{ application: 'shop', dir: join(root, 'apps/shop'), imports: [importOf(specifier)] }])
  return result.ok ? [] : result.error.map((fault) => formatTraceFault(fault).slice(root.length + 1))
}

for (const [specifier, name] of [
  ['ws', 'ws'],
  ['ws/lib/sender.js', 'ws'],
  ['@scope/name', '@scope/name'],
  ['@scope/name/deep/file.js', '@scope/name'],
] as const) {
  test(`${specifier} is of package ${name}`, () => assert.is(packageName(specifier), name))
}

test('a package travels when it is reached; its links name all that it depends on', async () => {
  await install(
    'node_modules/a',
    { dependencies: { b: '1', c: '1' } },
    { 'index.js': `require('b')`, 'other.js': `require('c')` },
  )
  await install('node_modules/b', {}, { 'index.js': '' })
  await install('node_modules/c', {}, { 'index.js': '' })
  const { packages, links } = await traced('a')
  assert.equal(
    packages.map(({ key }) => key),
    ['a@1.0.0', 'b@1.0.0'],
  )
  assert.equal(
    packages[0]?.links.map(({ name, key }) => [name, key]),
    [
      ['b', 'b@1.0.0'],
      ['c', 'c@1.0.0'],
    ],
  )
  assert.equal(
    links.get('shop')?.map(({ name, key }) => [name, key]),
    [['a', 'a@1.0.0']],
  )
})

test('an ESM-only package and a scoped one are found', async () => {
  await install(
    'node_modules/@s/esm',
    { type: 'module', exports: { import: './m.js' } },
    { 'm.js': 'export default 1' },
  )
  const { packages } = await traced('@s/esm')
  assert.equal(
    packages.map(({ key, dir }) => [key, dir]),
    [['@s/esm@1.0.0', join(root, 'node_modules/@s/esm')]],
  )
})

test('two copies of one version are one instance', async () => {
  await install('node_modules/a', { dependencies: { c: '1' } }, { 'index.js': `require('c')` })
  await install('node_modules/b', { dependencies: { c: '1' } }, { 'index.js': `require('c')` })
  await install('node_modules/a/node_modules/c', {}, { 'index.js': '' })
  await install('node_modules/b/node_modules/c', {}, { 'index.js': '' })
  const { packages } = await traced('a', 'b')
  assert.equal(
    packages.map(({ key }) => key),
    ['a@1.0.0', 'b@1.0.0', 'c@1.0.0'],
  )
})

test('two versions of a package are two instances', async () => {
  await install('node_modules/a', { dependencies: { c: '2' } }, { 'index.js': `require('c')` })
  await install('node_modules/c', {}, { 'index.js': '' })
  await install('node_modules/a/node_modules/c', { version: '2.0.0' }, { 'index.js': '' })
  const { packages } = await traced('a', 'c')
  assert.equal(
    packages.map(({ key }) => key),
    ['a@1.0.0', 'c@1.0.0', 'c@2.0.0'],
  )
  assert.equal(
    packages[0]?.links.map(({ key }) => key),
    ['c@2.0.0'],
  )
})

test('copies of one version that see different dependencies are kept apart', async () => {
  await install('node_modules/plugin', { peerDependencies: { host: '*' } }, { 'index.js': `require('host')` })
  await install('node_modules/host', {}, { 'index.js': '' })
  await install(
    'node_modules/old',
    { dependencies: { plugin: '1', host: '2' } },
    { 'index.js': `require('plugin'); require('host')` },
  )
  await install(
    'node_modules/old/node_modules/plugin',
    { peerDependencies: { host: '*' } },
    { 'index.js': `require('host')` },
  )
  await install('node_modules/old/node_modules/host', { version: '2.0.0' }, { 'index.js': '' })
  const { packages } = await traced('plugin', 'old')
  assert.equal(
    packages.map(({ key }) => key),
    ['host@1.0.0', 'host@2.0.0', 'old@1.0.0', 'plugin@1.0.0_host@1.0.0', 'plugin@1.0.0_host@2.0.0'],
  )
})

test('a linked workspace package is one like any other', async () => {
  await install('packages/shared', { name: 'shared' }, { 'index.js': `require('dep')` })
  await install('node_modules/dep', {}, { 'index.js': '' })
  await symlink(join(root, 'packages/shared'), join(root, 'node_modules/shared'))
  const { packages } = await traced('shared')
  assert.equal(
    packages.map(({ key, dir }) => [key, dir]),
    [
      ['dep@1.0.0', join(root, 'node_modules/dep')],
      ['shared@1.0.0', join(root, 'packages/shared')],
    ],
  )
})

test('the project that a linked node_modules belongs to is no package', async () => {
  await put('elsewhere/package.json', JSON.stringify({ name: 'other', version: '1.0.0' }))
  await install('elsewhere/node_modules/a', {}, { 'index.js': '' })
  await symlink(join(root, 'elsewhere/node_modules'), join(root, 'node_modules'))
  assert.equal(
    (await traced('a')).packages.map(({ key }) => key),
    ['a@1.0.0'],
  )
})

test('packages that depend on each other end', async () => {
  await install('node_modules/a', { dependencies: { b: '1' } }, { 'index.js': `require('b')` })
  await install('node_modules/b', { dependencies: { a: '1' } }, { 'index.js': `require('a')` })
  const { packages } = await traced('a')
  assert.equal(
    packages.map(({ key }) => key),
    ['a@1.0.0', 'b@1.0.0'],
  )
})

test('a package that is not installed is a fault of the importing line', async () => {
  await mkdir(join(root, 'apps/shop'), { recursive: true })
  assert.equal(await faultsOf('left-pad/x'), [
    'apps/shop/src/cart.ts:3:22: import of "left-pad/x": package "left-pad" is in no node_modules at or above the application "shop"; add it to "dependencies" of package.json and run npm install',
  ])
})

test('a package that is imported dynamically may be absent', async () => {
  const inputs = [
    { application: 'shop', dir: join(root, 'apps/shop'), imports: [{ ...importOf('left-pad'), optional: true }] },
  ]
  assert.equal(await trace(inputs), { ok: true, value: { packages: [], links: new Map([['shop', []]]), files: [] } })
})

test('an entry that a package does not export is a fault of the importing line', async () => {
  await install('node_modules/a', { exports: { '.': './index.js' } }, { 'index.js': '', 'inner.js': '' })
  assert.equal(await faultsOf('a/inner.js'), [
    'apps/shop/src/cart.ts:3:22: import of "a/inner.js": package "a" has no such entry, or its package.json does not export it',
  ])
})

test('a file that package.json leads to and that is not there is named, with the way out', async () => {
  await install('packages/shared', { name: 'shared', exports: { '.': { import: './dist/index.js' } } }, {})
  await install('node_modules/a', { main: './lib/a.js' }, {})
  await symlink(join(root, 'packages/shared'), join(root, 'node_modules/shared'))
  assert.match((await faultsOf('shared'))[0] ?? '', /packages\/shared\/dist\/index\.js is not there.*build_hooks/)
  assert.match((await faultsOf('a'))[0] ?? '', /node_modules\/a\/lib\/a\.js is not there.*install it again/)
})

test('what app.json lists travels like an import; a package alone needs no entry', async () => {
  await install('node_modules/pretty', { dependencies: { dep: '1' } }, { 'index.js': `require('dep')` })
  await install('node_modules/dep', {}, { 'index.js': '' })
  await install('node_modules/data', { exports: { './a.json': './a.json' } }, { 'a.json': '{}' })
  const listed = (specifier: string) => ({ ...importOf(specifier), path: 'packages[0]', listed: true })
  const run = async (...specifiers: string[]) =>
    trace([{ application: 'shop', dir: join(root, 'apps/shop'), imports: specifiers.map(listed) }])
  const found = await run('pretty', 'data')
  assert.equal(found.ok && found.value.packages.map(({ key }) => key), ['data@1.0.0', 'dep@1.0.0', 'pretty@1.0.0'])
  assert.equal(found.ok && found.value.links.get('shop')?.map(({ name }) => name), ['data', 'pretty'])
  const absent = await run('gone')
  assert.match(
    absent.ok ? '' : formatTraceFault(absent.error[0] as TraceFault),
    /packages\[0\]: "gone": package "gone" is in no/,
  )
})

test('a dependency that is named in peerDependenciesMeta alone is linked', async () => {
  await install('node_modules/a', { peerDependenciesMeta: { b: { optional: true } } }, { 'index.js': `require('b')` })
  await install('node_modules/b', {}, { 'index.js': '' })
  assert.equal(
    (await traced('a')).packages[0]?.links.map(({ name }) => name),
    ['b'],
  )
})

test('TypeScript that Node would have to load from a package is a fault of the import that leads there', async () => {
  await install('packages/shared', { name: 'shared', exports: './src/index.ts' }, { 'src/index.ts': 'export let a: 1' })
  await install('packages/js', { name: 'js', exports: './index.mjs' }, { 'index.mjs': `import 'shared'` })
  await install('node_modules/typed', { main: 'i.js' }, { 'i.js': 'require("./h.ts")', 'h.ts': '', 'i.d.ts': '' })
  for (const name of ['shared', 'js']) await symlink(join(root, 'packages', name), join(root, 'node_modules', name))
  for (const name of ['shared', 'js']) {
    const found = await faultsOf(name)
    assert.is(found.length, 1)
    assert.match(
      found[0] ?? '',
      new RegExp(`cart.ts:3:22: import of "${name}": .*/packages/shared/src/index.ts is Type`),
    )
  }
  assert.equal(await faultsOf('typed'), [])
})

test('a trace is remembered until a package changes', async () => {
  await install('node_modules/a', {}, { 'index.js': '' })
  await install('node_modules/b', {}, { 'index.js': '' })
  const cache = openCache(join(root, 'cache'))
  const run = async () => {
    const result = await trace([{ application: 'shop', dir: join(root, 'apps/shop'), imports: [importOf('a')] }], {
      cache,
    })
    return result.ok ? result.value.packages.map(({ key }) => key) : []
  }
  assert.equal(await run(), ['a@1.0.0'])
  assert.equal(await run(), ['a@1.0.0'])
  await install('node_modules/a', { version: '1.0.1', dependencies: { b: '1' } }, { 'index.js': `require('b')` })
  assert.equal(await run(), ['a@1.0.1', 'b@1.0.0'])
})

test('a trace that is remembered hides no file that is gone or imports something else', async () => {
  await install('packages/shared', { name: 'shared', exports: './dist/index.js' }, { 'dist/index.js': '' })
  await install('node_modules/dep', {}, { 'index.js': '' })
  await symlink(join(root, 'packages/shared'), join(root, 'node_modules/shared'))
  const cache = openCache(join(root, 'cache'))
  const run = async () => {
    const result = await trace([{ application: 'shop', dir: join(root, 'apps/shop'), imports: [importOf('shared')] }], {
      cache,
    })
    return result.ok ? result.value.packages.map(({ key }) => key) : result.error.map(({ tag }) => tag)
  }
  assert.equal(await run(), ['shared@1.0.0'])
  await put('packages/shared/dist/index.js', `require('dep')`)
  assert.equal(await run(), ['dep@1.0.0', 'shared@1.0.0'])
  await rm(join(root, 'packages/shared/dist'), { recursive: true })
  assert.equal(await run(), ['package_entry_not_found'])
})

test.run()
