/**
 * A node that goes up and down again and again under load: no request fails, no number is lost or given out twice, and
 * neither memory nor open files grow. `npm test` does 20 changes, `npm run test:alternate` 1000; `ROUNDS` says how many.
 */
import { readdir } from 'node:fs/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { buildTars, done, openWorkshop, type Release, telling, type Workshop } from '../support/e2e_node.js'

const test = suite('e2e/alternate')

const ROUNDS = Number(process.env.ROUNDS ?? 20)
/** Clients that ask without pause. */
const CLIENTS = 2
/** Rounds after which the caches of a process are filled. */
const WARM = Math.min(50, Math.floor(ROUNDS / 4))

let shop: Workshop
let node: Release

test.before(
  telling(async () => {
    shop = await openWorkshop()
    const tar = await buildTars(await shop.project('project', [{ vsn: '1.0.0' }, { vsn: '1.1.0' }]))
    node = await shop.deploy('node', tar('1.0.0'))
    // to ask for a collection
    done(await node.bin(['start'], { env: { ...process.env, NODE_OPTIONS: '--expose-gc', RELEASE_RESTARTS: '0' } }))
    await node.call('unpack', { tar: tar('1.1.0') })
  }),
)

test.after(() => shop.close())

/** Memory after a collection, in MB, and open files of the node. */
async function measure(): Promise<{ heapMb: number; files: number; os: number }> {
  const { os } = await node.get()
  const { used } = await node.call('eval', {
    expression: '(globalThis.gc(), globalThis.gc(), { used: process.memoryUsage().heapUsed })',
  })
  const files = await readdir(`/proc/${os}/fd`).catch(() => [])
  return { heapMb: Number(used) / 2 ** 20, files: files.length, os }
}

test(`${ROUNDS} changes under load lose nothing and leave nothing`, async () => {
  const numbers: number[] = []
  let goesOn = true
  const clients = Array.from({ length: CLIENTS }, async () => {
    while (goesOn) numbers.push((await node.get<{ n: number }>('/next')).n)
  })
  // a client that fails is told of at the end
  const asking = Promise.all(clients)
  asking.catch(() => {})
  const longest: number[] = []
  let warm = await measure()
  const { os } = warm
  try {
    for (let round = 1; round <= ROUNDS; round++) {
      const done = await node.call('upgrade', { vsn: round % 2 === 1 ? '1.1.0' : '1.0.0' })
      longest.push(Number(done.longest_pause_ms))
      if (round === WARM) warm = await measure()
    }
  } finally {
    goesOn = false
  }
  await asking
  const last = await measure()
  const middle = [...longest].sort((a, b) => a - b)[Math.floor(longest.length / 2)] ?? 0
  console.log(
    `  ${ROUNDS} changes, ${numbers.length} requests, middle pause ${middle.toFixed(1)} ms, longest ${Math.max(...longest).toFixed(1)} ms; ` +
      `heap ${warm.heapMb.toFixed(1)} -> ${last.heapMb.toFixed(1)} MB, files ${warm.files} -> ${last.files}`,
  )
  assert.equal(
    [...numbers].sort((a, b) => a - b),
    numbers.map((_, index) => index + 1),
    'each number once',
  )
  assert.is(last.os, os, 'the same process')
  assert.ok(last.files <= warm.files + 3, `open files: ${warm.files} -> ${last.files}`)
  assert.ok(last.heapMb < warm.heapMb + 1 + warm.heapMb * 0.1, `heap: ${warm.heapMb} -> ${last.heapMb} MB`)
})

test.run()
