/** The examples of docs/testing.md: every block of code there stands in this file, word for word. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { GenServer, Process } from 'otp-rel'
import { factOf, testProcess } from 'otp-rel/test'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as counter from '../runtime/stdlib/example/counter.js'

const test = suite('docs/testing')

const read = (path: string): string => readFileSync(fileURLToPath(new URL(path, import.meta.url)), 'utf8')

test('the blocks of docs/testing.md are those of this file', () => {
  const here = read('./testing.test.ts')
  const blocks = [...read('../../docs/testing.md').matchAll(/```ts\n([\s\S]*?)```/g)].map(([, block]) => block ?? '')
  assert.ok(blocks.length > 4)
  for (const block of blocks) {
    const missing = block
      .split('\n')
      .find((line) => line.trim() !== '' && !line.startsWith('import') && !here.includes(line))
    assert.is(missing, undefined)
  }
})

test(
  'a counter that is killed counts from the start',
  testProcess(async (t) => {
    const pid = await t.startSupervised({ id: 'counter', start: [counter, 'startLink', [0]] })
    await counter.next()
    assert.is(await t.endWith(pid, 'kill'), 'killed')
    await t.registered('counter', pid)
    assert.is(await counter.next(), 0)
  }),
)

/** Answers `ping` with `pong`, and says `idle` to its owner after a minute without a message. */
const pingPong = {
  init: (owner: Process.Pid): GenServer.Init<Process.Pid> => ['ok', owner, 60_000],
  handleCall: () => ['noreply', null],
  handleCast: (from: Process.Pid, owner: Process.Pid) => {
    Process.send(from, 'pong')
    return ['noreply', owner, 60_000]
  },
  handleInfo: (_timeout: 'timeout', owner: Process.Pid) => {
    Process.send(owner, ['idle', Process.self()])
    return ['noreply', owner]
  },
}

test(
  'messages are asserted in the order that matters',
  testProcess(async (t) => {
    const pid = await t.startSupervised({ id: 'pp', start: [GenServer, 'startLink', [pingPong, Process.self()]] })
    GenServer.cast(pid, Process.self())
    assert.is(await t.next(), 'pong')
    await t.noMessage()
  }),
)

test(
  'a minute passes at once',
  testProcess(async (t) => {
    const { clock } = t // first: what is started now has this clock's time
    const pid = await t.startSupervised({ id: 'pp', start: [GenServer, 'startLink', [pingPong, Process.self()]] })
    await clock.advance(59_999)
    await t.noMessage()
    await clock.advance(1)
    assert.equal(await t.nextOf('idle'), ['idle', pid])
  }),
)

test(
  'what was sent is handled before the state is looked at',
  testProcess(async (t) => {
    const seen: unknown[] = []
    const slow = {
      init: () => ['ok', null],
      handleCast: async (request: unknown) => {
        await new Promise((resolve) => setImmediate(resolve))
        seen.push(request)
        return ['noreply', null]
      },
    }
    const pid = await t.startSupervised({ id: 'slow', start: [GenServer, 'startLink', [slow]] })
    GenServer.cast(pid, 'a')
    GenServer.cast(pid, 'b')
    await t.idle(pid)
    assert.equal(seen, ['a', 'b'])
  }),
)

test(
  'a crash is reported with the message that caused it',
  testProcess(async (t) => {
    const fragile = {
      init: () => ['ok', null],
      handleCast: () => {
        throw new Error('no disk')
      },
    }
    const pid = await t.startSupervised({ id: 'fragile', start: [GenServer, 'startLink', [fragile]] })
    const ended = t.watch(pid)
    GenServer.cast(pid, 'save')
    await ended()
    const report = await t.reports.next('gen_server terminate')
    assert.is(factOf(report, 'last_message'), 'save')
    await t.reports.next('supervisor child_terminated')
  }),
)

test.run()
