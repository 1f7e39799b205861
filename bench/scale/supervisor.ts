/** Many children under one simple_one_for_one supervisor: every request of a client, restarts, and the shutdown. */
import { exitPid, Pid, trapExit } from '../../runtime/erts/process.js'
import * as GenServer from '../../runtime/stdlib/src/gen_server.js'
import * as Supervisor from '../../runtime/stdlib/src/supervisor.js'
import { type Figure, inProcess, step } from './measure.js'

const child = {
  init: (n: number) => ['ok', n],
  handleCall: (_request: unknown, _from: unknown, n: number) => ['reply', n, n],
  handleCast: (_request: unknown, n: number) => ['noreply', n],
  startLink: (n: number) => GenServer.startLink(child, n),
}

/** Children with ids, or all of one kind. */
export type Kind = 'simple_one_for_one' | 'one_for_one'

const RESTARTS = 1000

function callback(strategy: Kind) {
  const flags = { strategy, intensity: 1_000_000_000, period: 1 }
  return {
    init: () => ['ok', flags, strategy === 'one_for_one' ? [] : [{ id: 'child', start: [child, 'startLink', []] }]],
  }
}

const living = async (supervisor: Pid): Promise<Pid[]> => {
  const children = await Supervisor.whichChildren(supervisor)
  return children.map(([, pid]) => pid).filter((pid) => pid instanceof Pid)
}

/** Starts `n` children, asks for them, restarts some, ends half of them one by one and the rest by the shutdown. */
export const supervisor = (n: number, kind: Kind = 'simple_one_for_one'): Promise<Figure[]> =>
  inProcess(async () => {
    const name = (what: string) => `${kind === 'one_for_one' ? 'with ids: ' : ''}${what}`
    // The end of the supervisor, which is linked, is not to be that of who waits for it.
    trapExit(true)
    const result = await Supervisor.startLink(callback(kind))
    if (result[0] !== 'ok' || !(result[1] instanceof Pid)) throw new Error('did not start')
    const top = result[1]
    const started = await step(name('start_child'), n, async () => {
      for (let i = 0; i < n; i++) {
        const spec = kind === 'one_for_one' ? { id: i, start: [child, 'startLink', [i]] as const } : [i]
        await Supervisor.startChild(top, spec)
      }
    })
    const which = await step(name('which_children'), n, () => living(top))
    const count = await step(name('count_children'), n, () => Supervisor.countChildren(top))
    const some = which.value.slice(0, RESTARTS)
    const restarted = await step(name('restart of some'), some.length, async () => {
      for (const pid of some) {
        exitPid(pid, 'kill')
        await Supervisor.getChildspec(top, pid) // answered when the restart is done, and cheap
      }
    })
    const pids = await living(top)
    if (pids.length !== n) throw new Error(`${pids.length} of ${n} children are left`)
    const half = n >> 1
    const terminated = await step(name('terminate_child'), half, async () => {
      for (let i = 0; i < half; i++) await Supervisor.terminateChild(top, kind === 'one_for_one' ? i : pids[i])
    })
    const stopped = await step(name('shutdown'), n - half, () => GenServer.stop(top, 'shutdown'))
    return [started, which, count, restarted, terminated, stopped].map(({ figure }) => figure)
  })

/** {@link supervisor} for both kinds. */
export const bothKinds = async (n: number): Promise<Figure[]> => [
  ...(await supervisor(n)),
  ...(await supervisor(n, 'one_for_one')),
]
