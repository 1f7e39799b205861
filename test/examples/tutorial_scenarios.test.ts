/** What becomes of the tutorial's programs when they are looked into, or when something goes wrong. */
import { GenServer, Process, Supervisor, Sys } from 'otp-rel'
import { factOf, testProcess } from 'otp-rel/test'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as chSup from '../../examples/tutorial/ch_app/ch_sup.js'
import * as ch4 from '../../examples/tutorial/ch4/ch4.js'
import * as codeLock from '../../examples/tutorial/code_lock/code_lock.js'
import * as legacyCodeLock from '../../examples/tutorial/code_lock/legacy_code_lock.js'
import * as kvWrongState from '../../examples/tutorial/kv/kv_wrong_state.js'
import * as server3 from '../../examples/tutorial/name_server/server3.js'
import * as pingPong from '../../examples/tutorial/ping_pong/ping_pong.js'
import * as sequenceServer from '../../examples/tutorial/sequence/sequence_server.js'
import * as db from '../../examples/tutorial/simple_server/db.js'
import * as simpleServer from '../../examples/tutorial/simple_server/simple_server.js'
import { reasonOf, same, stackless } from '../support/processes.js'

const test = suite('examples/tutorial scenarios')

/** The process of a start that succeeded. */
function pidOf(started: unknown): Process.Pid {
  const pid: unknown = Array.isArray(started) && started[0] === 'ok' ? started[1] : undefined
  if (!(pid instanceof Process.Pid)) throw new Error(`not started: ${Process.format(started)}`)
  return pid
}

/** Messages in and out. */
async function counted(name: string): Promise<unknown[]> {
  const [, facts] = (await Sys.statistics(name, 'get')) as ['ok', [string, number][]] // statistics are on
  return facts.filter(([fact]) => fact.startsWith('messages')).map(([, n]) => n)
}

/** What is written to standard output meanwhile, by line. */
async function printed(body: () => Promise<void>): Promise<string[]> {
  const lines: string[] = []
  const { write } = process.stdout
  process.stdout.write = (chunk: string | Uint8Array) => {
    lines.push(...String(chunk).trimEnd().split('\n'))
    return true
  }
  try {
    await body()
  } finally {
    process.stdout.write = write
  }
  return lines
}

test(
  'S51 the legacy code lock, traced: its lines in order, five messages in, none out, closed again',
  testProcess(async (t) => {
    const { clock } = t
    const lines = await printed(async () => {
      await legacyCodeLock.startLink([1, 2, 3, 4])
      await Sys.statistics('code_lock', true)
      await Sys.trace('code_lock', true)
      for (const digit of [4, 3, 2, 1]) legacyCodeLock.button(digit)
      await clock.advance(100)
    })
    const pressed = (digit: number) => `*DBG* code_lock got event [ 'button', ${digit} ] in state closed`
    const closed = '*DBG* code_lock switched to state closed'
    assert.equal(lines, [
      ...[pressed(4), closed, pressed(3), closed, pressed(2), closed, pressed(1)],
      ...['OPEN DOOR', '*DBG* code_lock switched to state open'],
      ...['*DBG* code_lock got event timeout in state open', 'CLOSE DOOR', closed],
    ])
    same(await counted('code_lock'), [5, 0])
    same(await Sys.getState('code_lock'), ['closed', [[], [1, 2, 3, 4]]])
  }),
)

test(
  'S96 a code lock with three buttons and its state time-out: four messages in, none out; ch4: two in, one out',
  testProcess(async (t) => {
    const { clock } = t
    const lines = await printed(async () => {
      await codeLock.startLink([1, 2, 3])
      await Sys.statistics('code_lock', true)
      for (const digit of [1, 2, 3]) codeLock.button(digit)
      // The time-out is the state's: one more button does not prolong it, and would count.
      await clock.advance(100)
    })
    assert.equal(lines, ['LOCK', 'UNLOCK', 'LOCK'])
    same(await counted('code_lock'), [4, 0])
    pidOf(await ch4.startLink())
    await Sys.statistics('ch4', true)
    same([await ch4.alloc(), ch4.free('ch1')], ['ch1', 'ok'])
    same(await counted('ch4'), [2, 1])
    await Sys.noDebug('ch4')
    same(await Sys.log('ch4', 'get'), ['ok', []])
    same(await Sys.statistics('ch4', 'get'), ['ok', 'no_statistics'])
  }),
)

test(
  'an open door closes 100 ms after it was opened, also when buttons are pressed meanwhile',
  testProcess(async (t) => {
    const { clock } = t
    const lines = await printed(async () => {
      await codeLock.startLink([7])
      codeLock.button(7)
      await clock.advance(60)
      codeLock.button(7)
      await clock.advance(40)
    })
    assert.equal(lines, ['LOCK', 'UNLOCK', 'LOCK'])
  }),
)

