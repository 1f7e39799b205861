/** A node starts from archives, and replaces what came from them as if it had come from files. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openCodeCache } from '../../../../runtime/erts/code_cache.js'
import { archiveName, archiveText, openArchives } from '../../../../runtime/erts/linker/archive.js'
import type { LinkerOptions } from '../../../../runtime/erts/linker/linker.js'
import { applicationOf, placeIn } from '../../../../runtime/erts/linker/meta.js'
import { scriptCount } from '../../../../runtime/erts/linker/stacks.js'
import { build, inWorld, type Sources, thrownBy, type World } from './world.js'

const test = suite('erts/linker archive')

/** Where the text of a module is wrong in its file and right in the archive, and the other way round. */
const MARK = /'from the (?:file|archive)'/

/** Writes version 1 as files and archives; the modules of the latter say that they come from there. */
function write(world: World, sources: Sources): void {
  world.write(1, sources)
  for (const application of world.applications) {
    const modules = Object.entries(sources)
      .filter(([id]) => applicationOf(id) === application && !id.endsWith('.json'))
      .map(([id, source]) => ({ id, ...build(id, source.replace(MARK, "'from the archive'"), world.applications) }))
    const file = join(world.dir(application, 1), archiveName(application))
    if (modules.length > 0) writeFileSync(file, archiveText(modules))
  }
}

const archivesOf = (world: World) => openArchives(openCodeCache(join(world.root, 'run', 'cache')))

async function start(world: World, sources: Sources, waits?: (id: string) => boolean): Promise<void> {
  write(world, sources)
  await world.linker.loadAll(Object.keys(sources), archivesOf(world), waits)
}

const check = (name: string, body: (world: World) => Promise<void>, options?: Partial<LinkerOptions>): void =>
  test(name, () => inWorld(body, options))

check('modules come from the archive at boot, from files afterwards', async (world) => {
  await start(world, {
    'a/a': "import { from as b } from 'b/b'\nexport const from = () => ['from the file', b]",
    'b/b': "export const from = 'from the file'",
  })
  assert.equal(world.call('a/a', 'from'), ['from the archive', 'from the archive'])
  await world.upgrade(2, { 'a/a': "export const from = () => 'from the file'" })
  assert.equal(world.call('a/a', 'from'), 'from the file')
  assert.is(world.facade('b/b').from, 'from the archive')
})

check('a JSON module, and a module without an archive, come from their files', async (world) => {
  write(world, {
    'a/a': "import conf from './conf.json'\nexport const from = ['from the file', conf.n]",
    'a/conf.json': '{ "n": 1 }',
  })
  world.write(1, { 'b/b': "export const from = 'from the file'" })
  await world.linker.loadAll(['a/a', 'b/b'], archivesOf(world))
  assert.equal(world.facade('a/a').from, ['from the archive', 1])
  assert.is(world.facade('b/b').from, 'from the file')
})

check('an archive that is broken is passed over', async (world) => {
  world.write(1, { 'a/a': "export const from = 'from the file'" })
  writeFileSync(join(world.dir('a', 1), archiveName('a')), '({ broken')
  await world.linker.loadAll(['a/a'], archivesOf(world))
  assert.is(world.facade('a/a').from, 'from the file')
})

check('cycles, barrels and top-level await are as from files', async (world) => {
  await start(world, {
    'a/even': "import { odd } from './odd.js'\nexport function even(n) { return n === 0 || odd(n - 1) }",
    'a/odd': "import { even } from './even.js'\nexport function odd(n) { return n > 0 && even(n - 1) }",
    'a/all': "export * from './even.js'\nexport * from './odd.js'",
    'a/late': 'export const late = await Promise.resolve(1)',
  })
  const { even, odd } = world.facade('a/all')
  assert.equal([typeof even, typeof odd, world.call('a/all', 'even', 10)], ['function', 'function', true])
  assert.is(world.facade('a/late').late, 1)
})

