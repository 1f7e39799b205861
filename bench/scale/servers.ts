/** Idle gen_servers in one node: what each weighs, and what starting, finding, calling and stopping all of them takes. */
import { exitPid, Pid, processes } from '../../runtime/erts/process.js'
import * as GenServer from '../../runtime/stdlib/src/gen_server.js'
import { type Figure, heapBytes, step } from './measure.js'

const counter = {
  init: (n: number) => ['ok', n],
  handleCall: (_request: unknown, _from: unknown, n: number) => ['reply', n, n],
  handleCast: (_request: unknown, n: number) => ['noreply', n + 1],
}

async function startAll(n: number): Promise<Pid[]> {
  const pids = new Array<Pid>(n)
  for (let i = 0; i < n; i++) {
    const started = await GenServer.start(counter, i)
    if (started[0] !== 'ok' || !(started[1] instanceof Pid)) throw new Error('did not start')
    pids[i] = started[1]
  }
  return pids
}

/** Starts `n` servers, calls each, stops half of them in order and kills the other half. */
export async function servers(n: number): Promise<Figure[]> {
  const before = await heapBytes()
  const started = await step('start', n, () => startAll(n))
  const pids = started.value
  const weight = (await heapBytes()) - before
  const each = `${Math.round((weight - 8 * n) / n)} bytes each`
  const called = await step('call each', n, async () => {
    for (const pid of pids) await GenServer.call(pid, 'get')
  })
  const seen = await step('processes()', n, () => processes().length)
  const half = n >> 1
  const stopped = await step('stop', half, async () => {
    for (let i = 0; i < half; i++) await GenServer.stop(pids[i] ?? '')
  })
  const killed = await step('kill', n - half, () => {
    for (let i = half; i < n; i++) exitPid(pids[i] as Pid, 'kill') // i is below n
  })
  pids.length = 0
  const left = (await heapBytes()) - before
  return [
    { ...started.figure, note: each },
    called.figure,
    seen.figure,
    stopped.figure,
    { ...killed.figure, note: `${Math.round(left / 1024)} KB left` },
  ]
}
