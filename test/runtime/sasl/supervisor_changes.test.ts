/** What a changed supervisor does with children that it names anew, or no longer. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { exitPid, isAlive, Pid, whereis } from '../../../runtime/erts/process.js'
import { equal } from '../../../runtime/erts/term.js'
import { checkInstall } from '../../../runtime/sasl/src/install_check.js'
import { type InstallStep, install } from '../../../runtime/sasl/src/install_release.js'
import { nodeWorld } from '../../../runtime/sasl/src/node_world.js'
import { formatReleaseError } from '../../../runtime/sasl/src/release_error.js'
import { type Release, transition } from '../../../runtime/sasl/src/releases_file.js'
import type { EvalOptions } from '../../../runtime/sasl/src/relup_eval.js'
import * as genServer from '../../../runtime/stdlib/src/gen_server.js'
import * as supervisor from '../../../runtime/stdlib/src/supervisor.js'
import type { LowLevelInstruction } from '../../../schemas/types.js'
import { inTest, watch } from '../../support/processes.js'
import { failingWorld } from './failing_world.js'
import { DOWN, probe, type RoomNode, startRoomNode, UP } from './room_node.js'

const test = suite('sasl/supervisor_changes')

const isByHand = (one: LowLevelInstruction): boolean =>
  one.op === 'apply' && (one.mfa[0] === 'supervisor' || one.mfa[0] === 'stdlib/supervisor')

/** Relups with or without calls to supervisors. */
function relup(node: RoomNode, up: readonly LowLevelInstruction[], down: readonly LowLevelInstruction[]): void {
  const entries = { vsn: '2', up: [{ from: '1', instructions: up }], down: [{ to: '1', instructions: down }] }
  node.rewrite('2', 'releases/2/relup.json', JSON.stringify(entries))
}

const withNode = (body: (node: RoomNode) => Promise<void>) =>
  inTest(async () => {
    Object.assign(probe, { configAnswer: 'ok', refuse: false, startAnswer: undefined, hang: false })
    const node = await startRoomNode()
    relup(
      node,
      UP.filter((one) => !isByHand(one)),
      DOWN.filter((one) => !isByHand(one)),
    )
    try {
      await body(node)
    } finally {
      await node.close()
    }
  })

async function go(
  node: RoomNode,
  vsn: string,
  releases: readonly Release[],
  options: EvalOptions = {},
  fail?: readonly [at: number, when: 'before' | 'after'],
) {
  const plan = await checkInstall({ root: node.root, releases, linker: node.linker }, vsn)
  if (!plan.ok) throw new Error(formatReleaseError(plan.error))
  const real = nodeWorld(node.linker, plan.value.prepared)
  const world = fail === undefined ? undefined : failingWorld(real, ...fail)
  const steps: InstallStep[] = []
  const done = await install(
    plan.value,
    options,
    node.linker,
    { sinceMs: performance.now(), tell: (step) => steps.push(step) },
    world,
  )
  return { done, steps, calls: world?.calls ?? [] }
}

/** Installs; fails when that does. @returns the summary, and the releases afterwards */
async function change(node: RoomNode, vsn: string, releases: readonly Release[], options: EvalOptions = {}) {
  const { done, steps } = await go(node, vsn, releases, options)
  if (!done.ok) throw new Error(formatReleaseError(done.error))
  const next = transition(releases, 'install', vsn)
  if (!next.ok) throw new Error(formatReleaseError(next.error))
  return { summary: done.value.summary, releases: next.value, steps }
}

const children = async (name = 'room_sup'): Promise<readonly unknown[]> =>
  (await supervisor.whichChildren(name)).map(([id, pid]) => [id, pid instanceof Pid && isAlive(pid)]).reverse()

const WITHOUT = [
  ['counter', true],
  ['keeper', true],
  ['stopper', true],
  ['pool', true],
]

test(
  'D51: a child that a supervisor names anew is started, and stopped and deleted where it is named no longer',
  withNode(async (node) => {
    const before = await node.observe()
    const up = await change(node, '2', node.releases)
    assert.equal(await children(), [...WITHOUT, ['ledger', true]])
    assert.equal(up.summary.children_started, [`child 'ledger' of room/room_sup`])
    assert.match(
      up.steps.map(({ text }) => text).join('\n'),
      /resumed 6 processes, longest pause .* ms; started child 'ledger' of room\/room_sup/,
    )
    const down = await change(node, '1', up.releases)
    assert.equal(await children(), WITHOUT)
    assert.equal(down.summary.children_stopped, [`child 'ledger' of room/room_sup`])
    assert.is(whereis('ledger'), undefined)
    const after = await node.observe()
    for (const same of ['states', 'players', 'pool', 'children', 'env']) assert.equal(after[same], before[same], same)
  }),
)