check('everything that is wrong is told at once, and nothing has run', async (world) => {
  write(world, {
    'a/a': "import './none.js'\nglobalThis.archiveTestRan = true",
    'b/b': "import { nonesuch } from 'node:fs'\nexport const n = nonesuch",
  })
  const error = await thrownBy(() => world.linker.loadAll(['a/a', 'b/b'], archivesOf(world)))
  assert.match(String(error), /imports "\.\/none\.js": there is no module "a\/none"/)
  assert.match(String(error), /"node:fs" does not provide an export named "nonesuch"/)
  assert.is(Reflect.get(globalThis, 'archiveTestRan'), undefined)
})

check('import() in code that is made of texts works', async (world) => {
  const source = 'export const os = () => new Function(\'return import("node:os")\')()'
  await start(world, { 'a/a': source })
  assert.type(Reflect.get((await world.call('a/a', 'os')) as object, 'cpus'), 'function')
})

// ---- stack traces

const THROWS = `interface Unused {
  readonly a: number
}

// a comment, a blank line and a type, so that no line is that of the source

export function boom(n: number): never {
  const o: Unused = { a: n }
  throw new Error(\`boom \${o.a}\`)
}
`

/** The first frame of an error, below the world's folder. */
const frameOf = (world: World, error: unknown): string | undefined =>
  String((error as Error).stack)
    .split('\n')
    .find((line) => line.includes(world.root))
    ?.replace(/^.*\/lib\/([^)]*)\)?$/, '$1')

check('a stack trace leads to line and column of the source, in every module of an archive', async (world) => {
  const lines = 'export const lines = `one\r\ntwo\u2028three`\n' // every way to end a line
  await start(world, { 'a/first': `${lines}${THROWS}`, 'a/second': THROWS, 'b/third': THROWS })
  for (const [id, place] of [
    ['a/first', 'a-1/ebin/first.ts:12:9'],
    ['a/second', 'a-1/ebin/second.ts:9:9'],
    ['b/third', 'b-1/ebin/third.ts:9:9'],
  ] as const) {
    assert.is(frameOf(world, await thrownBy(() => world.call(id, 'boom', 1))), place, id)
  }
})

check(
  'without a map the frame is in the own file of the module, not in the archive',
  async (world) => {
    await start(world, { 'a/first': THROWS, 'a/second': THROWS })
    const error = await thrownBy(() => world.call('a/second', 'boom', 1))
    const [file, line] = (frameOf(world, error) ?? '').split(':')
    assert.is(file, 'a-1/ebin/second.js')
    const text = readFileSync(join(world.dir('a', 1), 'ebin/second.js'), 'utf8')
    assert.match(text.split('\n')[Number(line) - 1] ?? '', /throw new Error/)
  },
  { readMap: () => undefined },
)

check('old frames keep their map when the module is replaced from its file', async (world) => {
  await start(world, { 'a/a': THROWS })
  const { boom } = world.facade('a/a')
  await world.upgrade(2, { 'a/a': `\n\n${THROWS}` })
  const at = async (fun: unknown) => frameOf(world, await thrownBy(() => (fun as (n: number) => void)(1)))
  assert.is(await at(boom), 'a-1/ebin/a.ts:9:9')
  assert.is(await at(world.facade('a/a').boom), 'a-2/ebin/a.ts:11:9')
})

// ---- memory

setFlagsFromString('--expose-gc')
const gc: () => void = runInNewContext('gc')

async function collectAll(): Promise<void> {
  for (let round = 0; round < 4; round++) {
    await setImmediate()
    gc()
  }
  await setImmediate()
}

