/** First loads: order, sharing, failures, preloaded modules, packages, and what the linker tells of modules. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { PrepareError } from '../../../../runtime/erts/linker/linker.js'
import { inWorld, thrownBy, type World } from './world.js'

const test = suite('erts/linker load')
const check = (why: string, body: (world: World) => Promise<void>) => test(why, () => inWorld(body))

/** Names that modules pushed when they were evaluated. */
function withLog(body: (world: World, log: unknown[]) => Promise<void>) {
  return async (world: World) => {
    const log: unknown[] = []
    Reflect.set(globalThis, 'linkerTestLog', log)
    await body(world, log).finally(() => Reflect.deleteProperty(globalThis, 'linkerTestLog'))
  }
}
const logs = (name: string, rest = '') =>
  `${rest}\nglobalThis.linkerTestLog.push('${name}')\nexport const name = '${name}'`

check(
  'modules are evaluated once, dependencies first, in the order of the imports',
  withLog(async (world, log) => {
    await world.start(
      {
        'a/top': logs('top', `import './left.js'\nimport './right.js'`),
        'a/left': logs('left', `import './low.js'`),
        'a/right': logs('right', `import './low.js'\nimport 'node:fs'`),
        'a/low': logs('low'),
        'a/alone': logs('alone'),
      },
      ['a/right', 'a/top', 'a/alone', 'a/low'],
    )
    assert.equal(log, ['low', 'right', 'left', 'top', 'alone'])
    await world.linker.load(['a/top'])
    assert.is(log.length, 5)
  }),
)

check(
  'concurrent loads share one evaluation, and each waits for what it needs',
  withLog(async (world, log) => {
    world.write(1, {
      'a/slow': logs('slow', 'await new Promise((resolve) => setImmediate(resolve))'),
      'a/x': logs('x', `import './slow.js'`),
      'a/y': logs('y', `import './slow.js'\nimport './x.js'`),
    })
    const loading = world.linker.load(['a/x'])
    assert.is(world.linker.isLoaded('a/x'), false)
    await Promise.all([loading, world.linker.load(['a/y']), world.linker.load(['a/slow', 'a/x'])])
    assert.equal(log, ['slow', 'x', 'y'])
  }),
)

check(
  'a module may import another of the same load while it awaits',
  withLog(async (world, log) => {
    await world.start({ 'a/first': logs('first', `await import('./second.js')`), 'a/second': logs('second') })
    assert.equal(log, ['second', 'first'])
  }),
)

check('a failing load keeps what it had loaded before, and can be repeated', async (world) => {
  Reflect.set(globalThis, 'linkerTestFails', true)
  world.write(1, {
    'a/good': 'export const ok = 1',
    'a/bad': `import './good.js'\nexport const v = 1\nif (globalThis.linkerTestFails) throw new RangeError('not now')`,
    'a/user': `import { v } from './bad.js'\nexport const run = () => v`,
  })
  const error = await thrownBy(() => world.linker.load(['a/good', 'a/user']))
  assert.ok(error instanceof PrepareError && error.cause instanceof RangeError)
  assert.equal(world.linker.loaded(), ['a/good'])
  assert.is(world.linker.facade('a/bad'), undefined)
  Reflect.deleteProperty(globalThis, 'linkerTestFails')
  await world.linker.load(['a/user'])
  assert.is(world.call('a/user', 'run'), 1)
})

check('import() rejects with what the module itself threw, and with a code when there is none', async (world) => {
  await world.start(
    { 'a/bad': `throw new RangeError('mine')`, 'a/a': 'export const load = (s: string) => import(s)' },
    ['a/a'],
  )
  const thrown = await thrownBy(() => world.call('a/a', 'load', './bad.js'))
  assert.ok(thrown instanceof RangeError)
  const missing = await thrownBy(() => world.call('a/a', 'load', './none.js'))
  assert.ok(missing instanceof PrepareError)
  assert.is(missing.code, 'ERR_MODULE_NOT_FOUND')
})

check('import() by computed specifiers: own modules, other applications, built-ins, packages', async (world) => {
  const source =
    'export const load = (s: string, o?: object) => import(s, o), resolve = (s: string) => import.meta.resolve(s)'
  await world.start(
    { 'a/sub/a': source, 'a/up': 'export const n = 1', 'b/b': 'export const n = 2', 'a/j.json': '[3]' },
    ['a/sub/a'],
  )
  const load = async (specifier: string, options?: object) =>
    (await world.call('a/sub/a', 'load', specifier, options)) as Record<string, unknown>
  assert.is((await load('../up.js')).n, 1)
  assert.is((await load('b')).n, 2)
  assert.is(await load('b/b'), await load('b'))
  assert.equal((await load('../j.json', { with: { type: 'json' } })).default, [3])
  assert.is((await load('fs')).readFileSync, (await import('node:fs')).readFileSync)
  assert.is((await load('data:text/javascript,export const n = 4')).n, 4)
  assert.is(world.call('a/sub/a', 'resolve', 'fs'), 'node:fs')
})

