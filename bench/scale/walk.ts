/** Looking for the processes of an upgrade in `n` supervision trees, anew and when their supervisors stand still already. */
import type { Pid } from '../../runtime/erts/process.js'
import { byModule, type WalkSource, walkProcesses } from '../../runtime/sasl/src/process_walk.js'
import { type Figure, step } from './measure.js'

/** A supervisor with two workers in each of `n` applications; nothing of it runs. */
function trees(n: number): WalkSource {
  const pid = (id: number): Pid => ({ id }) as Pid // looked at by nobody but this source
  const pids = Array.from({ length: n * 3 }, (_, id) => pid(id))
  const all = new Set<unknown>(pids)
  return {
    tops: () => pids.slice(0, n).map((top, i) => ({ name: `app${i}`, top })),
    isSupervisor: ({ id }) => id < n,
    children: async ({ id }) =>
      [n + 2 * id, n + 2 * id + 1].map((child) => [child, pids[child], 'worker', [`m${id}`]] as const),
    callbackModule: async ({ id }) => `sup${id}`,
    dynamicModules: async () => [],
    isProcess: (value): value is Pid => all.has(value),
    isAlive: () => true,
  }
}

/** Walks twice: the second time every supervisor is suspended, and the first walk is asked for its children. */
export async function walk(n: number): Promise<Figure[]> {
  const source = trees(n)
  const first = await step('walk', n, () => walkProcesses(source))
  const again = await step('walk, supervisors suspended', n, () => walkProcesses(source, first.value, () => true))
  if (again.value.length !== first.value.length) throw new Error('the second walk found others')
  const users = await step('processes by module', n, () => byModule(first.value))
  if (users.value.size !== n * 2) throw new Error(`${users.value.size} modules`)
  return [first.figure, again.figure, users.figure]
}
