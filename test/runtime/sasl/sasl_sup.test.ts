import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as saslSafeSup from '../../../runtime/sasl/src/sasl_safe_sup.js'
import * as saslSup from '../../../runtime/sasl/src/sasl_sup.js'
import { type ChildSpec, checkChildspecs, type SupervisorFlags } from '../../../runtime/stdlib/src/supervisor.js'

const test = suite('sasl/sasl_sup')

// supervisor, intensity, period (s), children in start order, why
const TREE = [
  [saslSup, 0, 1, ['sasl_safe_sup', 'release_handler'], 'the end of the release handler is the end of sasl'],
  [saslSafeSup, 4, 3600, ['alarm_handler'], 'the alarm handler may be restarted'],
] as const

for (const [supervisor, intensity, period, children, why] of TREE) {
  test(why, () => {
    // Both give ['ok', flags, specifications as objects], at once.
    const [, flags, specs] = supervisor.init([]) as readonly ['ok', SupervisorFlags, readonly ChildSpec[]]
    assert.equal([flags.strategy, flags.intensity, flags.period], ['one_for_one', intensity, period])
    assert.equal(
      specs.map(({ id }) => id),
      children,
    )
    assert.is(checkChildspecs(specs), 'ok')
  })
}

test.run()
