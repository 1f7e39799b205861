import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  alias,
  cancelTimer,
  demonitor,
  error,
  exit,
  exitPid,
  inProcess,
  isAlive,
  link,
  monitor,
  NODE,
  type Pid,
  processInfo,
  receive,
  register,
  self,
  send,
  sendAfter,
  spawn,
  spawnLink,
  spawnMonitor,
  trapExit,
  unalias,
  unlink,
  unregister,
  whereis,
} from '../../../runtime/erts/process.js'
import * as GenServer from '../../../runtime/stdlib/src/gen_server.js'
import {
  inTest,
  next,
  nextOf,
  nothing,
  reasonOf,
  reportsOf,
  same,
  settle,
  stackless,
  thrownReason,
  trapping,
  watch,
} from '../../support/processes.js'

const test = suite('erts/process scenarios')

const forever = () => receive(() => false)
const idle = () => spawn(forever)

/** A process that traps exits or not and passes on to the test what it gets. */
function watched(traps: boolean): Pid {
  const tester = self()
  const pid = spawn(async () => {
    trapExit(traps)
    send(tester, 'ready')
    for (;;) send(tester, ['got', await receive()])
  })
  return pid
}

async function ready(pid: Pid): Promise<Pid> {
  await next((m) => m === 'ready')
  return pid
}

async function dead(): Promise<Pid> {
  const [pid] = spawnMonitor(() => {})
  await nextOf('DOWN')
  return pid
}

// ---- exit signals

// reason, what a process that does not trap exits does: 'lives' or its end; what a trapping one does: 'message' or its end
const EXIT_2 = [
  ['normal', 'lives', 'message'],
  ['shutdown', 'shutdown', 'message'],
  ['boom', 'boom', 'message'],
  ['killed', 'killed', 'message'],
  ['kill', 'killed', 'killed'],
] as const

for (const [reason, plain, traps] of EXIT_2) {
  test(
    `S1 exit/2 with ${reason} from another process: ${plain}, trapping: ${traps}`,
    inTest(async () => {
      const p = await ready(watched(false))
      const end = plain === 'lives' ? undefined : watch(p)
      assert.is(exitPid(p, reason), true)
      if (plain === 'lives') assert.ok(isAlive(p))
      else same(await end?.(), plain)
      const t = await ready(watched(true))
      const trappedEnd = traps === 'message' ? undefined : watch(t)
      exitPid(t, reason)
      if (traps === 'message') same((await nextOf('got'))[1], ['EXIT', self(), reason])
      else same(await trappedEnd?.(), traps)
    }),
  )
}

for (const [reason, plain] of [
  ['normal', 'normal'],
  ['kill', 'killed'],
  ['boom', 'boom'],
] as const) {
  test(
    `S2 exit(self(), ${reason}): dies ${plain}; trapping: a message from itself unless it is kill`,
    inTest(async () => {
      spawnMonitor(() => {
        exitPid(self(), reason)
      })
      same((await nextOf('DOWN'))[4], plain)
      const tester = self()
      const [t] = spawnMonitor(async () => {
        trapExit(true)
        exitPid(self(), reason)
        send(tester, ['got', await receive()])
      })
      if (reason === 'kill') same((await nextOf('DOWN'))[4], 'killed')
      else same((await nextOf('got'))[1], ['EXIT', t, reason])
    }),
  )
}

for (const reason of ['normal', 'kill', 'shutdown', 'boom']) {
  test(
    `S3 a linked peer ends with ${reason}: the link carries that reason, kill is an ordinary one here`,
    inTest(async () => {
      const tester = self()
      const [p] = spawnMonitor(async () => {
        const peer = spawnLink(async () => exit(await receive()))
        send(tester, ['peer', peer])
        await forever()
      })
      const peer = (await nextOf<[string, Pid]>('peer'))[1]
      const peerEnd = watch(peer)
      send(peer, reason)
      await peerEnd()
      if (reason === 'normal') assert.ok(isAlive(p))
      else same((await nextOf('DOWN'))[4], reason)

      const t = spawn(async () => {
        trapExit(true)
        const linked = spawnLink(() => exit(reason))
        send(tester, ['got', await receive(), linked])
      })
      const [, message, linked] = await nextOf('got')
      same(message, ['EXIT', linked, reason])
      await watch(t)()
    }),
  )
}

