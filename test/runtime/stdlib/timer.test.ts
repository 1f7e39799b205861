/** Timers that do things, on a clock that stands still until it is put forward. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeRef, register, self, send, spawn } from '../../../runtime/erts/process.js'
import * as Timer from '../../../runtime/stdlib/src/timer.js'
import { testProcess } from '../../../runtime/test_kit/test_kit.js'
import { same } from '../../support/processes.js'

const test = suite('stdlib/timer')

/** The reference of a timer that was started. */
function ref(result: Timer.TimerResult) {
  if (result[0] === 'error') throw new Error(result[1])
  return result[1]
}

test(
  'a function is called once, in a process of its own; a module and a name as well',
  testProcess(async (t) => {
    const me = self()
    const { clock } = t
    ref(Timer.applyAfter(100, () => send(me, ['from', self() === me])))
    ref(Timer.applyAfter(200, [{ tell: (what: unknown) => send(me, what) }, 'tell', ['named']]))
    await clock.advance(99)
    await t.noMessage()
    await clock.advance(1000)
    same(await t.flush(), [['from', false], 'named'])
  }),
)

test(
  'an interval goes on until it is stopped, also with a function that fails; each time is counted from the one before',
  testProcess(async (t) => {
    const me = self()
    const { clock } = t
    const told = ref(Timer.sendInterval(100, me, 'tick'))
    const called = ref(
      Timer.applyInterval(150, () => {
        send(me, 'called')
        throw new Error('no matter')
      }),
    )
    await clock.advance(450)
    same((await t.flush()).sort(), ['called', 'called', 'called', 'tick', 'tick', 'tick', 'tick'])
    same(Timer.cancel(told), ['ok', 'cancel'])
    same(Timer.cancel(told), ['ok', 'cancel'])
    Timer.cancel(called)
    await clock.advance(1000)
    await t.noMessage()
  }),
)

test(
  'an interval ends with the process that is told, or that began it',
  testProcess(async (t) => {
    const me = self()
    const { clock } = t
    let count = 0
    const other = spawn(() => new Promise(() => {}))
    register('ticked', other)
    ref(Timer.sendInterval(10, 'ticked', 'tick'))
    const owner = spawn(() => {
      ref(Timer.applyInterval(10, () => count++))
      return new Promise(() => {})
    })
    await clock.advance(35)
    assert.is(count, 3)
    same(await t.endWith(owner, 'kill'), 'killed')
    same(await t.endWith(other, 'kill'), 'killed')
    await clock.advance(100)
    assert.is(count, 3)
    same(Timer.sendInterval(10, 'ticked', 'tick'), ['error', 'badarg'])
    ref(Timer.sendInterval(10, me, 'still'))
    await clock.advance(10)
    same(await t.next(), 'still')
  }),
)

test(
  'processes are ended later',
  testProcess(async (t) => {
    const { clock } = t
    const [a, b, c] = [1, 2, 3].map(() => spawn(() => new Promise(() => {})))
    if (a === undefined || b === undefined || c === undefined) return
    const ends = [a, b].map((pid) => t.watch(pid))
    ref(Timer.exitAfter(10, a, 'late'))
    ref(Timer.killAfter(10, b))
    Timer.cancel(ref(Timer.killAfter(10, c)))
    await clock.advance(10)
    same(await Promise.all(ends.map((end) => end())), ['late', 'killed'])
    same(await t.endWith(c, 'x'), 'x')
  }),
)

test('what is no time, no process, no timer is badarg', () => {
  const bad = ['error', 'badarg']
  for (const ms of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])
    assert.equal(
      Timer.applyAfter(ms, () => 1),
      bad,
    )
  assert.equal(Timer.sendInterval(10, 'nobody', 1), bad)
  // Reason for the casts: what JavaScript can write.
  assert.equal(Timer.exitAfter(10, 'name' as never, 1), bad)
  assert.equal(Timer.cancel('ref' as never), bad)
  assert.equal(Timer.cancel(makeRef()), ['ok', 'cancel'])
})

test(
  'the time of a function is taken in microseconds',
  testProcess(async ({ clock }) => {
    const took = Timer.tc(() => Timer.sleep(20).then(() => 'value'))
    await clock.advance(20)
    same(await took, [20_000, 'value'])
  }),
)

test.run()
