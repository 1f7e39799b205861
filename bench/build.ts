/**
 * `node --import tsx bench/build.ts [MODULES ...]` (default 200 2000; after `npm run build`): what a user waits for
 * before a release runs. For each size an application of that many modules of about 3 KB, and half as many files of
 * 50 KB in its priv folder:
 *
 *   help        `otp-rel --help`
 *   cold        `otp-rel build`, nothing built before
 *   unchanged   the same again
 *   one changed with one module changed
 *   tar         `otp-rel tar`, everything built
 *   verify      `otp-rel verify` of the package
 *   unpack      the package into an empty root: judged, extracted, every checksum verified, put in place
 *   next        `otp-rel build` of a second version in which all modules have changed, appups and relup with it
 *   plan        `otp-rel plan 1.0.0 2.0.0`
 *
 * Processor time is that of the command and the processes it starts. Growth 1 is linear.
 */
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { unpack } from '../runtime/sasl/src/unpack.js'
import { type Figure, step, tableOf } from './scale/measure.js'

const CLI = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))
/** Files of priv: half as many as modules, so that 2,000 modules make a package of 50 MB. */
const PRIV_BYTES = 50_000
const FUNCTIONS = 12

/** Runs `otp-rel`; the shell's `times` says what it and its children took. */
function command(what: string, n: number, root: string, ...args: readonly string[]): Figure {
  const startMs = performance.now()
  const script = '"$@" >/dev/null || exit; times'
  const { status, stdout, stderr } = spawnSync('sh', ['-c', script, 'sh', process.execPath, CLI, ...args], {
    cwd: root,
    encoding: 'utf8',
  })
  const wallMs = performance.now() - startMs
  if (status !== 0) throw new Error(`otp-rel ${args.join(' ')} ended with ${status}: ${stderr}`)
  // two lines, those of the shell and those of its children: 0m0.120s 0m0.030s
  const [, children = ''] = stdout.trim().split('\n')
  const cpuMs = [...children.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, seconds]) => sum + Number(minutes) * 60_000 + Number(seconds) * 1000,
    0,
  )
  return { what, n, cpuMs, wallMs }
}

function moduleText(index: number, change: string): string {
  const before = index === 0 ? '' : `import { f0 as before } from './m${index - 1}.js'\n`
  const functions = Array.from(
    { length: FUNCTIONS },
    (_, f) => `
export function f${f}(value: unknown, options: { except?: unknown } = {}): readonly unknown[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  const found = list.filter((one) => one !== undefined && one !== null && one !== options.except)
  return found.length > ${f} ? found.slice(${index}) : [${JSON.stringify(change)}, ...found]
}
`,
  )
  return `${before}${functions.join('')}${index === 0 ? '' : '\nexport const other = () => before(1)\n'}`
}

/** Writes a version of the project: its modules all differ from those of another one. */
function writeProject(root: string, modules: number, vsn: string): void {
  const put = (path: string, text: string | Buffer): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  const json = (path: string, value: object): void => put(path, JSON.stringify(value))
  json('package.json', { name: 'big', type: 'module' })
  json('apps/big/app.json', { name: 'big', vsn, applications: ['kernel', 'stdlib'] })
  json('otp.config.json', {
    lib_dirs: ['apps/*'],
    releases: [{ name: 'big', vsn, applications: ['sasl', 'big'], appup: 'generate' }],
  })
  for (let i = 0; i < modules; i++) put(`apps/big/src/m${i}.ts`, moduleText(i, vsn))
  if (vsn !== '1.0.0') return
  for (let i = 0; i < modules / 2; i++) put(`apps/big/priv/file${i}`, randomBytes(PRIV_BYTES))
}

/** All figures of one size. */
export async function buildFigures(modules: number): Promise<readonly Figure[]> {
  const root = mkdtempSync(join(tmpdir(), 'otp-rel-bench-'))
  try {
    writeProject(root, modules, '1.0.0')
    const otpRel = (what: string, ...args: readonly string[]) => command(what, modules, root, ...args)
    const figures = [otpRel('help', '--help'), otpRel('cold', 'build'), otpRel('unchanged', 'build')]
    writeFileSync(join(root, 'apps/big/src/m1.ts'), moduleText(1, 'changed'))
    figures.push(otpRel('one changed', 'build'), otpRel('tar', 'tar'))
    const file = join(root, '_build/tar/big-1.0.0.tar.gz')
    figures.push(otpRel('verify', 'verify', file))
    const target = join(root, 'target')
    mkdirSync(join(target, 'releases'), { recursive: true })
    const unpacked = await step('unpack', modules, () => unpack(target, file, { admit: () => undefined }))
    if (!unpacked.value.ok) throw new Error(JSON.stringify(unpacked.value.error))
    figures.push(unpacked.figure)
    writeProject(root, modules, '2.0.0')
    figures.push(otpRel('next', 'build'), otpRel('plan', 'plan', '1.0.0', '2.0.0'))
    return figures
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

const [, script, ...given] = process.argv
if (script !== undefined && import.meta.url === pathToFileURL(script).href) {
  const runs: (readonly Figure[])[] = []
  for (const modules of given.length === 0 ? [200, 2000] : given.map(Number)) runs.push(await buildFigures(modules))
  console.log(tableOf(runs))
}
