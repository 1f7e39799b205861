import { suite } from 'uvu'
import { Pid, send } from '../../../runtime/erts/process.js'
import * as GenFsm from '../../../runtime/stdlib/src/gen_fsm.js'
import * as Sys from '../../../runtime/stdlib/src/sys.js'
import { inManualTime, trappingInManualTime } from '../../support/manual_clock.js'
import { printed } from '../../support/printed.js'
import { inTest, next, nextOf, probe, reasonOf, same, settle, stackless, trapping } from '../../support/processes.js'
import * as codeLock from './example/code_lock_fsm.js'

const test = suite('stdlib/gen_fsm')

/** Looks up a number in statistics. */
const counted = (answer: unknown, what: string): unknown =>
  Array.isArray(answer) && Array.isArray(answer[1]) ? answer[1].find(([key]) => key === what)?.[1] : undefined

test(
  'S51 the code lock of old: opens on 4, 3, 2, 1, with the lines it always had',
  inManualTime(async (time) => {
    await codeLock.startLink([1, 2, 3, 4])
    await Sys.statistics('code_lock', true)
    await Sys.trace('code_lock', true)
    const texts = await printed(async () => {
      for (const digit of [4, 3, 2, 1]) {
        codeLock.button(digit)
        await settle()
      }
      await time.advance(codeLock.OPEN_MS)
    })
    same(
      texts,
      [
        "*DBG* code_lock got event [ 'button', 4 ] in state closed",
        '*DBG* code_lock switched to state closed',
        "*DBG* code_lock got event [ 'button', 3 ] in state closed",
        '*DBG* code_lock switched to state closed',
        "*DBG* code_lock got event [ 'button', 2 ] in state closed",
        '*DBG* code_lock switched to state closed',
        "*DBG* code_lock got event [ 'button', 1 ] in state closed",
        'OPEN DOOR',
        '*DBG* code_lock switched to state open',
        '*DBG* code_lock got event timeout in state open',
        'CLOSE DOOR',
        '*DBG* code_lock switched to state closed',
      ].map((line) => `${line}\n`),
    )
    const statistics = await Sys.statistics('code_lock', 'get')
    same([counted(statistics, 'messages_in'), counted(statistics, 'messages_out')], [5, 0])
    same(await Sys.getState('code_lock'), ['closed', [[], [1, 2, 3, 4]]])
    same((await Sys.getStatus('code_lock'))[2], ['module', 'stdlib/gen_fsm'])
    await GenFsm.stop('code_lock')
  }),
)

/** A machine whose events are functions of its data, and which tells the test of everything else. */
function scripted(tell: (message: unknown) => void) {
  const on = (name: string) => (event: unknown, data: unknown) => {
    if (typeof event === 'function') return event(data)
    tell([name, event])
    return ['next_state', name, data]
  }
  return {
    init: (returned: unknown) => returned ?? ['ok', 'a', 'd'],
    a: on('a'),
    b: on('b'),
    aSync: (event: unknown, from: GenFsm.From, data: unknown) =>
      typeof event === 'function' ? event(data, from) : ['reply', ['a', event], 'b', data],
    handleEvent: (event: unknown, name: string, data: unknown) => {
      tell(['all', event])
      return ['next_state', name, data]
    },
    handleSyncEvent: (event: unknown, _from: unknown, name: string, data: unknown) => ['reply', event, name, data],
    handleInfo: (message: unknown, name: string, data: unknown) => {
      tell(['info', message])
      return ['next_state', name, data]
    },
    terminate: (reason: unknown, name: string, data: unknown) => tell(['terminate', reason, name, data]),
    codeChange: (_vsn: unknown, name: string, data: unknown, extra: unknown) => ['ok', name, [data, extra]],
  }
}

async function started(result: Promise<unknown>): Promise<Pid> {
  const answer = await result
  if (Array.isArray(answer) && answer[1] instanceof Pid) return answer[1]
  throw new Error('expected a start')
}

test(
  'events, those for all states, those that are answered, and messages',
  inTest(async () => {
    const pid = await started(GenFsm.start(undefined, scripted(probe())))
    GenFsm.sendEvent(pid, 'e')
    GenFsm.sendAllStateEvent(pid, 'f')
    send(pid, 'm')
    for (const what of [
      ['a', 'e'],
      ['all', 'f'],
      ['info', 'm'],
    ])
      same(await next(), what)
    same(await GenFsm.syncSendAllStateEvent(pid, 'g'), 'g')
    same(await GenFsm.syncSendEvent(pid, 'h'), ['a', 'h'])
    GenFsm.sendEvent(pid, 'i')
    same(await next(), ['b', 'i'])
    await Sys.suspend(pid)
    same(await Sys.changeCode(pid, 'x', '1', 'extra'), 'ok')
    same(await Sys.resume(pid), 'ok')
    same(await Sys.getState(pid), ['b', ['d', 'extra']])
    await GenFsm.stop(pid, 'shutdown')
    same(await next(), ['terminate', 'shutdown', 'b', ['d', 'extra']])
    same(await reasonOf(GenFsm.syncSendEvent(pid, 'x', 10)), ['noproc', ['gen_fsm', 'sync_send_event', [pid, 'x', 10]]])
  }),
)

test(
  'timers: events of their own, taken back by their reference',
  trappingInManualTime(async (time) => {
    const pid = await started(GenFsm.startLink(undefined, scripted(probe()), ['ok', 'a', 'd', 5]))
    await time.advance(5)
    same(await next(), ['a', 'timeout'])
    GenFsm.sendEvent(pid, () => {
      GenFsm.startTimer(20, 'msg')
      GenFsm.sendEventAfter(10, 'ev')
      GenFsm.cancelTimer(GenFsm.sendEventAfter(15, 'never'))
      return ['next_state', 'b', 'd']
    })
    await time.advance(100)
    same(await next(), ['b', 'ev'])
    const [state, [word, , message]] = await next<[string, unknown[]]>()
    same([state, word, message], ['b', 'timeout', 'msg'])
    GenFsm.sendEvent(pid, () => ['stop', 'bye', 'd2'])
    same(await nextOf('terminate'), ['terminate', 'bye', 'b', 'd2'])
    same((await nextOf<unknown[]>('EXIT'))[2], 'bye')
  }),
)

test(
  'bad returns, and a stop with an answer',
  trapping(async () => {
    const machine = scripted(probe())
    for (const [init, result] of [
      ['foo', ['error', ['bad_return_value', 'foo']]],
      [
        ['stop', 'why'],
        ['error', 'why'],
      ],
      ['ignore', 'ignore'],
    ]) {
      same(await GenFsm.startLink(undefined, machine, init), result)
      await nextOf('EXIT')
    }
    const pid = await started(GenFsm.startLink(undefined, machine))
    same(await GenFsm.syncSendEvent(pid, (data: unknown) => ['stop', 'normal', 'bye', data]), 'bye')
    same((await nextOf<unknown[]>('EXIT'))[2], 'normal')
    const bad = await started(GenFsm.startLink(undefined, machine))
    GenFsm.sendEvent(bad, () => 'foo')
    same((await nextOf<unknown[]>('EXIT'))[2], ['bad_return_value', 'foo'])
    const unknown = await started(GenFsm.startLink(undefined, machine))
    GenFsm.sendEvent(unknown, () => ['next_state', 'nowhere', 'd'])
    GenFsm.sendEvent(unknown, 'x')
    same(stackless((await nextOf<unknown[]>('EXIT'))[2]), 'undef')
  }),
)

test.run()
