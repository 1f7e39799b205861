/** What facades show when names, kinds and origins of exports change between versions. */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { inWorld, type World } from './world.js'

const test = suite('erts/linker bindings')
const check = (why: string, body: (world: World) => Promise<void>) => test(why, () => inWorld(body))

check('a chain of two export * follows a binding from let to const and back', async (world) => {
  const low = (kind: string, n: number) =>
    `export ${kind} v = ${n}; ${kind === 'let' ? 'export const set = (x: number) => { v = x }' : ''}`
  await world.start({
    'a/low': low('let', 1),
    'a/mid': `export * from './low.js'`,
    'a/top': `export * from './mid.js'`,
    'a/a': `import { v } from './top.js'\nexport const run = () => v`,
  })
  world.call('a/low', 'set', 5)
  assert.is(world.call('a/a', 'run'), 5)
  await world.upgrade(2, { 'a/low': low('const', 2) })
  assert.is(world.call('a/a', 'run'), 2)
  assert.equal(Object.keys(world.facade('a/top')), ['v'])
  await world.upgrade(3, { 'a/low': low('let', 3) })
  world.call('a/low', 'set', 6)
  assert.is(world.call('a/a', 'run'), 6)
  assert.equal(Object.keys(world.facade('a/top')), ['set', 'v'])
})

check('the middle of a chain is replaced, and the end follows', async (world) => {
  await world.start({
    'a/low': 'export const f = () => "low", g = 1',
    'a/other': 'export const f = () => "other", h = 1',
    'a/mid': `export * from './low.js'`,
    'a/top': `export * from './mid.js'`,
    'a/a': `import { f } from './top.js'\nexport const run = () => f()`,
  })
  assert.is(world.call('a/a', 'run'), 'low')
  await world.upgrade(2, { 'a/mid': `export * from './other.js'` })
  assert.is(world.call('a/a', 'run'), 'other')
  assert.equal(Object.keys(world.facade('a/top')), ['f', 'h'])
  await world.upgrade(3, { 'a/other': 'export const f = () => "other 3", h = 1' })
  assert.is(world.call('a/a', 'run'), 'other 3')
  await world.upgrade(4, { 'a/low': 'export const f = () => "low 4", g = 1' })
  assert.is(world.call('a/a', 'run'), 'other 3', 'nothing comes from the module left behind')
})

check('an alias that moves to another module is followed by the barrel above it', async (world) => {
  await world.start({
    'a/x': 'export const f = () => "x"',
    'a/y': 'export const f = () => "y"',
    'a/alias': `export { f } from './x.js'`,
    'a/top': `export * from './alias.js'`,
    'a/a': `import { f } from './top.js'\nexport const run = () => f()`,
  })
  await world.upgrade(2, { 'a/alias': `export { f } from './y.js'` })
  assert.is(world.call('a/a', 'run'), 'y')
  await world.upgrade(3, { 'a/y': 'export const f = () => "y3"' })
  assert.is(world.call('a/a', 'run'), 'y3')
  await world.upgrade(4, { 'a/alias': `export const f = () => 'own'` })
  assert.is(world.call('a/a', 'run'), 'own')
})

check('a name that is removed and comes back is there again', async (world) => {
  await world.start({
    'a/b': 'export const f = () => 1, g = () => 1',
    'a/top': `export * from './b.js'`,
    'a/a': `import * as top from './top.js'\nexport const run = () => [typeof top.g, top.g?.()]`,
  })
  await world.upgrade(2, { 'a/b': 'export const f = () => 2' })
  assert.equal(world.call('a/a', 'run'), ['undefined', undefined])
  await world.upgrade(3, { 'a/b': 'export const f = () => 3, g = () => 3' })
  assert.equal(world.call('a/a', 'run'), ['function', 3])
})

check('a name that two stars give is ambiguous and absent, until one of them lets go', async (world) => {
  await world.start({
    'a/x': 'export const f = 1, only = 1',
    'a/y': 'export const f = 2',
    'a/top': `export * from './x.js'\nexport * from './y.js'`,
    'a/a': `import * as top from './top.js'\nexport const run = () => Object.entries(top)`,
  })
  assert.equal(world.call('a/a', 'run'), [['only', 1]])
  await world.upgrade(2, { 'a/x': 'export const only = 2' })
  assert.equal(world.call('a/a', 'run'), [
    ['f', 2],
    ['only', 2],
  ])
})

