/** What a reference to another module means, before and after an upgrade: the reference's 26 checks. */
import { dirname } from 'node:path'
import { pathToFileURL } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { PrepareError } from '../../../../runtime/erts/linker/linker.js'
import { inWorld, thrownBy, type World } from './world.js'

const test = suite('erts/linker semantics')

const check = (why: string, body: (world: World) => Promise<void>) => test(why, () => inWorld(body))

check('a named import reaches the current version at each use', async (world) => {
  await world.start({
    'a/b': 'export const f = () => 1',
    'a/a': `import { f } from './b.js'\nexport const run = () => f()`,
  })
  assert.is(world.call('a/a', 'run'), 1)
  await world.upgrade(2, { 'a/b': 'export const f = () => 2' })
  assert.is(world.call('a/a', 'run'), 2)
})

check('a namespace import reaches the current version at each use', async (world) => {
  await world.start({
    'a/b': 'export function f() { return 1 }',
    'a/a': `import * as b from './b.js'\nexport const run = () => b.f()`,
  })
  await world.upgrade(2, { 'a/b': 'export function f() { return 2 }' })
  assert.is(world.call('a/a', 'run'), 2)
})

check('a default import reaches the current version at each use', async (world) => {
  await world.start({
    'a/b': 'export default () => 1',
    'a/a': `import f from './b.js'\nexport const run = () => f()`,
  })
  await world.upgrade(2, { 'a/b': 'export default function () { return 2 }' })
  assert.is(world.call('a/a', 'run'), 2)
})

check('re-exports have the current value', async (world) => {
  await world.start({
    'a/b': 'export const f = () => 1; export const g = () => 1',
    'a/all': `export * from './b.js'\nexport { g as h, f as default } from './b.js'\nexport * as ns from './b.js'`,
    'a/a': `import d, { f, h, ns } from './all.js'\nexport const run = () => [f(), h(), ns.f(), d()]`,
  })
  await world.upgrade(2, { 'a/b': 'export const f = () => 2; export const g = () => 3' })
  assert.equal(world.call('a/a', 'run'), [2, 3, 2, 2])
})

check('names added and removed are seen through export *', async (world) => {
  await world.start({
    'a/b': 'export const f = 1, g = 1',
    'a/all': `export * from './b.js'`,
    'a/a': `import * as all from './all.js'\nexport const run = () => Object.entries(all)`,
  })
  await world.upgrade(2, { 'a/b': 'export const e = 2, f = 2' })
  assert.equal(world.call('a/a', 'run'), [
    ['e', 2],
    ['f', 2],
  ])
})

check('an added export is usable by an importer loaded later', async (world) => {
  await world.start({ 'a/b': 'export const f = () => 1', 'a/a': `import './b.js'\nexport const run = () => 1` })
  await world.upgrade(2, {
    'a/b': 'export const f = () => 2, added = () => 3',
    'a/a': `import { added } from './b.js'\nexport const run = () => added()`,
  })
  assert.is(world.call('a/a', 'run'), 3)
})

check('an added export is seen by import * of an importer that was there before', async (world) => {
  await world.start({
    'a/b': 'export const f = () => 1',
    'a/a': `import * as b from './b.js'\nexport const run = (n: string) => (b as Record<string, () => unknown>)[n]?.()`,
  })
  assert.is(world.call('a/a', 'run', 'added'), undefined)
  await world.upgrade(2, { 'a/b': 'export const f = () => 2; export const added = () => 3' })
  assert.is(world.call('a/a', 'run', 'added'), 3)
})

check('a removed export is a TypeError at the call, and its name is gone', async (world) => {
  await world.start({
    'a/b': 'export const f = () => 1, g = () => 1',
    'a/a': `import { g } from './b.js'\nimport * as b from './b.js'\nexport const run = () => g(), has = () => 'g' in b`,
  })
  await world.upgrade(2, { 'a/b': 'export const f = () => 2' })
  const error = await thrownBy(() => world.call('a/a', 'run'))
  assert.ok(error instanceof TypeError)
  assert.match(error.message, /\$b\.g\) is not a function/)
  assert.is(world.call('a/a', 'has'), false)
})

check('keys, spread and "in" are right after an upgrade, in order of names', async (world) => {
  await world.start({
    'a/b': 'export const b = 1, d = 1',
    'a/a': `import * as m from './b.js'\nexport const run = () => [Object.keys(m), { ...m }, 'a' in m, 'd' in m]`,
  })
  await world.upgrade(2, { 'a/b': 'export const c = 2, a = 2, b = 2' })
  assert.equal(world.call('a/a', 'run'), [['a', 'b', 'c'], { a: 2, b: 2, c: 2 }, true, false])
})

const CYCLE = (n: number) => ({
  'a/x': `import { late, g } from './y.js'
    export function hoisted() { return 'x${n}' }
    export const value = 'v${n}'
    export const seen = [late, g()]`,
  'a/y': `import { hoisted, value } from './x.js'
    export const early = hoisted()
    let tdz = 'none'
    try { void value } catch (e) { tdz = (e as Error).name }
    export { tdz }
    export const late = 'late${n}'
    export const g = () => value`,
})

