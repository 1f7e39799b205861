/**
 * A lost optimisation is noticed here, a slow machine is not: two things are timed side by side in one process, again
 * and again, and their ratio held against a generous bound. What the figures really are, `npm run bench` tells.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { transform } from '../../cli/release/transform.js'
import { Linker } from '../../runtime/erts/linker/linker.js'
import { exitPid, type Pid } from '../../runtime/erts/process.js'
import { makeScript } from '../../runtime/sasl/src/systools.js'
import * as GenServer from '../../runtime/stdlib/src/gen_server.js'

const test = suite('bench/guard')

/** Rounds of each; the best ratio counts, since all that can go wrong makes it larger. */
const ROUNDS = 7

type Work = () => void | Promise<void>

/** Processor time of this process, in ms. */
async function cpuMs(work: Work): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

/** The smallest ratio of the time of `ours` to that of `baseline`, timed alternately. */
async function ratio(ours: Work, baseline: Work): Promise<number> {
  await ours()
  await baseline()
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < ROUNDS; round++) {
    const [mine, theirs] = [await cpuMs(ours), await cpuMs(baseline)]
    best = Math.min(best, mine / Math.max(theirs, 0.1))
  }
  return best
}

function holds(what: string, found: number, most: number): void {
  console.log(`  ${what}: ${found.toFixed(2)}, at most ${most}`)
  assert.ok(found <= most, `${what}: ${found.toFixed(2)} is more than ${most}`)
}

/** A server that counts. */
async function counter(): Promise<Pid> {
  const started = await GenServer.start({
    init: () => ['ok', 0],
    handleCall: (_request: unknown, _from: unknown, n: number) => ['reply', n, n + 1],
    handleCast: (_request: unknown, n: number) => ['noreply', n + 1],
  })
  if (started === 'ignore' || started[0] === 'error') throw new Error('did not start')
  return started[1]
}

test('a call of a server costs a few bare round trips of a promise', async () => {
  const server = await counter()
  const CALLS = 20_000
  const found = await ratio(
    async () => {
      for (let i = 0; i < CALLS; i++) await GenServer.call(server, 'x')
    },
    async () => {
      for (let i = 0; i < CALLS; i++) await new Promise((resolve) => resolve(i))
    },
  )
  exitPid(server, 'kill')
  holds('call / promise', found, 5)
})

test('a cast costs the same whether ten thousand wait or ten times as many', async () => {
  const flood = (n: number): Work => {
    return async () => {
      const server = await counter()
      for (let i = 0; i < n; i++) GenServer.cast(server, 'x')
      assert.is(await GenServer.call(server, 'x', 'infinity'), n)
      exitPid(server, 'kill')
    }
  }
  holds('100,000 casts / 10,000 casts', await ratio(flood(100_000), flood(10_000)), 20)
})

test('a call through a swappable reference costs about what a native import does', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'otp-rel-test-'))
  try {
    const server = `export function big(s) {\n  let a = s | 0\n  ${Array.from({ length: 60 }, (_, i) => `if (a === ${-1 - i}) a = (a ^ ${i}) | 0`).join('\n  ')}\n  return (a + 1) | 0\n}`
    const client = `import { big } from './server.js'\nexport const run = (n) => { let s = 0; for (let i = 0; i < n; i++) s = big(s); return s }`
    writeFileSync(join(dir, 'package.json'), '{ "type": "module" }')
    writeFileSync(join(dir, 'server.js'), server)
    writeFileSync(join(dir, 'client.js'), client)
    // Reasons for the casts: the text of the module stands a few lines above.
    const native = (await import(pathToFileURL(join(dir, 'client.js')).href)) as { run(n: number): number }
    for (const [name, text] of Object.entries({ server, client })) {
      const built = transform(text, { filename: `${name}.js`, resolve: () => ({ m: 'app/server' }) })
      writeFileSync(join(dir, `${name}.built.js`), built.code)
    }
    const linker = new Linker({ fileOf: (id) => ({ file: join(dir, `${id.slice('app/'.length)}.built.js`), dir }) })
    await linker.load(['app/client'])
    const own = linker.facade('app/client') as unknown as { run(n: number): number }
    const CALLS = 300_000
    const found = await ratio(
      () => void own.run(CALLS),
      () => void native.run(CALLS),
    )
    holds('reference / import', found, 1.6)
  } finally {
    rmSync(dir, { recursive: true })
  }
})

test('a boot script of ten times the applications takes about ten times as long', async () => {
  const make = (n: number): Work => {
    const core = ['kernel', 'stdlib', 'sasl'].map((name, i) => {
      return { name, vsn: '1', modules: [], applications: ['kernel', 'stdlib'].slice(0, i) }
    })
    const chain = Array.from({ length: n }, (_, i) => ({
      name: `app${i}`,
      vsn: '1',
      modules: ['a', 'b', 'c'],
      applications: ['kernel', 'stdlib', ...(i + 1 < n ? [`app${i + 1}`] : [])],
    }))
    const apps = [...core, ...chain]
    const rel = { name: 'guard', vsn: '1', erts: '20.0.0', applications: apps.map(({ name, vsn }) => ({ name, vsn })) }
    const world = { apps: apps.map((app) => ({ name: app.name, app })) }
    return () => assert.ok(makeScript(rel, world).ok)
  }
  holds('1,000 applications / 100', await ratio(make(1_000), make(100)), 25)
})

test.run()
