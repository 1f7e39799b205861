/**
 * A project in a temporary folder, its releases and the node that runs them, driven by the command line as a user would.
 * {@link prepareCounters} makes one of any number of gen_servers whose state changes its shape from 1.0.0 to 2.0.0.
 * Needs `npm run build` first.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The command line of the build. */
export const CLI = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))

/** What `upgrade` and `downgrade` answer, as far as it is looked at here. */
export interface Summary {
  readonly duration_ms: number
  readonly longest_pause_ms: number
  readonly migrated: number
}

/** A project, its release of the name `bench` and the node of that. */
export class LiveProject {
  readonly folder = mkdtempSync(join(tmpdir(), 'otp-rel-bench-'))
  readonly root = join(this.folder, '_build', 'rel', 'bench')

  /** Writes a file; what is no text as JSON. */
  write(path: string, content: string | object): void {
    const file = join(this.folder, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
  }

  /** Runs `otp-rel ARGS --json` and gives its answer. @throws with what it printed when it fails */
  otpRel(...args: string[]): unknown {
    return JSON.parse(
      execFileSync(process.execPath, [CLI, ...args, '--json'], {
        cwd: this.folder,
        encoding: 'utf8',
        maxBuffer: 2 ** 30,
        stdio: ['ignore', 'pipe', 'ignore'],
      }),
    )
  }

  /** A command for the node. */
  onNode(...args: string[]): unknown {
    return this.otpRel(...args, '--root', this.root)
  }

  /** Calls `APPLICATION/MODULE:FUNCTION` on the node. */
  rpc(fun: string, ...args: unknown[]): unknown {
    return this.onNode('rpc', fun.split(':')[0] ?? '', fun.split(':')[1] ?? '', JSON.stringify(args))
  }

  /** Removes the folder. The node must have been stopped. */
  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

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
/**
 * A client on the node that calls one server again and again and keeps the longest time it waited, and a bystander that
 * only wants to run every millisecond, with the longest it waited in processor time of the node: what the machine does
 * besides is left out.
 */
const CLIENT = `import { GenServer, Process, Supervisor } from 'otp-rel'
let longestMs = 0
let heldMs = 0
let calling = false
let timer
export const begin = async () => {
  const [[, pid]] = await Supervisor.whichChildren('ctr_sup')
  longestMs = heldMs = 0
  calling = true
  const cpuMs = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1000 }
  let last = cpuMs()
  timer = setInterval(() => {
    const now = cpuMs()
    heldMs = Math.max(heldMs, now - last)
    last = now
  }, 1)
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
export const end = () => {
  calling = false
  clearInterval(timer)
  return [longestMs, heldMs]
}
`

/** The counters, in two versions, built. `ctr_sup:fill` starts so many of them, `client:begin` and `end` watch one. */
export function prepareCounters(project: LiveProject): void {
  for (const [vsn, text] of Object.entries(CTR)) {
    const app = `lib/ctr-${vsn}`
    project.write(`${app}/app.json`, { name: 'ctr', vsn, applications: ['kernel', 'stdlib'], mod: ['ctr_app', []] })
    project.write(`${app}/src/ctr.js`, text)
    project.write(`${app}/src/ctr_sup.js`, SUP)
    project.write(`${app}/src/ctr_app.js`, APP)
    project.write(`${app}/src/client.js`, CLIENT)
  }
  const update = [{ op: 'update', module: 'ctr', change: { advanced: [] } }]
  project.write('lib/ctr-2.0.0/appup.json', {
    vsn: '2.0.0',
    up: [{ from: '1.0.0', instructions: update }],
    down: [{ to: '1.0.0', instructions: update }],
  })
  project.write('vm.args', '--expose-gc\n')
  const release = (vsn: string) => ({
    name: 'bench',
    vsn,
    applications: ['sasl', { name: 'ctr', vsn }],
    vm_args: 'vm.args',
    include_erts: false,
  })
  project.write('otp.config.json', {
    lib_dirs: ['lib/*'],
    releases: [release('1.0.0'), { ...release('2.0.0'), upgrade_from: ['1.0.0'] }],
  })
  project.otpRel('build')
}