test('code that came from an archive is freed once it is purged, its neighbours stay', async () => {
  const gone: string[] = []
  await inWorld(
    async (world) => {
      await collectAll()
      const before = scriptCount()
      await start(world, { 'a/a': 'export const a = () => 1', 'a/b': 'export const b = () => 2' })
      const token = world.linker.versionToken('a/a')
      await world.upgrade(2, { 'a/a': 'export const a = () => 3' })
      world.linker.purge('a/a')
      await collectAll()
      assert.is(token?.deref(), undefined)
      assert.equal(gone, ['a/a 1'])
      assert.equal([world.call('a/a', 'a'), world.call('a/b', 'b')], [3, 2])
      assert.is(scriptCount() - before, 2, 'the archive for its neighbour, and the new file')
      await world.upgrade(2, { 'a/b': 'export const b = () => 4' })
      world.linker.purge('a/b')
      await collectAll()
      assert.is(scriptCount() - before, 2, 'both files')
    },
    { onFinalised: (info) => gone.push(`${info.id} ${info.serial}`) },
  )
})

// ---- modules that wait

const COUNTED = (name: string, more = ''): string =>
  `export const name = (globalThis.archiveTestRan = [...(globalThis.archiveTestRan ?? []), '${name}']) && '${name}'\n${more}`

const WAITING: Sources = {
  'a/a': COUNTED(
    'a',
    "import * as b from './b.js'\nimport { name as c } from 'b/c'\nexport const all = () => [b.name, c]",
  ),
  'a/b': COUNTED('b', "import * as a from './a.js'\nexport const of = () => a.name"),
  'a/barrel': COUNTED('barrel', "export { name as c } from 'b/c'\nexport * as d from 'b/d'"),
  'b/c': COUNTED('c'),
  'b/d': COUNTED('d'),
}

const ran = (): unknown => Reflect.get(globalThis, 'archiveTestRan')
const waitingCheck = (name: string, body: (world: World) => Promise<void>): void =>
  check(name, async (world) => {
    Reflect.deleteProperty(globalThis, 'archiveTestRan')
    await start(world, WAITING, () => true)
    assert.is(ran(), undefined)
    await body(world)
  })

waitingCheck('a module that waits runs when a name of it is read, not when it is imported', async (world) => {
  assert.is(world.facade('a/a').name, 'a')
  assert.equal(ran(), ['a'])
  assert.equal(world.call('a/a', 'all'), ['b', 'c'])
  assert.equal(ran(), ['a', 'b', 'c'])
  assert.is(world.call('a/b', 'of'), 'a')
})

waitingCheck('what a module passes on by name has run with it, a namespace has not', async (world) => {
  assert.equal(Object.keys(world.facade('a/barrel')), ['c', 'd', 'name'])
  assert.equal(ran(), ['c', 'barrel'])
  const { d } = world.facade('a/barrel')
  assert.equal([Object.keys(d as object), ran()], [['name'], ['c', 'barrel']])
  assert.equal([(d as { name: string }).name, ran()], ['d', ['c', 'barrel', 'd']])
})

// what a module that may wait has at its top level, which is then no reason or one to run it with the boot
const REASONS = [
  ['functions, classes and values', 'export const f = () => 1\nexport class K {}\nexport let n = new Map()', 'waits'],
  ['a statement', 'globalThis.archiveTestActs = 1\nexport const n = 1', 'runs'],
  ['an await', 'export const n = await 1', 'runs'],
  ['a barrel', "export * from './other.js'", 'runs'],
] as const
for (const [what, source, expected] of REASONS) {
  check(`with ${what} at its top level a module ${expected} at boot`, async (world) => {
    write(world, { 'a/a': source, 'a/other': 'export const other = 1' })
    const archives = archivesOf(world)
    const names = archives.names('a/a', placeIn(world.dir('a', 1), 'a/a'))
    assert.is(names === undefined ? 'runs' : 'waits', expected)
    await world.linker.loadAll(['a/a', 'a/other'], archives, () => true)
    assert.ok(Object.keys(world.facade('a/a')).length > 0)
  })
}

waitingCheck('the facade of a module that waits is the one it has afterwards, with plain values', async (world) => {
  const { d } = world.facade('a/barrel')
  assert.is(world.linker.versionOf(d as object), world.linker.current('b/d'))
  assert.is(world.facade('b/d'), d)
  assert.equal(Object.getOwnPropertyDescriptor(d, 'name'), {
    value: 'd',
    writable: false,
    enumerable: true,
    configurable: true,
  })
})

