/** Much of everything: nothing is lost, nobody waits long, and the heap is afterwards what it was before. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { SoakResult } from './soak_node.js'

const test = suite('stdlib/soak')

const LIMIT_MS = 100_000
/** Pools, compiled code and what else comes once; a leak of 20 bytes for each of 10^5 things would be more. */
const LEFT_BYTES = 2_000_000
/** Generous: other programs may have the machine. */
const SLOW_MS = 1000
const CASTS = 1_000_000

let result: SoakResult

test.before(async () => {
  const program = fileURLToPath(new URL('./soak_node.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', '--import', 'tsx', program], {
    timeout: LIMIT_MS,
  })
  result = JSON.parse(stdout) as SoakResult // what the program prints
})

for (const what of [
  'calls',
  'calls that nobody answers',
  'spawns and exits',
  'crashes under supervision',
  'monitors and timers',
]) {
  test(`${what} leave nothing on the heap`, () => {
    const left = result.work[what]?.leftBytes ?? Number.NaN
    assert.ok(left < LEFT_BYTES, `${left} bytes left`)
  })
}

test('no process is left over', () => {
  assert.is(result.processesLeft, 0)
})

test('a flood of casts keeps neither timers nor a socket waiting', () => {
  const { latestTimerMs, slowestEchoMs, echoes } = result.flood
  assert.ok(latestTimerMs < SLOW_MS, `a timer was ${latestTimerMs} ms late`)
  assert.ok(slowestEchoMs < SLOW_MS, `an echo took ${slowestEchoMs} ms`)
  assert.ok(echoes > 3, `${echoes} echoes in ${result.flood.s} s`)
})

test('of a flood of casts nothing is lost, and a message that waits takes little', () => {
  const { sum, mostBytes, leftBytes } = result.flood
  assert.is(sum, (CASTS * (CASTS - 1)) / 2)
  // Two slots a message, in a ring at most half empty that has just been copied.
  assert.ok(mostBytes < CASTS * 100, `${mostBytes} bytes`)
  assert.ok(leftBytes < LEFT_BYTES, `${leftBytes} bytes left`)
})

test.run()
