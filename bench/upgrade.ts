/**
 * `node --import tsx bench/upgrade.ts [pause | churn]`: upgrades of a live node with N gen_servers whose state changes
 * shape. `pause`: the longest time a server stood still, as the node reports it, and the longest call a client in the
 * node saw, for 1, 100 and 10,000 servers (BEAM, OTP 25: 1.1, 2.0 and 123 ms). `churn`: 200 upgrades back and forth,
 * heap after collection (BEAM: +0.4 %). Needs `npm run build` first.
 */
import { median } from './judge.js'
import { LiveProject, prepareCounters, type Summary } from './live_project.js'

const ROUNDS = process.env.BENCH_QUICK === '1' ? 2 : 5
const project = new LiveProject()

function pause(): void {
  const told: Record<string, number[]> = {}
  console.log('| gen_servers | | stood still, ms | longest call, ms | whole change, ms |\n|---|---|---|---|---|')
  for (const n of [1, 100, 10_000]) {
    project.onNode('start')
    try {
      project.rpc('ctr/ctr_sup:fill', n)
      const figures = { up: [] as Summary[], down: [] as Summary[] }
      const calls = { up: [] as number[], down: [] as number[] }
      for (let i = 0; i < ROUNDS; i++) {
        for (const [way, args] of [
          ['up', ['upgrade', '2.0.0']],
          ['down', ['downgrade', '1.0.0']],
        ] as const) {
          project.rpc('ctr/client:begin')
          const summary = project.onNode(...args) as Summary // the command's documented answer
          if (summary.migrated !== n) throw new Error(`${summary.migrated} of ${n} migrated`)
          figures[way].push(summary)
          calls[way].push((project.rpc('ctr/client:end') as [number, number])[0]) // longest call, longest turn
        }
      }
      for (const way of ['up', 'down'] as const) {
        told[`${way}_${n}`] = figures[way].map((one) => one.longest_pause_ms)
        const still = median(figures[way].map((one) => one.longest_pause_ms))
        const whole = median(figures[way].map((one) => one.duration_ms))
        console.log(`| ${n} | ${way} | ${still.toFixed(1)} | ${median(calls[way]).toFixed(1)} | ${whole.toFixed(0)} |`)
      }
    } finally {
      project.onNode('stop')
    }
  }
  console.log(JSON.stringify(told))
}

function churn(): void {
  project.onNode('start')
  try {
    project.rpc('ctr/ctr_sup:fill', 100)
    const heap = (): number => Number(project.onNode('eval', 'gc(), gc(), process.memoryUsage().heapUsed')) / 1e6
    const told: Record<string, number> = {}
    console.log('| upgrades | heap, MB |\n|---|---|')
    for (let i = 0; i <= 200; i++) {
      if (i > 0) project.onNode(i % 2 === 1 ? 'upgrade' : 'downgrade', i % 2 === 1 ? '2.0.0' : '1.0.0')
      if (i !== 20 && i % 50 !== 0) continue
      const now = heap()
      told[`heap_${i}`] = now
      console.log(`| ${i} | ${now.toFixed(2)} |`)
    }
    console.log(JSON.stringify(told))
  } finally {
    project.onNode('stop')
  }
}

try {
  prepareCounters(project)
  if (process.argv[2] === 'churn') churn()
  else pause()
} finally {
  project.remove()
}
