/** What swappable code costs: calls through references, and memory over many loads. */
import type { Budget, Program } from '../budget.js'

const calls: Program = { node: 'linker_calls.ts' }
const memory: Program = { node: 'linker_memory.ts', flags: ['--expose-gc'], once: true }

function call(name: string, what: string, figure: string, target: number): Budget {
  return {
    name,
    what,
    unit: 'ns',
    better: 'less',
    target,
    targetOf: 'ratio',
    measure: { program: calls, figure },
    baseline: { what: 'native ES import', measure: { program: calls, figure: 'native' } },
  }
}

/** The budgets of the linker. */
export const linker: readonly Budget[] = [
  call('reference', 'call through a swappable reference', 'before', 1.05),
  call('reference_upgraded', 'the same after upgrades, the worst of 1, 3 and 20', 'after', 1.3),
  {
    name: 'loads_heap',
    what: 'growth of the heap, the most over 1000 loads and purges of 200 KB',
    unit: 'MB',
    better: 'less',
    target: 1,
    targetOf: 'ours',
    measure: { program: memory, figure: 'grown_mb' },
    baseline: { what: 'heap at the start', measure: { program: memory, figure: 'start_mb' } },
  },
  {
    name: 'loads_finalised',
    what: 'versions finalised after 1000 loads and purges',
    unit: 'count',
    better: 'more',
    target: 1,
    targetOf: 'ratio',
    measure: { program: memory, figure: 'finalised' },
    baseline: { what: 'versions purged', measure: { program: memory, figure: 'loads' } },
  },
]
