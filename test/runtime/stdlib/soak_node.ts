/**
 * The program of the soak test, in an OS process of its own with `--expose-gc`: does much of everything and prints what
 * is left of it on the heap, and how long others had to wait meanwhile, as one line of JSON.
 */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import {
  cancelTimer,
  demonitor,
  exit,
  exitPid,
  inProcess,
  monitor,
  Pid,
  processes,
  receive,
  self,
  send,
  sendAfter,
  sleep,
  spawn,
  spawnLink,
  spawnMonitor,
  trapExit,
} from '../../../runtime/erts/process.js'
import { setReporter } from '../../../runtime/erts/report.js'
import * as GenServer from '../../../runtime/stdlib/src/gen_server.js'
import * as Supervisor from '../../../runtime/stdlib/src/supervisor.js'

/** What the program prints. */
export interface SoakResult {
  /** Seconds each workload took, and bytes of heap that it left behind. */
  readonly work: Record<string, { readonly s: number; readonly leftBytes: number }>
  readonly processesLeft: number
  readonly flood: FloodResult
}

/** How a flood of casts went. */
export interface FloodResult {
  readonly s: number
  /** Sum of what arrived. */
  readonly sum: number
  /** Most heap that was in use, over that before, bytes. */
  readonly mostBytes: number
  readonly leftBytes: number
  /** How late timers were at most, and how long a socket's echo took, ms. */
  readonly latestTimerMs: number
  readonly slowestEchoMs: number
  readonly echoes: number
}

const collect = (globalThis as { gc?: () => void }).gc // there with --expose-gc

/** Bytes in use when everything has come to rest. */
async function heap(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    await pause(5)
    collect?.()
  }
  return process.memoryUsage().heapUsed
}

const counter = {
  init: () => ['ok', 0],
  handleCall: (request: string, _from: GenServer.From, n: number) => {
    if (request === 'never') return ['noreply', n]
    return request === 'slow' ? Promise.resolve(['reply', n, n + 1]) : ['reply', n, n + 1]
  },
  handleCast: (added: number, n: number) => ['noreply', n + added],
}

const started = async (): Promise<Pid> => pidOf(await GenServer.start(counter))

function pidOf(result: unknown): Pid {
  if (Array.isArray(result) && result[0] === 'ok' && result[1] instanceof Pid) return result[1]
  throw new Error('not started')
}

const forever = () => receive(() => false)

/** Each does `n` of something. */
const WORK: Record<string, [n: number, work: (n: number) => Promise<void>]> = {
  calls: [
    1_000_000,
    async (n) => {
      const server = await started()
      for (let i = 0; i < n / 2; i++) await GenServer.call(server, 'get')
      const client = async () => {
        for (let i = 0; i < n / 4000; i++) await GenServer.call(server, i % 2 === 0 ? 'slow' : 'get')
      }
      await inProcess(() => Promise.all(Array.from({ length: 1000 }, client)))
      await Promise.all(Array.from({ length: 1000 }, () => inProcess(client)))
      exitPid(server, 'kill')
    },
  ],
  'calls that nobody answers': [
    20_000,
    async (n) => {
      const server = await started()
      const asking = Array.from({ length: n }, (_, i) =>
        spawn(async () => {
          GenServer.sendRequest(server, 'never')
          await GenServer.call(server, 'never', i % 2 === 0 ? 60_000 + i : 'infinity')
        }),
      )
      await Promise.allSettled(Array.from({ length: n }, () => GenServer.call(server, 'never', 5)))
      for (const pid of asking) exitPid(pid, 'kill')
      const { unanswered } = server.proc ?? {}
      if (unanswered !== null) throw new Error('calls of the dead are kept')
      exitPid(server, 'kill')
    },
  ],
  'spawns and exits': [
    100_000,
    async (n) => {
      await inProcess(async () => {
        trapExit(true)
        for (let i = 0; i < n / 5; i++) {
          spawn(() => {})
          spawnLink(() => exit('boom'))
          const [pid] = spawnMonitor(forever)
          exitPid(pid, 'kill')
          const server = await started()
          await GenServer.stop(server)
          spawn(sleep, 60_000 + i)
          await receive((m) => Array.isArray(m) && m[0] === 'EXIT')
          await receive((m) => Array.isArray(m) && m[0] === 'DOWN')
        }
      })
      for (const pid of processes()) if (pid.proc?.name == null) exitPid(pid, 'kill')
    },
  ],
  'crashes under supervision': [
    10_000,
    async (n) => {
      const child = { ...counter, startLink: () => GenServer.startLink({ local: 'soak_child' }, counter) }
      const tree = {
        init: () => [
          'ok',
          { strategy: 'one_for_all', intensity: 1_000_000, period: 1 },
          [
            { id: 'a', start: [child, 'startLink', []] },
            { id: 'b', start: [{ ...child, startLink: () => GenServer.startLink(counter) }, 'startLink', []] },
          ],
        ],
      }
      await inProcess(async () => {
        trapExit(true)
        const supervisor = pidOf(await Supervisor.startLink(tree))
        for (let i = 0; i < n; i++) {
          const [child] = await Supervisor.whichChildren(supervisor)
          if ((await GenServer.call('soak_child', 'get')) !== 0) throw new Error('not started anew')
          if (child?.[1] instanceof Pid) exitPid(child[1], i % 3 === 0 ? 'kill' : 'boom')
        }
        await GenServer.stop(supervisor, 'shutdown')
      })
    },
  ],
  'monitors and timers': [
    100_000,
    async (n) => {
      await inProcess(async () => {
        const pid = spawn(forever)
        for (let i = 0; i < n; i++) {
          const ref = monitor(pid)
          if (i % 2 === 0) demonitor(ref, { flush: true })
          cancelTimer(sendAfter(60_000 + i, self(), 'm'))
          cancelTimer(sendAfter(60_000, pid, 'm'))
        }
        exitPid(pid, 'kill')
      })
    },
  ],
}

