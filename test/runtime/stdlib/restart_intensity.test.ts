import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  addRestart,
  checkRestartLimit,
  formatRestartLimitError,
  noRestarts,
} from '../../../runtime/stdlib/src/restart_intensity.js'

const test = suite('stdlib/restart_intensity')

/** Feeds restarts (ms) in order; returns the decision on the last. */
function lastDecision(intensity: number, period: number, restartsMs: readonly number[]): string {
  const history = noRestarts()
  let decision = 'none'
  for (const atMs of restartsMs) decision = addRestart({ intensity, period }, history, atMs)
  return decision
}

// intensity, period (s), restarts at (ms), decision on the last, why
const CASES = [
  [2, 5, [0, 1_000], 'restart', 'as many restarts as the intensity are tolerated'],
  [2, 5, [0, 1_000, 2_000], 'shutdown', 'one more ends the supervisor'],
  [2, 5, [0, 1_000, 5_001], 'restart', 'a restart older than the period is forgotten'],
  [2, 5, [0, 1_000, 5_000], 'shutdown', 'a restart exactly one period old still counts'],
  [0, 5, [0], 'shutdown', 'intensity 0 tolerates none'],
] as const

for (const [intensity, period, restartsMs, expected, why] of CASES) {
  test(why, () => assert.is(lastDecision(intensity, period, restartsMs), expected))
}

test('what is forgotten is not kept either', () => {
  const history = noRestarts()
  for (let ms = 0; ms < 100_000; ms += 10) addRestart({ intensity: 1e6, period: 1 }, history, ms)
  assert.ok(history.atMs.length < 300, `${history.atMs.length} instants are kept`)
})

test('a broken limit names the option, the rule and the value', () => {
  const checked = checkRestartLimit({ intensity: 1, period: 0 })
  assert.equal(checked, { ok: false, error: { tag: 'invalid_period', got: 0 } })
  assert.is(
    formatRestartLimitError({ tag: 'invalid_period', got: 0 }),
    '"period" must be a whole number of seconds, 1 or more; got 0',
  )
  assert.is(
    formatRestartLimitError({ tag: 'invalid_intensity', got: 'x' }),
    '"intensity" must be a whole number of restarts, 0 or more; got x',
  )
})

test.run()
