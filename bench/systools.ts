/**
 * `node --import tsx bench/systools.ts`: time of makeScript for chains and trees of applications with 3 modules each.
 * OTP 25's systools takes 7.5, 134 and 8400 ms for chains of 10, 100 and 1000 (quadratic: it opens files on the way).
 */
import { makeScript } from '../runtime/sasl/src/systools.js'

const REPEATS = 7

interface App {
  readonly name: string
  readonly vsn: string
  readonly modules: readonly string[]
  readonly applications: readonly string[]
}

function application(i: number, needs: readonly string[]): App {
  const name = `app${i}`
  return { name, vsn: '1.0.0', modules: [1, 2, 3].map((m) => `m${m}`), applications: ['kernel', 'stdlib', ...needs] }
}

const CORE: readonly App[] = ['kernel', 'stdlib', 'sasl'].map((name) => ({
  name,
  vsn: '1.0.0',
  modules: [],
  applications: name === 'kernel' ? [] : name === 'stdlib' ? ['kernel'] : ['kernel', 'stdlib'],
}))

const SHAPES = {
  chain: (n: number) => Array.from({ length: n }, (_, i) => application(i, i + 1 < n ? [`app${i + 1}`] : [])),
  tree: (n: number) =>
    Array.from({ length: n }, (_, i) =>
      application(
        i,
        [2 * i + 1, 2 * i + 2].filter((k) => k < n).map((k) => `app${k}`),
      ),
    ),
}

const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] ?? 0

console.log('| applications | shape | makeScript, ms |\n|---|---|---|')
for (const n of [10, 100, 1000, 2000]) {
  for (const [shape, make] of Object.entries(SHAPES)) {
    const apps = [...CORE, ...make(n)]
    const rel = { name: 'bench', vsn: '1', erts: '20.0.0', applications: apps.map(({ name, vsn }) => ({ name, vsn })) }
    const world = { apps: apps.map((app) => ({ name: app.name, app })) }
    const times = Array.from({ length: REPEATS }, () => {
      const start = performance.now()
      const made = makeScript(rel, world)
      if (!made.ok) throw new Error(JSON.stringify(made.error))
      return performance.now() - start
    })
    console.log(`| ${n} | ${shape} | ${median(times).toFixed(1)} |`)
  }
}
