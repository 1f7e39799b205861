/**
 * A failure behind every instruction of a long relup, both ways, while clients call: afterwards the node is as before
 * (code, states, children, parameters, names, paths, applications and their types), and no client has seen an error.
 */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { registered } from '../../../runtime/erts/process.js'
import { equal } from '../../../runtime/erts/term.js'
import { checkInstall } from '../../../runtime/sasl/src/install_check.js'
import { install } from '../../../runtime/sasl/src/install_release.js'
import { formatReleaseError } from '../../../runtime/sasl/src/release_error.js'
import { type Release, transition } from '../../../runtime/sasl/src/releases_file.js'
import * as genServer from '../../../runtime/stdlib/src/gen_server.js'
import type { LowLevelInstruction } from '../../../schemas/types.js'
import { inTest } from '../../support/processes.js'
import { DOWN, probe, type RoomNode, startRoomNode, UP } from './room_node.js'

const test = suite('sasl/fail_at_every_instruction')

const isByHand = (one: LowLevelInstruction): boolean =>
  one.op === 'apply' && (one.mfa[0] === 'supervisor' || one.mfa[0] === 'stdlib/supervisor')

/** The relups of the node: as OTP's cookbook has them, with children left to the supervisor, with calls between. */
const VARIANTS: readonly (readonly [string, (script: readonly LowLevelInstruction[]) => LowLevelInstruction[]])[] = [
  ['children by hand', (script) => [...script]],
  ['children by the supervisor', (script) => script.filter((one) => !isByHand(one))],
  [
    'with calls that can be taken back',
    (script) => {
      const ponr = script.findIndex(({ op }) => op === 'point_of_no_return')
      const set = (key: string, value: unknown): LowLevelInstruction => ({
        op: 'apply',
        mfa: ['kernel/application', 'setEnv', ['room', key, value]],
      })
      const child: LowLevelInstruction = {
        op: 'apply',
        mfa: ['stdlib/supervisor', 'terminateChild', ['room_sup', 'stopper']],
      }
      const again: LowLevelInstruction = {
        op: 'apply',
        mfa: ['stdlib/supervisor', 'restartChild', ['room_sup', 'stopper']],
      }
      return [...script.slice(0, ponr + 1), set('made', 1), child, again, ...script.slice(ponr + 1), set('made', 2)]
    },
  ],
]

const boom = (how: 'answers' | 'throws'): LowLevelInstruction => ({
  op: 'apply',
  mfa: ['test/probe', how === 'answers' ? 'answer' : 'nothing_of_that_name', [['error', 'boom']]],
})

/** Clients of the counter and the keeper: every answer follows the one before. */
function clients(first: number): { stop(): Promise<number> } {
  let goes = true
  let count = first
  const run = (async () => {
    while (goes) {
      const [next, label] = await Promise.all([
        genServer.call<number>('counter', 'next'),
        genServer.call('keeper', 'l'),
      ])
      assert.is(next, ++count)
      assert.ok(label === 'one' || label === 'two')
      await new Promise((resolve) => setImmediate(resolve))
    }
    return count
  })()
  run.catch(() => {})
  return {
    stop: () => {
      goes = false
      return run
    },
  }
}

async function go(node: RoomNode, vsn: string, releases: readonly Release[]) {
  const plan = await checkInstall({ root: node.root, releases, linker: node.linker }, vsn)
  if (!plan.ok) throw new Error(formatReleaseError(plan.error))
  return install(plan.value, {}, node.linker, { sinceMs: performance.now() })
}

const withoutCounter = (states: unknown): unknown => ({ ...(states as object), counter: 'see the clients' })

async function observe(node: RoomNode) {
  const seen = await node.observe()
  return { ...seen, states: withoutCounter(seen.states), names: registered().map(String).sort() }
}

let points = 0

for (const [variant, change] of VARIANTS) {
  for (const [direction, target] of [
    ['up', '2'],
    ['down', '1'],
  ] as const) {
    test(
      `going ${direction}, ${variant}: a failure behind any instruction leaves the node as it was`,
      inTest(async () => {
        Object.assign(probe, { configAnswer: 'ok', refuse: false, startAnswer: undefined, hang: false })
        const node = await startRoomNode()
        const write = (up: readonly LowLevelInstruction[], down: readonly LowLevelInstruction[]): void => {
          const relup = { vsn: '2', up: [{ from: '1', instructions: up }], down: [{ to: '1', instructions: down }] }
          node.rewrite('2', 'releases/2/relup.json', JSON.stringify(relup))
        }
        try {
          let releases = node.releases
          if (direction === 'down') {
            const there = await go(node, '2', releases)
            const next = transition(releases, 'install', '2')
            if (!there.ok || !next.ok) throw new Error('2 can be installed')
            releases = next.value
          }
          const script = change(direction === 'up' ? UP : DOWN)
          const ponr = script.findIndex(({ op }) => op === 'point_of_no_return')
          let count = 0
          for (let at = ponr + 1; at <= script.length; at++) {
            const failing = [...script.slice(0, at), boom(at % 2 === 0 ? 'answers' : 'throws'), ...script.slice(at)]
            write(direction === 'up' ? failing : UP, direction === 'down' ? failing : DOWN)
            const before = await observe(node)
            const callers = clients(count)
            const done = await go(node, target, releases)
            count = await callers.stop()
            const where = `behind ${JSON.stringify(script[at - 1])}`
            assert.not(done.ok, where)
            assert.equal(done.ok ? [] : done.error.tag === 'install_failed' && done.error.notUndone, [], where)
            const after: Readonly<Record<string, unknown>> = await observe(node)
            const differs = Object.entries(before).filter(([part, value]) => !equal(value, after[part]))
            assert.equal(
              differs.map(([part, value]) => [part, value, after[part]]),
              [],
              where,
            )
            points++
          }
        } finally {
          await node.close()
        }
      }),
    )
  }
}

test('that were many points', () => {
  console.log(` ${points} failures, each undone`)
  assert.ok(points > 150, `${points} points`)
})

test.run()