// ---- ends

test(
  'S4 an undefined function is the end of the new process, not of its maker',
  inTest(async () => {
    spawnMonitor(['no/module', 'f'])
    same(stackless((await nextOf('DOWN'))[4]), ['undef', ['no/module', 'f', []]])
  }),
)

test('S4 a plain process that errs is logged, one that exits is not', async () => {
  const logged = await reportsOf(async () => {
    spawn(() => exit('bum'))
    spawn(() => error('bum'))
    await settle()
  })
  assert.equal(
    logged.map(({ level, label }) => [level, label]),
    [['error', 'erts error_in_process']],
  )
})

test(
  'S5 what is thrown decides the reason: nocatch, error with stack, exit, normal',
  inTest(async () => {
    spawnMonitor(() => {
      throw 'x'
    })
    same(stackless((await nextOf('DOWN'))[4]), ['nocatch', 'x'])
    spawnMonitor(() => error('bad'))
    same(stackless((await nextOf('DOWN'))[4]), 'bad')
    spawnMonitor(() => exit('x'))
    same((await nextOf('DOWN'))[4], 'x')
    spawnMonitor(() => 'value')
    same((await nextOf('DOWN'))[4], 'normal')
    const failure = new Error('user error')
    spawnMonitor(async () => {
      throw failure
    })
    assert.is(stackless((await nextOf('DOWN'))[4]), failure)
  }),
)

// ---- links and monitors

test(
  'S7 linking with a dead process: noproc, for a trapping one as a message',
  inTest(async () => {
    const pid = await dead()
    same(
      thrownReason(() => link(pid)),
      'noproc',
    )
    trapExit(true)
    assert.is(link(pid), true)
    same(await next(), ['EXIT', pid, 'noproc'])
  }),
)

test(
  'S8 unlink leaves an exit message that is there already',
  trapping(async () => {
    const pid = spawnLink(() => exit('x'))
    await watch(pid)()
    assert.is(unlink(pid), true)
    same(await next(), ['EXIT', pid, 'x'])
  }),
)

test(
  'S9 links are one per pair, monitors are not; a process can do neither to itself',
  trapping(async () => {
    const pid = spawn(() => receive())
    link(pid)
    link(pid)
    link(pid)
    const refs = [monitor(pid), monitor(pid)]
    send(pid, 'end')
    same(await nextOf('EXIT'), ['EXIT', pid, 'normal'])
    same(await nextOf('DOWN'), ['DOWN', refs[0], 'process', pid, 'normal'])
    same(await nextOf('DOWN'), ['DOWN', refs[1], 'process', pid, 'normal'])
    await nothing()
    assert.is(link(self()), true)
    monitor(self())
    await nothing()
  }),
)

test(
  'S10 who dies of a kill tells its links killed',
  trapping(async () => {
    const a = spawnLink(async () => {
      spawnLink(() => {
        exitPid(self(), 'kill')
      })
      await forever()
    })
    same(await next(), ['EXIT', a, 'killed'])
  }),
)

test(
  'S11 monitors of the absent tell noproc at once; by name the object is name and node',
  inTest(async () => {
    const pid = await dead()
    const ref = monitor(pid)
    same(await next(), ['DOWN', ref, 'process', pid, 'noproc'])
    const unnamed = monitor('noname')
    same(await next(), ['DOWN', unnamed, 'process', ['noname', NODE], 'noproc'])
    const named = spawn(() => receive())
    register('s11', named)
    const byName = monitor('s11')
    send('s11', 'end')
    same(await next(), ['DOWN', byName, 'process', ['s11', NODE], 'normal'])
  }),
)

test(
  'S12 demonitor leaves a delivered message, flush takes it, info tells whether the monitor was active',
  inTest(async () => {
    const pid = await dead()
    const left = monitor(pid)
    assert.is(demonitor(left), true)
    same((await nextOf('DOWN'))[1], left)
    assert.is(demonitor(monitor(pid), { flush: true }), true)
    await nothing()
    assert.is(demonitor(monitor(pid), { flush: true, info: true }), false)
    await nothing()
    const active = monitor(idle())
    assert.is(demonitor(active, { info: true }), true)
    assert.is(demonitor(active, { info: true }), false)
  }),
)

