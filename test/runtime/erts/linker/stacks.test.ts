/** Stack traces show lines and columns of the TypeScript source. */
import { rmSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { inWorld, thrownBy, type World } from './world.js'

const test = suite('erts/linker stacks')

// Types and blank lines, so that no line of the output is that of the source.
const SOURCE = `interface Unused {
  readonly a: number
}

import { type } from 'node:os'
export function sync(n: number): never {
  const o: Unused = { a: n }
  throw new Error(\`sync \${o.a} \${typeof type}\`)
}

export async function later(): Promise<void> {
  await Promise.resolve()
  sync(1)
}

export class Shop<T> {
  private readonly items: readonly T[] = []

  sell(): T {
    return (this.items as unknown as { none(): T }).none()
  }
}
`

/** The frames of an error that lie in the world's modules, as "function file:line:column". */
function frames(world: World, error: unknown): string[] {
  const stack = error instanceof Error ? String(error.stack) : ''
  const lines = stack.split('\n').filter((line) => line.includes(world.root))
  return lines.map((line) => line.trim().replace(/^at /, '').replace(`${world.root}/lib/`, '').replace(/[()]/g, ''))
}

// how it is made to throw, the frames it must show
const CASES: readonly (readonly [string, (world: World) => unknown, readonly string[]])[] = [
  ['a synchronous call', (world) => world.call('a/b', 'sync', 1), ['sync a-1/ebin/b.ts:8:9']],
  ['an async function', (world) => world.call('a/b', 'later'), ['sync a-1/ebin/b.ts:8:9', 'later a-1/ebin/b.ts:13:3']],
  ['a method', (world) => world.call('a/c', 'sell'), ['Shop.sell a-1/ebin/b.ts:20:53', 'sell a-1/ebin/c.ts:2:38']],
]

for (const [what, run, expected] of CASES) {
  test(`the frames of ${what} are those of the source`, () =>
    inWorld(async (world) => {
      const user = `import { Shop } from './b.js'\nexport const sell = () => new Shop().sell()`
      await world.start({ 'a/b': SOURCE, 'a/c': user })
      const shown = frames(world, await thrownBy(() => run(world)))
      assert.equal(
        shown.map((line) => line.replace(/^async /, '').replace(/^(?:Object|Module)\./, '')),
        expected,
      )
    }))
}

test('each version has its own lines, also when they come from one path', () =>
  inWorld(async (world) => {
    await world.start({ 'a/b': 'export const f = () => { throw new Error() }' })
    const old = world.facade('a/b').f
    const at = async (run: unknown) =>
      frames(world, await thrownBy(() => (run as () => void)()))[0]
        ?.split(' ')
        .at(-1)
    await at(old) // reads the map before its file is written anew
    await world.upgrade(1, { 'a/b': '\n\nexport const f = () => { throw new Error() }' })
    assert.is(await at(old), 'a-1/ebin/b.ts:1:32')
    assert.is(await at(world.facade('a/b').f), 'a-1/ebin/b.ts:3:32')
  }))

test('a module without a map shows the built file, and a broken map hides nothing', () =>
  inWorld(
    async (world) => {
      await world.start({ 'a/b': 'export const f = () => { throw new Error("seen") }' })
      rmSync(`${world.dir('a', 1)}/ebin/b.js.map`)
      const error = await thrownBy(() => world.call('a/b', 'f'))
      assert.match(String((error as Error).stack), /^Error: seen\n {4}at .*\/ebin\/b\.js:2:\d+\)/)
    },
    { readMap: () => '{ broken' },
  ))

test('errors of other code keep their stack', () => {
  const error = new TypeError('plain')
  assert.match(String(error.stack), /^TypeError: plain\n {4}at .*stacks\.test\.ts:\d+:\d+/)
})

test.run()
