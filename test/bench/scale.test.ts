/**
 * What grows worse than linear is noticed here: the runs of bench/scale at two sizes in one process, the cost of one
 * at the greater size held against that at the smaller. What the figures are, `bench/scale.ts` tells.
 */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { logger } from '../../bench/scale/logger.js'
import type { Figure } from '../../bench/scale/measure.js'
import { servers } from '../../bench/scale/servers.js'
import { bothKinds } from '../../bench/scale/supervisor.js'
import { timers } from '../../bench/scale/timers.js'
import { walk } from '../../bench/scale/walk.js'
import { setReporter } from '../../runtime/erts/report.js'

const test = suite('bench/scale')

setReporter(() => {})

/** Rounds of each size; the cheapest counts, since all that can go wrong makes it dearer. */
const ROUNDS = 3
/** What a step may cost more for each at ten times the size; quadratic is 10. */
const MOST = 4
/** A step that takes less at the greater size says nothing. */
const LEAST_MS = 4

/** Processor time for each one of every step, the least of some rounds, µs. */
async function costs(run: (n: number) => Promise<Figure[]>, n: number): Promise<Map<string, number>> {
  const least = new Map<string, number>()
  for (let round = 0; round < ROUNDS; round++) {
    for (const { what, cpuMs, n: count } of await run(n)) {
      least.set(what, Math.min(least.get(what) ?? Number.POSITIVE_INFINITY, (cpuMs * 1000) / count))
    }
  }
  return least
}

const RUNS: readonly (readonly [string, (n: number) => Promise<Figure[]>, n: number])[] = [
  ['servers', servers, 2000],
  ['supervisor', bothKinds, 1000],
  ['timers', timers, 2000],
  ['walk', walk, 1000],
  ['logger', (n) => logger(n, 1000), 1000],
]

for (const [name, run, n] of RUNS) {
  test(`${name}: ten times as many cost about ten times as much`, async () => {
    await run(n) // to warm up
    const [small, great] = [await costs(run, n), await costs(run, n * 10)]
    for (const [what, eachUs] of great) {
      const growth = eachUs / (small.get(what) ?? eachUs)
      if ((eachUs * n * 10) / 1000 < LEAST_MS) continue
      console.log(`  ${what}: ${growth.toFixed(2)}, at most ${MOST}`)
      assert.ok(growth <= MOST, `${what}: one costs ${growth.toFixed(2)} times as much among ${n * 10} as among ${n}`)
    }
  })
}

test.run()
