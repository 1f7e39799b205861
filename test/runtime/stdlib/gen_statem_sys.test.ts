import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { error, type Pid, self } from '../../../runtime/erts/process.js'
import * as GenStatem from '../../../runtime/stdlib/src/gen_statem.js'
import * as Sys from '../../../runtime/stdlib/src/sys.js'
import { inManualTime } from '../../support/manual_clock.js'
import { printed } from '../../support/printed.js'
import {
  inTest,
  next,
  nextOf,
  nothing,
  probe,
  reasonOf,
  same,
  settle,
  stackless,
  trapping,
} from '../../support/processes.js'
import * as codeLock from './example/code_lock.js'
import { answer, does, type Script, scripted, started } from './scripted_machine.js'

const test = suite('stdlib/gen_statem and sys')

/** Looks up a number in statistics. */
const counted = (statistics: unknown, what: string): unknown =>
  Array.isArray(statistics) && Array.isArray(statistics[1])
    ? statistics[1].find(([key]) => key === what)?.[1]
    : undefined

test(
  'S96 the code lock counts three buttons and a state time-out, and is traced as OTP does',
  inManualTime(async (time) => {
    const texts = await printed(async () => {
      await codeLock.startLink([1, 2, 3])
      await Sys.statistics('code_lock', true)
      await Sys.trace('code_lock', true)
      for (const digit of [1, 2, 3]) {
        codeLock.button(digit)
        await settle()
      }
      await time.advance(codeLock.OPEN_MS)
    })
    same(
      texts,
      [
        'Lock',
        "*DBG* code_lock receive cast [ 'button', 1 ] in state locked",
        "*DBG* code_lock consume cast [ 'button', 1 ] in state locked",
        "*DBG* code_lock start_timer [ 'state_timeout', 30000, 'button', [] ] in state locked",
        "*DBG* code_lock receive cast [ 'button', 2 ] in state locked",
        "*DBG* code_lock consume cast [ 'button', 2 ] in state locked",
        "*DBG* code_lock start_timer [ 'state_timeout', 30000, 'button', [] ] in state locked",
        "*DBG* code_lock receive cast [ 'button', 3 ] in state locked",
        'Unlock',
        "*DBG* code_lock consume cast [ 'button', 3 ] in state locked => open",
        "*DBG* code_lock start_timer [ 'state_timeout', 10000, 'lock', [] ] in state open",
        '*DBG* code_lock receive state_timeout lock in state open',
        'Lock',
        '*DBG* code_lock consume state_timeout lock in state open => locked',
      ].map((line) => `${line}\n`),
    )
    const statistics = await Sys.statistics('code_lock', 'get')
    same([counted(statistics, 'messages_in'), counted(statistics, 'messages_out')], [4, 0])
    await Sys.noDebug('code_lock')
    same(await codeLock.codeLength(), 3)
    same(await Sys.statistics('code_lock', 'get'), ['ok', 'no_statistics'])
    await GenStatem.stop('code_lock')
  }),
)

test(
  'calls, postponing, replies, zero time-outs and the end in the trace; a machine that is not traced prints nothing',
  inTest(async () => {
    const tell = probe()
    let pid: Pid = self()
    const texts = await printed(async () => {
      pid = await started(GenStatem.start({ local: 'traced' }, scripted(tell), undefined, { debug: ['trace'] }))
      await GenStatem.call(pid, 'ask', 1).catch(() => {})
      const script: Script = (state, _data, type) =>
        state === 'a'
          ? ['keep_state_and_data', 'postpone']
          : ['keep_state_and_data', [answer(type, 'yes'), ['state_timeout', 0, 'zero']]]
      const call = GenStatem.call(pid, script)
      await settle()
      await does(pid, ['next_state', 'b', 'd'])
      await call
      await GenStatem.stop(pid)
    })
    const lines = texts.map((text) => text.trimEnd().replace(/\[Function[^\]]*\]( \{[^}]*\}+)?/g, 'FUN'))
    const me = self().toString()
    assert.equal(lines, [
      '*DBG* traced enter module in state a',
      `*DBG* traced receive call ask from ${me} in state a`,
      `*DBG* traced consume call ask from ${me} in state a`,
      `*DBG* traced receive call FUN from ${me} in state a`,
      `*DBG* traced postpone call FUN from ${me} in state a`,
      '*DBG* traced receive cast FUN in state a',
      '*DBG* traced consume cast FUN in state a => b',
      `*DBG* traced send yes to ${me}`,
      `*DBG* traced consume call FUN from ${me} in state b`,
      "*DBG* traced insert_timeout [ 'state_timeout', 'zero' ] in state b",
      '*DBG* traced receive state_timeout zero in state b',
      '*DBG* traced consume state_timeout zero in state b',
      `*DBG* traced receive call FUN from ${me} in state b`,
      `*DBG* traced send idle to ${me}`,
      `*DBG* traced consume call FUN from ${me} in state b`,
      '*DBG* traced terminate normal in state b',
    ])
  }),
)

