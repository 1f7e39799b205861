/** How long an upgrade holds processes up, what many upgrades leave behind, and what clients lose. */
import type { Budget, Program } from '../budget.js'

const BEAM = 'release_handler'
const pauses: Program = { node: 'upgrade.ts', args: ['pause'], once: true }
const churn: Program = { node: 'upgrade.ts', args: ['churn'], once: true }
const demo: Program = { node: 'demo.ts', once: true }
const erlang = (what: string): Program => ({ node: 'erlang_release.ts', args: [what], needs: 'erlang', once: true })
const erlangPauses = erlang('pause')

/** @param recorded milliseconds of OTP 25, of an upgrade and of a downgrade */
function pause(n: number, target: number, recorded: readonly [number, number]): readonly Budget[] {
  return (['up', 'down'] as const).map((way, i) => ({
    name: `pause_${n}${way === 'down' ? '_down' : ''}`,
    what: `longest pause, ${way === 'up' ? 'upgrade' : 'downgrade'} of ${n} gen_server${n === 1 ? '' : 's'} with migration`,
    unit: 'ms',
    better: 'less',
    target,
    targetOf: 'ratio',
    measure: { program: pauses, figure: `${way}_${n}` },
    baseline: {
      what: BEAM,
      measure: { program: erlangPauses, figure: `${way}_${n}` },
      ...(recorded[i] === undefined ? {} : { recorded: recorded[i] }),
    },
  }))
}

const lost = (name: string, what: string, figure: string, baseline: Budget['baseline']): Budget => ({
  name,
  what,
  unit: 'count',
  better: 'less',
  target: 0,
  targetOf: 'ours',
  measure: { program: demo, figure },
  baseline,
})

/** The budgets of upgrades. */
export const upgrades: readonly Budget[] = [
  ...pause(1, 1, [1.07, 1.03]),
  ...pause(100, 1, [1.97, 2.63]),
  ...pause(10_000, 0.5, [123, 141]),
  {
    name: 'upgrades_heap',
    what: 'heap after 200 upgrades back and forth, against after the first 20',
    unit: 'MB',
    better: 'less',
    // flat: no more than what Erlang itself grows, 2 % at 10,000 servers
    target: 1.02,
    targetOf: 'ratio',
    measure: { program: churn, figure: 'heap_200' },
    baseline: { what: 'heap after 20', measure: { program: churn, figure: 'heap_20' } },
  },
  lost('requests_lost', 'requests, messages and connections lost in three changes under load', 'lost', {
    what: 'PM2 reload, requests',
    recorded: 66,
  }),
  lost('state_lost', 'rooms whose state was lost in three changes under load', 'wrong_rooms', {
    what: 'PM2 reload keeps none of 20',
    recorded: 20,
  }),
]
