import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Pid, receive, self, send, sleep } from '../../../runtime/erts/process.js'
import * as GenStatem from '../../../runtime/stdlib/src/gen_statem.js'
import * as Sys from '../../../runtime/stdlib/src/sys.js'
import { inManualTime, type ManualTime } from '../../support/manual_clock.js'
import { inTest, probe, same, settle } from '../../support/processes.js'
import { does, idle, type Script, scripted, started } from './scripted_machine.js'

const test = suite('stdlib/gen_statem time-outs')

/** Everything told so far, in order. */
async function told(): Promise<unknown[]> {
  await settle()
  const all: unknown[] = []
  for (let m = await receive(() => true, 0); typeof m !== 'symbol'; m = await receive(() => true, 0)) all.push(m)
  return all
}

/** A machine that begins with these actions. */
const beginning = (actions: unknown, more: object = {}): Promise<Pid> =>
  started(GenStatem.start(scripted(probe(), more), () => ['ok', 'a', 'd', actions]))

/** What a machine tells within a time. */
async function toldAfter(time: ManualTime, ms: number): Promise<unknown[]> {
  await time.advance(ms)
  return told()
}

test(
  'S46 any event ends the event time-out, the state time-out stays',
  inManualTime(async (time) => {
    const pid = await beginning(['timeout', 40, 'et'])
    same(await toldAfter(time, 39), [])
    send(pid, 'm')
    same(await toldAfter(time, 1000), [['a', 'info', 'm']])
    await does(pid, ['keep_state_and_data', [['state_timeout', 40, 'st']]])
    send(pid, 'm')
    same(await toldAfter(time, 39), [['a', 'info', 'm']])
    same(await toldAfter(time, 1), [['a', 'state_timeout', 'st']])
  }),
)

test(
  'an event time-out that nothing ends fires; a bare number is its own content',
  inManualTime(async (time) => {
    await beginning(['timeout', 40, 'et'])
    same(await toldAfter(time, 40), [['a', 'timeout', 'et']])
    await beginning(25)
    same(await toldAfter(time, 25), [['a', 'timeout', 25]])
    await beginning([['hibernate', true], 7])
    same(await toldAfter(time, 7), [['a', 'timeout', 7]])
  }),
)

test(
  'S47 a zero time-out comes before a message that waits; a queued event ends a zero event time-out',
  inTest(async () => {
    for (const [actions, first] of [
      [[['timeout', 0, 'et']], ['a', 'timeout', 'et']],
      [
        [
          ['timeout', 0, 'et'],
          ['next_event', 'internal', 'i'],
        ],
        ['a', 'internal', 'i'],
      ],
    ] as const) {
      const init = () => {
        send(self(), 'waiting')
        return ['ok', 'a', 'd', actions]
      }
      await started(GenStatem.start(scripted(probe()), init))
      same(await told(), [first, ['a', 'info', 'waiting']])
    }
  }),
)

test(
  'S48 zero time-outs come in the order set; the first of them ends the event time-out',
  inTest(async () => {
    await beginning([
      [['timeout', 'g'], 0, 'gg'],
      ['state_timeout', 0, 'st'],
      ['timeout', 0, 'et'],
    ])
    same(await told(), [
      ['a', ['timeout', 'g'], 'gg'],
      ['a', 'state_timeout', 'st'],
    ])
  }),
)

for (const [returned, survives] of [
  [['next_state', 'a', 'd'], true],
  [['repeat_state', 'd'], true],
  [['next_state', 'b', 'd'], false],
] as const) {
  test(
    `S49 a state time-out ${survives ? 'survives' : 'is ended by'} ${JSON.stringify(returned)}; one by name survives all`,
    inManualTime(async (time) => {
      const pid = await beginning([
        ['state_timeout', 40, 'st'],
        [['timeout', 'g'], 50, 'gg'],
      ])
      await does(pid, returned)
      same(await toldAfter(time, 40), survives ? [['a', 'state_timeout', 'st']] : [])
      same(await toldAfter(time, 10), [[returned[0] === 'next_state' ? returned[1] : 'a', ['timeout', 'g'], 'gg']])
    }),
  )
}

test(
  'S49 a state time-out stays ended when the machine comes back',
  inManualTime(async (time) => {
    const pid = await beginning(['state_timeout', 40, 'st'])
    await does(pid, ['next_state', 'b', 'd'])
    await does(pid, ['next_state', 'a', 'd'])
    same(await toldAfter(time, 1000), [])
  }),
)