check('900 exports are bound, through a barrel as well, before and after an upgrade', async (world) => {
  const many = (n: number) => Array.from({ length: 900 }, (_, i) => `export const f${i} = () => ${n}${i}`).join('\n')
  await world.start({ 'a/many': many(1), 'a/top': `export * from './many.js'` })
  for (const n of [1, 2]) {
    if (n === 2) await world.upgrade(2, { 'a/many': many(2) })
    for (const id of ['a/many', 'a/top']) {
      assert.is(Object.keys(world.facade(id)).length, 900)
      assert.is(world.call(id, 'f899'), n * 1000 + 899)
    }
  }
})

check('a removed module leaves its barrel, and is bound again when it comes back', async (world) => {
  await world.start({ 'a/b': 'export const f = () => 1', 'a/top': `export * from './b.js'\nexport const own = 1` })
  world.linker.remove('a/b')
  assert.equal(Object.keys(world.facade('a/top')), ['own'])
  world.linker.purge('a/b')
  await world.upgrade(2, { 'a/b': 'export const f = () => 2, g = 1' })
  assert.equal(Object.keys(world.facade('a/top')), ['f', 'g', 'own'])
  assert.is(world.call('a/top', 'f'), 2)
})

check('re-exports of built-ins stay live', async (world) => {
  await world.start({
    'a/b': `export { sep, join as default } from 'node:path'\nexport * from 'node:querystring'\nexport * as os from 'node:os'`,
    'a/a': `import join, { sep, parse, os } from './b.js'\nexport const run = () => [join('a', 'b'), sep, parse('a=1').a, typeof os.cpus]`,
  })
  assert.equal(world.call('a/a', 'run'), ['a/b', '/', '1', 'function'])
})

check('a facade looks like a namespace: no prototype, its tag, and no writing', async (world) => {
  await world.start({
    'a/b': 'export const f = 1',
    'a/a': `import * as b from './b.js'\nexport const run = () => { (b as { f: number }).f = 2 }`,
  })
  const facade = world.facade('a/b')
  assert.is(Object.getPrototypeOf(facade), null)
  assert.is(Object.prototype.toString.call(facade), '[object Module]')
  assert.throws(() => world.call('a/a', 'run'), /Cannot assign to read only property 'f'/)
})

check('an assignment to an import is a TypeError', async (world) => {
  // Written without a compiler, which would refuse it.
  await world.start({
    'a/b': 'export const f = 1',
    'a/a': `import { f } from './b.js'\nexport const run = () => { f = 2 }`,
  })
  assert.throws(() => world.call('a/a', 'run'), /Assignment to constant variable 'f'/)
})

check('names of a barrel in a cycle are bound before it has evaluated, and constant afterwards', async (world) => {
  await world.start(
    {
      'a/index': `export * from './one.js'\nexport * from './two.js'`,
      'a/one': `import * as all from './index.js'\nimport { two } from './index.js'\nexport function one() { return two() }\nexport const keys = Object.keys(all)`,
      'a/two': `import { one } from './index.js'\nexport function two() { return 2 }\nexport const through = one()`,
    },
    ['a/index'],
  )
  assert.equal(world.facade('a/index').keys, ['keys', 'one', 'through', 'two'])
  assert.is(world.facade('a/index').through, 2)
  for (const name of Object.keys(world.facade('a/index'))) {
    assert.ok('value' in (Object.getOwnPropertyDescriptor(world.facade('a/index'), name) ?? {}), `${name} is data`)
  }
})

test('facades are in fast mode after every kind of change, with constant data properties', () => {
  const child = fileURLToPath(new URL('./children/fast_properties.ts', import.meta.url))
  const out = execFileSync(process.execPath, ['--allow-natives-syntax', '--import', 'tsx', child], { encoding: 'utf8' })
  const slow = Object.entries(JSON.parse(out) as Record<string, boolean>).filter(([, fast]) => !fast)
  assert.equal(slow, [])
  assert.ok(Object.keys(JSON.parse(out)).length > 15)
})

test.run()