test(
  'S55 callback modules are pushed, changed and popped; popping the last one is a bad action',
  trapping(async () => {
    const tell = probe()
    const named = (name: string) => {
      const other = scripted(tell, {
        callbackMode: () => ['handle_event_function', 'state_enter'],
        handleEvent: (type: GenStatem.EventType | 'enter', content: unknown, state: string, data: unknown) => {
          if (typeof content === 'function') return content(state, data, type)
          if (type !== 'enter') return ['keep_state_and_data', answer(type, name)]
          tell([name, 'enter', state])
          return 'keep_state_and_data'
        },
      })
      return other
    }
    const sm2 = named('sm2')
    const sm3 = named('sm3')
    const first = scripted(tell, {
      a: (type: GenStatem.EventType, content: unknown, data: unknown) =>
        typeof content === 'function' ? content('a', data, type) : ['keep_state_and_data', answer(type, 'sm')],
    })
    const pid = await started(GenStatem.startLink(first))
    const asks = () => GenStatem.call(pid, 'who')
    await does(pid, ['keep_state_and_data', [['push_callback_module', sm2]]])
    same(await asks(), 'sm2')
    await does(pid, ['next_state', 'a', 'd', ['change_callback_module', sm3]])
    same(await asks(), 'sm3')
    await nothing()
    await does(pid, ['repeat_state', 'd', ['change_callback_module', sm2]])
    same(await next(), ['sm2', 'enter', 'a'])
    await does(pid, ['keep_state_and_data', 'pop_callback_module'])
    same(await asks(), 'sm')
    const pop: Script = () => ['keep_state_and_data', 'pop_callback_module']
    GenStatem.cast(pid, pop)
    same(stackless((await nextOf<unknown[]>('EXIT'))[2]), ['bad_action_from_state_function', 'pop_callback_module'])
  }),
)

test(
  'S55 a module that nobody knows, or that has no callback mode, ends the machine',
  trapping(async () => {
    for (const [module, reason] of [
      ['no/such', 'undef'],
      [{}, 'undef'],
      [{ callbackMode: () => 'foo' }, ['bad_return_from_callback_mode', 'foo']],
    ] as const) {
      const pid = await started(GenStatem.startLink(scripted(probe())))
      GenStatem.cast(pid, (() => ['keep_state_and_data', [['push_callback_module', module]]]) satisfies Script)
      same(stackless((await nextOf<unknown[]>('EXIT'))[2]), reason)
    }
  }),
)

test(
  'S56 codeChange may change the mode and the form of the state',
  inTest(async () => {
    let mode: unknown = 'state_functions'
    let changed: unknown = ['ok', ['x', 'y'], 'd2']
    const machine = scripted(probe(), {
      callbackMode: () => mode,
      codeChange: async (oldVsn: unknown, state: unknown, data: unknown, extra: unknown) => {
        same([oldVsn, extra], ['1', 'extra'])
        same([state, data], await Promise.resolve(before))
        if (changed === 'thrown') throw ['ok', ['x', 'y'], 'd2']
        return changed === 'err' ? error('bad') : changed
      },
      handleEvent: (type: GenStatem.EventType, _content: unknown, state: unknown) => [
        'keep_state_and_data',
        answer(type, state),
      ],
    })
    let before: unknown = ['a', 'd']
    const pid = await started(GenStatem.start(machine))
    const change = () => Sys.changeCode(pid, machine, '1', 'extra')
    same(await change(), ['error', ['unknown_system_msg', ['change_code', machine, '1', 'extra']]])
    await Sys.suspend(pid)
    changed = 'nope'
    same(await change(), ['error', 'nope'])
    changed = 'err'
    same(exitOf(await change()), 'bad')
    changed = ['ok', ['x', 'y'], 'd2']
    mode = 'foo'
    same(exitOf(await change()), ['bad_return_from_callback_mode', 'foo'])
    same(await Sys.getState(pid), ['a', 'd'])
    mode = 'handle_event_function'
    changed = 'thrown'
    same(await change(), 'ok')
    before = ['x', 'y']
    await Sys.resume(pid)
    same(await GenStatem.call(pid, 'get'), ['x', 'y'])
    same(await Sys.getState(pid), [['x', 'y'], 'd2'])
  }),
)

