/** `node --expose-gc --import tsx bench/one.ts WORKLOAD`: measures one workload and prints a JSON line. */
import { idle, workloads } from './workloads.js'

const REPEATS = 9
/** Seconds to warm up, and for one repeat. */
const WARM_S = 2
const TARGET_S = 0.5

const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] ?? 0
const collect = (): void => (globalThis as { gc?: () => void }).gc?.() // there with --expose-gc

const [name = ''] = process.argv.slice(2)
const workload = workloads[name]
if (workload !== undefined) {
  let n = 1000
  let spent = 0
  for (let rounds = 0; spent < WARM_S || rounds < 3; rounds++) {
    const seconds = await workload.run(n)
    spent += seconds
    n = Math.min(workload.most, Math.max(100, Math.round(Math.min(n * 10, (n / Math.max(seconds, 1e-6)) * TARGET_S))))
  }
  const perSecond: number[] = []
  const perCpuSecond: number[] = []
  // Nothing is collected by force between them: that throws compiled code away, which no program in service has done to it.
  for (let i = 0; i < REPEATS; i++) {
    const before = process.cpuUsage()
    perSecond.push(n / (await workload.run(n)))
    const { user, system } = process.cpuUsage(before)
    perCpuSecond.push(n / ((user + system) / 1e6))
  }
  console.log(
    JSON.stringify({
      workload: name,
      n,
      ops_per_s: Math.round(median(perSecond)),
      ops_per_cpu_s: Math.round(median(perCpuSecond)),
    }),
  )
} else {
  const n = name === 'mem1m' ? 1_000_000 : 100_000
  await idle(100)
  collect()
  const before = process.memoryUsage()
  const kept = await idle(n)
  await new Promise((resolve) => setTimeout(resolve, 20))
  collect()
  const after = process.memoryUsage()
  console.log(
    JSON.stringify({ workload: name, n, bytes_per_proc: Math.round((after.heapUsed - before.heapUsed) / kept.length) }),
  )
}
process.exit(0)
