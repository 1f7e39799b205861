/** Prints, as JSON, what keeps an old version alive: token before and after release, and the finalised versions. Needs --expose-gc. */
import { setImmediate } from 'node:timers/promises'
import { scriptCount } from '../../../../../runtime/erts/linker/stacks.js'
import { World } from '../world.js'

const collect = globalThis.gc
if (collect === undefined) throw new Error('run with --expose-gc')

async function collectAll(): Promise<void> {
  for (let round = 0; round < 4; round++) {
    await setImmediate()
    collect?.()
  }
  await setImmediate()
}

const SOURCE = `
  const inner = () => 1
  export const array = [1, 2, { deep: true }]
  export function fun() { return inner() }
  export const closure = () => () => inner()
  export class K { n = 1; m() { return inner() } }
  export async function waits(gate: Promise<unknown>) { await gate; return inner() }
  export function* generates() { yield 1; yield inner() }
  export const timer = () => setInterval(() => inner(), 1e6)
  export const data = () => ({ n: 1, list: [inner()] })
  export const listener = (target: EventTarget) => target.addEventListener('x', () => inner())`

interface Exports {
  array: unknown
  fun(): number
  closure(): unknown
  K: new () => unknown
  waits(gate: Promise<unknown>): Promise<number>
  generates(): Generator<number>
  timer(): NodeJS.Timeout
  data(): unknown
  listener(target: EventTarget): void
}

type Release = () => unknown

// Each holds something of the version and returns how to let go of it.
const HOLDERS: Record<string, (m: Exports) => Release> = {
  nothing: () => () => {},
  'plain data': (m) => hold(m.data()),
  'an exported array': (m) => hold(m.array),
  'the facade': (m) => hold(m),
  closure: (m) => hold(m.closure()),
  'bound function': (m) => hold(m.fun.bind(null)),
  'exported function': (m) => hold(m.fun),
  'class instance': (m) => hold(new m.K()),
  'suspended async function': (m) => {
    let open = (_: unknown) => {}
    const call = m.waits(new Promise((resolve) => (open = resolve)))
    return () => {
      open(0)
      return call
    }
  },
  generator: (m) => {
    const generator = m.generates()
    generator.next()
    return hold(generator)
  },
  timer: (m) => {
    const timer = m.timer()
    return () => clearInterval(timer)
  },
  listener: (m) => {
    const target = new EventTarget()
    m.listener(target)
    return hold(target)
  },
}

const held = new Map<symbol, unknown>()
function hold(value: unknown): () => void {
  const key = Symbol()
  held.set(key, value)
  return () => void held.delete(key)
}

const finalised: number[] = []
const world = new World(['a'], { onFinalised: (info) => finalised.push(info.serial) })
await world.start({ 'a/b': SOURCE })
const table: Record<string, readonly [held: boolean, released: boolean]> = {}
let version = 1
for (const [what, holder] of Object.entries(HOLDERS)) {
  let release: Release | undefined = holder(world.facade('a/b') as unknown as Exports)
  version += 1
  await world.upgrade(version, { 'a/b': SOURCE })
  const token = world.linker.versionToken('a/b', 'old')
  world.linker.purge('a/b')
  await collectAll()
  const before = token?.deref() !== undefined
  await release()
  release = undefined
  await collectAll()
  table[what] = [before, token?.deref() !== undefined]
}
world.remove()
process.stdout.write(JSON.stringify({ table, versions: version, finalised: finalised.length, scripts: scriptCount() }))