check('while a module that waited is evaluated, others see what there is of it, as in a cycle', async (world) => {
  await start(
    world,
    {
      'a/late':
        "import { peek } from 'b/reads'\nexport function early() { return 1 }\nexport const seen = peek()\nexport const value = 2",
      'b/reads':
        "import * as late from 'a/late'\nexport const peek = () => { try { return [late.early(), late.value] } catch (e) { return e.name } }\nexport const early = () => typeof late.early",
    },
    () => true,
  )
  assert.type(world.facade('b/reads').peek, 'function')
  assert.is(world.facade('a/late').seen, 'ReferenceError')
  assert.equal(world.call('b/reads', 'peek'), [1, 2])
})

// what somebody asks of a module that waits, what the answer shows
const QUESTIONS: readonly (readonly [string, (world: World) => unknown, unknown])[] = [
  ['isLoaded', (world) => world.linker.isLoaded('b/c'), true],
  ['current', (world) => world.linker.current('b/c')?.serial, 1],
  ['loaded', (world) => world.linker.loaded().sort(), ['a/a', 'a/b', 'a/barrel', 'b/c', 'b/d']],
  ['remove', (world) => world.linker.remove('b/c'), true],
  ['purge', (world) => world.linker.purge('b/c'), false],
  ['load', async (world) => [await world.linker.load(['b/c']), world.linker.current('b/c')?.serial], [undefined, 1]],
]
for (const [what, ask, expected] of QUESTIONS) {
  waitingCheck(`to ${what} a module that waits is as loaded as any other`, async (world) => {
    assert.equal(await ask(world), expected)
  })
}

check('a module that waits and fails says so to everybody who asks for it', async (world) => {
  await start(
    world,
    {
      'a/a': "import * as b from 'b/b'\nexport const n = () => b.n",
      'b/b': 'export const n = (() => { throw new RangeError("no") })()',
    },
    () => true,
  )
  const { n } = world.facade('a/a') as { n(): unknown }
  for (const ask of [n, n, () => world.facade('b/b')]) {
    assert.match(String(await thrownBy(ask)), /top-level code of "b\/b" threw: RangeError: no/)
  }
})

waitingCheck('a module that waits is replaced like any other, and taken back', async (world) => {
  world.write(2, { 'b/c': COUNTED('c 2') })
  const prepared = await world.prepare(2, ['b/c'])
  const snapshot = world.linker.snapshot(prepared.ids)
  await world.linker.swap(prepared, 'b/c')
  assert.equal([world.facade('b/c').name, world.linker.old('b/c')?.serial], ['c 2', 1])
  world.linker.restore(snapshot)
  assert.equal([world.facade('b/c').name, world.linker.hasOld('b/c')], ['c', false])
})

waitingCheck('what waits stays what was booted when the folder of its application changes', async (world) => {
  world.write(2, WAITING)
  world.versions.set('b', 2)
  assert.match(world.linker.current('b/c')?.file ?? '', /\/b-1\/ebin\/c\.js$/)
})

waitingCheck('a module that is loaded later imports what waits like all others', async (world) => {
  world.write(1, {
    'b/e': COUNTED(
      'e',
      "import { name as c } from './c.js'\nexport { name as d } from './d.js'\nexport const of = () => c",
    ),
  })
  await world.linker.load(['b/e'])
  assert.equal(ran(), ['d', 'e'])
  assert.equal([world.call('b/e', 'of'), world.facade('b/e').d], ['c', 'd'])
})

waitingCheck('an upgrade sees what waits, and does not need it to run', async (world) => {
  world.write(2, { 'b/e': "import { name as c } from './c.js'\nexport const of = () => c" })
  const prepared = await world.prepare(2, ['b/e'])
  assert.is(ran(), undefined)
  await world.linker.trial(prepared)
  await world.linker.swap(prepared, 'b/e')
  assert.is(world.call('b/e', 'of'), 'c')
})

test.run()
