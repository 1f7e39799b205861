/**
 * `node --import tsx bench/systools.ts [scripts]`: processor time of makeScript and makeRelup for chains, trees and lists of
 * applications, and of modules; by wall clock on a quiet machine the same.
 * OTP 25's systools takes 7.5, 134 and 8400 ms for chains of 10, 100 and 1000 (quadratic: it opens files on the way).
 *
 * With `scripts` only boot scripts of 10, 100 and 1000 applications in a chain, as figures for bench/run.ts.
 *
 * Growth is near-linear where the last column, the time for ten times as many, stays near 10.
 */
import { makeRelup, makeScript, type World } from '../runtime/sasl/src/systools.js'

const REPEATS = 5

interface App {
  readonly name: string
  readonly vsn: string
  readonly modules: readonly string[]
  readonly applications: readonly string[]
}

const names = (count: number): readonly string[] => Array.from({ length: count }, (_, i) => `m${i}`)

function application(i: number, needs: readonly string[], modules = 3): App {
  return { name: `app${i}`, vsn: '1.0.0', modules: names(modules), applications: ['kernel', 'stdlib', ...needs] }
}

const CORE: readonly App[] = ['kernel', 'stdlib', 'sasl'].map((name) => ({
  name,
  vsn: '1.0.0',
  modules: [],
  applications: name === 'kernel' ? [] : name === 'stdlib' ? ['kernel'] : ['kernel', 'stdlib'],
}))

const list = (n: number, needs: (i: number) => readonly number[], modules = 3) =>
  Array.from({ length: n }, (_, i) =>
    application(
      i,
      needs(i)
        .filter((k) => k < n)
        .map((k) => `app${k}`),
      modules,
    ),
  )

const rel = (apps: readonly App[], vsn: string) => ({
  name: 'bench',
  vsn,
  erts: '20.0.0',
  applications: apps.map((app) => ({ name: app.name, vsn: app.vsn })),
})
const worldOf = (apps: readonly App[]) => ({ apps: apps.map((app) => ({ name: app.name, app })) })

function script(own: readonly App[]): () => void {
  const apps = [...CORE, ...own]
  const [release, world] = [rel(apps, '1'), worldOf(apps)]
  return () => {
    const made = makeScript(release, world)
    if (!made.ok) throw new Error(JSON.stringify(made.error.slice(0, 3)))
  }
}

/** Every module of every application updated, each depending on the one before it. */
function relup(own: readonly App[]): () => void {
  const next = own.map((app) => ({ ...app, vsn: '2.0.0' }))
  const [older, newer] = [
    [...CORE, ...own],
    [...CORE, ...next],
  ]
  const instructions = ({ modules }: App) =>
    modules.map((module, i) => ({ op: 'update', module, mod_deps: i === 0 ? [] : [modules[i - 1]] }))
  const appups = Object.fromEntries(
    next.map((app) => {
      const all = instructions(app)
      const appup = {
        vsn: '2.0.0',
        up: [{ from: '1.0.0', instructions: all }],
        down: [{ to: '1.0.0', instructions: all }],
      }
      return [`${app.name}-2.0.0`, { appup }]
    }),
  )
  const world: World = { ...worldOf([...older, ...next]), appups }
  const base = [{ rel: rel(older, '1') }]
  return () => {
    const made = makeRelup({ top: rel(newer, '2'), upFrom: base, downTo: base }, world)
    if (!made.ok) throw new Error(JSON.stringify(made.error.slice(0, 3)))
  }
}

const chain = (i: number) => [i + 1]
const tree = (i: number) => [2 * i + 1, 2 * i + 2]
const none = () => []

/** What is measured: its size to the work. */
const RUNS: readonly (readonly [string, readonly number[], (size: number) => () => void])[] = [
  ['makeScript, chain of applications', [20, 200, 2000], (n) => script(list(n, chain))],
  ['makeScript, tree of applications', [20, 200, 2000], (n) => script(list(n, tree))],
  ['makeScript, modules in 100 applications', [1000, 10_000, 100_000], (n) => script(list(100, chain, n / 100))],
  ['makeScript, modules in one application', [1000, 10_000, 100_000], (n) => script(list(1, none, n))],
  ['makeRelup, chain of applications', [20, 200, 2000], (n) => relup(list(n, chain))],
  ['makeRelup, modules in 100 applications', [1000, 10_000, 100_000], (n) => relup(list(100, chain, n / 100))],
  ['makeRelup, modules in one application', [1000, 10_000, 100_000], (n) => relup(list(1, none, n))],
]

/** Milliseconds of processor time, the least of some rounds. */
function measure(work: () => void): number {
  const times = Array.from({ length: REPEATS }, () => {
    const before = process.cpuUsage()
    work()
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1000
  })
  return Math.min(...times)
}

function table(): void {
  console.log('| what | size | ms | times the one before |\n|---|---|---|---|')
  for (const [what, sizes, make] of RUNS) {
    let before: number | undefined
    for (const size of sizes) {
      const ms = measure(make(size))
      console.log(`| ${what} | ${size} | ${ms.toFixed(1)} | ${before === undefined ? '' : (ms / before).toFixed(1)} |`)
      before = ms
    }
  }
}

/** Milliseconds by the clock, as systools is timed: a list for each size, by turns. */
function scripts(): void {
  const works = [10, 100, 1000].map((n) => ({ n, work: script(list(n, chain)), ms: [] as number[] }))
  for (const { work } of works) work() // to warm up
  for (let i = 0; i < REPEATS; i++) {
    for (const { work, ms } of works) {
      const start = performance.now()
      work()
      ms.push(performance.now() - start)
    }
  }
  console.log(JSON.stringify(Object.fromEntries(works.map(({ n, ms }) => [`ms_${n}`, ms]))))
}

if (process.argv[2] === 'scripts') scripts()
else table()