test(
  'an appup that starts and stops the children by hand does no harm, before or after the update',
  withNode(async (node) => {
    const call = (fun: string, args: readonly unknown[]): LowLevelInstruction => ({
      op: 'apply',
      mfa: ['supervisor', fun, args],
    })
    const terminate = [call('terminateChild', ['room_sup', 'ledger']), call('deleteChild', ['room_sup', 'ledger'])]
    const byHand = [...UP.filter((one) => !isByHand(one)), call('restartChild', ['room_sup', 'ledger'])]
    relup(node, byHand, [...DOWN.filter((one) => !isByHand(one)), ...terminate])
    const up = await change(node, '2', node.releases)
    assert.equal(await children(), [...WITHOUT, ['ledger', true]])
    const down = await change(node, '1', up.releases)
    assert.equal(await children(), WITHOUT)
    relup(node, UP, DOWN)
    const again = await change(node, '2', down.releases)
    assert.equal((await change(node, '1', again.releases)).summary.children_stopped, [])
    assert.equal(await children(), WITHOUT)
  }),
)

test(
  'and neither happens where that is switched off',
  withNode(async (node) => {
    const up = await change(node, '2', node.releases, { update_children: false })
    assert.equal(await children(), [...WITHOUT, ['ledger', false]])
    assert.equal(up.summary.children_started, [])
    await supervisor.restartChild('room_sup', 'ledger')
    relup(
      node,
      UP,
      DOWN.filter((one) => !isByHand(one) && one.op !== 'remove' && one.op !== 'purge'),
    )
    await change(node, '1', up.releases, { update_children: false })
    assert.equal(await children(), [...WITHOUT, ['ledger', true]])
  }),
)

for (const [direction, target] of [
  ['up', '2'],
  ['down', '1'],
] as const) {
  for (const when of ['before', 'after'] as const) {
    test(
      `a fault right ${when} any effect of going ${direction} brings the children back`,
      withNode(async (node) => {
        const { releases } = direction === 'down' ? await change(node, '2', node.releases) : node
        for (let at = 1; ; at++) {
          const before = await node.observe()
          const { done, calls } = await go(node, target, releases, {}, [at, when])
          const fault = `fault ${at}: ${calls[at - 1]}`
          if (done.ok && calls.length < at) {
            assert.ok(at > 40, `only ${at} effects`)
            return
          }
          if (done.ok) {
            assert.ok(['getState', 'terminateChild'].includes(calls[at - 1] ?? ''), fault)
            const there = transition(releases, 'install', target)
            if (!there.ok) throw new Error(fault)
            await change(node, target === '2' ? '1' : '2', there.value)
            continue
          }
          const after = await node.observe()
          const differs = Object.keys(before).filter((part) => !equal(before[part], after[part]))
          assert.equal(
            differs.map((part) => [part, before[part], after[part]]),
            [],
            fault,
          )
          assert.equal(done.error.tag === 'install_failed' && done.error.notUndone, [], fault)
        }
      }),
    )
  }
}

const notes = (): readonly unknown[] => probe.notes.filter((one) => !Array.isArray(one) || one[0] !== 'config')

// ---- a supervisor of many kinds of children

/** A module `room/kid`, which notes starts and stops, and supervisors of kids under `room_sup`. */
const KID = `import { GenServer, Process } from 'otp-rel'
import * as self from './stopper.js'
import { probe } from 'test/probe'
export const startLink = (id) => GenServer.startLink({ local: id }, self, id)
export const init = async (id) => {
  Process.trapExit(true)
  if (probe.startAnswer === id) throw new Error('no ' + id)
  if (id === 'asks') probe.note(['label', await GenServer.call('keeper', 'label')])
  probe.note('start ' + id)
  return ['ok', id]
}
export const handleCall = (_r, _f, s) => ['reply', s, s]
export const terminate = (_reason, id) => probe.note('stop ' + id)`

const sup = (specs: string): string => `import { Supervisor } from 'otp-rel'
import * as self from './room_sup.js'
import * as counter from './counter.js'
import * as keeper from './keeper.js'
import * as kid from './stopper.js'
import * as poolSup from './pool_sup.js'
export const startLink = () => Supervisor.startLink({ local: 'room_sup' }, self, [])
const a = (id, more) => ({ id, start: [kid, 'startLink', [id]], ...more })
export const init = () => ['ok', { strategy: 'one_for_one', intensity: 100, period: 1 }, [
  { id: 'counter', start: [counter, 'startLink', []] },
  { id: 'keeper', start: [keeper, 'startLink', []] },
  ${specs}
  { id: 'pool', start: [poolSup, 'startLink', []], type: 'supervisor' },
]]`

