/**
 * `node --import tsx bench/upgrade.ts [pause | churn]`: upgrades of a live node with N gen_servers whose state changes
 * shape. `pause`: the longest time a server stood still, as the node reports it, and the longest call a client in the
 * node saw, for 1, 100 and 10,000 servers (BEAM, OTP 25: 1.1, 2.0 and 123 ms). `churn`: 200 upgrades back and forth,
 * heap after collection (BEAM: +0.4 %). Needs `npm run build` first.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const CLI = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))
const ROUNDS = 5

const SUP = `import { Supervisor } from 'otp-rel'
import * as self from './ctr_sup.js'
import * as ctr from './ctr.js'
export const startLink = () => Supervisor.startLink({ local: 'ctr_sup' }, self, [])
export const init = () => ['ok', { strategy: 'simple_one_for_one', intensity: 1, period: 5 }, [{ id: 'ctr', start: [ctr, 'startLink', []] }]]
export const fill = async (n) => { for (let i = 0; i < n; i++) await Supervisor.startChild('ctr_sup', [i]); return n }
`
const ctr = (shape: string, change: string): string => `import { GenServer } from 'otp-rel'
import * as self from './ctr.js'
export const startLink = (i) => GenServer.startLink(self, i)
export const init = (i) => ['ok', ${shape}]
export const handleCall = (_request, _from, state) => ['reply', 'ok', state]
export const handleCast = (_request, state) => ['noreply', state]
export const codeChange = (oldVsn, state) => ${change}
`
const CTR = {
  '1.0.0': ctr('{ n: i }', "['ok', state]"),
  '2.0.0': ctr(
    '{ count: i, at: 0 }',
    "Array.isArray(oldVsn) ? ['ok', { n: state.count }] : ['ok', { count: state.n, at: 0 }]",
  ),
} as const
const APP = `import * as sup from './ctr_sup.js'
export const start = () => sup.startLink()
export const stop = () => {}
`
/** A client on the node that calls one server again and again and keeps the longest time it waited. */
const CLIENT = `import { GenServer, Process, Supervisor } from 'otp-rel'
let longestMs = 0
let calling = false
export const begin = async () => {
  const [[, pid]] = await Supervisor.whichChildren('ctr_sup')
  longestMs = 0
  calling = true
  Process.spawn(async () => {
    while (calling) {
      const start = performance.now()
      await GenServer.call(pid, 'x')
      longestMs = Math.max(longestMs, performance.now() - start)
      await Process.sleep(1)
    }
  })
  return 'ok'
}
export const end = () => { calling = false; return longestMs }
`

const project = mkdtempSync(join(tmpdir(), 'otp-rel-bench-'))
const root = join(project, '_build', 'rel', 'bench')

function write(path: string, content: string | object): void {
  const file = join(project, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
}

function otpRel(...args: string[]): unknown {
  return JSON.parse(
    execFileSync(process.execPath, [CLI, ...args, '--json'], {
      cwd: project,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  )
}

const onNode = (...args: string[]): unknown => otpRel(...args, '--root', root)
const rpc = (fun: string, ...args: unknown[]): unknown =>
  onNode('rpc', fun.split(':')[0] ?? '', fun.split(':')[1] ?? '', JSON.stringify(args))

interface Summary {
  readonly duration_ms: number
  readonly longest_pause_ms: number
  readonly migrated: number
}

function prepare(): void {
  for (const [vsn, text] of Object.entries(CTR)) {
    const app = `lib/ctr-${vsn}`
    write(`${app}/app.json`, { name: 'ctr', vsn, applications: ['kernel', 'stdlib'], mod: ['ctr_app', []] })
    write(`${app}/src/ctr.js`, text)
    write(`${app}/src/ctr_sup.js`, SUP)
    write(`${app}/src/ctr_app.js`, APP)
    write(`${app}/src/client.js`, CLIENT)
  }
  const update = [{ op: 'update', module: 'ctr', change: { advanced: [] } }]
  write('lib/ctr-2.0.0/appup.json', {
    vsn: '2.0.0',
    up: [{ from: '1.0.0', instructions: update }],
    down: [{ to: '1.0.0', instructions: update }],
  })
  write('vm.args', '--expose-gc\n')
  const release = (vsn: string) => ({
    name: 'bench',
    vsn,
    applications: ['sasl', { name: 'ctr', vsn }],
    vm_args: 'vm.args',
    include_erts: false,
  })
  write('otp.config.json', {
    lib_dirs: ['lib/*'],
    releases: [release('1.0.0'), { ...release('2.0.0'), upgrade_from: ['1.0.0'] }],
  })
  otpRel('build')
}

const median = (values: number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0

function pause(): void {
  console.log('| gen_servers | | stood still, ms | longest call, ms | whole change, ms |\n|---|---|---|---|---|')
  for (const n of [1, 100, 10_000]) {
    onNode('start')
    try {
      rpc('ctr/ctr_sup:fill', n)
      const figures = { up: [] as Summary[], down: [] as Summary[] }
      const calls = { up: [] as number[], down: [] as number[] }
      for (let i = 0; i < ROUNDS; i++) {
        for (const [way, args] of [
          ['up', ['upgrade', '2.0.0']],
          ['down', ['downgrade', '1.0.0']],
        ] as const) {
          rpc('ctr/client:begin')
          const summary = onNode(...args) as Summary // the command's documented answer
          if (summary.migrated !== n) throw new Error(`${summary.migrated} of ${n} migrated`)
          figures[way].push(summary)
          calls[way].push(Number(rpc('ctr/client:end')))
        }
      }
      for (const way of ['up', 'down'] as const) {
        const still = median(figures[way].map((one) => one.longest_pause_ms))
        const whole = median(figures[way].map((one) => one.duration_ms))
        console.log(`| ${n} | ${way} | ${still.toFixed(1)} | ${median(calls[way]).toFixed(1)} | ${whole.toFixed(0)} |`)
      }
    } finally {
      onNode('stop')
    }
  }
}

function churn(): void {
  onNode('start')
  try {
    rpc('ctr/ctr_sup:fill', 100)
    const heap = (): number => Number(onNode('eval', 'gc(), gc(), process.memoryUsage().heapUsed')) / 1e6
    console.log('| upgrades | heap, MB |\n|---|---|')
    console.log(`| 0 | ${heap().toFixed(2)} |`)
    for (let i = 1; i <= 200; i++) {
      onNode(i % 2 === 1 ? 'upgrade' : 'downgrade', i % 2 === 1 ? '2.0.0' : '1.0.0')
      if (i === 20 || i % 50 === 0) console.log(`| ${i} | ${heap().toFixed(2)} |`)
    }
  } finally {
    onNode('stop')
  }
}

try {
  prepare()
  if (process.argv[2] === 'churn') churn()
  else pause()
} finally {
  rmSync(project, { recursive: true, force: true })
}