check('in a cycle hoisted functions can be called and the rest is in its dead zone', async (world) => {
  await world.start(CYCLE(1), ['a/x'])
  assert.is(world.facade('a/y').early, 'x1')
  assert.is(world.facade('a/y').tdz, 'ReferenceError')
  assert.equal(world.facade('a/x').seen, ['late1', 'v1'])
})

check('a cycle is upgraded member by member, each seeing the other as it is then', async (world) => {
  await world.start(CYCLE(1), ['a/x'])
  await world.upgrade(2, CYCLE(2))
  assert.equal(world.facade('a/x').seen, ['late1', 'v1'], 'x came first and saw the y of version 1, whose x was v1')
  assert.is(world.facade('a/y').early, 'x2')
  assert.is(world.facade('a/y').tdz, 'none')
  assert.is(world.call('a/y', 'g'), 'v2')
})

check('an import from another application reaches its current version', async (world) => {
  await world.start({
    'b/m': 'export const f = () => 1',
    'b/b': 'export const f = () => 10',
    'a/a': `import { f } from 'b/m'\nimport * as b from 'b'\nexport const run = () => f() + b.f()`,
  })
  assert.is(world.call('a/a', 'run'), 11)
  await world.upgrade(2, { 'b/m': 'export const f = () => 2', 'b/b': 'export const f = () => 20' })
  assert.is(world.call('a/a', 'run'), 22)
})

check('references inside a module stay on their version: closures and suspended calls', async (world) => {
  const source = (n: number) => `
    const inner = () => ${n}
    export const closure = () => () => inner()
    export async function waits(gate: Promise<unknown>) { await gate; return inner() }`
  await world.start({ 'a/b': source(1) })
  const closure = world.call('a/b', 'closure') as () => number
  let open = (_: unknown) => {}
  const suspended = world.call(
    'a/b',
    'waits',
    new Promise((resolve) => {
      open = resolve
    }),
  )
  await world.upgrade(2, { 'a/b': source(2) })
  open(0)
  assert.equal([closure(), await suspended], [1, 1])
  assert.is(await world.call('a/b', 'waits', 0), 2)
})

check('an import of itself is a fully qualified call', async (world) => {
  const source = (n: number) => `
    import * as self from './b.js'
    export const f = () => ${n}
    export const loop = () => () => [self.f(), f()]`
  await world.start({ 'a/b': source(1) })
  const old = world.call('a/b', 'loop') as () => number[]
  assert.equal(old(), [1, 1])
  await world.upgrade(2, { 'a/b': source(2) })
  assert.equal(old(), [2, 1])
})

check('importers see an exported let change', async (world) => {
  await world.start({
    'a/b': 'export let n = 0; export const inc = () => ++n',
    'a/all': `export { n as count } from './b.js'`,
    'a/a': `import { n } from './b.js'\nimport { count } from './all.js'\nexport const run = () => [n, count]`,
  })
  world.call('a/b', 'inc')
  assert.equal(world.call('a/a', 'run'), [1, 1])
  await world.upgrade(2, { 'a/b': 'export let n = 10; export const inc = () => ++n' })
  world.call('a/b', 'inc')
  assert.equal(world.call('a/a', 'run'), [11, 11])
})

check('an old version that changes its let is not seen', async (world) => {
  const source = 'export let n = 0; export const incrementer = () => () => ++n'
  await world.start({ 'a/b': source, 'a/a': `import { n } from './b.js'\nexport const run = () => n` })
  const increment = world.call('a/b', 'incrementer') as () => number
  await world.upgrade(2, { 'a/b': source })
  assert.is(increment(), 1)
  assert.is(world.call('a/a', 'run'), 0)
})

check('top-level await works, at first load and at an upgrade', async (world) => {
  const source = (n: number) => `export const v = await Promise.resolve(${n})`
  await world.start({ 'a/b': source(1), 'a/a': `import { v } from './b.js'\nexport const run = () => v` }, ['a/a'])
  assert.is(world.call('a/a', 'run'), 1)
  await world.upgrade(2, { 'a/b': source(2) })
  assert.is(world.call('a/a', 'run'), 2)
})

check('a JSON module is upgraded like code', async (world) => {
  await world.start({
    'a/conf.json': '{ "v": 1 }',
    'a/a': `import conf from './conf.json' with { type: 'json' }\nexport const run = () => conf.v`,
  })
  await world.upgrade(2, { 'a/conf.json': '{ "v": 2 }' })
  assert.is(world.call('a/a', 'run'), 2)
})

check('a dynamic import gives the current version, and a namespace held stays current', async (world) => {
  await world.start(
    {
      'a/b': 'export const f = () => 1',
      'a/a': `export const run = () => import('./b.js')\nexport const any = (s: string) => import(s)`,
    },
    ['a/a'],
  )
  assert.is(world.linker.isLoaded('a/b'), false)
  const held = (await world.call('a/a', 'run')) as { f(): number }
  assert.is(held.f(), 1)
  await world.upgrade(2, { 'a/b': 'export const f = () => 2' })
  assert.is(held.f(), 2)
  assert.is(await world.call('a/a', 'any', './b.js'), held)
  assert.is(typeof ((await world.call('a/a', 'any', 'node:fs')) as { readFileSync: unknown }).readFileSync, 'function')
})