check('npm packages are imported through the anchor, and their names are checked', async (world) => {
  const dir = join(world.dir('a', 1), 'node_modules', 'pkg')
  mkdirSync(dir, { recursive: true })
  writeFileSync(
    join(dir, 'package.json'),
    '{"name":"pkg","type":"module","exports":{"import":"./m.js","require":"./none.cjs"}}',
  )
  writeFileSync(join(dir, 'm.js'), 'export let n = 1; export const inc = () => ++n; export default "d"')
  await world.start({
    'a/a': `import d, { n, inc } from 'pkg'\nexport { n } from 'pkg'\nexport const run = () => [d, n, inc(), n]\nexport const url = () => import.meta.resolve('pkg')`,
    'a/b': `export * from './a.js'`,
  })
  assert.equal(world.call('a/a', 'run'), ['d', 1, 2, 2])
  assert.is(world.facade('a/b').n, 2, 'live through two re-exports')
  assert.match(String(world.call('a/a', 'url')), /\/node_modules\/pkg\/m\.js$/)
  world.write(1, { 'a/c': `import { gone } from 'pkg'\nexport { gone }` })
  const error = await thrownBy(() => world.linker.load(['a/c']))
  assert.ok(error instanceof PrepareError)
  assert.is(error.problems[0]?.tag, 'missing_export')
})

check('preloaded modules are imported like others, with their values as constants', async (world) => {
  const self = () => 'pid'
  world.linker.registerPreloaded('erts/process', () => ({ self, default: 1 }))
  await world.start({
    'a/a': `import { self } from 'erts/process'\nimport * as all from 'erts/process'\nexport * from 'erts/process'\nexport { self as me } from 'erts/process'\nexport const run = () => [self(), all.self === self]`,
  })
  assert.equal(world.call('a/a', 'run'), ['pid', true])
  assert.equal(Object.keys(world.facade('a/a')), ['me', 'run', 'self'])
  assert.is(world.facade('a/a').me, self)
  assert.is(world.linker.isLoaded('erts/process'), true)
  assert.equal(Object.getOwnPropertyDescriptor(world.facade('erts/process'), 'self'), {
    value: self,
    writable: false,
    enumerable: true,
    configurable: false,
  })
})

test('every module is announced once, before its code first runs', () => {
  const seen: string[] = []
  return inWorld(
    async (world) => {
      world.linker.registerPreloaded('erts/x', () => ({}))
      await world.start({
        'a/a': `import 'erts/x'\nimport './b.js'\nimport * as self from './a.js'\nglobalThis.linkerTestSeen = [...globalThis.linkerTestSeen]\nexport { self }`,
        'a/b': 'export const v = 1',
      })
      const order = Reflect.get(globalThis, 'linkerTestSeen') as string[]
      assert.equal([...order].sort(), ['a/a', 'a/b', 'erts/x'])
      await world.upgrade(2, { 'a/b': 'export const v = 2' })
      assert.is(seen.length, 3)
      Reflect.deleteProperty(globalThis, 'linkerTestSeen')
    },
    {
      onFacade: (id) => {
        seen.push(id)
        Reflect.set(globalThis, 'linkerTestSeen', seen)
      },
    },
  )
})

check('versions tell where they come from, and are compared by identity', async (world) => {
  await world.start({ 'a/b': 'export const v = 1' })
  const first = world.linker.current('a/b')
  assert.equal(
    [first?.id, first?.serial, first?.dir, first?.file],
    ['a/b', 1, world.dir('a', 1), `${world.dir('a', 1)}/ebin/b.js`],
  )
  assert.is(world.linker.versionOf(world.facade('a/b')), first)
  await world.upgrade(2, { 'a/b': 'export const v = 2' })
  assert.is(world.linker.old('a/b'), first)
  assert.is(world.linker.versionOf(world.facade('a/b')), world.linker.current('a/b'))
  assert.is(world.linker.versionToken('a/b', 'old'), first?.token)
  assert.is.not(world.linker.versionToken('a/b'), first?.token)
  assert.is(world.linker.current('a/none'), undefined)
  assert.is(world.linker.versionOf({}), undefined)
})

test.run()
