/**
 * `node --expose-gc --import tsx bench/cast_growth.ts`: nanoseconds for one cast when 10^4 wait and when 10^6 do,
 * in one process by turns, as many casts of each.
 */
import { workloads } from './workloads.js'

const SIZES = [10_000, 1_000_000] as const
const REPEATS = 5
const cast = workloads.cast
if (cast === undefined) throw new Error('no workload cast')

/** @returns ns by the clock and by processor time for each of 10^6 casts, in floods of n */
async function floods(n: number): Promise<readonly [number, number]> {
  const total = SIZES[1]
  const before = process.cpuUsage()
  let seconds = 0
  for (let sent = 0; sent < total; sent += n) seconds += (await cast?.run(n)) ?? 0
  const { user, system } = process.cpuUsage(before)
  return [(seconds * 1e9) / total, ((user + system) * 1000) / total]
}

const figures: Record<string, number[]> = {}
for (const n of SIZES) await floods(n)
for (let i = 0; i < REPEATS; i++) {
  for (const n of SIZES) {
    globalThis.gc?.()
    const [clock, cpu] = await floods(n)
    figures[`at_${n}`] = [...(figures[`at_${n}`] ?? []), clock]
    figures[`cpu_at_${n}`] = [...(figures[`cpu_at_${n}`] ?? []), cpu]
  }
}
console.log(JSON.stringify(figures))
process.exit(0)
