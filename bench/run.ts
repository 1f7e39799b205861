/**
 * `npm run bench [WORKLOAD ...]`: measures the runtime's budgets side by side with Erlang on one scheduler
 * (`erl +S 1`), where `erl` and `erlc` are installed, in the same run, and prints ratios by processor time: those hold
 * when the machine's speed drifts. Without Erlang only our own figures.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

interface Measured {
  readonly ops_per_s?: number
  readonly ops_per_cpu_s?: number
  readonly bytes_per_proc?: number
}

interface Budget {
  readonly name: string
  readonly what: string
  /** Ours against Erlang's: at least this; for bytes at most this many. */
  readonly target: number
}

const HERE = fileURLToPath(new URL('.', import.meta.url))
const ROUNDS = Number(process.env.ROUNDS ?? 3)

const BUDGETS: readonly Budget[] = [
  { name: 'call', what: 'sequential gen_server call', target: 2 },
  { name: 'ccall', what: '1000 clients calling one server', target: 3 },
  { name: 'cast', what: 'cast flood, 10^6 waiting', target: 0.7 },
  { name: 'ring', what: 'message round a ring of 1000', target: 1.5 },
  { name: 'spawn', what: 'spawn and stop, 10^5 alive', target: 2 },
  { name: 'spawn_gs', what: 'start, call and stop one gen_server', target: 2 },
  { name: 'restart', what: 'crash to restarted by its supervisor', target: 10 },
  { name: 'mem', what: 'idle gen_server, bytes', target: 600 },
]

function lastJson(text: string): Measured {
  const line = text
    .trim()
    .split('\n')
    .findLast((one) => one.startsWith('{'))
  return line === undefined ? {} : (JSON.parse(line) as Measured) // what the programs print
}

function ours(workload: string): Measured {
  return lastJson(
    execFileSync(process.execPath, ['--expose-gc', '--import', 'tsx', join(HERE, 'one.ts'), workload], {
      encoding: 'utf8',
    }),
  )
}

function compileErlang(): string | undefined {
  if (spawnSync('erlc', ['-help']).error !== undefined) return undefined
  const out = mkdtempSync(join(tmpdir(), 'otp-rel-bench-'))
  const sources = readdirSync(join(HERE, 'erlang')).filter((file) => file.endsWith('.erl'))
  execFileSync('erlc', ['-o', out, ...sources.map((file) => join(HERE, 'erlang', file))])
  return out
}

function erlang(beams: string, workload: string): Measured {
  const args = ['+S', '1', '+P', '4000000', '-noshell', '-pa', beams, '-s', 'bench', 'main', 'erlang-S1', '3', workload]
  return lastJson(execFileSync('erl', args, { encoding: 'utf8' }))
}

const median = (values: number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0
const wanted = process.argv.slice(2)
const beams = compileErlang()
const results: object[] = []
console.log('| what | ours | Erlang +S 1 | ratio by CPU time | target | met |\n|---|---|---|---|---|---|')
for (const { name, what, target } of BUDGETS.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
  const rounds = Array.from({ length: ROUNDS }, () => {
    const theirs = beams === undefined ? {} : erlang(beams, name)
    return { theirs, mine: ours(name) }
  })
  const bytes = name.startsWith('mem')
  const figure = (of: Measured): number => (bytes ? of.bytes_per_proc : of.ops_per_s) ?? 0
  const mine = median(rounds.map((round) => figure(round.mine)))
  const theirs = median(rounds.map((round) => figure(round.theirs)))
  const ratio = median(
    rounds.map(({ mine, theirs }) =>
      bytes ? figure(mine) / figure(theirs) : (mine.ops_per_cpu_s ?? 0) / (theirs.ops_per_cpu_s ?? Number.NaN),
    ),
  )
  const met = bytes ? mine <= target : Number.isNaN(ratio) ? undefined : ratio >= target
  const show = (value: number): string =>
    bytes ? `${value} B` : value >= 1e6 ? `${(value / 1e6).toFixed(2)} M/s` : `${(value / 1e3).toFixed(0)} k/s`
  console.log(
    `| ${what} | ${show(mine)} | ${theirs > 0 ? show(theirs) : '-'} | ${Number.isFinite(ratio) ? ratio.toFixed(2) : '-'} | ${bytes ? `at most ${target} B` : `at least ${target}`} | ${met === undefined ? '-' : met ? 'yes' : 'no'} |`,
  )
  results.push({ budget: name, ours: mine, baseline: theirs, ratio, target, met })
}
writeFileSync(join(HERE, 'results.json'), `${JSON.stringify(results, null, 2)}\n`)
