/**
 * `node --import tsx bench/boot.ts [ROUNDS]`: how long a node takes to boot, side by side with what Node itself takes.
 *
 *   minimal   kernel, stdlib, sasl and one small application, from `bin/NAME foreground` to the end of the boot script,
 *             against `node -e 0`
 *   modules   1000 modules of about 6.5 KB: loading them as an application of a release, against importing the same
 *             1000 files as ES modules; the time inside the process, and that of the whole process
 *
 * Each with its code caches in place, as every start but the first one has them, and the first start by itself. Runs
 * alternate, so that the machine's drift meets both; medians.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { build } from '../cli/release/build.js'
import { formatFault } from '../schemas/fault.js'
import { median } from './judge.js'

const ROUNDS = Number(process.argv[2] ?? (process.env.BENCH_QUICK === '1' ? 3 : 9))
const MODULES = 1000
/** Functions of a generated module: about 6.5 KB as JavaScript. */
const FUNCTIONS = 24

/** Says when the boot script has ended, and how long loading `big` took. */
const TELL = `
const erts = ['erts', 'init'].join('/') // no module that an application may name
const tell = async () => {
  const { waitUntilStarted, bootSteps } = await import(erts)
  await waitUntilStarted()
  const loads = bootSteps().filter(({ step }) => step.startsWith('load ') && step.endsWith(' modules'))
  // not process.stdout, which would be opened for this alone
  writeSync(1, \`started \${loads.at(-1)?.ms ?? 0}\\n\`)
}
`

const application = (name: string, needs: string): string => `
import { writeSync } from 'node:fs'
import { Supervisor } from 'otp-rel'
import * as self from './${name}.js'
${needs}${TELL}
export const start = () => {
  void tell()
  return Supervisor.startLink({ local: '${name}_sup' }, self, [])
}
export const stop = () => {}
export const init: Supervisor.Init = () => ['ok', { strategy: 'one_for_one', intensity: 1, period: 5 }, []]
`

/** A module of functions that call each other and those of up to five modules before it. */
function generated(index: number, ending: string): string {
  const others = Array.from({ length: Math.min(index, 1 + (index % 5)) }, (_, i) => index - 1 - i * i).filter(
    (other) => other >= 0,
  )
  const imports = others.map((other) => `import { f0 as g${other} } from './m${other}${ending}'\n`).join('')
  const calls = others.map((other) => `g${other}`).join(', ')
  const functions = Array.from(
    { length: FUNCTIONS },
    (_, f) => `
export function f${f}(value, options = {}) {
  const list = Array.isArray(value) ? value : [value]
  const found = list.filter((one) => one !== undefined && one !== null && one !== options.except)
  if (found.length === 0) return { index: ${index}, name: 'f${f}', found: [] }
  const total = found.reduce((sum, one) => sum + (typeof one === 'number' ? one : String(one).length), ${f})
  return total > 1000 ? { index: ${index}, total } : { index: ${index}, total, found }
}
`,
  )
  return `${imports}${functions.join('')}\nexport const others = () => [${calls}]\n`
}

async function put(root: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text)
  }
}

async function makeProject(root: string): Promise<void> {
  const release = (name: string) => ({ name, vsn: '1.0.0', applications: ['sasl', name] })
  const resource = (name: string) =>
    JSON.stringify({ name, vsn: '1.0.0', applications: ['kernel', 'stdlib'], mod: [name, []] })
  await put(root, {
    'package.json': '{"name":"boot","type":"module"}',
    'otp.config.json': JSON.stringify({ lib_dirs: ['apps/*'], releases: [release('tiny'), release('big')] }),
    'apps/tiny/app.json': resource('tiny'),
    'apps/tiny/src/tiny.ts': application('tiny', ''),
    'apps/big/app.json': resource('big'),
    'apps/big/src/big.ts': application('big', ''),
    'native/main.mjs':
      `const start = performance.now()\n` +
      `await import('./all.mjs')\n` +
      `process.stdout.write(\`started \${performance.now() - start}\\n\`)\n`,
    'native/all.mjs': Array.from({ length: MODULES }, (_, i) => `import './m${i}.mjs'\n`).join(''),
  })
  for (let i = 0; i < MODULES; i++) {
    await put(root, {
      [`apps/big/src/m${i}.js`]: generated(i, '.js'),
      [`native/m${i}.mjs`]: generated(i, '.mjs'),
    })
  }
}

/** One run: until the process has said that it is up, or ended. */
interface Run {
  readonly wallMs: number
  /** What it said itself. */
  readonly insideMs: number
}