check('import.meta is of the version itself', async (world) => {
  const source = `export const run = () => [import.meta.url, import.meta.filename, import.meta.dirname, import.meta.resolve('./other.js')]`
  for (const version of [1, 2]) {
    if (version === 1) await world.start({ 'a/sub/b': source })
    else await world.upgrade(2, { 'a/sub/b': source })
    const file = `${world.dir('a', version)}/ebin/sub/b.js`
    const other = pathToFileURL(`${world.dir('a', 1)}/ebin/sub/other.js`).href // fileOf still leads to version 1
    assert.equal(world.call('a/sub/b', 'run'), [pathToFileURL(file).href, file, dirname(file), other])
  }
})

check('a new version that throws leaves the old one', async (world) => {
  await world.start({
    'a/b': 'export const f = () => 1',
    'a/a': `import { f } from './b.js'\nexport const run = () => f()`,
  })
  world.write(2, { 'a/b': `export const f = () => 2\nthrow new RangeError('no')` })
  const prepared = await world.prepare(2, ['a/b'])
  const error = await thrownBy(() => world.linker.swap(prepared, 'a/b'))
  assert.ok(error instanceof PrepareError && error.cause instanceof RangeError)
  assert.is(world.call('a/a', 'run'), 1)
  assert.is(world.linker.hasOld('a/b'), false)
})

check('a new version that does not parse leaves the old one', async (world) => {
  await world.start({ 'a/b': 'export const f = () => 1' })
  world.write(2, { 'a/b.json': '{' })
  const error = await thrownBy(() => world.prepare(2, ['a/b.json']))
  assert.ok(error instanceof PrepareError)
  assert.is(error.problems[0]?.tag, 'syntax_error')
  assert.is(world.call('a/b', 'f'), 1)
})

check('an old instance keeps its methods and is none of the new class', async (world) => {
  const source = (n: number) => `export class K { #p = ${n}; m() { return this.#p } }
    export const make = () => new K(), is = (x: unknown) => x instanceof K`
  await world.start({ 'a/b': source(1), 'a/a': `import { K } from './b.js'\nexport const run = () => new K().m()` })
  const old = world.call('a/b', 'make') as { m(): number }
  await world.upgrade(2, { 'a/b': source(2) })
  assert.is(old.m(), 1)
  assert.is(world.call('a/b', 'is', old), false)
  assert.is(world.call('a/b', 'is', world.call('a/b', 'make')), true)
  assert.is(world.call('a/a', 'run'), 2)
})

check('a third version follows when the first is purged', async (world) => {
  await world.start({
    'a/b': 'export const f = () => 1',
    'a/a': `import { f } from './b.js'\nexport const run = () => f()`,
  })
  await world.upgrade(2, { 'a/b': 'export const f = () => 2' })
  await world.upgrade(3, { 'a/b': 'export const f = () => 3' })
  assert.is(world.call('a/a', 'run'), 3)
  assert.is(world.linker.old('a/b')?.serial, 2)
})

check('two modules swapped in the wrong order end up right', async (world) => {
  const low = (n: number) => `export const f = () => ${n}`
  const high = (n: number) => `import { f } from './low.js'\nexport const run = () => [f(), ${n}]`
  await world.start({ 'a/low': low(1), 'a/high': high(1) })
  await world.upgrade(2, { 'a/high': high(2), 'a/low': low(2) }, ['a/high', 'a/low'])
  assert.equal(world.call('a/high', 'run'), [2, 2])
})

check('all forms of export are bound', async (world) => {
  const source = (n: number) => `
    export const c = ${n}, [d, { e }] = [${n}, { e: ${n} }]
    export let l = ${n}
    export var v = ${n}
    export function f() { return ${n} }
    export async function g() { return ${n} }
    export function* h() { yield ${n} }
    export class K { static n = ${n} }
    const local = ${n}
    export { local as renamed, local as 'string name' }
    export default class { static n = ${n} }`
  await world.start({
    'a/b': source(1),
    'a/all': `export * from './b.js'\nexport * as ns from './b.js'\nexport { default } from './b.js'`,
  })
  await world.upgrade(2, { 'a/b': source(2) })
  for (const id of ['a/b', 'a/all']) {
    const b = world.facade(id) as Record<string, never> & {
      f(): number
      h(): Iterable<number>
      K: { n: number }
      default: { n: number }
    }
    assert.equal([b.c, b.d, b.e, b.l, b.v, b.renamed, b['string name']], [2, 2, 2, 2, 2, 2, 2], id)
    assert.equal([b.f(), await world.call(id, 'g'), [...b.h()], b.K.n, b.default.n], [2, 2, [2], 2, 2], id)
  }
  assert.is(world.facade('a/all').ns, world.facade('a/b'))
})

test.run()
