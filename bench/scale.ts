/**
 * `node --import tsx bench/scale.ts WHAT [N ...]`: how the costs of one node grow. WHAT is
 *
 *   servers       idle gen_servers: bytes each, start, call, stop
 *   supervisor    children under one supervisor: requests, restarts, shutdown
 *   timers        start_timer and cancel_timer
 *   walk          looking for the processes of an upgrade in N supervision trees
 *   logger        a flood of events: what is written and dropped, and how long the event loop stood still
 *   applications  a release of N applications: build, boot, tar, relup, upgrade (after `npm run build`)
 *   clients       N WebSocket clients of the chat through upgrade, downgrade and commit (after `npm run build`)
 *   install       an upgrade of N gen_servers with migration (after `npm run build`)
 *
 * Without N two sizes, ten times apart; the column "growth" is the cost of one at the greater size by that at the
 * smaller: 1 is linear. The folder bench/scale has a function for each, which gives the figures.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { setReporter } from '../runtime/erts/report.js'
import { type Figure, tableOf } from './scale/measure.js'

interface Run {
  readonly sizes: readonly number[]
  /** Imported when it is run: each measures a process that has loaded nothing else. */
  readonly load: () => Promise<(n: number) => Promise<Figure[]>>
  /** It is other processes that are measured, each for itself. */
  readonly onNode?: true
}

const RUNS: Readonly<Record<string, Run>> = {
  servers: { sizes: [100_000, 1_000_000], load: async () => (await import('./scale/servers.js')).servers },
  supervisor: { sizes: [10_000, 100_000], load: async () => (await import('./scale/supervisor.js')).bothKinds },
  timers: { sizes: [100_000, 1_000_000], load: async () => (await import('./scale/timers.js')).timers },
  walk: { sizes: [1000, 10_000], load: async () => (await import('./scale/walk.js')).walk },
  applications: {
    sizes: [200, 2000],
    load: async () => (await import('./scale/applications.js')).applications,
    onNode: true,
  },
  clients: { sizes: [1000, 10_000], load: async () => (await import('./scale/clients.js')).clients, onNode: true },
  install: { sizes: [10_000, 100_000], load: async () => (await import('./scale/install.js')).install, onNode: true },
  logger: { sizes: [100_000, 1_000_000], load: async () => (await import('./scale/logger.js')).logger },
}

/** The flags of the process that measures: garbage is collected on demand, and a million servers need room. */
const FLAGS = ['--expose-gc', '--max-old-space-size=6144']

async function main(): Promise<number> {
  const [what = '', ...sizes] = process.argv.slice(2)
  const run = RUNS[what]
  if (run === undefined || sizes.some((size) => !(Number.isInteger(Number(size)) && Number(size) > 0))) {
    console.error(`usage: bench/scale.ts ${Object.keys(RUNS).join(' | ')} [N ...]`)
    return 2
  }
  if (!process.execArgv.includes('--expose-gc')) {
    const self = fileURLToPath(import.meta.url)
    const flags = [...FLAGS, ...process.execArgv]
    return spawnSync(process.execPath, [...flags, self, ...process.argv.slice(2)], { stdio: 'inherit' }).status ?? 1
  }
  // Kills and reports of them are the point here; nobody wants to read of each.
  setReporter(() => {})
  const measure = await run.load()
  if (!run.onNode) await measure(Math.min(1000, ...(sizes.length > 0 ? sizes.map(Number) : run.sizes))) // to warm up
  const runs: Figure[][] = []
  for (const n of sizes.length > 0 ? sizes.map(Number) : run.sizes) runs.push(await measure(n))
  console.log(tableOf(runs))
  return 0
}

process.exit(await main())
