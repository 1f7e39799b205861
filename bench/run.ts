/**
 * `npm run bench [-- NAME ...] [--rounds N] [--quick] [--list] [--table]`: measures the budgets of bench/budgets, each
 * beside its baseline in the same run, and prints them as a table. A name picks every budget that begins with it:
 * `pause` is pause_1, pause_100, ... Results go into bench/results.json and the table of bench/README.md; those of
 * budgets that were not picked, or failed, stay as they were.
 *
 * Ends with 0 when everything was measured (met or not), 1 when a program failed, 2 when it was called wrongly.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { nearest } from '../cli/render/nearest.js'
import { plain } from '../cli/render/style.js'
import { table } from '../cli/render/table.js'
import type { Budget, Program } from './budget.js'
import { BUDGETS } from './budgets/all.js'
import { type Figures, type Found, judge, merge, type Round } from './judge.js'
import { BENCH, type Tools, toolsHere } from './launch.js'
import { cells, HEADS, resultsText, withTable } from './table.js'

const RESULTS = join(BENCH, 'results.json')
const README = join(BENCH, 'README.md')

/** Budgets that are measured by the same programs, and so at once. */
interface Job {
  readonly budgets: Budget[]
  readonly ours: Program
  readonly baseline: Program | undefined
}

function jobsOf(budgets: readonly Budget[]): readonly Job[] {
  const jobs: Job[] = []
  for (const budget of budgets) {
    const ours = budget.measure.program
    const other = budget.baseline.measure?.program
    const baseline = other === ours ? undefined : other
    const found = jobs.find((job) => job.ours === ours && (job.baseline === baseline || baseline === undefined))
    if (found === undefined) jobs.push({ budgets: [budget], ours, baseline })
    else found.budgets.push(budget)
  }
  return jobs
}

const say = (text: string): void => void process.stderr.write(`${text}\n`)

/** Runs one job: in each round both sides, the order of which alternates. */
async function measure(job: Job, count: number, tools: Tools): Promise<{ rounds: Round[]; failed: boolean }> {
  const { ours, baseline } = job
  const sides = { ours, ...(baseline !== undefined && tools.can(baseline) ? { baseline } : {}) }
  const most = Object.values(sides).every(({ once }) => once === true) ? 1 : count
  const rounds: Round[] = []
  let failed = false
  for (let i = 0; i < most; i++) {
    const round: { ours?: Figures; baseline?: Figures } = {}
    const order = (['ours', 'baseline'] as const).filter((side) => sides[side] !== undefined)
    for (const side of i % 2 === 0 ? order : order.reverse()) {
      const program = sides[side]
      if (program === undefined || (i > 0 && program.once === true)) continue
      try {
        round[side] = await tools.run(program)
      } catch (reason) {
        failed = true
        say(
          `! ${job.budgets.map(({ name }) => name).join(', ')}, ${side}: ${reason instanceof Error ? reason.message : reason}`,
        )
      }
    }
    rounds.push(round)
  }
  return { rounds, failed }
}

/** The baseline of a budget that is a figure of our own program is read from the same samples. */
function roundsFor(budget: Budget, rounds: readonly Round[]): readonly Round[] {
  if (budget.baseline.measure?.program !== budget.measure.program) return rounds
  return rounds.map(({ ours }) => (ours === undefined ? {} : { ours, baseline: ours }))
}

/** What earlier runs found; nothing when there is no file. */
function before(): readonly Found[] {
  if (!existsSync(RESULTS)) return []
  // entries of another shape are those of an older program
  const read: unknown = JSON.parse(readFileSync(RESULTS, 'utf8'))
  return Array.isArray(read) ? read.filter((one): one is Found => typeof one?.name === 'string') : []
}

/** Writes a file whole or not at all. */
function replace(file: string, text: string): void {
  writeFileSync(`${file}.new`, text)
  renameSync(`${file}.new`, file)
}

function save(now: readonly Found[]): void {
  const names = BUDGETS.map(({ name }) => name)
  // the table shows what the file says, to its digits
  const json = resultsText(merge(before(), now, names))
  const all = JSON.parse(json) as Found[] // written a line above
  replace(RESULTS, json)
  replace(README, withTable(readFileSync(README, 'utf8'), all))
}

function show(found: readonly Found[]): void {
  const rows = found.map(cells)
  const columns = HEADS.map((title) => ({ title }))
  console.log(table(columns, rows, plain).join('\n'))
}

interface Asked {
  readonly budgets: readonly Budget[]
  readonly rounds: number
  readonly quick: boolean
  readonly action: 'list' | 'table' | 'run'
}

/** @throws {Error} with what is wrong about the arguments */
function asked(args: readonly string[]): Asked {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      rounds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      table: { type: 'boolean', default: false },
    },
  })
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 3))
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds ${values.rounds}: must be a number from 1 on`)
  const picks = (pick: string, name: string): boolean => name === pick || name.startsWith(`${pick}_`)
  for (const pick of positionals) {
    if (BUDGETS.some(({ name }) => picks(pick, name))) continue
    const near = nearest(
      pick,
      BUDGETS.map(({ name }) => name),
    )
    throw new Error(`no budget ${pick}${near === undefined ? '' : `, did you mean ${near}?`} (--list names all)`)
  }
  const budgets = BUDGETS.filter(
    ({ name }) => positionals.length === 0 || positionals.some((pick) => picks(pick, name)),
  )
  return { budgets, rounds, quick: values.quick, action: values.list ? 'list' : values.table ? 'table' : 'run' }
}

async function main(): Promise<number> {
  let wanted: Asked
  try {
    wanted = asked(process.argv.slice(2))
  } catch (reason) {
    console.error(reason instanceof Error ? reason.message : reason)
    return 2
  }
  if (wanted.action === 'list') {
    for (const { name, what } of wanted.budgets) console.log(`${name.padEnd(20)}${what}`)
    return 0
  }
  if (wanted.action === 'table') {
    save([])
    return 0
  }
  const tools = toolsHere(wanted.quick)
  const results: Found[] = []
  let status = 0
  try {
    for (const job of jobsOf(wanted.budgets)) {
      const startMs = performance.now()
      const { rounds, failed } = await measure(job, wanted.rounds, tools)
      if (failed) status = 1
      for (const budget of job.budgets) {
        const found = judge(budget, roundsFor(budget, rounds), process.version)
        if (found !== undefined) results.push(found)
        else status = 1
      }
      save(results)
      const names = job.budgets.map(({ name }) => name).join(', ')
      say(`${((performance.now() - startMs) / 1000).toFixed(1).padStart(6)} s  ${names}`)
    }
  } finally {
    tools.clean()
  }
  show(results)
  return status
}

process.exitCode = await main()
