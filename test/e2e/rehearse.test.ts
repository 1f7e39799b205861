/**
 * Rehearsals: copies of live states converted by the new code in another process, there and back, while the node runs
 * on; what would fail, fails here.
 */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  buildTars,
  done,
  jsonOf,
  openWorkshop,
  otpRel,
  type Release,
  record,
  telling,
  type Workshop,
} from '../support/e2e_node.js'
import { counterSource } from '../support/e2e_project.js'

const test = suite('e2e/rehearse')

let shop: Workshop
let node: Release
let tar: (vsn: string) => string

/** Loses what it counted on the way back. */
const FORGETFUL = counterSource(
  "export const codeChange = (oldVsn: unknown, state: State | State100) => ['ok', Array.isArray(oldVsn) ? { n: 0 } : { count: 'n' in state ? state.n : 0, since: 0 }]",
)
const BROKEN = counterSource("export const codeChange = () => { throw new Error('cannot migrate this') }")

test.before(
  telling(async () => {
    shop = await openWorkshop()
    tar = await buildTars(
      await shop.project('project', [
        { vsn: '1.0.0' },
        { vsn: '1.1.0' },
        { vsn: '1.1.1', counter: { 'src/counter.ts': BROKEN } },
        { vsn: '1.1.2', counter: { 'src/counter.ts': FORGETFUL } },
      ]),
    )
    node = await shop.deploy('node', tar('1.0.0'))
    await node.start()
    for (let n = 1; n <= 5; n++) await node.get('/next')
  }),
)

test.after(() => shop.close())

const processesOf = (data: unknown): readonly Record<string, unknown>[] => {
  const list = record(data)?.processes
  return Array.isArray(list) ? list : []
}

test('every state is converted, shown, and comes back as it was; the node runs on', async () => {
  const before = await node.get()
  const text = done(await node.bin(['rehearse', '1.1.0', '--tar', tar('1.1.0')]))
  assert.match(
    text,
    /^counter 1\.0\.0 -> 1\.1\.0 {3}rehearsed with copies of 1 state, longest conversion .*; nothing was changed\n/,
  )
  assert.match(text, /counter\/counter {3}1 state converted, and back to what they were\n/)
  assert.match(text, /<0\.\d+\.0> counter {2}\{ n: 5 \}\n {6}-> \{ count: 5, since: 5 \}\n/)
  const [one] = processesOf(jsonOf(await node.bin(['rehearse', '1.1.0', '--json'])))
  assert.equal(
    [one?.name, one?.module, one?.outcome, one?.before, one?.after, one?.back],
    ['counter', 'counter/counter', 'converted', '{ n: 5 }', '{ count: 5, since: 5 }', 'the same'],
  )
  assert.equal(await node.get(), before)
})

test('a codeChange that throws is found, with its stack and the state it was given', async () => {
  const ran = await node.bin(['rehearse', '1.1.1', '--tar', tar('1.1.1')])
  assert.is(ran.code, 9)
  assert.match(ran.stderr, /counter 1\.0\.0 -> 1\.1\.1 would fail: 1 state cannot be converted; nothing was changed/)
  assert.match(ran.stderr, /counter\/counter, <0\.\d+\.0> counter: Error: cannot migrate this/)
  assert.match(ran.stderr, /its state: \{ n: 5 \}/)
  assert.is((await node.get()).version, '1.0.0')
})

test('a way back that loses something is told', async () => {
  const text = done(await node.bin(['rehearse', '1.1.2', '--tar', tar('1.1.2')]))
  assert.match(text, /the state of <0\.\d+\.0> counter is another one after the way there and back: \{ n: 0 \}/)
})

test('the way down is rehearsed with the code that runs', async () => {
  done(await node.bin(['upgrade', '1.1.0']))
  const text = done(await node.bin(['rehearse', '1.0.0']))
  assert.match(text, /<0\.\d+\.0> counter {2}\{ count: 5, since: 5 \}\n {6}-> \{ n: 5 \}\n/)
  assert.match(text, /back to what they were|is another one/)
  done(await node.bin(['downgrade', '1.0.0']))
})

test('a state that is no data is named with its place', async () => {
  const replaced = await node.call('eval', {
    expression: "Sys.replaceState('counter', (state) => ({ ...state, onChange: () => {} })).then(() => ({ ok: true }))",
  })
  assert.equal(replaced, { ok: true })
  const text = done(await node.bin(['rehearse', '1.1.0']))
  assert.match(text, /not rehearsed: <0\.\d+\.0> counter: state\.onChange is a function "onChange"/)
  await node.call('eval', { expression: "Sys.replaceState('counter', ({ n }) => ({ n })).then(() => ({ ok: true }))" })
})

const TRAFFIC = (expected: string) => `
import { spawnSync } from 'node:child_process'
const ask = (fun) => spawnSync(process.env.RELEASE_BIN, ['rpc', 'counter/counter', fun, '--json'], { encoding: 'utf8' })
console.log('begins')
process.on('SIGTERM', () => process.exit(0))
let last = 0
for (;;) {
  const { stdout, status } = ask('next')
  const n = Number(stdout)
  if (status !== 0 || n !== last + 1 || !(${expected})) { console.error('got', stdout); process.exit(3) }
  last = n
  await new Promise((resolve) => setTimeout(resolve, 20))
}
`

test('on a node of its own, under traffic, up and down and up', async () => {
  await shop.put('project', { 'traffic.mjs': TRAFFIC('true'), 'picky.mjs': TRAFFIC('n < 3') })
  const project = ['--project', shop.path('project')]
  const from = ['rehearse', '1.1.0', '--from', '1.0.0', '--settle', '300ms', ...project]
  const traffic = (file: string) => ['--traffic', `${process.execPath} ${shop.path('project', file)}`]
  const text = done(await otpRel([...from, ...traffic('traffic.mjs')]))
  assert.match(text, /\* upgraded {5}1\.1\.0 in .*\n\* downgraded {3}1\.0\.0 in .*\n\* upgraded {5}1\.1\.0 in/)
  assert.match(text, /counter\/counter {3}1 state converted/)
  assert.match(
    text,
    /counter 1\.0\.0 -> 1\.1\.0 -> 1\.0\.0 -> 1\.1\.0 went well: .*; the traffic had nothing to complain of/,
  )

  const failed = await otpRel([...from, ...traffic('picky.mjs')])
  assert.is(failed.code, 9)
  assert.match(failed.stderr, /the traffic ".*picky\.mjs" ended with 3 while the node was upgraded/)
  assert.match(failed.stderr, /got 3/)

  const broken = await otpRel(['rehearse', '1.1.1', '--from', '1.0.0', '--settle', '10ms', ...project])
  assert.is(broken.code, 9)
  assert.match(broken.stderr, /counter 1\.0\.0 -> 1\.1\.1 would fail: 1 state cannot be converted/)
})

test('an unknown version, and the one that runs, are refused', async () => {
  const unknown = await node.bin(['rehearse', '9.9.9'])
  assert.is(unknown.code, 9)
  assert.match(unknown.stderr, /the node has no version "9\.9\.9"/)
  assert.match((await node.bin(['rehearse', '1.0.0'])).stderr, /release "1\.0\.0" is the one that runs/)
})

test.run()