function run(file: string, args: readonly string[], whenUp: (child: ChildProcess) => Promise<void>): Promise<Run> {
  return new Promise((resolve, reject) => {
    const startMs = performance.now()
    // a group of its own: the launcher has the node as its child, and both must go
    // Where this is set, Node reads certificates for longer than all the rest of its start: a baseline of its own.
    const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'], detached: true, env })
    let up: Promise<Run> | undefined
    child.stdout.setEncoding('utf8').on('data', (said: string) => {
      const found = /^started (\S+)/m.exec(said)
      if (found === null || up !== undefined) return
      const result = { wallMs: performance.now() - startMs, insideMs: Number(found[1]) }
      up = whenUp(child).then(() => result)
      void up.finally(() => child.pid !== undefined && process.kill(-child.pid, 'SIGKILL'))
    })
    child.once('exit', (code) => {
      if (up !== undefined) up.then(resolve, reject)
      else if (code === 0) resolve({ wallMs: performance.now() - startMs, insideMs: 0 })
      else reject(new Error(`${file} ended with ${code}`))
    })
  })
}

const atOnce = async (): Promise<void> => {}

/** A node of the release; it sees to its code caches before it goes. */
async function boot(rel: string, name: string, caches: 'with caches' | 'without' = 'with caches'): Promise<Run> {
  const root = join(rel, name)
  await rm(join(root, 'run', caches === 'without' ? '.' : 'node.json'), { recursive: true, force: true })
  return run(join(root, 'bin', name), ['foreground'], async () => {
    const last = join(root, 'run', 'cache', `${name}-1.0.0.cache`)
    const mark = join(root, 'run', 'cache', 'starting')
    while (!existsSync(last) || existsSync(mark)) await new Promise((resolve) => setTimeout(resolve, 5))
  })
}

async function alternate(what: Readonly<Record<string, () => Promise<Run>>>): Promise<Record<string, Run[]>> {
  const runs: Record<string, Run[]> = Object.fromEntries(Object.keys(what).map((name) => [name, []]))
  for (let round = 0; round < ROUNDS; round++) {
    const all = Object.entries(what)
    for (const [name, once] of round % 2 === 0 ? all : all.reverse()) runs[name]?.push(await once())
  }
  return runs
}

const wall = (runs: readonly Run[] | undefined): readonly number[] => (runs ?? []).map(({ wallMs }) => wallMs)
const inside = (runs: readonly Run[] | undefined): readonly number[] => (runs ?? []).map(({ insideMs }) => insideMs)

const row = (what: string, base: readonly number[], ours: readonly number[]): void => {
  const [baseMs, oursMs] = [median(base), median(ours)]
  console.log(`| ${what} | ${baseMs.toFixed(1)} | ${oursMs.toFixed(1)} | ${(oursMs / baseMs).toFixed(2)} |`)
}

const root = await mkdtemp(join(tmpdir(), 'otp-rel-boot-'))
try {
  await makeProject(root)
  const built = await build(root)
  if (!built.ok) throw new Error(built.error.map(formatFault).join('\n'))
  const rel = join(root, '_build', 'rel')
  const native = () => run(process.execPath, [join(root, 'native', 'main.mjs')], atOnce)
  const bare = () => run(process.execPath, ['-e', '0'], atOnce)

  console.log(`node ${process.version}, ${ROUNDS} rounds, medians in ms\n`)
  console.log('| what | Node itself | ours | ratio |\n|---|---|---|---|')
  await boot(rel, 'tiny', 'without')
  const minimal = await alternate({
    bare,
    first: () => boot(rel, 'tiny', 'without'),
    tiny: () => boot(rel, 'tiny'),
  })
  row('minimal release to "started", against `node -e 0`', wall(minimal.bare), wall(minimal.tiny))
  row('its first start, without code caches', wall(minimal.bare), wall(minimal.first))
  await boot(rel, 'big', 'without')
  const modules = await alternate({ native, first: () => boot(rel, 'big', 'without'), big: () => boot(rel, 'big') })
  row(`${MODULES} modules loaded, against native ES modules`, inside(modules.native), inside(modules.big))
  row('their first load, without code caches', inside(modules.native), inside(modules.first))
  row('the whole process', wall(modules.native), wall(modules.big))
  const [minimal_ms, bare_ms] = [wall(minimal.tiny), wall(minimal.bare)]
  const [modules_ms, native_ms] = [inside(modules.big), inside(modules.native)]
  console.log(JSON.stringify({ minimal_ms, bare_ms, modules_ms, native_ms }))
} finally {
  await rm(root, { recursive: true, force: true })
}
