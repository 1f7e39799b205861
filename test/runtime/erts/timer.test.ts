import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { realClock, setClock, type TimerHandle } from '../../../runtime/erts/clock.js'
import { arm, Deadline, disarm, remainingMs } from '../../../runtime/erts/timer.js'

const test = suite('erts/timer')

/** A clock that stands still until it is told to go on. */
function manualClock() {
  let nowMs = 0
  let timers: { atMs: number; fire: () => void; refs: number }[] = []
  return {
    monotonicMs: () => nowMs,
    systemMs: () => nowMs,
    setTimer: (ms: number, fire: () => void): TimerHandle => {
      const timer = {
        atMs: nowMs + ms,
        fire,
        refs: 1,
        ref() {
          timer.refs = 1
        },
        unref() {
          timer.refs = 0
        },
      }
      timers.push(timer)
      return timer
    },
    clearTimer: (timer: TimerHandle) => {
      timers = timers.filter((one) => (one as unknown) !== timer)
    },
    advance(ms: number) {
      nowMs += ms
      for (
        let due = timers.find((t) => t.atMs <= nowMs);
        due !== undefined;
        due = timers.find((t) => t.atMs <= nowMs)
      ) {
        timers = timers.filter((t) => t !== due)
        due.fire()
      }
    },
    /** Timers that would keep the OS process alive. */
    holding: () => timers.filter((timer) => timer.refs > 0).length,
  }
}

let clock: ReturnType<typeof manualClock>
let fired: string[]

class Named extends Deadline {
  readonly name: string
  constructor(name: string) {
    super()
    this.name = name
  }
  fire(): void {
    fired.push(this.name)
  }
}

test.before.each(() => {
  clock = manualClock()
  setClock(clock)
  fired = []
})
test.after.each(() => setClock(realClock))

test('deadlines fire once, in order of expiry', () => {
  const [a, b, c] = [new Named('a'), new Named('b'), new Named('c')]
  arm(a, 30)
  arm(b, 10)
  clock.advance(5)
  arm(c, 30)
  clock.advance(10)
  assert.equal(fired, ['b'])
  clock.advance(15)
  assert.equal(fired, ['b', 'a'])
  clock.advance(100)
  assert.equal(fired, ['b', 'a', 'c'])
})

test('a stopped one does not fire, and says what was left', () => {
  const [a, b] = [new Named('a'), new Named('b')]
  arm(a, 50)
  arm(b, 50)
  clock.advance(20)
  assert.is(remainingMs(a), 30)
  disarm(a)
  assert.is(remainingMs(a), false)
  assert.is(remainingMs(b), 30)
  clock.advance(30)
  assert.equal(fired, ['b'])
})

test('arming again starts anew', () => {
  const a = new Named('a')
  arm(a, 20)
  clock.advance(15)
  arm(a, 20)
  clock.advance(15)
  assert.equal(fired, [])
  clock.advance(5)
  assert.equal(fired, ['a'])
})

test('when nothing is armed nothing keeps the program alive', () => {
  const a = new Named('a')
  arm(a, 5000)
  assert.is(clock.holding(), 1)
  disarm(a)
  assert.is(clock.holding(), 0)
  arm(a, 5000)
  assert.is(clock.holding(), 1)
})

test('a deadline beyond the longest timer of Node is kept', () => {
  const a = new Named('a')
  arm(a, 2 ** 31 + 1000)
  clock.advance(2 ** 31 - 1)
  assert.equal(fired, [])
  clock.advance(1001)
  assert.equal(fired, ['a'])
})

test.run()
