/** Signals and timers where the scenarios of OTP say little: whose code runs, what is in order, what is left over. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { realClock, setClock } from '../../../runtime/erts/clock.js'
import {
  abortSignal,
  cancelTimer,
  demonitor,
  exitPid,
  isAlive,
  monitor,
  type Pid,
  processInfo,
  receive,
  registeredGlobal,
  registerGlobal,
  self,
  send,
  sendAfter,
  sleep,
  spawn,
  spawnLink,
  spawnMonitor,
  unregisterGlobal,
  whereisGlobal,
} from '../../../runtime/erts/process.js'
import {
  inTest,
  journal,
  next,
  nextOf,
  nothing,
  same,
  settle,
  thrownReason,
  trapping,
  watch,
} from '../../support/processes.js'

const test = suite('erts/signals')

const forever = () => receive(() => false)

// ---- receive: the pattern is the receiver's code

test(
  'a pattern runs as the receiver, whoever sends',
  inTest(async () => {
    const tester = self()
    const pid = spawn(async () => {
      const [, word] = (await receive((m) => Array.isArray(m) && m[0] === self())) as [Pid, string]
      send(tester, word)
    })
    await settle()
    send(pid, [pid, 'mine'])
    same(await next(), 'mine')
  }),
)

test(
  'a pattern that throws is the fault of the receiver, not of the sender; the message stays',
  trapping(async () => {
    const tester = self()
    const pid = spawnLink(async () => {
      try {
        await receive((m) => (m as { x: { y: number } }).x.y === 1)
      } catch (thrown) {
        send(tester, ['caught', thrown instanceof TypeError, await receive()])
      }
    })
    await settle()
    send(pid, 'no x')
    same(await next(), ['caught', true, 'no x'])
    same(await nextOf('EXIT'), ['EXIT', pid, 'normal'])
    // Signals of ends go on being told.
    const [victim] = spawnMonitor(forever)
    exitPid(victim, 'kill')
    same((await nextOf('DOWN'))[4], 'killed')
  }),
)

test(
  'a new receive takes the place of one that waits',
  inTest(async () => {
    const { lines, note } = journal()
    void receive((m) => m === 'a', 5).then(note)
    void receive((m) => m === 'b').then(note)
    await sleep(10)
    send(self(), 'a')
    send(self(), 'b')
    await settle()
    assert.equal(lines, ['b'])
    same(await next(), 'a')
  }),
)

// ---- links and monitors

test(
  'a long chain of links ends in one go, and each is told of the one before',
  inTest(async () => {
    const pids: Pid[] = []
    const extend = async (n: number): Promise<void> => {
      pids.push(self())
      if (n > 0) spawnLink(extend, n - 1)
      await forever()
    }
    const first = spawn(extend, 2000)
    while (pids.length < 2001) await settle()
    const last = watch(pids.at(-1) as Pid) // there are 2001
    exitPid(first, 'boom')
    assert.is(pids.filter(isAlive).length, 0)
    same(await last(), 'boom')
  }),
)

test(
  'a hub with many links dies with all of them in time proportional to their number',
  inTest(async () => {
    const n = 20_000
    const hub = spawn(async () => {
      for (let i = 0; i < n; i++) spawnLink(forever)
      await forever()
    })
    const linked = () => processInfo(hub, 'links')?.[1]
    for (let links = linked(); !Array.isArray(links) || links.length < n; links = linked()) await settle()
    const startMs = performance.now()
    exitPid(hub, 'boom')
    const tookMs = performance.now() - startMs
    assert.ok(tookMs < 1000, `${tookMs} ms`)
  }),
)

test(
  'only who made a monitor ends it',
  inTest(async () => {
    const [pid, ref] = spawnMonitor(forever)
    const tester = self()
    spawn(() => send(tester, ['tried', thrownReason(() => demonitor(ref))]))
    same(await next(), ['tried', 'badarg'])
    exitPid(pid, 'kill')
    same((await nextOf('DOWN'))[1], ref)
  }),
)

test(
  'who listens to the abort signal of an ended process does not act as the one that ended it',
  inTest(async () => {
    const tester = self()
    const pid = spawn(async () => {
      abortSignal().addEventListener('abort', () => {
        send(tester, ['from', self()])
      })
      await forever()
    })
    await settle()
    exitPid(pid, 'kill')
    await settle()
    await nothing()
  }),
)

test(
  'monitors and links made and cut by ends leave nothing behind',
  trapping(async () => {
    const hub = spawn(forever)
    for (let i = 0; i < 100; i++) {
      const pid = spawnLink(async () => {
        monitor(hub)
        monitor(hub)
        await forever()
      })
      monitor(pid)
      monitor(pid)
      await settle()
      exitPid(pid, 'boom')
      await nextOf('EXIT')
      await nextOf('DOWN')
      await nextOf('DOWN')
    }
    same(processInfo(hub, 'monitored_by'), ['monitored_by', []])
    same(processInfo(self(), ['links', 'monitors', 'monitored_by']), [
      ['links', []],
      ['monitors', []],
      ['monitored_by', []],
    ])
    exitPid(hub, 'kill')
  }),
)

test('S19 a list of items is answered item by item, the name of a nameless process as an empty list', async () => {
  const pid = spawn(forever)
  same(processInfo(pid, ['registered_name', 'trap_exit']), [
    ['registered_name', []],
    ['trap_exit', false],
  ])
  same(
    thrownReason(() => processInfo(pid, ['links', 'nonsense' as 'links'])),
    'badarg',
  )
  exitPid(pid, 'kill')
  same(processInfo(pid, ['links']), undefined)
})

// ---- timers

test(
  'S18 cancelling asynchronously answers ok and tells the result later, or not at all',
  inTest(async () => {
    const ref = sendAfter(10_000, self(), 'm')
    same(cancelTimer(ref, { async: true }), 'ok')
    const [, which, left] = await nextOf<readonly [string, unknown, number]>('cancel_timer')
    assert.is(which, ref)
    assert.ok(left > 9000 && left <= 10_000)
    same(cancelTimer(ref, { async: true }), 'ok')
    same(await next(), ['cancel_timer', ref, false])
    const other = sendAfter(10_000, self(), 'm')
    same(cancelTimer(other, { info: false }), 'ok')
    same(cancelTimer(other), false)
    await nothing()
  }),
)

test(
  'a timer waits its whole time, however long the code that started it has been running',
  inTest(async () => {
    void receive(() => false, 30)
    const startMs = performance.now()
    while (performance.now() - startMs < 25);
    const armedMs = performance.now()
    sendAfter(30, self(), 'm')
    await next((m) => m === 'm')
    assert.ok(performance.now() - armedMs >= 29, `${performance.now() - armedMs} ms`)
  }),
)

test('timers of very many lengths that are cancelled leave none to Node', () => {
  let running = 0
  setClock({
    ...realClock,
    setTimer: (ms, fire) => {
      running++
      return realClock.setTimer(ms, fire)
    },
    clearTimer: (timer) => {
      running--
      realClock.clearTimer(timer)
    },
  })
  for (let i = 0; i < 20_000; i++) cancelTimer(sendAfter(1_000_000 + i, 'nobody', 'm'))
  setClock(realClock)
  assert.ok(running < 2000, `${running} timers`)
})

// ---- global names

test('global names are compared as terms, and many of them do not slow down ends', async () => {
  const long = 'x'.repeat(5000)
  const pids = Array.from({ length: 3 }, () => spawn(forever))
  const [a, b, c] = pids as [Pid, Pid, Pid] // three
  assert.is(registerGlobal([`${long}a`, { deep: [[[[[[[1]]]]]]] }], a), 'yes')
  assert.is(registerGlobal([`${long}b`, { deep: [[[[[[[2]]]]]]] }], b), 'yes')
  assert.is(registerGlobal([`${long}a`, { deep: [[[[[[[2]]]]]]] }], c), 'yes')
  assert.is(whereisGlobal([`${long}a`, { deep: [[[[[[[1]]]]]]] }]), a)
  assert.is(registerGlobal(['again'], a), 'yes')
  exitPid(a, 'kill')
  assert.is(registeredGlobal().length, 2)
  unregisterGlobal([`${long}b`, { deep: [[[[[[[2]]]]]]] }])
  exitPid(c, 'kill')
  assert.equal(registeredGlobal(), [])
  const many = Array.from({ length: 20_000 }, (_, i) => {
    const pid = spawn(forever)
    registerGlobal(['many', i], pid)
    return pid
  })
  const startMs = performance.now()
  for (const pid of many) exitPid(pid, 'kill')
  assert.ok(performance.now() - startMs < 2000)
  assert.equal(registeredGlobal(), [])
  exitPid(b, 'kill')
})

test.run()