// ---- names

test(
  'S13 a name has one process, a process one name',
  inTest(async () => {
    const p = idle()
    const q = idle()
    assert.is(register('s13', p), true)
    const gone = await dead()
    for (const attempt of [
      () => register('s13', q),
      () => register('s13_other', p),
      () => register('s13_dead', gone),
      () => register('undefined', q),
      () => unregister('zz'),
    ]) {
      same(thrownReason(attempt), 'badarg')
    }
    assert.is(whereis('zz'), undefined)
    assert.is(unregister('s13'), true)
  }),
)

test(
  'S14 sending to an unknown name is badarg; to a dead process or a name at a node it is fine',
  inTest(async () => {
    same(
      thrownReason(() => send('zz', 'm')),
      'badarg',
    )
    send(await dead(), 'm')
    send(['zz', NODE], 'm')
  }),
)

test(
  'S15 a name is free before the links are told',
  trapping(async () => {
    const started = await GenServer.startLink({ local: 's15' }, { init: () => ['ok', 's'] })
    const pid = started[1] as Pid // it starts
    exitPid(pid, 'kill')
    same(await next(), ['EXIT', pid, 'killed'])
    assert.is(whereis('s15'), undefined)
  }),
)

// ---- order

test(
  'S16 what a process sent before its end arrives before the news of its end',
  inTest(async () => {
    const tester = self()
    const [pid, ref] = spawnMonitor(() => {
      send(tester, 'last_words')
      exit('done')
    })
    same(await next(), 'last_words')
    same(await next(), ['DOWN', ref, 'process', pid, 'done'])
  }),
)

test(
  'S17 casts and the call after them are handled in the order of sending',
  inTest(async () => {
    const stack = {
      init: () => ['ok', []],
      handleCast: (n: number, state: number[]) => ['noreply', [n, ...state]],
      handleCall: (_get: 'get', _from: unknown, state: number[]) => ['reply', state, state],
    }
    const [, pid] = (await GenServer.start(stack)) as ['ok', Pid]
    for (let n = 1; n <= 5; n++) GenServer.cast(pid, n)
    same(await GenServer.call(pid, 'get'), [5, 4, 3, 2, 1])
  }),
)

// ---- timers, information, aliases

test(
  'S18 cancelling a timer gives what was left of it, once',
  inTest(async () => {
    const timer = sendAfter(60_000, self(), 'late')
    const left = cancelTimer(timer)
    assert.ok(typeof left === 'number' && left > 59_000 && left <= 60_000)
    assert.is(cancelTimer(timer), false)
    await nothing()
    const fired = sendAfter(1, self(), 'fired')
    same(await next(), 'fired')
    assert.is(cancelTimer(fired), false)
  }),
)

test(
  'S19 information on a dead process is undefined, on no name empty, on an unknown item badarg',
  inTest(async () => {
    const gone = await dead()
    assert.is(processInfo(gone), undefined)
    assert.is(processInfo(gone, 'links'), undefined)
    const pid = idle()
    same(processInfo(pid, 'registered_name'), [])
    register('s19', pid)
    same(processInfo(pid, 'registered_name'), ['registered_name', 's19'])
    const unknown = 'no_such_item' as 'links' // what a caller without types may write
    same(
      thrownReason(() => processInfo(pid, unknown)),
      'badarg',
    )
  }),
)

test(
  'S20 a reply alias takes one message; an alias given up takes none',
  inTest(async () => {
    const once = alias('reply')
    send(once, 1)
    send(once, 2)
    same(await next(), 1)
    await nothing()
    const other = alias()
    assert.is(unalias(other), true)
    assert.is(unalias(other), false)
    send(other, 3)
    await nothing()
  }),
)

test('code that runs as a process fails when that process is ended from outside', async () => {
  const killed = inProcess(async () => {
    spawnLink(() => exit('x'))
    await receive()
  })
  same(await reasonOf(killed), 'x')
})

test.run()
