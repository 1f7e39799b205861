import { setImmediate as nextTurn } from 'node:timers/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { inProcess, send, spawn } from '../../../runtime/erts/process.js'
import * as GenServer from '../../../runtime/stdlib/src/gen_server.js'

const test = suite('erts/scheduler')

const counter = {
  init: () => ['ok', 0],
  handleCall: (_request: unknown, _from: unknown, n: number) => ['reply', n, n],
  handleCast: (_request: unknown, n: number) => ['noreply', n + 1],
}

async function started(mod: object): Promise<GenServer.ServerRef> {
  const result = await GenServer.start(mod)
  assert.is(result[0], 'ok')
  return result[1] as GenServer.ServerRef // it is ok
}

test('a flood of messages does not starve the event loop', async () => {
  const server = await started(counter)
  let turns = 0
  let flooding = true
  const watch = (async () => {
    while (flooding) {
      await nextTurn()
      turns++
    }
  })()
  for (let i = 0; i < 100_000; i++) GenServer.cast(server, i)
  assert.is(await GenServer.call(server, 'get', 'infinity'), 100_000)
  flooding = false
  await watch
  assert.ok(turns >= 10, `${turns} turns of the event loop during 100,000 messages`)
})

test('two servers that call each other through a client do not starve the event loop', async () => {
  const server = await started(counter)
  let turns = 0
  let calling = true
  const watch = (async () => {
    while (calling) {
      await nextTurn()
      turns++
    }
  })()
  for (let i = 0; i < 20_000; i++) await GenServer.call(server, 'get')
  calling = false
  await watch
  assert.ok(turns >= 5, `${turns} turns during 20,000 calls`)
})

test('a process with many messages does not keep another from its turn', async () => {
  const [busy, other] = [await started(counter), await started(counter)]
  for (let i = 0; i < 50_000; i++) GenServer.cast(busy, i)
  assert.is(await GenServer.call(other, 'get'), 0)
  const handled = await GenServer.call<number>(busy, 'get', 'infinity')
  assert.is(handled, 50_000)
})

test('messages sent from a process arrive in the order sent, also across turns', async () => {
  const seen: number[] = []
  const collector = await started({
    ...counter,
    handleInfo: (n: number, state: number) => {
      seen.push(n)
      return ['noreply', state]
    },
  })
  await inProcess(async () => {
    for (let i = 0; i < 10_000; i++) {
      send(collector as never, i) // a pid
      if (i % 1000 === 0) await nextTurn()
    }
  })
  await GenServer.call(collector, 'get', 'infinity')
  assert.equal(
    seen,
    Array.from({ length: 10_000 }, (_, i) => i),
  )
})

test('a call through a chain of servers deeper than any stack is answered', async () => {
  let next: GenServer.ServerRef | undefined
  for (let i = 0; i < 5_000; i++) {
    const successor = next
    next = await started({
      init: () => ['ok', null],
      handleCall: async (n: number) => [
        'reply',
        successor === undefined ? n : await GenServer.call(successor, n + 1),
        null,
      ],
      handleCast: () => ['noreply', null],
    })
  }
  assert.is(await GenServer.call(next ?? '', 1), 5_000)
})

test('a spawned function begins after its creator has come to a pause', async () => {
  const order: string[] = []
  spawn(() => void order.push('child'))
  order.push('parent')
  await nextTurn()
  assert.equal(order, ['parent', 'child'])
})

test.run()