test(
  'S131 a store that begins with its start argument: the first put ends it, and its caller learns of it',
  testProcess(async (t) => {
    const pid = pidOf(await kvWrongState.startLink())
    same(await Sys.getState(pid), [])
    const ended = t.watch(pid)
    const [cause, call] = (await reasonOf(kvWrongState.put(pid, 'a', 42))) as [unknown, unknown]
    assert.ok(stackless(cause) instanceof TypeError)
    same(call, ['gen_server', 'call', [pid, ['put', 'a', 42]]])
    assert.ok(stackless(await ended()) instanceof TypeError)
    const report = await t.reports.next('gen_server terminate')
    same([factOf(report, 'last_message'), factOf(report, 'state')], [['put', 'a', 42], []])
  }),
)

test('S131 a caller that is linked with such a store and does not trap exits ends with it', async () => {
  const run = testProcess(
    async () => {
      const pid = pidOf(await kvWrongState.startLink())
      await kvWrongState.put(pid, 'a', 42).catch(() => {})
    },
    { trapExit: false },
  )
  assert.ok(stackless(await reasonOf(run())) instanceof TypeError)
})

test(
  'S131 the sequence server: 100, 101, set 999, plus 200 gives 1199',
  testProcess(async () => {
    const sequence = GenServer.client<typeof sequenceServer>(pidOf(await sequenceServer.startLink(100)))
    same([await sequence.call('next_number'), await sequence.call('next_number')], [100, 101])
    same(await sequence.call(['set_number', 999]), 999)
    same(sequence.cast(['increment_number', 200]), 'ok')
    same(await sequence.call('next_number'), 1199)
  }),
)

test(
  'a misspelt return ends the server; what it sent before is delivered all the same',
  testProcess(async (t) => {
    const misspelt = {
      ...pingPong,
      handleCast: ([, from]: readonly ['ping', Process.Pid], state: unknown) => {
        Process.send(from, 'pong')
        return ['noreplay', state]
      },
    }
    const pid = pidOf(await GenServer.start(misspelt, []))
    const ended = t.watch(pid)
    GenServer.cast(pid, ['ping', Process.self()])
    same(await t.next((message) => message === 'pong'), 'pong')
    same(await ended(), ['bad_return_value', ['noreplay', null]])
  }),
)

test(
  'S134 three restarts within five seconds are fine, the fourth ends the supervisor with shutdown',
  testProcess(async (t) => {
    const [, , children] = chSup.init([]) as Extract<Supervisor.InitResult, readonly unknown[]> // not ignore
    const sup = pidOf(await Supervisor.startLink({ init: () => ['ok', { intensity: 3, period: 5 }, children] }, []))
    const ended = t.watch(sup)
    let ch3 = await t.registered('ch3')
    for (let restarts = 1; restarts <= 3; restarts++) {
      await t.endWith(ch3, 'kill')
      ch3 = await t.registered('ch3', ch3)
    }
    assert.ok(Process.isAlive(sup))
    await t.endWith(ch3, 'kill')
    same(await ended(), 'shutdown')
  }),
)

test(
  'the hand-made server ends after 300 s of silence',
  testProcess(async (t) => {
    const { clock } = t
    server3.start('silent', { init: () => 0, handle: (_request: unknown, n: number) => [n, n + 1] })
    const ended = t.watch(await t.registered('silent'))
    await clock.advance(200_000)
    same(await server3.rpc('silent', ['count']), 0)
    await clock.advance(299_999)
    assert.ok(Process.whereis('silent'))
    await clock.advance(1)
    same(await ended(), 'normal')
  }),
)

test(
  'a special process is suspended, looked into, given another state and ended, as any process of a behaviour',
  testProcess(async (t) => {
    const pid = pidOf(await ch4.startLink())
    await Sys.suspend('ch4')
    Process.send('ch4', ['alloc', Process.self()])
    await t.noMessage()
    same(await Sys.replaceState<ch4.Channels>('ch4', () => ['ch9']), ['ch9'])
    await Sys.resume('ch4')
    same(await t.nextOf('ch4'), ['ch4', 'ch9'])
    const ended = t.watch(pid)
    same(await Sys.terminate('ch4', 'bye'), 'ok')
    same(await ended(), 'bye')
  }),
)

test(
  "a user's behaviour refuses a callback module that lacks a mandatory callback",
  testProcess(async () => {
    const { handleReq: _without, ...incomplete } = db
    const refused = await simpleServer.startLink('db', incomplete as unknown as typeof db) // wrong on purpose
    same(Array.isArray(refused) && refused[0], 'error')
    assert.match(Process.format(refused), /'undefined_callback'.*'handleReq'/)
  }),
)

test.run()
