/** Making releases and starting them: boot scripts, a build with nothing to do, and boots. */
import type { Budget, Program } from '../budget.js'

const scripts: Program = { node: 'systools.ts', args: ['scripts'] }
const systools: Program = { node: 'erlang_release.ts', args: ['systools'], needs: 'erlang', once: true }
const boots: Program = { node: 'boot.ts', once: true }
const build: Program = { node: 'build_unchanged.ts' }
const mix: Program = { node: 'mix_release.ts', needs: 'mix' }

/** @param recorded milliseconds of OTP 25 */
const script = (n: number, target: number, targetOf: Budget['targetOf'], recorded: number): Budget => ({
  name: `script_${n}`,
  what: `boot script of ${n} applications`,
  unit: 'ms',
  better: 'less',
  target,
  targetOf,
  measure: { program: scripts, figure: `ms_${n}` },
  baseline: { what: 'systools', measure: { program: systools, figure: `ms_${n}` }, recorded },
})

/** The budgets of building and booting. */
export const releases: readonly Budget[] = [
  script(10, 1, 'ratio', 7.5),
  script(100, 1, 'ratio', 134),
  script(1000, 300, 'ours', 8400),
  {
    name: 'script_growth',
    what: 'growth of a boot script from 100 to 1000 applications',
    unit: 'ms',
    better: 'less',
    // ten times is linear; a fifth is for noise
    target: 12,
    targetOf: 'ratio',
    measure: { program: scripts, figure: 'ms_1000' },
    baseline: { what: 'that of 100', measure: { program: scripts, figure: 'ms_100' } },
  },
  {
    name: 'build_unchanged',
    what: 'building a trivial release, nothing changed',
    unit: 'ms',
    better: 'less',
    target: 0.5,
    targetOf: 'ratio',
    measure: { program: build, figure: 'ms' },
    baseline: { what: 'mix release', measure: { program: mix, figure: 'ms' }, recorded: 800 },
  },
  {
    name: 'boot_minimal',
    what: 'boot of a minimal release to "started"',
    unit: 'ms',
    better: 'less',
    target: 1.5,
    targetOf: 'ratio',
    measure: { program: boots, figure: 'minimal_ms' },
    baseline: { what: 'node -e 0', measure: { program: boots, figure: 'bare_ms' } },
  },
  {
    name: 'boot_modules',
    what: '1000 modules loaded at boot',
    unit: 'ms',
    better: 'less',
    target: 0.3,
    targetOf: 'ratio',
    measure: { program: boots, figure: 'modules_ms' },
    baseline: { what: 'native ES modules', measure: { program: boots, figure: 'native_ms' } },
  },
]
