/** `node --import tsx bench/build_unchanged.ts`: `otp-rel build` of a release of one small application, nothing changed, ms (after `npm run build`). */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const CLI = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))
const REPEATS = process.env.BENCH_QUICK === '1' ? 2 : 5

const root = mkdtempSync(join(tmpdir(), 'otp-rel-bench-'))
const json = (file: string, value: object): void => writeFileSync(join(root, file), JSON.stringify(value))

/** The whole command, ms. */
function build(): number {
  const start = performance.now()
  execFileSync(process.execPath, [CLI, 'build'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
  return performance.now() - start
}

try {
  mkdirSync(join(root, 'src'))
  json('package.json', { name: 'tiny', version: '1.0.0', type: 'module' })
  json('app.json', { name: 'tiny', vsn: '1.0.0', applications: ['kernel', 'stdlib'], mod: ['tiny', []] })
  json('otp.config.json', {
    lib_dirs: ['.'],
    releases: [{ name: 'tiny', vsn: '1.0.0', applications: ['sasl', 'tiny'] }],
  })
  writeFileSync(
    join(root, 'src', 'tiny.ts'),
    `import { Supervisor } from 'otp-rel'
import * as self from './tiny.js'
export const start = () => Supervisor.startLink({ local: 'tiny_sup' }, self, [])
export const stop = () => {}
export const init: Supervisor.Init = () => ['ok', { strategy: 'one_for_one', intensity: 1, period: 5 }, []]
`,
  )
  build()
  build()
  console.log(JSON.stringify({ ms: Array.from({ length: REPEATS }, build) }))
} finally {
  rmSync(root, { recursive: true, force: true })
}
