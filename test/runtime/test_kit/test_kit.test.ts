import { factOf, LIMIT_MS, testProcess } from 'otp-rel/test'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { clock, realClock } from '../../../runtime/erts/clock.js'
import {
  format,
  receive,
  self,
  send,
  sendAfter,
  sleep,
  spawn,
  timeout,
  whereis,
} from '../../../runtime/erts/process.js'
import { setReporter } from '../../../runtime/erts/report.js'
import * as GenServer from '../../../runtime/stdlib/src/gen_server.js'
import { reasonOf, same, stackless } from '../../support/processes.js'
import * as counter from '../stdlib/example/counter.js'

const test = suite('test_kit')

const COUNTER = { id: 'counter', start: [counter, 'startLink', [7]] } as const

test(
  'a supervised process is restarted after an exit that the test causes',
  testProcess(async (t) => {
    const pid = await t.startSupervised(COUNTER)
    same([await counter.next(), await counter.next()], [7, 8])
    same(await t.endWith(pid, 'kill'), 'killed')
    const next = await t.registered('counter', pid)
    assert.is.not(next, pid)
    same(await counter.next(), 7)
    same(factOf(await t.reports.next('supervisor child_terminated'), 'reason'), 'killed')
  }),
)

test('what a test has started is gone when it is over, also when it fails', async () => {
  const failing = testProcess(async (t) => {
    await t.startSupervised(COUNTER)
    t.clock.elapsedMs
    throw new Error('as asserted')
  })
  const failure = await failing().catch((thrown: unknown) => thrown)
  assert.is((failure as Error).message, 'as asserted') // the test's own error
  assert.is(whereis('counter'), undefined)
  assert.is(clock, realClock)
})

test('a test that does not trap exits is ended by the process it is linked with, and fails with the reason', async () => {
  const run = testProcess(
    async () => {
      await GenServer.startLink({ init: () => ['ok', 0], handleInfo: () => ['stop', 'boom', 0] })
      await GenServer.startLink({ init: () => ['ok', 0, 0], handleInfo: () => ['stop', 'boom', 0] })
      await sleep('infinity')
    },
    { trapExit: false },
  )
  same(await reasonOf(run()), 'boom')
  await testProcess(() => {}, { trapExit: false })()
})

test(
  'a test that does not trap exits may start supervised processes, too',
  testProcess(async (t) => void (await t.startSupervised(COUNTER)), { trapExit: false }),
)

test('a start that fails says why', async () => {
  const mod = { init: () => ['stop', 'no_disk'] }
  const run = testProcess(async (t) => {
    await t.startSupervised({ id: 'disk', start: [GenServer, 'startLink', [mod]] })
  })
  const reason = await reasonOf(run())
  assert.match(format(reason), /^\[ 'start_failed', 'disk', \[ 'no_disk', /)
})

test(
  'a stopped child is forgotten and its id free again',
  testProcess(async (t) => {
    await t.startSupervised(COUNTER)
    await t.stopSupervised('counter')
    assert.is(whereis('counter'), undefined)
    await t.startSupervised(COUNTER)
  }),
)

test(
  'the manual clock fires timers in order, each at its time, and what follows from them',
  testProcess(async (t) => {
    const { clock } = t
    sendAfter(60_000, self(), 'minute')
    sendAfter(1000, self(), 'second')
    const me = self()
    spawn(async () => {
      for (let i = 0; i < 3; i++) await sleep(10_000)
      send(me, 'slept')
    })
    await clock.advance(999)
    await t.noMessage()
    await clock.advance(1)
    same(await t.flush(), ['second'])
    await clock.advance(3_600_000)
    same(await t.flush(), ['slept', 'minute'])
    assert.is(clock.elapsedMs, 3_601_000)
  }),
)

test(
  'the time-out of a call is of the manual clock, also where calls have been timed before',
  testProcess(async (t) => {
    const pid = await t.startSupervised({
      id: 'mute',
      start: [GenServer, 'startLink', [{ init: () => ['ok', 0], handleCall: () => ['noreply', 0] }]],
    })
    const early = GenServer.call(pid, 'x').catch(() => 'too late')
    t.clock.elapsedMs
    const call = reasonOf(GenServer.call(pid, 'x'))
    await t.clock.advance(5000)
    same(await call, ['timeout', ['gen_server', 'call', [pid, 'x']]])
    same(await early, 'too late')
  }),
)

test(
  'idle waits until a server has handled what it was sent; a process in receive is idle',
  testProcess(async (t) => {
    const seen: unknown[] = []
    const mod = {
      init: () => ['ok', 0],
      handleCast: async (request: unknown) => {
        await new Promise((resolve) => setImmediate(resolve))
        seen.push(request)
        return ['noreply', 0]
      },
    }
    const pid = await t.startSupervised({ id: 'slow', start: [GenServer, 'startLink', [mod]] })
    for (const n of [1, 2, 3]) GenServer.cast(pid, n)
    await t.idle(pid)
    same(seen, [1, 2, 3])
    const waiter = spawn(() => receive())
    await t.idle(waiter)
    await t.endWith(waiter, 'kill')
    await t.idle(waiter)
  }),
)

test(
  'messages: the next that matches, none, all that wait',
  testProcess(async (t) => {
    for (const message of ['a', ['b', 1], 'c']) send(self(), message)
    same(await t.nextOf('b'), ['b', 1])
    same(await t.next((message) => message === 'c'), 'c')
    const failure = await t.noMessage().catch((thrown: unknown) => thrown)
    same(String(failure), "Error: unexpected message 'a'")
    send(self(), 1)
    same(await t.flush(), [1])
    same(await receive(() => true, 0), timeout)
  }),
)

test(
  `a message that does not come fails the test after ${LIMIT_MS} ms, with what waits instead`,
  testProcess(async (t) => {
    send(self(), 'other')
    const failure = await t.nextOf('wanted').catch((thrown: unknown) => thrown)
    same(String(failure), "Error: no such message; waiting are [ 'other' ] within 3000 ms")
  }),
)

test('reports are kept, not printed, and given back afterwards', async () => {
  const printed: string[] = []
  const before = setReporter((_level, { label }) => printed.push(label.join(' ')))
  try {
    await testProcess(async (t) => {
      const mod = {
        init: () => ['ok', 0],
        handleCast: () => {
          throw new Error('broken')
        },
      }
      const pid = await t.startSupervised({ id: 'one', start: [GenServer, 'startLink', [mod]], restart: 'temporary' })
      const ended = t.watch(pid)
      GenServer.cast(pid, 'go')
      assert.match(String(stackless(await ended())), /broken/)
      await t.settle()
      assert.equal(t.reports.labels(), [
        'supervisor progress',
        'gen_server terminate',
        'proc_lib crash',
        'supervisor child_terminated',
      ])
      const [report] = t.reports.all('gen_server terminate')
      assert.is(report && factOf(report, 'last_message'), 'go')
      t.reports.clear()
      assert.equal(t.reports.all(), [])
    })()
    assert.equal(printed, [])
  } finally {
    setReporter(before)
  }
})

test.run()
