/** Calls, casts, messages, spawns, restarts and memory, each beside the same program in Erlang on one scheduler. */
import type { Budget, Program } from '../budget.js'

const BEAM = 'Erlang, erl +S 1'
const ours = (workload: string): Program => ({
  node: 'one.ts',
  bundled: true,
  args: [workload],
  flags: ['--expose-gc', '--max-old-space-size=6144'],
})
const theirs = (workload: string): Program => ({ erlang: ['-s', 'bench', 'main', 'erlang-S1', '3', workload] })

/** A rate whose ratio to Erlang's, by processor time, must be at least the target. */
function rate(name: string, what: string, target: number): Budget {
  const of = (program: Program) => ({ program, figure: 'ops_per_s', cpu: 'ops_per_cpu_s' })
  return {
    name,
    what,
    unit: '/s',
    better: 'more',
    target,
    targetOf: 'ratio',
    measure: of(ours(name)),
    baseline: { what: BEAM, measure: of(theirs(name)) },
  }
}

/** Bytes hardly vary, so a million are weighed once. */
function bytes(name: string, what: string): Budget {
  const once = name === 'mem1m'
  return {
    name,
    what,
    unit: 'B',
    better: 'less',
    target: 600,
    targetOf: 'ours',
    measure: { program: { ...ours(name), once }, figure: 'bytes_per_proc' },
    baseline: { what: BEAM, measure: { program: { ...theirs(name), once }, figure: 'bytes_per_proc' }, recorded: 2786 },
  }
}

const growth: Program = { node: 'cast_growth.ts', bundled: true, flags: ['--expose-gc'] }

/** The budgets of processes. */
export const processes: readonly Budget[] = [
  rate('call', 'sequential gen_server call', 2),
  rate('ccall', '1000 clients calling one server', 3),
  rate('cast', 'cast flood, 10^6 waiting', 0.7),
  {
    name: 'cast_growth',
    what: 'one cast among 10^6 waiting',
    unit: 'ns',
    better: 'less',
    target: 1,
    targetOf: 'ratio',
    measure: { program: growth, figure: 'at_1000000', cpu: 'cpu_at_1000000' },
    baseline: {
      what: 'among 10^4',
      measure: { program: growth, figure: 'at_10000', cpu: 'cpu_at_10000' },
    },
  },
  rate('ring', 'message round a ring of 1000', 1.5),
  rate('spawn', 'spawn and stop, 10^5 alive', 2),
  rate('spawn_gs', 'start, call and stop one gen_server', 2),
  rate('restart', 'crash to restarted by its supervisor', 10),
  bytes('mem', 'idle gen_server at 10^5, bytes'),
  bytes('mem1m', 'idle gen_server at 10^6, bytes'),
]
