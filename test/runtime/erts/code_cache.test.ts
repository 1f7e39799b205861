/** Code caches: used only for the text, the Node and the start that they were made for. */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { getuid } from 'node:process'
import { setFlagsFromString } from 'node:v8'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type CodeCache, openCodeCache } from '../../../runtime/erts/code_cache.js'
import { type TempFolder, tempFolder } from '../../support/temp_folder.js'

const test = suite<{ folder: TempFolder }>('erts/code_cache')

test.before.each(async (context) => {
  context.folder = await tempFolder()
})
test.after.each(({ folder }) => folder.remove())

// Each start is to be that of a process of its own, which remembers nothing of the one before.
setFlagsFromString('--no-compilation-cache')

const textOf = (value: string): string => `({ answer: () => '${value}' })`

interface Answer {
  answer(): string
}

/** One start: runs a file, says whether its cache was used, and comes to its end. */
function start(folder: TempFolder, file = 'shop.archive', end: 'ends' | 'is killed' = 'ends') {
  const cache = openCodeCache(folder.path('run/cache'))
  const answer = (cache.run(folder.path(file), 'shop-1.0.0') as Answer).answer()
  if (end === 'ends') cache.save()
  return [answer, usedOf(cache)]
}

const usedOf = ({ hits, misses }: CodeCache): string =>
  `${hits.length > 0 ? `hit ${hits}` : ''}${misses.length > 0 ? `miss ${misses}` : ''}`

const cacheFile = ({ path }: TempFolder): string => path('run/cache/shop-1.0.0.cache')

test('a start leaves a cache that the next one uses', async ({ folder }) => {
  await folder.put('shop.archive', textOf('first'))
  assert.equal(start(folder), ['first', 'miss shop-1.0.0'])
  assert.equal(readdirSync(folder.path('run/cache')), ['shop-1.0.0.cache'])
  assert.is(statSync(cacheFile(folder)).mode & 0o777, 0o600)
  assert.is(statSync(folder.path('run/cache')).mode & 0o777, 0o700)
  assert.equal(start(folder), ['first', 'hit shop-1.0.0'])
})

test('a cache of another text is not used, not even of one of the same length', async ({ folder }) => {
  const text = textOf('first')
  await folder.put('shop.archive', text)
  start(folder)
  await folder.put('shop.archive', text.replace('first', 'other'))
  assert.equal(start(folder), ['other', 'miss shop-1.0.0'])
  assert.equal(start(folder), ['other', 'hit shop-1.0.0'], 'and is replaced')
})

test('V8 itself would run the old code of a text of the same length', async ({ folder }) => {
  const text = textOf('first')
  await folder.put('shop.archive', text)
  start(folder)
  const other = text.replace('first', 'other')
  await folder.put('shop.archive', other)
  // as a cache whose text was not compared
  const cache = readFileSync(cacheFile(folder))
  writeFileSync(cacheFile(folder), Buffer.concat([cache.subarray(0, -other.length), Buffer.from(other)]))
  assert.equal(start(folder), ['first', 'hit shop-1.0.0'])
})

// what becomes of the cache file
const STALE: readonly (readonly [string, (cache: Buffer) => Buffer])[] = [
  ['of another version of Node', (cache) => replaced(cache, process.version, process.version.replace(/\d/g, '1'))],
  ['of another processor', (cache) => replaced(cache, process.arch, process.arch.replace(/./g, 'x'))],
  ['that is empty', () => Buffer.alloc(0)],
  ['that is cut off', (cache) => cache.subarray(0, -20)],
  ['that V8 refuses', (cache) => replaced(cache, cache.subarray(64, 72), Buffer.alloc(8))],
]

function replaced(cache: Buffer, what: string | Buffer, by: string | Buffer): Buffer {
  const at = cache.indexOf(what)
  return Buffer.concat([cache.subarray(0, at), Buffer.from(by), cache.subarray(at + what.length)])
}

for (const [what, spoil] of STALE) {
  test(`a cache ${what} is not used, and made anew`, async ({ folder }) => {
    await folder.put('shop.archive', textOf('right'))
    start(folder)
    writeFileSync(cacheFile(folder), spoil(readFileSync(cacheFile(folder))))
    assert.equal(start(folder), ['right', 'miss shop-1.0.0'])
    assert.equal(start(folder), ['right', 'hit shop-1.0.0'])
  })
}

test('after a start that did not come to its end no cache is trusted', async ({ folder }) => {
  await folder.put('shop.archive', textOf('right'))
  start(folder)
  assert.equal(start(folder, 'shop.archive', 'is killed'), ['right', 'hit shop-1.0.0'])
  assert.equal(start(folder), ['right', 'miss shop-1.0.0'])
  assert.equal(start(folder), ['right', 'hit shop-1.0.0'])
})

test('caches that no start uses any more go with the next one that is written', async ({ folder }) => {
  mkdirSync(folder.path('run/cache'), { recursive: true })
  await folder.put('run/cache/shop-0.9.0.cache', 'of a release before')
  await folder.put('run/cache/shop-1.0.0.123', 'half of one')
  await folder.put('shop.archive', textOf('right'))
  start(folder)
  assert.equal(readdirSync(folder.path('run/cache')), ['shop-1.0.0.cache'])
})

test('without a folder that can be written everything is compiled', async ({ folder }) => {
  await folder.put('shop.archive', textOf('right'))
  await folder.put('run', 'a file, so that no folder can be made in its place')
  assert.equal(start(folder), ['right', 'miss shop-1.0.0'])
  assert.equal(start(folder), ['right', 'miss shop-1.0.0'])
})

test('a folder that only others may write changes nothing', async ({ folder }) => {
  if (getuid?.() === 0) return // who may write everything
  await folder.put('shop.archive', textOf('right'))
  mkdirSync(folder.path('run'))
  chmodSync(folder.path('run'), 0o500)
  assert.equal(start(folder), ['right', 'miss shop-1.0.0'])
  assert.not(existsSync(folder.path('run/cache')))
})

test('functions that a start called are in its cache', async ({ folder }) => {
  const body = Array.from({ length: 50 }, (_, i) => `if (x === ${i}) return ${i}`).join('\n')
  const text = textOf('right').replace('({', `({ long: (x) => {${body}},`)
  await folder.put('called.archive', text)
  await folder.put('idle.archive', `${text} `)
  const size = (file: string, call: boolean): number => {
    const cache = openCodeCache(folder.path(`run/${file}`))
    const made = cache.run(folder.path(file), 'shop-1.0.0') as { long(x: number): number }
    if (call) made.long(1)
    cache.save()
    return statSync(folder.path(`run/${file}/shop-1.0.0.cache`)).size
  }
  assert.ok(size('called.archive', true) > size('idle.archive', false))
})

test.run()
