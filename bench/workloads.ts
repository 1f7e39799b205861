/**
 * What the runtime is measured with. Each workload does `n` of something and gives the seconds it took; `mem` gives
 * what it keeps alive. The Erlang programs in bench/erlang do the same.
 */
import { exitPid, Pid, processInfo } from '../runtime/erts/process.js'
import { setReporter } from '../runtime/erts/report.js'
import * as GenServer from '../runtime/stdlib/src/gen_server.js'
import * as Supervisor from '../runtime/stdlib/src/supervisor.js'

// Kills are the point here; nobody wants to read of each.
setReporter(() => {})

type Reply = readonly ['reply', number, number]

const counter = {
  init: (n: unknown) => ['ok', typeof n === 'number' ? n : 0],
  handleCall: (request: string, _from: unknown, n: number): Reply =>
    request === 'inc' ? ['reply', n + 1, n + 1] : ['reply', n, n],
  handleCast: (_request: unknown, n: number) => ['noreply', n + 1],
}

const nowS = (): number => performance.now() / 1000

function pidOf(result: GenServer.StartResult): Pid {
  if (result[0] !== 'ok' || !(result[1] instanceof Pid)) throw new Error('did not start')
  return result[1]
}

const started = async (): Promise<Pid> => pidOf(await GenServer.start(counter))

async function several(n: number, mod: object = counter): Promise<Pid[]> {
  const pids: Pid[] = []
  for (let i = 0; i < n; i++) pids.push(pidOf(await GenServer.start(mod)))
  return pids
}

const kill = (pid: Pid): void => void exitPid(pid, 'kill')

/** One client, one server. */
async function call(n: number): Promise<number> {
  const server = await started()
  const start = nowS()
  for (let i = 0; i < n; i++) await GenServer.call(server, 'inc')
  const seconds = nowS() - start
  kill(server)
  return seconds
}

/** A thousand clients of one server. */
async function ccall(n: number): Promise<number> {
  const server = await started()
  const each = Math.max(1, Math.round(n / 1000))
  const client = async (): Promise<void> => {
    for (let i = 0; i < each; i++) await GenServer.call(server, 'inc')
  }
  const start = nowS()
  await Promise.all(Array.from({ length: 1000 }, client))
  const seconds = nowS() - start
  kill(server)
  return seconds * (n / (each * 1000))
}

/** All casts at once, then one call to see that they are done. */
async function cast(n: number): Promise<number> {
  const server = await started()
  const start = nowS()
  for (let i = 0; i < n; i++) GenServer.cast(server, 'inc')
  const count = await GenServer.call(server, 'get', 'infinity')
  const seconds = nowS() - start
  if (count !== n) throw new Error(`lost ${n - Number(count)} casts`)
  kill(server)
  return seconds
}

/** One message round a ring of a thousand servers. */
async function ring(n: number): Promise<number> {
  let arrived: () => void = () => {}
  const end = new Promise<void>((resolve) => {
    arrived = resolve
  })
  const hop = {
    init: () => ['ok', null],
    handleCall: (_request: unknown, _from: unknown, next: Pid | null) => ['reply', 0, next],
    handleCast: (token: Pid | number, next: Pid | null) => {
      if (token instanceof Pid) return ['noreply', token]
      if (token === 0) arrived()
      else if (next !== null) GenServer.cast(next, token - 1)
      return ['noreply', next]
    },
  }
  const pids = await several(1000, hop)
  pids.forEach((pid, i) => void GenServer.cast(pid, pids[(i + 1) % pids.length]))
  await GenServer.call(pids[999] ?? '', 0)
  const start = nowS()
  GenServer.cast(pids[0] ?? '', n)
  await end
  const seconds = nowS() - start
  pids.forEach(kill)
  return seconds
}

/** Start many, all alive at once, then end all. */
async function spawn(n: number): Promise<number> {
  const start = nowS()
  const pids = await several(n)
  pids.forEach(kill)
  return nowS() - start
}

/** Start, use and stop one at a time. */
async function spawnGs(n: number): Promise<number> {
  const start = nowS()
  for (let i = 0; i < n; i++) {
    const server = pidOf(await GenServer.start(counter))
    await GenServer.call(server, 'get')
    await GenServer.stop(server)
  }
  return nowS() - start
}

/** Kill a supervised child and wait until its supervisor has started it again. */
async function restart(n: number): Promise<number> {
  let up: (pid: Pid) => void = () => {}
  const child = {
    ...counter,
    startLink: async () => {
      const result = await GenServer.startLink(counter)
      if (result[0] === 'ok' && result[1] instanceof Pid) up(result[1])
      return result
    },
  }
  const callback = {
    init: () => [
      'ok',
      { strategy: 'one_for_one', intensity: 1_000_000_000, period: 1 },
      [{ id: 'c', start: [child, 'startLink', []] }],
    ],
  }
  const next = (): Promise<Pid> =>
    new Promise((resolve) => {
      up = resolve
    })
  const first = next()
  const supervisor = await Supervisor.startLink(callback)
  if (supervisor[0] !== 'ok') throw new Error('did not start')
  let pid = await first
  const start = nowS()
  for (let i = 0; i < n; i++) {
    const again = next()
    kill(pid)
    pid = await again
  }
  const seconds = nowS() - start
  if (processInfo(pid) === undefined) throw new Error('the last child is dead')
  kill(supervisor[1] as Pid) // it is ok
  return seconds
}

/** Workloads by name, with the most of something they are given. */
export const workloads: Readonly<Record<string, { readonly most: number; run(n: number): Promise<number> }>> = {
  call: { most: 1_000_000, run: call },
  ccall: { most: 1_000_000, run: ccall },
  cast: { most: 1_000_000, run: cast },
  ring: { most: 4_000_000, run: ring },
  spawn: { most: 100_000, run: spawn },
  spawn_gs: { most: 100_000, run: spawnGs },
  restart: { most: 100_000, run: restart },
}

/** Idle servers to be weighed. */
export const idle = (n: number): Promise<Pid[]> => several(n)