/** Reason of an `['error', ['EXIT', [reason, stack]]]`. */
function exitOf(result: unknown): unknown {
  if (!Array.isArray(result) || result[0] !== 'error' || result[1]?.[0] !== 'EXIT') throw new Error('expected an EXIT')
  return stackless(result[1][1])
}

test(
  'S57 no enter call after a code change; without codeChange it is refused',
  inTest(async () => {
    const tell = probe()
    const entered = (state: string) => (type: unknown, content: unknown, data: unknown) => {
      if (type === 'enter') tell(['enter', state])
      return typeof content === 'function' ? content(state, data, type) : 'keep_state_and_data'
    }
    const machine = scripted(tell, {
      callbackMode: () => ['state_functions', 'state_enter'],
      a: entered('a'),
      b: entered('b'),
      codeChange: () => ['ok', 'b', 'd2'],
    })
    const pid = await started(GenStatem.start(machine))
    same(await next(), ['enter', 'a'])
    await Sys.suspend(pid)
    same(await Sys.changeCode(pid, machine, '1', []), 'ok')
    await Sys.resume(pid)
    same(await Sys.getState(pid), ['b', 'd2'])
    await nothing()
    const plain = await started(GenStatem.start(scripted(tell)))
    await Sys.suspend(plain)
    same(exitOf(await Sys.changeCode(plain, machine, '1', [])), 'undef')
  }),
)

test(
  'replaceState maps the pair of state and data; getState gives the same pair while nothing changes',
  inTest(async () => {
    const pid = await started(GenStatem.start(scripted(probe())))
    same(await Sys.replaceState(pid, (pair) => ['b', pair]), ['b', ['a', 'd']])
    assert.is(await Sys.getState(pid), await Sys.getState(pid))
    same(await reasonOf(Sys.replaceState(pid, () => 'foo')), [
      'callback_failed',
      ['stdlib/gen_statem', 'system_replace_state'],
      ['error', ['badmatch', 'foo']],
    ])
    same(await Sys.getState(pid), ['b', ['a', 'd']])
  }),
)

test(
  'the status of a machine, and what formatStatus makes of it; one that fails hides state and data',
  inTest(async () => {
    let format: (status: object) => unknown = (status) => ({ ...status, data: 'hidden' })
    const machine = scripted(probe(), { formatStatus: (status: object) => format(status) })
    const pid = await started(GenStatem.start({ local: 'shown' }, machine))
    const misc = async () => (await Sys.getStatus(pid))[3][4] as unknown[][]
    const [header, [, facts] = [], [, state] = []] = await misc()
    same(header, ['header', 'Status for state machine shown'])
    same(facts, [
      ['Status', 'running'],
      ['Parent', pid],
      ['Modules', ['module']],
      ['Time-outs', [0, []]],
      ['Logged Events', []],
      ['Postponed', []],
    ])
    same(state, [['State', ['a', 'hidden']]])
    format = () => error('oops')
    const excuse = 'module:formatStatus/1 crashed'
    same((await misc())[2], ['data', [['State', [excuse, excuse]]]])
  }),
)

test(
  'a suspended machine leaves its events where they are',
  inTest(async () => {
    const pid = await started(GenStatem.start(scripted(probe())))
    await Sys.suspend(pid)
    GenStatem.cast(pid, 'late')
    await settle()
    await nothing()
    await Sys.resume(pid)
    same(await next(), ['a', 'cast', 'late'])
    await Sys.terminate(pid, 'bye')
    same(await next(), ['terminate', 'bye', 'a', 'd'])
  }),
)

test.run()
