/** Forms of the process functions beside the scenarios: options, items, dictionary, hibernate. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { clock } from '../../../runtime/erts/clock.js'
import {
  erase,
  exit,
  get,
  hibernate,
  type InfoItem,
  isAlive,
  processInfo,
  put,
  readTimer,
  receive,
  registerGlobal,
  self,
  send,
  sendAfter,
  sendGlobal,
  sleep,
  spawn,
  spawnOpt,
  startTimer,
  unregisterGlobal,
} from '../../../runtime/erts/process.js'
import * as GenServer from '../../../runtime/stdlib/src/gen_server.js'
import * as ProcLib from '../../../runtime/stdlib/src/proc_lib.js'
import {
  inTest,
  next,
  nextOf,
  nothing,
  reasonOf,
  reportsOf,
  same,
  settle,
  thrownReason,
  watch,
} from '../../support/processes.js'

const test = suite('erts/forms')

const server = { init: () => ['ok', 0], handleCall: (request: unknown) => ['reply', request, 0] }

async function started(): Promise<import('../../../runtime/erts/process.js').Pid> {
  const result = await GenServer.start(server)
  if (result[0] !== 'ok') throw new Error('not started')
  return result[1] as never // it is ok
}

test(
  'a monitor that is made with the process has the options of every monitor',
  inTest(async () => {
    const [pid, ref] = spawnOpt({ monitor: { tag: 'ENDED', alias: 'reply_demonitor' } }, () => receive())
    send(ref, 'by alias')
    same(await next(), 'by alias')
    send(pid, 'end')
    await settle()
    await nothing()
    const [, second] = spawnOpt({ monitor: { tag: 'ENDED' }, priority: 'high' }, () => exit('why'))
    same((await nextOf('ENDED')).slice(1, 3), [second, 'process'])
    const [third, down] = ProcLib.spawnOpt({ link: false, monitor: true }, () => {})
    same(await nextOf('DOWN'), ['DOWN', down, 'process', third, 'normal'])
    await nothing()
  }),
)

test(
  'every item of OTP can be asked for',
  inTest(async () => {
    const pid = await started()
    const item = (name: InfoItem, of = pid) => processInfo(of, name)?.[1]
    same(item('current_function'), ['stdlib/gen_server', 'loop', 1])
    same(item('current_stacktrace'), [])
    same(item('priority'), 'normal')
    for (const name of ['memory', 'heap_size', 'total_heap_size', 'stack_size'] as const) same(item(name), 0)
    const waiting = spawn(() => receive())
    await settle()
    same(item('current_function', waiting), ['erts/process', 'receive', 2])
    const sleeping = spawn(() => sleep('infinity'))
    await settle()
    same(item('current_function', sleeping), item('initial_call', sleeping))
    await GenServer.stop(pid)
  }),
)

test(
  'the dictionary as a whole, and what OTP keeps in it',
  inTest(async () => {
    put('a', 1)
    put('b', 2)
    same(get(), [
      ['a', 1],
      ['b', 2],
    ])
    same(erase(), [
      ['a', 1],
      ['b', 2],
    ])
    same(get(), [])
    same(get('$ancestors'), undefined)
    const me = self()
    ProcLib.spawnMonitor(() => send(me, [get('$ancestors'), get('$initial_call'), get()]))
    same(await next((message) => Array.isArray(message) && message.length === 3), [
      [me],
      ['stdlib/proc_lib', 'init_p', 5],
      [],
    ])
  }),
)

test(
  'timers may be told the moment instead of the time',
  inTest(async () => {
    const now = Math.round(clock.monotonicMs())
    const ref = startTimer(now + 60_000, self(), 'late', { abs: true })
    assert.ok(Number(readTimer(ref)) > 59_000)
    startTimer(now - 10, self(), 'over', { abs: true })
    same((await nextOf('timeout'))[2], 'over')
    sendAfter(now, self(), 'now', { abs: true })
    same(await next(), 'now')
    same(
      thrownReason(() => sendAfter(0.5, self(), 'x', { abs: true })),
      'badarg',
    )
  }),
)

test(
  'what is sent to a global name reaches it; without one it is an exit',
  inTest(async () => {
    registerGlobal(['shop', 1], self())
    same(sendGlobal(['shop', 1], 'hello'), self())
    same(await next(), 'hello')
    unregisterGlobal(['shop', 1])
    same(
      thrownReason(() => sendGlobal(['shop', 1], 'hello')),
      ['badarg', [['shop', 1], 'hello']],
    )
  }),
)

// ---- hibernate

const woken = {
  tell: async (to: never, ...rest: unknown[]) => send(to, ['woken', ...rest, await receive()]),
  fail: () => exit('woken badly'),
}

test(
  'a process that hibernates goes on with the function when a message comes, and ends with it',
  inTest(async () => {
    const me = self()
    let unwound = false
    const pid = spawn(async () => {
      try {
        await hibernate(woken, 'tell', [me, 7])
      } finally {
        unwound = true
      }
    })
    const end = watch(pid)
    await settle()
    assert.is(isAlive(pid), true)
    send(pid, 'good morning')
    same(await next(), ['woken', 7, 'good morning'])
    same(await end(), 'normal')
    assert.is(unwound, false)
  }),
)

test(
  'with a message in the mailbox it goes on at once; a failure is the reason of its end',
  inTest(async () => {
    const me = self()
    const pid = spawn(async () => {
      await sleep(5)
      return hibernate(woken, 'tell', [me])
    })
    send(pid, 'early')
    send(pid, 'second')
    same(await next(), ['woken', 'early'])
    const bad = spawn(() => hibernate(woken, 'fail', []))
    const end = watch(bad)
    send(bad, 'x')
    same(await end(), 'woken badly')
    const missing = spawn(() => hibernate(woken, 'nothing', []))
    const gone = watch(missing)
    send(missing, 'x')
    same(((await gone()) as unknown[])[0], ['undef', ['module', 'nothing', []]])
  }),
)

// ---- gen_server

test(
  'servers of a name on all nodes, and on some',
  inTest(async () => {
    const casts: unknown[] = []
    const told = { ...server, handleCast: (cast: unknown) => ['noreply', casts.push(cast)] }
    await GenServer.start({ local: 'many' }, told)
    same(await GenServer.multiCall('many', 'hi'), [[['nonode@nohost', 'hi']], []])
    same(await GenServer.multiCall(['nonode@nohost', 'a@b'], 'many', 'hi', 100), [[['nonode@nohost', 'hi']], ['a@b']])
    same(await GenServer.multiCall('none', 'hi'), [[], ['nonode@nohost']])
    same(GenServer.abcast('many', 1), 'abcast')
    same(GenServer.abcast(['a@b', 'nonode@nohost'], 'many', 2), 'abcast')
    same(GenServer.abcast('none', 3), 'abcast')
    await GenServer.stop('many')
    same(casts, [1, 2])
  }),
)

test(
  'a start that is told to monitor by spawn_opt is badarg; debug options that are no list are reported and ignored',
  inTest(async () => {
    for (const spawn_opt of [['monitor'], ['link', ['monitor', []]]]) {
      same(await reasonOf(Promise.resolve().then(() => GenServer.start(server, [], { spawn_opt }))), 'badarg')
    }
    const reports = await reportsOf(async () => {
      // Reason for the cast: a child specification is not checked by TypeScript.
      same((await GenServer.start(server, [], { debug: 7 as never }))[0], 'ok')
    })
    same(
      reports.map(({ level, label }) => [level, label]),
      [['error', 'gen debug_options']],
    )
  }),
)

test.run()
