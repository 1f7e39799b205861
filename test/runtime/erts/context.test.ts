/** Whose code is running: whoever calls whom, however often, and over any await. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Pid, self } from '../../../runtime/erts/process.js'
import * as GenServer from '../../../runtime/stdlib/src/gen_server.js'

const test = suite('erts/context')

/** More messages than it takes for a process to keep its context. */
const MANY = 40

const server = {
  init: () => ['ok', undefined],
  handleCall: async (request: unknown) => {
    const before = self()
    if (Array.isArray(request)) await GenServer.call(request[0], request[1])
    await nextTurn()
    const late = await new Promise((resolve) => setTimeout(() => resolve(self()), 0))
    return ['reply', [before, self(), late], undefined]
  },
}

async function started(): Promise<Pid> {
  const [, pid] = (await GenServer.start(server)) as ['ok', Pid] // nothing keeps it from starting
  return pid
}

test('a server is itself in its callbacks, after each await and in its timers, from the first message to the last', async () => {
  const pid = await started()
  for (let i = 0; i < MANY; i++) assert.equal(await GenServer.call(pid, 'who'), [pid, pid, pid])
})

test('so are servers that call one another', async () => {
  const [a, b] = [await started(), await started()]
  for (let i = 0; i < MANY; i++) assert.equal(await GenServer.call(a, [b, 'who']), [a, a, a])
})

test('a server that has worked for many keeps nothing of one of them', async () => {
  const store = new AsyncLocalStorage<string>()
  const seen = { init: () => ['ok', 0], handleCall: () => ['reply', store.getStore(), 0] }
  const [, pid] = (await GenServer.start(seen)) as ['ok', Pid] // nothing keeps it from starting
  await store.run('of a caller', async () => {
    for (let i = 0; i < MANY; i++) await GenServer.call(pid, 'who')
  })
  assert.is(await GenServer.call(pid, 'who'), undefined)
})

test.run()
