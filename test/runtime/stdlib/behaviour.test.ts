import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as Behaviour from '../../../runtime/stdlib/src/behaviour.js'
import * as GenServer from '../../../runtime/stdlib/src/gen_server.js'
import { inTest, reportsOf, same, thrownReason } from '../../support/processes.js'

const test = suite('stdlib/behaviour')

const simpleServer = Behaviour.define({
  name: 'simple_server',
  callbacks: { init: 1, handleReq: 2, terminate: 0, formatState: 1 },
  optional: ['formatState'],
})

test('behaviour_info: callbacks with the optional ones among them, in order of declaration', () => {
  assert.equal(Behaviour.info(simpleServer, 'callbacks'), [
    ['init', 1],
    ['handleReq', 2],
    ['terminate', 0],
    ['formatState', 1],
  ])
  assert.equal(Behaviour.info(simpleServer, 'optional_callbacks'), [['formatState', 1]])
})

// OTP's behaviours: mandatory callbacks
const MANDATORY: readonly [string, readonly string[]][] = [
  ['gen_server', ['init', 'handleCall', 'handleCast']],
  ['gen_statem', ['init', 'callbackMode']],
  ['gen_event', ['init', 'handleEvent', 'handleCall']],
  ['gen_fsm', ['init', 'handleEvent', 'handleSyncEvent']],
  ['supervisor', ['init']],
  ['supervisor_bridge', ['init', 'terminate']],
  ['application', ['start', 'stop']],
]

for (const [name, expected] of MANDATORY) {
  test(`${name} requires ${expected.join(', ')}`, () => {
    const names = (what: 'callbacks' | 'optional_callbacks') => (Behaviour.info(name, what) ?? []).map(([one]) => one)
    const optional = names('optional_callbacks')
    assert.equal(
      names('callbacks').filter((one) => !optional.includes(one)),
      expected,
    )
  })
}

test('nothing is known of a behaviour that OTP does not have', () =>
  assert.is(Behaviour.info('gen_x', 'callbacks'), undefined))

test('S132 an optional callback that is not declared, or an arity that is none, is refused', () => {
  same(
    thrownReason(() => Behaviour.define({ name: 's', callbacks: { init: 1 }, optional: ['innit'] })),
    ['bad_behaviour', ['s', ['undeclared_callback', 'innit']]],
  )
  same(
    thrownReason(() => Behaviour.define({ name: 's', callbacks: { init: -1 } })),
    ['bad_behaviour', ['s', ['not_an_arity', ['init', -1]]]],
  )
})

const texts = (module: object): string[] => {
  const checked = Behaviour.check(simpleServer, module)
  return checked === 'ok' ? [] : checked[1][1].map(Behaviour.formatBehaviourFault)
}

test('S132 a module that lacks a mandatory callback is told which, with the export that may be meant', () => {
  const init = () => 'ok'
  const terminate = () => 'ok'
  assert.equal(texts({ init, terminate, handleReq: (_request: unknown, _state: unknown) => 0 }), [])
  assert.equal(texts({ init, terminate, handleRequest: () => 0 }), [
    '"module" does not export callback "handleReq" (2 arguments) of behaviour "simple_server"; it exports "handleRequest", was that meant?',
  ])
  assert.equal(texts({ init, handleReq: () => 0, format_state: () => 0 }), [
    '"module" does not export callback "terminate" (0 arguments) of behaviour "simple_server"',
    '"module" does not export callback "formatState" (1 argument) of behaviour "simple_server"; it exports "format_state", was that meant?',
  ])
  assert.equal(texts({ init, terminate: (_reason: unknown) => 'ok', handleReq: () => 0 }), [
    '"module" has a "terminate" of 1 argument; "simple_server" calls it with 0',
  ])
})

test('S132 two behaviours with a mandatory init are a conflict', () => {
  const genServer = Behaviour.OTP_BEHAVIOURS.get('gen_server')
  if (genServer === undefined) throw new Error('there is one')
  assert.equal(Behaviour.conflicts([simpleServer, genServer], 'shop/db').map(Behaviour.formatBehaviourFault), [
    '"shop/db" cannot be both "simple_server" and "gen_server": callback "init" is required by both; make two modules of it',
  ])
})

test(
  'a server whose callback is misspelt is warned of once when it starts; what is merely absent is not',
  inTest(async () => {
    const mod = { init: () => ['ok', 0], handleCall: () => ['reply', 0, 0], handle_info: () => ['noreply', 0] }
    const other = { init: () => ['ok', 0] }
    const reports = await reportsOf(async () => {
      for (const one of [mod, other, mod]) {
        const [, pid] = (await GenServer.start(one)) as ['ok', GenServer.ServerRef] // init succeeds
        await GenServer.stop(pid)
      }
    })
    same(
      reports.map(({ level, label }) => [level, label]),
      [['warning', 'behaviour undefined_callback']],
    )
    assert.match(JSON.stringify(reports[0]?.report), /handle_info/)
  }),
)

test.run()
