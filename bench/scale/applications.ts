/**
 * A release of `n` applications, a tree of dependencies, each with a supervisor and a gen_server: what building,
 * packing, booting and upgrading all of them takes. Needs `npm run build` first.
 */
import { spawnSync } from 'node:child_process'
import { CLI, LiveProject, type Summary } from '../live_project.js'
import type { Figure } from './measure.js'

const top = (name: string): string => `import { Supervisor } from 'otp-rel'
import * as self from './${name}.js'
import * as server from './${name}_server.js'
export const start = () => Supervisor.startLink(self, [])
export const stop = () => {}
export const init = () => ['ok', { strategy: 'one_for_one', intensity: 1, period: 5 }, [{ id: 'server', start: [server, 'startLink', []] }]]
`
const server = (name: string, shape: string, change: string): string => `import { GenServer } from 'otp-rel'
import * as self from './${name}_server.js'
export const startLink = () => GenServer.startLink({ local: '${name}' }, self, 0)
export const init = (n) => ['ok', ${shape}]
export const handleCall = (_request, _from, state) => ['reply', state, state]
export const handleCast = (_request, state) => ['noreply', state]
export const codeChange = (oldVsn, state) => ${change}
`
const SERVERS = {
  '1.0.0': (name: string) => server(name, '{ n }', "['ok', state]"),
  '2.0.0': (name: string) =>
    server(name, '{ count: n }', "['ok', Array.isArray(oldVsn) ? { n: state.count } : { count: state.n }]"),
} as const

function prepare(project: LiveProject, n: number): void {
  for (let i = 0; i < n; i++) {
    const name = `app${i}`
    const applications = ['kernel', 'stdlib', ...(i === 0 ? [] : [`app${(i - 1) >> 1}`])]
    for (const [vsn, text] of Object.entries(SERVERS)) {
      const dir = `lib/${name}-${vsn}`
      project.write(`${dir}/app.json`, { name, vsn, applications, mod: [name, []] })
      project.write(`${dir}/src/${name}.js`, top(name))
      project.write(`${dir}/src/${name}_server.js`, text(name))
    }
    const update = [{ op: 'update', module: `${name}_server`, change: { advanced: [] } }]
    project.write(`lib/${name}-2.0.0/appup.json`, {
      vsn: '2.0.0',
      up: [{ from: '1.0.0', instructions: update }],
      down: [{ to: '1.0.0', instructions: update }],
    })
  }
  const release = (vsn: string) => ({
    name: 'bench',
    vsn,
    applications: ['sasl', ...Array.from({ length: n }, (_, i) => ({ name: `app${i}`, vsn }))],
    include_erts: false,
  })
  project.write('otp.config.json', {
    lib_dirs: ['lib/*'],
    releases: [release('1.0.0'), { ...release('2.0.0'), upgrade_from: ['1.0.0'] }],
  })
}

/** Runs a program to its end. @returns processor time of it and its children, wall clock, ms */
function timed(
  project: LiveProject,
  file: string,
  ...args: string[]
): { readonly cpuMs: number; readonly wallMs: number } {
  const startMs = performance.now()
  const ran = spawnSync('sh', ['-c', '"$0" "$@" >/dev/null || exit 1; times', file, ...args], {
    cwd: project.folder,
    encoding: 'utf8',
  })
  if (ran.status !== 0) throw new Error(`${args.join(' ')}: ${ran.stderr.slice(0, 2000)}`)
  // Two lines: the shell's own times, and those of its children, user and system.
  const [user = 0, system = 0] = [...(ran.stdout.split('\n')[1] ?? '').matchAll(/(\d+)m([\d.]+)s/g)].map(
    ([, minutes, seconds]) => (Number(minutes) * 60 + Number(seconds)) * 1000,
  )
  return { cpuMs: user + system, wallMs: performance.now() - startMs }
}

/** Builds, packs, boots and upgrades `n` applications. */
export async function applications(n: number): Promise<Figure[]> {
  const project = new LiveProject()
  try {
    prepare(project, n)
    const figures: Figure[] = []
    const command = (what: string, ...args: string[]): void => {
      figures.push({ what, n, ...timed(project, process.execPath, CLI, ...args) })
    }
    command('build two releases, nothing built', 'build')
    command('build, nothing changed', 'build')
    project.write('lib/app0-2.0.0/src/app0_server.js', `${SERVERS['2.0.0']('app0')}// changed\n`)
    command('build, one module changed', 'build', '--force')
    command('tar', 'tar', 'bench-1.0.0')
    figures.push({ what: 'start', n, ...timed(project, `${project.root}/bin/bench`, 'start') })
    try {
      const node = (code: string): number => Number(project.onNode('eval', code))
      const spentMs = (): number => node('Object.values(process.cpuUsage()).reduce((sum, us) => sum + us) / 1000')
      figures.push({ what: 'node until started', n, cpuMs: spentMs(), wallMs: node('process.uptime() * 1000') })
      const asking = 'for (let i = 0; i < 100; i++) await Application.whichApplications()'
      const which = node(`(async () => { const at = performance.now(); ${asking}; return performance.now() - at })()`)
      figures.push({ what: 'which_applications, 100 times', n, cpuMs: 0, wallMs: which })
      for (const [way, vsn] of [
        ['upgrade', '2.0.0'],
        ['downgrade', '1.0.0'],
      ] as const) {
        const before = spentMs()
        const summary = project.onNode(way, vsn) as Summary // the command's documented answer
        const note = `${summary.migrated} migrated, longest pause ${summary.longest_pause_ms.toFixed(0)} ms`
        figures.push({ what: way, n, cpuMs: spentMs() - before, wallMs: summary.duration_ms, note })
      }
    } finally {
      project.onNode('stop')
    }
    return figures
  } finally {
    project.remove()
  }
}
