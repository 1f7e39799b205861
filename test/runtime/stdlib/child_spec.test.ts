import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { idKey } from '../../../runtime/stdlib/src/child_id.js'
import {
  checkChildSpec,
  checkStartSpec,
  childSpecReason,
  formatChildSpecError,
} from '../../../runtime/stdlib/src/child_spec.js'
import { checkSupervisorFlags, formatSupervisorFlagsError } from '../../../runtime/stdlib/src/supervisor_flags.js'

const test = suite('stdlib/child_spec')

const START = ['shop/cart', 'startLink', [1]]
const GOOD = { id: 'a', start: START }

// specification, OTP's reason, text
const FAULTS: readonly (readonly [unknown, unknown, string])[] = [
  ['foo', ['invalid_child_spec', 'foo'], `a child specification must be an object with "id" and "start"; got 'foo'`],
  [
    ['a', START],
    ['invalid_child_spec', ['a', START]],
    `a child specification must be an object with "id" and "start"; got [ 'a', [ 'shop/cart', 'startLink', [ 1 ] ] ]`,
  ],
  [
    { start: START },
    'missing_id',
    'a child specification needs "id": any value that no other child of this supervisor has',
  ],
  [{ id: 'a' }, 'missing_start', 'a child specification needs "start": [module, function name, arguments]'],
  [
    { id: 'a', start: ['m', 'f'] },
    ['invalid_mfa', ['m', 'f']],
    `"start" must be [module, function name, arguments]; got [ 'm', 'f' ]`,
  ],
  [
    { ...GOOD, restart: 'always' },
    ['invalid_restart_type', 'always'],
    `"restart" must be one of permanent, transient, temporary; got 'always'`,
  ],
  [{ ...GOOD, significant: 1 }, ['invalid_significant', 1], '"significant" must be true or false; got 1'],
  [
    { ...GOOD, significant: true },
    [
      'bad_combination',
      [
        ['restart', 'permanent'],
        ['significant', true],
      ],
    ],
    'a "significant" child must be transient or temporary; a permanent one would never end for good',
  ],
  [{ ...GOOD, type: 'x' }, ['invalid_child_type', 'x'], `"type" must be one of worker, supervisor; got 'x'`],
  [
    { ...GOOD, shutdown: -1 },
    ['invalid_shutdown', -1],
    '"shutdown" must be brutal_kill, infinity or milliseconds, 0 or more; got -1',
  ],
  [{ ...GOOD, modules: 'm' }, ['invalid_modules', 'm'], `"modules" must be a list of modules or dynamic; got 'm'`],
  [{ ...GOOD, modules: [1] }, ['invalid_module', [1][0]], '"modules" must hold modules or their ids; got 1'],
]

for (const [spec, reason, text] of FAULTS) {
  test(`${JSON.stringify(spec)} is refused`, () => {
    const checked = checkChildSpec(spec)
    if (checked.ok) return assert.unreachable()
    assert.equal(childSpecReason(checked.error), reason)
    assert.is(formatChildSpecError(checked.error), text)
  })
}

test('significant children need a supervisor that shuts down automatically', () => {
  const checked = checkChildSpec({ ...GOOD, restart: 'transient', significant: true }, 'never')
  if (checked.ok) return assert.unreachable()
  assert.equal(childSpecReason(checked.error), [
    'bad_combination',
    [
      ['auto_shutdown', 'never'],
      ['significant', true],
    ],
  ])
  assert.match(formatChildSpecError(checked.error), '"auto_shutdown" is any_significant or all_significant')
})

test('defaults depend on the type; the modules are that of the start', () => {
  const worker = {
    id: 'a',
    start: START,
    restart: 'permanent',
    significant: false,
    type: 'worker',
    modules: ['shop/cart'],
  }
  assert.equal(checkChildSpec(GOOD), { ok: true, value: { ...worker, shutdown: 5000 } })
  const supervisor = checkChildSpec({ ...GOOD, type: 'supervisor' })
  assert.is(supervisor.ok && supervisor.value.shutdown, 'infinity')
})

test('the old tuple form is understood', () => {
  const checked = checkChildSpec(['a', START, 'temporary', 'brutal_kill', 'worker', 'dynamic'])
  assert.equal(checked, {
    ok: true,
    value: {
      id: 'a',
      start: START,
      restart: 'temporary',
      significant: false,
      shutdown: 'brutal_kill',
      type: 'worker',
      modules: 'dynamic',
    },
  })
})

test('a list of specifications has every id once', () => {
  const checked = checkStartSpec([GOOD, GOOD])
  if (checked.ok) return assert.unreachable()
  assert.equal(childSpecReason(checked.error), ['duplicate_child_name', 'a'])
  assert.is(formatChildSpecError(checked.error), `two children have the id 'a'; each needs its own`)
  const noList = checkStartSpec('x')
  if (noList.ok) return assert.unreachable()
  assert.equal(childSpecReason(noList.error), ['badarg', 'x'])
  assert.is(formatChildSpecError(noList.error), `child specifications must be a list; got 'x'`)
})

test('ids are compared as terms', () => {
  assert.is(idKey('a'), 'a')
  assert.is(idKey(['a', 1]), idKey(['a', 1]))
  assert.is(idKey({ x: 1, y: [2] }), idKey({ y: [2], x: 1 }))
  for (const [one, other] of [
    [
      ['a', 1],
      ['a', '1'],
    ],
    [[undefined], [null]],
    [['a,b'], ['a', 'b']],
    [{ x: 1 }, ['x', 1]],
    [[() => {}], [() => {}]],
  ]) {
    assert.is.not(idKey(one), idKey(other))
  }
})

// flags, tag, text
const FLAG_FAULTS = [
  [5, 'supervisor flags must be an object or [strategy, intensity, period]; got 5'],
  [
    { strategy: 'all' },
    `"strategy" must be one of one_for_one, one_for_all, rest_for_one, simple_one_for_one; got 'all'`,
  ],
  [{ intensity: 1.5 }, '"intensity" must be a whole number of restarts, 0 or more; got 1.5'],
  [{ auto_shutdown: true }, '"auto_shutdown" must be one of never, any_significant, all_significant; got true'],
] as const

for (const [flags, text] of FLAG_FAULTS) {
  test(`flags ${JSON.stringify(flags)} are refused`, () => {
    const checked = checkSupervisorFlags(flags)
    if (checked.ok) return assert.unreachable()
    assert.is(formatSupervisorFlagsError(checked.error), text)
  })
}

test('flags have defaults, and an old form', () => {
  const defaults = { strategy: 'one_for_one', intensity: 1, period: 5, auto_shutdown: 'never' }
  assert.equal(checkSupervisorFlags({}), { ok: true, value: defaults })
  assert.equal(checkSupervisorFlags(['one_for_all', 3, 10]), {
    ok: true,
    value: { ...defaults, strategy: 'one_for_all', intensity: 3, period: 10 },
  })
})

test.run()
