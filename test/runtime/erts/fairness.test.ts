/** Whoever keeps the node busy, however: timers, sockets and the other processes get their turns. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { exitPid, type Pid, receive, self, send, spawn } from '../../../runtime/erts/process.js'
import * as GenServer from '../../../runtime/stdlib/src/gen_server.js'
import { inTest, watch } from '../../support/processes.js'

const test = suite('erts/fairness')

const counter = {
  init: () => ['ok', 0],
  handleCall: (_request: unknown, _from: unknown, n: number) => ['reply', n, n],
  handleCast: (request: unknown, n: number) => {
    if (typeof request === 'object') GenServer.cast(self(), request)
    return ['noreply', n + 1]
  },
}

async function started(mod: object = counter): Promise<Pid> {
  const result = await GenServer.start(mod)
  if (result[0] !== 'ok') throw new Error('not started')
  return result[1] as Pid // it is ok
}

let busy = false

/** Ways to keep a node busy that never come to rest by themselves. */
const FLOODS: readonly [string, () => void | Promise<void>][] = [
  [
    'processes that start their successors',
    () => {
      const next = (): void => {
        if (busy) spawn(next)
      }
      for (let i = 0; i < 10; i++) spawn(next)
    },
  ],
  [
    'calls to nobody',
    () => {
      spawn(async () => {
        while (busy) await GenServer.call('nobody', 'x').catch(() => {})
      })
    },
  ],
  [
    'servers started one after another',
    () => {
      spawn(async () => {
        while (busy) exitPid(await started(), 'kill')
      })
    },
  ],
  [
    'a server that continues for ever',
    async () => {
      await started({
        init: () => ['ok', 0, { continue: 'on' }],
        handleContinue: (_: unknown, n: number) =>
          busy ? ['noreply', n + 1, { continue: 'on' }] : ['stop', 'normal', n],
      })
    },
  ],
  [
    'a server that casts to itself',
    async () => {
      const pid = await started({
        ...counter,
        handleCast: (request: unknown, n: number) => {
          if (busy) GenServer.cast(self(), request)
          return ['noreply', n]
        },
      })
      GenServer.cast(pid, 'go')
    },
  ],
  [
    'three thousand processes that send to themselves',
    () => {
      for (let i = 0; i < 3000; i++) {
        spawn(async () => {
          while (busy) {
            send(self(), 'm')
            await receive()
          }
        })
      }
    },
  ],
  [
    'a hundred processes whose every step takes long',
    () => {
      for (let i = 0; i < 100; i++) {
        spawn(async () => {
          while (busy) {
            const untilMs = performance.now() + 0.2
            while (performance.now() < untilMs);
            send(self(), 'm')
            await receive()
          }
        })
      }
    },
  ],
]

for (const [what, flood] of FLOODS) {
  test(
    `${what} leave timers and another server their turns`,
    inTest(async () => {
      busy = true
      // What a flood that starves everything would make of this test: no answer at all.
      const endMs = performance.now() + 5000
      const guard = setInterval(() => {}, 1000)
      await flood()
      const server = await started()
      let ticks = 0
      const ticking = (async () => {
        while (busy && performance.now() < endMs) {
          await new Promise((resolve) => setTimeout(resolve, 1))
          ticks++
        }
      })()
      for (let i = 0; i < 5; i++) {
        GenServer.cast(server, 'x')
        assert.is(await GenServer.call(server, 'get'), i + 1)
        await new Promise((resolve) => setImmediate(resolve))
      }
      await new Promise((resolve) => setTimeout(resolve, 20))
      busy = false
      clearInterval(guard)
      await ticking
      assert.ok(ticks >= 1, `${ticks} ticks`)
    }),
  )
}

test(
  'very many continuations of one moment do not run in one turn',
  inTest(async () => {
    const n = 20_000
    let done = 0
    const pids = Array.from({ length: n }, () =>
      spawn(async () => {
        await receive()
        done++
      }),
    )
    await new Promise((resolve) => setTimeout(resolve, 50))
    const ended = watch(pids.at(-1) as Pid) // there are many
    for (const pid of pids) send(pid, 'go')
    const steps = new Set<number>()
    while (done < n) {
      await new Promise((resolve) => setImmediate(resolve))
      steps.add(done)
    }
    await ended()
    assert.ok(steps.size >= 5, `${steps.size} turns`)
  }),
)

test(
  'many servers that die of their first message do not die in one turn',
  inTest(async () => {
    const n = 20_000
    let done = 0
    const dying = { ...counter, handleCast: () => ['stop', 'normal', 0], terminate: () => void done++ }
    const pids: Pid[] = []
    for (let i = 0; i < n; i++) pids.push(await started(dying))
    for (const pid of pids) GenServer.cast(pid, 'die')
    const steps = new Set<number>()
    while (done < n) {
      await new Promise((resolve) => setImmediate(resolve))
      steps.add(done)
    }
    assert.ok(steps.size >= 5, `${steps.size} turns`)
  }),
)

test.run()
