/** Children and applications whose start never returns: the upgrade fails, or is cancelled, and is taken back. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { whereis } from '../../../runtime/erts/process.js'
import { checkInstall } from '../../../runtime/sasl/src/install_check.js'
import { type InstallStep, install } from '../../../runtime/sasl/src/install_release.js'
import { formatReleaseError } from '../../../runtime/sasl/src/release_error.js'
import type { EvalOptions } from '../../../runtime/sasl/src/relup_eval.js'
import type { LowLevelInstruction } from '../../../schemas/types.js'
import { inTest } from '../../support/processes.js'
import { probe, type RoomNode, startRoomNode, UP } from './room_node.js'

const test = suite('sasl/start_limit')

const NEVER = new Promise<never>(() => {})

const server = (name: string, start: string, init: string): string => `import { GenServer } from 'otp-rel'
import { probe } from 'test/probe'
import * as self from './${name}.js'
export const startLink = async () => { ${start}; return GenServer.startLink({ local: '${name}' }, self, []) }
export const init = async () => { ${init}; return ['ok', { count: 0 }] }
export const handleCall = (_request, _from, state) => ['reply', 'pong', state]`

const waits = `probe.note('starting'); await probe.held`

/** What hangs, and what the failure says. */
const CASES: readonly (readonly [string, (node: RoomNode) => void, RegExp, EvalOptions?])[] = [
  [
    'a child whose init never returns, started by a call',
    (node) => node.module('2', 'room/ledger', '2', server('ledger', '', waits)),
    /apply supervisor.restartChild\('room_sup', 'ledger'\).*did not start within 30 ms/,
    { update_children: false },
  ],
  [
    'a child whose start function never returns',
    (node) => node.module('2', 'room/ledger', '2', server('ledger', waits, '')),
    /apply supervisor.restartChild\('room_sup', 'ledger'\).*did not start within 30 ms/,
    { update_children: false },
  ],
  [
    'a child that a changed supervisor names anew',
    (node) => {
      node.module('2', 'room/ledger', '2', server('ledger', '', waits))
      const byHand = (one: LowLevelInstruction): boolean => one.op === 'apply' && one.mfa[0] === 'supervisor'
      up(node, (one) => (byHand(one) ? [] : [one]))
    },
    /start child 'ledger' of room\/room_sup.*did not start within 30 ms/,
  ],
  [
    'a child that is stopped and started again',
    (node) => node.module('2', 'room/stopper', '2', server('stopper', '', waits)),
    /start room\/stopper.*child 'stopper'.*did not start within 30 ms/,
  ],
  [
    'an application',
    (node) =>
      node.module(
        '2',
        'audit/audit',
        '1',
        `import { probe } from 'test/probe'
import * as sup from './audit_sup.js'
export const start = async () => { ${waits}; return sup.startLink() }`,
      ),
    /start\('audit', 'permanent'\).*did not start within 30 ms/,
  ],
]

function up(node: RoomNode, map: (one: LowLevelInstruction) => readonly LowLevelInstruction[]): void {
  const relup = { vsn: '2', up: [{ from: '1', instructions: UP.flatMap(map) }], down: [] }
  node.rewrite('2', 'releases/2/relup.json', JSON.stringify(relup))
}

async function go(node: RoomNode, options: EvalOptions, signal?: AbortSignal) {
  const plan = await checkInstall({ root: node.root, releases: node.releases, linker: node.linker }, '2')
  if (!plan.ok) throw new Error(formatReleaseError(plan.error))
  const steps: InstallStep[] = []
  const reporting = { sinceMs: performance.now(), tell: (step: InstallStep) => steps.push(step), signal }
  return install(plan.value, options, node.linker, reporting)
}

const withNode = (body: (node: RoomNode) => Promise<void>) =>
  inTest(async () => {
    Object.assign(probe, { configAnswer: 'ok', refuse: false, startAnswer: undefined, hang: false, held: NEVER })
    const node = await startRoomNode()
    try {
      await body(node)
    } finally {
      probe.held = undefined
      await node.close()
    }
  })

for (const [what, prepare, said, options] of CASES) {
  test(
    `${what}: it fails within start_timeout, and all is as before`,
    withNode(async (node) => {
      prepare(node)
      const before = await node.observe()
      const done = await go(node, { ...options, start_timeout: 30 })
      if (done.ok) throw new Error('what never starts was started')
      assert.match(formatReleaseError(done.error), said)
      if (done.error.tag === 'install_failed') assert.equal(done.error.notUndone, [])
      assert.equal(await node.observe(), before)
      // The corrected build is installed at once.
      probe.held = undefined
      const again = await go(node, {})
      if (!again.ok) throw new Error(formatReleaseError(again.error))
    }),
  )

  test(
    `${what}: an upgrade that waits for it can be cancelled`,
    withNode(async (node) => {
      prepare(node)
      const before = await node.observe()
      const abort = new AbortController()
      const note = probe.note
      probe.note = (one) => {
        if (one === 'starting') abort.abort('cancelled')
        return note(one)
      }
      try {
        const done = await go(node, { ...options }, abort.signal)
        assert.is(done.ok ? 'done' : done.error.tag, 'cancelled')
        assert.equal(await node.observe(), before)
      } finally {
        probe.note = note
      }
    }),
  )
}

test(
  'a client that is gone has not cancelled: what is slow to start is waited for',
  withNode(async (node) => {
    node.module('2', 'room/ledger', '2', server('ledger', '', waits))
    let open = (): void => {}
    probe.held = new Promise<void>((resolve) => {
      open = resolve
    })
    const abort = new AbortController()
    const note = probe.note
    probe.note = (one) => {
      if (one === 'starting') {
        abort.abort('disconnected')
        setImmediate(open)
      }
      return note(one)
    }
    try {
      const done = await go(node, {}, abort.signal)
      assert.ok(done.ok)
      assert.ok(whereis('ledger'))
    } finally {
      probe.note = note
    }
  }),
)

test(
  'an application whose stop never returns: a cancelled upgrade kills it, and starts it again',
  withNode(async (node) => {
    const before = await node.observe()
    const abort = new AbortController()
    probe.stopping = () => {
      probe.stopping = undefined
      abort.abort('cancelled')
      return NEVER
    }
    const done = await go(node, {}, abort.signal)
    assert.is(done.ok ? 'done' : done.error.tag, 'cancelled')
    assert.equal(await node.observe(), before)
    const again = await go(node, {})
    if (!again.ok) throw new Error(formatReleaseError(again.error))
  }),
)

test(
  'another call that never returns: a cancelled upgrade is taken back, and says that it has not returned',
  withNode(async (node) => {
    const before = await node.observe()
    const abort = new AbortController()
    node.module(
      '2',
      'room/ledger',
      '2',
      `${server('ledger', '', '')}
export const refill = (amount) => { probe.note('starting'); return new Promise(() => {}) }`,
    )
    const refill: LowLevelInstruction = { op: 'apply', mfa: ['room/ledger', 'refill', [3]] }
    up(node, (one) => (one.op === 'apply' && one.mfa[1] === 'unload' ? [one, refill] : [one]))
    const note = probe.note
    probe.note = (one) => {
      if (one === 'starting') abort.abort('cancelled')
      return note(one)
    }
    try {
      const done = await go(node, {}, abort.signal)
      if (done.ok || done.error.tag !== 'install_failed') throw new Error('it was cancelled, but not without a trace')
      assert.equal(done.error.notUndone, ['room/ledger.refill(3) has not returned'])
      assert.equal(await node.observe(), before)
    } finally {
      probe.note = note
    }
  }),
)

test.run()