async function measured(n: number, work: (n: number) => Promise<void>): Promise<{ s: number; leftBytes: number }> {
  // What is made once, compiled code and pools, is made by a smaller round.
  await work(Math.ceil(n / 10))
  const before = await heap()
  const startMs = performance.now()
  await work(n)
  const s = (performance.now() - startMs) / 1000
  return { s, leftBytes: (await heap()) - before }
}

const CASTS = 1_000_000

/** One process casts as fast as it can; timers and a socket are to be served all the while. */
async function flood(): Promise<FloodResult> {
  const listener = createServer((socket) => socket.pipe(socket))
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as AddressInfo // an address, once it listens
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  const server = await started()
  const before = await heap()
  let flooding = true
  let [latestTimerMs, slowestEchoMs, echoes, mostBytes] = [0, 0, 0, 0]
  const ticking = (async () => {
    while (flooding) {
      const startMs = performance.now()
      await pause(5)
      latestTimerMs = Math.max(latestTimerMs, performance.now() - startMs - 5)
      mostBytes = Math.max(mostBytes, process.memoryUsage().heapUsed - before)
    }
  })()
  const echoing = (async () => {
    while (flooding) {
      const startMs = performance.now()
      socket.write('x')
      await once(socket, 'data')
      slowestEchoMs = Math.max(slowestEchoMs, performance.now() - startMs)
      echoes++
    }
  })()
  const startMs = performance.now()
  const sum = await inProcess(async () => {
    for (let i = 0; i < CASTS; i++) {
      GenServer.cast(server, i)
      // A process that never pauses would hold up all JavaScript: it looks into its mailbox now and then.
      if (i % 1000 === 0) {
        send(self(), 'm')
        await receive()
      }
    }
    return GenServer.call<number>(server, 'get', 'infinity')
  })
  const s = (performance.now() - startMs) / 1000
  flooding = false
  await Promise.all([ticking, echoing])
  socket.destroy()
  listener.close()
  exitPid(server, 'kill')
  return { s, sum, mostBytes, leftBytes: (await heap()) - before, latestTimerMs, slowestEchoMs, echoes }
}

setReporter(() => {})
const before = processes().length
const work: Record<string, { s: number; leftBytes: number }> = {}
for (const [name, [n, code]] of Object.entries(WORK)) work[name] = await measured(n, code)
await flood()
const result: SoakResult = { work, flood: await flood(), processesLeft: processes().length - before }
process.stdout.write(`${JSON.stringify(result)}\n`)
