/** Start order: the examples worked out on OTP, and where ours departs. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { formatSystoolsError, makeScript } from '../../../runtime/sasl/src/systools.js'
import { type App, app, base, order, rel, world } from './shorthand.js'

const apps = (text: string, types: Readonly<Record<string, string>> = {}): App[] =>
  text.split(' ').map((one) => {
    const type = types[one.replace(/[([].*/, '')]
    return type === undefined ? app(one) : app(one, { type })
  })

const EXAMPLES: readonly (readonly [rule: string, release: string, load: string, start: string])[] = [
  ['independent ones keep their order', 'b a c', 'b a c', 'b a c'],
  ['a dependency is pulled forward', 'a(c) b c', 'c a b', 'c a b'],
  ['several come in the order of the release', 'a(c,b) b c', 'b c a', 'b c a'],
  ['with what they depend on', 'a(c) b c(d) d', 'd c a b', 'd c a b'],
  ['a deeper one first', 'a(b,c) b(d) c d', 'd b c a', 'd b c a'],
  ['the rest stays', 'a(e,c) b c d e', 'c e a b d', 'c e a b d'],
  ['an included one is loaded first and not started', 'a[c] b c', 'c a b', 'a b'],
  ['used and included ones', 'a(d)[b,c] b c d', 'd b c a', 'd a'],
  ['who uses an included one uses its top', 'x(b) a[b] b', 'b a x', 'a x'],
  ['through two levels', 'x(c) a[b] b[c] c', 'c b a x', 'a x'],
  ['one part uses another', 'a[x,y] x(y) y', 'y x a', 'a'],
  ['a part may use its top', 'a[b] b(a)', 'b a', 'a'],
  ['a part uses an outer one', 'a[b] b(x) x', 'x b a', 'x a'],
  ['an optional one that is there', 'a(c?) b c', 'c a b', 'c a b'],
  ['an optional one that is not', 'a(zz?) b', 'a b', 'a b'],
  // Departures: OTP calls b undefined in each of these, depending on the order of the release.
  ['used and included at once', 'a(b)[b] b', 'b a', 'a'],
  ['named twice', 'a(b,b) b', 'b a', 'b a'],
  ['a part that uses its includer, listed first', 'c(b) b[c] a[b]', 'c b a', 'a'],
  ['a part that uses one two levels up', 'c(b) b[x] x[c] a[b]', 'c x b a', 'a'],
]
for (const [rule, release, load, start] of EXAMPLES) {
  test(`${rule}: ${release}`, () => assert.equal(order(apps(release)), { load, start }))
}

test('types: none and load are loaded, not started', () => {
  const types = { a: 'none', b: 'load', c: 'temporary', d: 'transient' }
  assert.equal(order(apps('a b c d e', types)), { load: 'a b c d e', start: 'c d e' })
})

test('kernel and stdlib have no special treatment', () => {
  const all = [app('first'), app('a(kernel,stdlib)'), ...base.toReversed()]
  const result = makeScript(rel(all), world(all))
  assert.ok(result.ok)
  if (!result.ok) return
  const dirs = result.value.script.instructions.flatMap((i) => (i.op === 'path' ? [i.dirs] : [])).at(-1)
  assert.equal(
    dirs?.map((dir) => dir.split('/')[2]),
    ['first-1', 'kernel-1', 'stdlib-1', 'a-1', 'sasl-1'],
  )
})

const CIRCLES: readonly (readonly [release: string, noticed: string, message: string])[] = [
  ['a(b) b(a)', 'b a', 'a -> b -> a'],
  ['a(b) b(c) c(a)', 'c a', 'a -> b -> c -> a'],
  ['x(a) a(b) b(c) c(a)', 'c a', 'a -> b -> c -> a'],
  ['a[b] b(x) x(b)', 'x a', 'a -> b -> x -> a ("a" includes "b"; "x" needs "b", which is part of "a")'],
]
for (const [release, noticed, message] of CIRCLES) {
  test(`circle: ${release}`, () => {
    const got = order(apps(release))
    assert.ok('errors' in got)
    if (!('errors' in got)) return
    const [error] = got.errors
    assert.is(error?.tag, 'circular_dependencies')
    if (error?.tag !== 'circular_dependencies') return
    assert.is(error.applications.map(({ name }) => name).join(' '), noticed)
    assert.match(formatSystoolsError(error), message)
  })
}

test('inclusions in a circle are refused, with the walk', () => {
  for (const [release, walk] of [
    ['a[b] b[a]', 'b -> a -> b'],
    ['a[a]', 'a -> a'],
    ['x[a] a[b] b[c] c[y] y', undefined],
  ] as const) {
    const got = order(apps(release))
    if (walk === undefined) assert.not.ok('errors' in got)
    else assert.match('errors' in got ? got.errors.map(formatSystoolsError).join() : '', walk)
  }
})

test('2000 applications in well under a second, and a chain of them in no stack', () => {
  const chain = Array.from({ length: 2_000 }, (_, i) => app(i === 1_999 ? 'c1999' : `c${i}(c${i + 1})`))
  const got = order(chain)
  assert.ok('load' in got)
  if ('load' in got) assert.ok(got.load.startsWith('c1999 c1998 '))
})

test.run()