const CHANGED = ['room/room_sup', 'room/stopper', 'room/keeper']
const purges = { pre_purge: 'brutal_purge', post_purge: 'brutal_purge' } as const
const MINE: readonly LowLevelInstruction[] = [
  { op: 'point_of_no_return' },
  { op: 'suspend', modules: [{ module: 'room/room_sup' }, { module: 'room/keeper' }] },
  ...CHANGED.map((module) => ({ op: 'load' as const, module, ...purges })),
  { op: 'code_change', mode: 'up', modules: [{ module: 'room/room_sup', extra: [] }] },
  { op: 'resume', modules: ['room/room_sup', 'room/keeper'] },
  { op: 'apply', mfa: ['test/probe', 'note', ['last']] },
]
/** The way to a version: what else differs in it is loaded, for the checks of a plan ask for that. */
function script(vsn: string): readonly LowLevelInstruction[] {
  const others = ['room/lib', 'room/counter', 'room/player', ...(vsn === '2' ? ['room/ledger'] : [])]
  const [ponr, ...rest] = MINE
  if (ponr === undefined) throw new Error('the script has a first instruction')
  return [
    { op: 'load_object_code', application: 'room', vsn, modules: [...CHANGED, ...others] },
    ponr,
    ...others.map((module) => ({ op: 'load' as const, module, ...purges })),
    ...rest,
  ]
}

/** Starts with the children of `before` and prepares the way to those of `after`. */
const between = (
  before: string,
  after: string,
  body: (node: RoomNode, releases: readonly Release[]) => Promise<void>,
) =>
  withNode(async (node) => {
    const calm = `export const codeChange = (_v, s) => ['ok', s]`
    for (const [vsn, specs] of [
      ['2', before],
      ['1', after],
    ] as const) {
      node.module(vsn, 'room/room_sup', vsn, sup(specs))
      node.module(vsn, 'room/stopper', vsn, `${KID}\n${calm}\n// ${vsn}`)
    }
    relup(node, script('2'), script('1'))
    const there = await change(node, '2', node.releases)
    probe.notes.length = 0
    await body(node, there.releases)
  })

test(
  'removed children are stopped, the last first, then added ones are started, in order; a failure brings all back',
  between(`a('x'), a('y'), a('z'),`, `a('v'), a('y'), a('w'),`, async (node, releases) => {
    const all = await children()
    const [, x] = (await supervisor.whichChildren('room_sup')).find(([id]) => id === 'y') ?? []
    probe.startAnswer = 'w'
    const { done } = await go(node, '1', releases)
    assert.match(
      done.ok ? '' : formatReleaseError(done.error),
      /^start child 'w' of room\/room_sup failed: .*no w.*; the node runs "2" as before$/s,
    )
    assert.equal(notes(), ['stop z', 'stop x', 'start v', 'stop v', 'start x', 'start z'])
    assert.equal(await children(), all)
    probe.startAnswer = undefined
    probe.notes.length = 0
    const { summary } = await change(node, '1', releases)
    assert.equal(notes(), ['stop z', 'stop x', 'start v', 'start w', 'last'])
    assert.equal(
      (await children()).map((one) => Array.isArray(one) && one[0]),
      ['counter', 'keeper', 'v', 'y', 'w', 'pool'],
    )
    assert.is((await supervisor.whichChildren('room_sup')).find(([id]) => id === 'y')?.[1], x, 'y goes on')
    assert.equal(summary.children_stopped, [`child 'z' of room/room_sup`, `child 'x' of room/room_sup`])
  }),
)

test(
  'D51: a temporary child that has ended is not added again, one that is new is started, one that is gone stopped',
  between(
    `a('x', { restart: 'temporary' }), a('y', { restart: 'temporary' }),`,
    `a('x', { restart: 'temporary' }), a('w', { restart: 'temporary' }),`,
    async (node, releases) => {
      const x = whereis('x')
      if (x === undefined) throw new Error('x runs')
      const ended = watch(x)
      exitPid(x, 'kill')
      await ended()
      await change(node, '1', releases)
      assert.equal(await children(), [
        ['counter', true],
        ['keeper', true],
        ['w', true],
        ['pool', true],
      ])
      assert.is(whereis('y'), undefined)
    },
  ),
)

test(
  'children that were added by hand, or stopped by hand, stay as they are; a running one takes its new specification',
  between(`a('x'), a('y'),`, `a('x', { shutdown: 77 }), a('y'),`, async (node, releases) => {
    const y = (await supervisor.getChildspec('room_sup', 'y'))[1]
    if (typeof y === 'string') throw new Error(y)
    const [, fun] = y.start
    await supervisor.startChild('room_sup', { ...y, id: 'extra', start: [y.start[0], fun, ['extra']] })
    await supervisor.terminateChild('room_sup', 'y')
    const x = whereis('x')
    await change(node, '1', releases)
    assert.equal(await children(), [
      ['counter', true],
      ['keeper', true],
      ['x', true],
      ['y', false],
      ['pool', true],
      ['extra', true],
    ])
    assert.is(whereis('x'), x)
    const spec = await supervisor.getChildspec('room_sup', 'x')
    assert.is(typeof spec[1] === 'object' && spec[1].shutdown, 77)
  }),
)

test(
  'a new child may ask one that stands still: the others wait for it a moment only',
  between('', `a('asks'),`, async (node, releases) => {
    await change(node, '1', releases)
    assert.equal(notes(), [['label', 'one'], 'start asks', 'last'])
    assert.is(await genServer.call('asks', 'anything'), 'asks')
  }),
)

test.run()