test(
  'S50 time-outs by name: restarted, cancelled, updated, updated while none runs',
  inManualTime(async (time) => {
    const pid = await beginning([
      [['timeout', 'g'], 20, 'g1'],
      [['timeout', 'h'], 20, 'h1'],
      [['timeout', { deep: 'u' }], 25, 'u1'],
    ])
    await idle(pid)
    await does(pid, [
      'keep_state_and_data',
      [
        [['timeout', 'g'], 30, 'g2'],
        [['timeout', 'h'], 'cancel'],
        [['timeout', { deep: 'u' }], 'update', 'u2'],
        [['timeout', 'w'], 'update', 'w1'],
      ],
    ])
    same(await told(), [['a', ['timeout', 'w'], 'w1']])
    same(await toldAfter(time, 1000), [
      ['a', ['timeout', { deep: 'u' }], 'u2'],
      ['a', ['timeout', 'g'], 'g2'],
    ])
  }),
)

test(
  'S50 of two state time-outs in one list the last counts; infinity cancels',
  inManualTime(async (time) => {
    const pid = await beginning([
      ['state_timeout', 10, 'first'],
      ['state_timeout', 20, 'last'],
    ])
    same(await toldAfter(time, 1000), [['a', 'state_timeout', 'last']])
    for (const cancel of [
      ['state_timeout', 'infinity', 'x'],
      ['state_timeout', 'cancel'],
    ]) {
      await does(pid, ['keep_state_and_data', ['state_timeout', 10, 'st']])
      await does(pid, ['keep_state_and_data', [cancel]])
      same(await toldAfter(time, 1000), [])
    }
    await does(pid, ['keep_state_and_data', ['timeout', 10, 'et']])
    await does(pid, ['keep_state_and_data', ['infinity']])
    same(await toldAfter(time, 1000), [])
  }),
)

test(
  'a zero time-out that still waits can be restarted with a time, and cancelled',
  inManualTime(async (time) => {
    const restart: Script = () => ['keep_state_and_data', [['state_timeout', 30, 'later']]]
    await beginning([
      ['state_timeout', 0, 'zero'],
      [['timeout', 'g'], 0, 'never'],
      ['next_event', 'internal', restart],
      ['next_event', 'internal', (() => ['keep_state_and_data', [['timeout', 'g'], 'cancel']]) satisfies Script],
    ])
    same(await told(), [])
    same(await toldAfter(time, 30), [['a', 'state_timeout', 'later']])
  }),
)

test(
  'a time on the monotonic clock',
  inManualTime(async (time) => {
    await beginning([
      ['state_timeout', time.nowMs() + 15, 'st', ['abs', true]],
      [['timeout', 'g'], time.nowMs() - 5, 'past', { abs: true }],
      ['timeout', 30, 'relative', [['abs', false]]],
    ])
    same(await toldAfter(time, 1), [['a', ['timeout', 'g'], 'past']])
    same(await toldAfter(time, 14), [['a', 'state_timeout', 'st']])
  }),
)

test(
  'a time-out whose message was already on its way is not told when it is cancelled or restarted meanwhile',
  inManualTime(async (time) => {
    const again: Script = async () => {
      await sleep(20)
      return ['keep_state_and_data', [['state_timeout', 30, 'second']]]
    }
    const pid = await beginning([['state_timeout', 10, 'first']])
    GenStatem.cast(pid, again)
    await time.advance(20)
    send(pid, 'between')
    same(await told(), [['a', 'info', 'between']])
    same(await toldAfter(time, 29), [])
    same(await toldAfter(time, 1), [['a', 'state_timeout', 'second']])
    same(await toldAfter(time, 1000), [])
  }),
)

test(
  'a suspended machine keeps its time-outs: one that is due comes after resume',
  inManualTime(async (time) => {
    const pid = await beginning(['state_timeout', 10, 'st'])
    await Sys.suspend(pid)
    same(await toldAfter(time, 100), [])
    const status = JSON.stringify(await Sys.getStatus(pid))
    assert.match(status, /"Time-outs",\[1,\[\["state_timeout","st"\]\]\]/)
    await Sys.resume(pid)
    same(await told(), [['a', 'state_timeout', 'st']])
  }),
)

test(
  'time-outs end with the machine',
  inManualTime(async (time) => {
    const pid = await beginning([
      ['state_timeout', 10, 'st'],
      [['timeout', 'g'], 10, 'gg'],
    ])
    await GenStatem.stop(pid)
    same(await toldAfter(time, 100), [['terminate', 'normal', 'a', 'd']])
  }),
)

for (const action of [
  ['timeout', -1, 'x'],
  ['state_timeout', 1.5, 'x'],
  [['timeout', 'g'], 'soon', 'x'],
  ['timeout', 1, 'x', ['abs', 'yes']],
  ['timeout', 1, 'x', 'abs'],
  ['timeout', 1],
  -1,
]) {
  test(
    `${JSON.stringify(action)} is no action`,
    inTest(async () => {
      const pid = await started(GenStatem.start(scripted(probe())))
      GenStatem.cast(pid, (() => ['keep_state_and_data', [action]]) satisfies Script)
      same(await told(), [['terminate', ['bad_action_from_state_function', action], 'a', 'd']])
    }),
  )
}

test.run()
