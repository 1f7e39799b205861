/** An upgrade step by step: what is refused, what a failure leaves, and what a restore brings back. */
import { writeFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { PrepareError } from '../../../../runtime/erts/linker/linker.js'
import type { PrepareProblem } from '../../../../runtime/erts/linker/prepare_error.js'
import { inWorld, thrownBy, type World } from './world.js'

const test = suite('erts/linker upgrade')
const check = (why: string, body: (world: World) => Promise<void>) => test(why, () => inWorld(body))

/** The problems of the PrepareError that `run` throws. */
async function problemsOf(run: () => unknown): Promise<readonly PrepareProblem[]> {
  const error = await thrownBy(run)
  if (!(error instanceof PrepareError)) throw error
  return error.problems
}

/** Everything that can be seen of the versions of some modules. */
function picture(world: World, ids: readonly string[]) {
  return ids.map((id) => ({
    id,
    current: world.linker.current(id),
    old: world.linker.old(id),
    names: Object.entries(world.linker.facade(id) ?? {}),
  }))
}

const value = (n: number) => `export const v = ${n}`
const reader = `import { v } from './b.js'\nexport const run = () => v`

check('prepare touches nothing that runs', async (world) => {
  await world.start({ 'a/b': value(1), 'a/a': reader })
  const before = picture(world, ['a/a', 'a/b', 'a/new'])
  world.write(2, { 'a/b': value(2), 'a/new': 'throw new Error("evaluated")' })
  const prepared = await world.prepare(2, ['a/b', 'a/new'])
  assert.equal(picture(world, ['a/a', 'a/b', 'a/new']), before)
  assert.equal(prepared.ids, ['a/b', 'a/new'])
})

check('a trial evaluates the batch aside: its modules see each other, the rest as it runs', async (world) => {
  const log: unknown[] = []
  Reflect.set(globalThis, 'linkerTestLog', log)
  await world.start({
    'a/low': 'export const n = 1',
    'a/barrel': `export * from './low.js'`,
    'a/rest': `import { n } from './low.js'\nexport const seen = () => n`,
    'a/high': 'export const x = 1',
  })
  const before = picture(world, ['a/low', 'a/barrel', 'a/rest', 'a/high'])
  world.write(2, {
    'a/low': 'export const n = 2, added = 3',
    'a/high': `import { n, added } from './barrel.js'\nimport { seen } from './rest.js'\nglobalThis.linkerTestLog.push([n, added, seen()])`,
  })
  const prepared = await world.prepare(2, ['a/low', 'a/high'])
  await world.linker.trial(prepared)
  assert.equal(log, [[2, 3, 1]])
  assert.equal(picture(world, ['a/low', 'a/barrel', 'a/rest', 'a/high']), before)
  await world.linker.swap(prepared, 'a/low')
  await world.linker.swap(prepared, 'a/high')
  assert.equal(log.at(-1), [2, 3, 2], 'for good, the rest sees the new one')
  Reflect.deleteProperty(globalThis, 'linkerTestLog')
})

check('a trial follows the order of the swaps, so it fails where they would', async (world) => {
  await world.start({
    'a/base': 'export class A {}',
    'a/sub': `import { A } from './base.js'\nexport class B extends A {}`,
  })
  world.write(2, {
    'a/base': 'export class A {}; export class New {}',
    'a/sub': `import { New } from './base.js'\nexport class B extends New {}`,
  })
  const wrong = await world.prepare(2, ['a/sub', 'a/base'])
  const [problem] = await problemsOf(() => world.linker.trial(wrong))
  assert.is(problem?.tag, 'evaluation_failed')
  const right = await world.prepare(2, ['a/base', 'a/sub'])
  await world.linker.trial(right)
})

check('a failing trial names module and source line, and changes nothing', async (world) => {
  await world.start({ 'a/b': value(1), 'a/a': reader })
  const before = picture(world, ['a/a', 'a/b'])
  world.write(2, { 'a/b': `export const v = 2\nconst o: { f?(): void } = {}\no.f!()`, 'a/a': reader })
  const prepared = await world.prepare(2, ['a/a', 'a/b'])
  const error = await thrownBy(() => world.linker.trial(prepared))
  assert.ok(error instanceof PrepareError)
  assert.match(
    error.message,
    /\/ebin\/b\.ts:3:3: the top-level code of "a\/b" threw: TypeError: o\.f is not a function$/,
  )
  assert.equal(picture(world, ['a/a', 'a/b']), before)
})

check('a swap that throws leaves everything: also the new modules it brought and the barrels', async (world) => {
  await world.start({ 'a/b': value(1), 'a/barrel': `export * from './b.js'`, 'a/a': reader })
  const ids = ['a/a', 'a/b', 'a/barrel', 'a/new']
  const before = picture(world, ids)
  world.write(2, {
    'a/b': `export * from './new.js'\nexport const v = 2\nthrow new Error('late')`,
    'a/new': 'export const extra = 1',
  })
  const prepared = await world.prepare(2, ['a/b'])
  assert.equal(prepared.ids, ['a/b', 'a/new'])
  await thrownBy(() => world.linker.swap(prepared, 'a/b'))
  assert.equal(picture(world, ids), before)
  assert.is(world.linker.isLoaded('a/new'), false)
})

check('a rejected top-level await leaves the old version, and the swap is a promise', async (world) => {
  await world.start({ 'a/b': value(1), 'a/a': reader })
  const before = picture(world, ['a/a', 'a/b'])
  world.write(2, { 'a/b': `export const v = 2\nawait Promise.reject(new Error('no'))` })
  const prepared = await world.prepare(2, ['a/b'])
  assert.equal(prepared.asynchronous, ['a/b'])
  const swapping = world.linker.swap(prepared, 'a/b')
  assert.ok(swapping instanceof Promise)
  await thrownBy(() => swapping)
  assert.equal(picture(world, ['a/a', 'a/b']), before)
})

check('a swap is synchronous without top-level await', async (world) => {
  await world.start({ 'a/b': value(1) })
  world.write(2, { 'a/b': value(2) })
  assert.is(world.linker.swap(await world.prepare(2, ['a/b']), 'a/b'), undefined)
  assert.is(world.facade('a/b').v, 2)
})

check('a module with an old version must be purged first, for swap and for remove', async (world) => {
  await world.start({ 'a/b': value(1) })
  await world.upgrade(2, { 'a/b': value(2) })
  world.write(3, { 'a/b': value(3) })
  const prepared = await world.prepare(3, ['a/b'])
  assert.equal(await problemsOf(() => world.linker.swap(prepared, 'a/b')), [{ tag: 'not_purged', module: 'a/b' }])
  assert.equal(await problemsOf(() => world.linker.remove('a/b')), [{ tag: 'not_purged', module: 'a/b' }])
  assert.is(world.facade('a/b').v, 2)
  assert.is(world.linker.purge('a/b'), true)
  assert.is(world.linker.purge('a/b'), false)
  world.linker.swap(prepared, 'a/b')
  assert.is(world.facade('a/b').v, 3)
})

check('a module that was not prepared is refused', async (world) => {
  await world.start({ 'a/b': value(1), 'a/a': reader })
  const prepared = await world.prepare(1, ['a/b'])
  assert.equal(await problemsOf(() => world.linker.swap(prepared, 'a/a')), [{ tag: 'not_prepared', module: 'a/a' }])
})

check('a new module is loaded with the first that imports it, from the new folder, once', async (world) => {
  Reflect.set(globalThis, 'linkerTestRuns', 0)
  await world.start({ 'a/b': value(1) })
  world.write(2, {
    'a/b': `import { extra } from './new.js'\nexport const v = extra`,
    'a/new': 'globalThis.linkerTestRuns++\nexport const extra = 2',
  })
  const prepared = await world.prepare(2, ['a/b', 'a/new'])
  world.linker.swap(prepared, 'a/b')
  assert.is(world.facade('a/b').v, 2)
  const loaded = world.linker.current('a/new')
  assert.is(loaded?.dir, world.dir('a', 2))
  world.linker.swap(prepared, 'a/new')
  assert.is(world.linker.current('a/new'), loaded, 'its own load has nothing left to do')
  assert.is(world.linker.hasOld('a/new'), false)
  assert.is(Reflect.get(globalThis, 'linkerTestRuns'), 1)
  Reflect.deleteProperty(globalThis, 'linkerTestRuns')
})

check('a new module of an application without a change comes from the folder given for it', async (world) => {
  await world.start({ 'a/a': value(1), 'b/b': value(1) })
  world.write(2, { 'a/a': `export { w } from 'b/more'`, 'b/more': 'export const w = 2' })
  const prepared = await world.linker.prepare([{ id: 'a/a', dir: world.dir('a', 2) }], { b: world.dir('b', 2) })
  world.linker.swap(prepared, 'a/a')
  assert.is(world.facade('a/a').w, 2)
  assert.is(world.linker.current('b/more')?.dir, world.dir('b', 2))
  assert.is(world.linker.current('b/b')?.dir, world.dir('b', 1), 'what did not change stays')
})

check('new modules that import each other in a cycle come in together', async (world) => {
  await world.start({ 'a/b': value(1) })
  await world.upgrade(
    2,
    {
      'a/b': `import { two } from './one.js'\nexport const v = two()`,
      'a/one': `import { base } from './two.js'\nexport function two() { return base + 1 }`,
      'a/two': `import { two } from './one.js'\nexport const base = 1, later = () => two()`,
    },
    ['a/b', 'a/one', 'a/two'],
  )
  assert.is(world.facade('a/b').v, 2)
  assert.is(world.call('a/two', 'later'), 2)
})

check('restore brings back versions and facades after an upgrade broken off halfway', async (world) => {
  await world.start({
    'a/b': 'export const v = 1, gone = 1',
    'a/barrel': `export * from './b.js'\nexport * from './d.js'`,
    'a/d': 'export const d = 1',
    'a/a': reader,
    'a/live': 'export let n = 1; export const inc = () => ++n',
  })
  world.call('a/live', 'inc')
  await world.upgrade(2, { 'a/a': reader }) // so that one module has an old version at the snapshot
  const ids = ['a/a', 'a/b', 'a/barrel', 'a/d', 'a/new', 'a/live']
  const before = picture(world, ids)
  world.write(3, {
    'a/a': `import { v } from './b.js'\nexport const run = () => v + 1`,
    'a/b': `import { extra } from './new.js'\nexport const v = extra`,
    'a/new': 'export const extra = 5',
    'a/live': 'export const n = 7',
  })
  const prepared = await world.prepare(3, ['a/a', 'a/b', 'a/live', 'a/new'])
  const snapshot = world.linker.snapshot([...prepared.ids, 'a/d'])
  for (const id of ['a/a', 'a/b', 'a/live']) {
    world.linker.purge(id)
    world.linker.swap(prepared, id)
  }
  world.linker.purge('a/b') // post_purge
  world.linker.remove('a/d')
  world.linker.purge('a/d')
  assert.equal(Object.keys(world.facade('a/barrel')), ['v'])
  assert.is(world.call('a/a', 'run'), 6)
  world.linker.restore(snapshot)
  assert.equal(picture(world, ids), before)
  assert.is(world.call('a/a', 'run'), 1)
  assert.is(world.facade('a/live').n, 2, 'the state of the old version is what it was')
  assert.is(world.call('a/live', 'inc'), 3)
  assert.is(world.facade('a/live').n, 3)
  assert.is(world.linker.isLoaded('a/new'), false)
})

check('after a restore the same upgrade can be done again', async (world) => {
  await world.start({ 'a/b': value(1), 'a/a': reader })
  world.write(2, { 'a/b': `export { extra as v } from './new.js'`, 'a/new': 'export const extra = 2' })
  const prepared = await world.prepare(2, ['a/b', 'a/new'])
  const snapshot = world.linker.snapshot(prepared.ids)
  for (let round = 0; round < 3; round++) {
    for (const id of prepared.changes) world.linker.swap(prepared, id)
    assert.is(world.call('a/a', 'run'), 2)
    world.linker.restore(snapshot)
    assert.is(world.call('a/a', 'run'), 1)
  }
})

check('a removed module has no names; calls fail as for any missing function; it can come back', async (world) => {
  await world.start({
    'a/b': 'export const f = () => 1',
    'a/a': `import { f } from './b.js'\nexport const run = () => f()`,
  })
  const facade = world.facade('a/b')
  assert.is(world.linker.remove('a/b'), true)
  assert.is(world.linker.remove('a/b'), false)
  assert.equal([world.linker.isLoaded('a/b'), world.linker.hasOld('a/b'), Object.keys(facade)], [false, true, []])
  assert.throws(() => world.call('a/a', 'run'), /is not a function/)
  world.linker.purge('a/b')
  await world.linker.load(['a/b'])
  assert.is(world.facade('a/b'), facade)
  assert.is(world.call('a/a', 'run'), 1)
})

check('all problems of an upgrade are found in one go, each with its place', async (world) => {
  await world.start({ 'a/b': value(1) })
  world.linker.registerPreloaded('erts/process', () => ({ self: () => 0 }))
  world.write(2, {
    'a/b': `export const v = 2\n\nimport { nope } from './missing.js'\nexport { nope }`,
    'a/c': `import { self, spwan } from 'erts/process'\nimport { raedFile } from 'node:fs'\nexport { self, spwan, raedFile }`,
    'a/d': `import 'no-such-package-here'`,
    'a/conf.json': '{\n "a": }',
  })
  writeFileSync(`${world.dir('a', 2)}/ebin/e.js`, 'return {m: 1}')
  writeFileSync(`${world.dir('a', 2)}/ebin/f.js`, 'return {\n m: ]')
  const ids = ['a/b', 'a/c', 'a/d', 'a/e', 'a/f', 'a/conf.json', 'zz/z']
  const error = await thrownBy(() => world.prepare(2, ids))
  assert.ok(error instanceof PrepareError)
  const ebin = `${world.dir('a', 2)}/ebin`
  const lines = error.message.split('\n').sort()
  const expected = [
    `${ebin}/b.ts:3: imports "./missing.js": there is no module "a/missing" (looked for ${ebin}/missing.js)`,
    `${ebin}/c.ts:1: "erts/process" does not provide an export named "spwan", which "a/c" imports`,
    `${ebin}/c.ts:2: "node:fs" does not provide an export named "raedFile", which "a/c" imports`,
    `${ebin}/d.ts:1: "no-such-package-here" cannot be imported by "a/d": Error: Cannot find package 'no-such-package-here'`,
    `${ebin}/e.js: "a/e" is not a built module; make it with "otp-rel build"`,
    `${ebin}/f.js:2: module "a/f" does not compile: Unexpected token ']'`,
    `${ebin}/conf.json: module "a/conf.json" does not compile: `,
    `there is no module "zz/z" (looked for ${world.dir('zz', 2)}/ebin/z.js)`,
  ].sort()
  assert.is(lines.length, expected.length, error.message)
  for (const [index, start] of expected.entries())
    assert.ok(lines[index]?.startsWith(start), `${lines[index]}\n${start}`)
})

check('a module of the preloaded runtime cannot be changed or removed', async (world) => {
  world.linker.registerPreloaded('erts/process', () => ({ self: () => 0 }))
  const problem = { tag: 'preloaded', module: 'erts/process' }
  assert.equal(await problemsOf(() => world.prepare(1, ['erts/process'])), [problem])
  assert.equal(await problemsOf(() => world.linker.remove('erts/process')), [problem])
})

test.run()
