/** Requests whose answers are looked for later: S39 and what follows from it. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { clock } from '../../../runtime/erts/clock.js'
import { exit, exitPid, type Pid, receive, self, send, spawnLink, trapExit } from '../../../runtime/erts/process.js'
import * as GenEvent from '../../../runtime/stdlib/src/gen_event.js'
import * as GenServer from '../../../runtime/stdlib/src/gen_server.js'
import * as GenStatem from '../../../runtime/stdlib/src/gen_statem.js'
import { inTest, next, nothing, same, settle } from '../../support/processes.js'

const test = suite('stdlib/gen_request')

/** Answers when it is told to, and does what it is told. */
const server = {
  init: () => ['ok', []],
  handleCall: (request: unknown, from: GenServer.From, held: readonly GenServer.From[]) =>
    request === 'hold'
      ? ['noreply', [...held, from]]
      : typeof request === 'function'
        ? request(held)
        : ['reply', request, held],
  handleCast: (answer: unknown, held: readonly GenServer.From[]) => {
    for (const from of held) GenServer.reply(from, answer)
    return ['noreply', []]
  },
}

async function started(): Promise<Pid> {
  const result = await GenServer.start(server)
  if (result[0] !== 'ok') throw new Error('not started')
  return result[1] as Pid // it is ok
}

/** Each rule holds in a process and outside any. */
function both(name: string, body: () => Promise<void>): void {
  test(`${name}; in a process`, inTest(body))
  test(`${name}; outside any`, body)
}

both('a collection gives answers with their labels, and is empty at the end', async () => {
  const pid = await started()
  let ids = GenServer.reqidsNew()
  same(await GenServer.waitResponse(ids, 10, true), 'no_request')
  same(await GenServer.receiveResponse(ids, 10, true), 'no_request')
  same(GenServer.checkResponse('m', ids, true), 'no_request')
  ids = GenServer.sendRequest(pid, 'a', 'first', ids)
  ids = GenServer.sendRequest('nobody', 'b', 'second', ids)
  ids = GenServer.reqidsAdd(GenServer.sendRequest(pid, 'hold'), 'third', ids)
  assert.is(GenServer.reqidsSize(ids), 3)
  same(
    GenServer.reqidsToList(ids).map(([, label]) => label),
    ['first', 'second', 'third'],
  )
  const seen = new Map<unknown, unknown>()
  for (let i = 0; i < 2; i++) {
    const given = await GenServer.receiveResponse(ids, 1000, true)
    if (typeof given === 'string') throw new Error(given)
    seen.set(given[1], given[0])
    ids = given[2]
  }
  same(seen.get('first'), ['reply', 'a'])
  same(seen.get('second'), ['error', ['noproc', 'nobody']])
  same(await GenServer.waitResponse(ids, 10, true), 'timeout')
  GenServer.cast(pid, 'late')
  same(await GenServer.waitResponse(ids, 1000, false), [['reply', 'late'], 'third', ids])
  same(await GenServer.waitResponse(ids, 0, true), 'timeout')
  exitPid(pid, 'kill')
})

both('after its time is over a collection that was to be received is given up', async () => {
  const pid = await started()
  let ids = GenServer.reqidsNew()
  for (const label of ['a', 'b']) ids = GenServer.sendRequest(pid, 'hold', label, ids)
  same(await GenServer.receiveResponse(ids, 5, true), 'timeout')
  assert.is(pid.proc?.unanswered, null)
  GenServer.cast(pid, 'late')
  await settle()
  same(await GenServer.waitResponse(ids, 5, true), 'timeout')
  exitPid(pid, 'kill')
})

both('one may wait until a moment instead of for a time', async () => {
  const pid = await started()
  const id = GenServer.sendRequest(pid, 'hold')
  const untilMs = clock.monotonicMs() + 20
  same(await GenServer.waitResponse(id, ['abs', untilMs]), 'timeout')
  assert.ok(clock.monotonicMs() >= untilMs - 1)
  same(await GenServer.waitResponse(id, ['abs', untilMs]), 'timeout')
  GenServer.cast(pid, 'x')
  same(await GenServer.waitResponse(id, 'infinity'), ['reply', 'x'])
  exitPid(pid, 'kill')
})

test(
  'a message is looked at as an answer to any of a collection',
  inTest(async () => {
    const pid = await started()
    let ids = GenServer.sendRequest(pid, 'a', 'label', GenServer.reqidsNew())
    const other = GenServer.sendRequest(pid, 'b')
    const [first, second] = [await next(), await next()]
    same(GenServer.checkResponse('m', ids, true), 'no_reply')
    same(GenServer.checkResponse(second, ids, true), 'no_reply')
    const given = GenServer.checkResponse(first, ids, true)
    same(given, [['reply', 'a'], 'label', []])
    ids = []
    same(GenServer.checkResponse(second, other), ['reply', 'b'])
  }),
)

test(
  'an answer arrives before what its server sends afterwards, and before its end',
  inTest(async () => {
    trapExit(true)
    const tester = self()
    const linked = spawnLink(async () => {
      const proc = await started()
      send(tester, ['pid', proc])
      await receive()
    })
    const [, pid] = await next<readonly [string, Pid]>()
    const id = GenServer.sendRequest(pid, (held: unknown) => {
      // The reply goes with the return; what is sent before it is before it.
      send(tester, 'before')
      send(self(), 'then')
      return ['reply', 'answer', held]
    })
    same(await next(), 'before')
    same(GenServer.checkResponse(await next(), id), ['reply', 'answer'])
    const [ending, monitored] = await GenServer.startMonitor(server).then((r) => (r as ['ok', [Pid, unknown]])[1])
    const last = GenServer.sendRequest(ending, (held: unknown) => ['stop', 'normal', 'last', held])
    same(GenServer.checkResponse(await next(), last), ['reply', 'last'])
    same(await next(), ['DOWN', monitored, 'process', ending, 'normal'])
    const failing = GenServer.sendRequest(pid, () => exit('bum'))
    same(GenServer.checkResponse(await next(), failing), ['error', ['bum', pid]])
    send(linked, 'end')
    same(await next(), ['EXIT', linked, 'normal'])
  }),
)

test(
  'an answer that comes as the time is over is either given or dropped, never left in the mailbox',
  inTest(async () => {
    const pid = await started()
    for (let i = 0; i < 20; i++) {
      const id = GenServer.sendRequest(pid, 'hold')
      setTimeout(() => GenServer.cast(pid, i), 2)
      const answer = await GenServer.receiveResponse(id, 2)
      assert.ok(answer === 'timeout' || answer[1] === i)
      await new Promise((resolve) => setTimeout(resolve, 3))
      await nothing()
    }
    exitPid(pid, 'kill')
  }),
)

both('gen_statem has the same collections', async () => {
  const machine = {
    callbackMode: () => 'handle_event_function',
    init: () => ['ok', 'only', []],
    handleEvent: (type: GenStatem.EventType, content: unknown) =>
      content === 'hold' || type === 'cast' || type[0] !== 'call'
        ? 'keep_state_and_data'
        : ['keep_state_and_data', ['reply', type[1], content]],
  }
  const result = await GenStatem.start(machine)
  if (result[0] !== 'ok') throw new Error('not started')
  const pid = result[1] as Pid // it is ok
  let ids = GenStatem.sendRequest(pid, 'a', 'first', GenStatem.reqidsNew())
  ids = GenStatem.reqidsAdd(GenStatem.sendRequest(pid, 'hold'), 'second', ids)
  same(GenStatem.reqidsSize(ids), 2)
  const given = await GenStatem.waitResponse(ids, 1000, true)
  if (typeof given === 'string') throw new Error(given)
  same([given[0], given[1]], [['reply', 'a'], 'first'])
  same(await GenStatem.receiveResponse(given[2], 1, true), 'timeout')
  same(GenStatem.checkResponse('m', given[2], true), 'no_reply')
  await GenStatem.stop(pid)
})

both('so has gen_event, whose handlers may answer an error of their own', async () => {
  const handler = {
    init: () => ['ok', []],
    handleEvent: () => ['ok', []],
    handleCall: (request: unknown) => ['ok', request, []],
  }
  const result = await GenEvent.start()
  if (result[0] !== 'ok') throw new Error('not started')
  const pid = result[1] as Pid // it is ok
  await GenEvent.addHandler(pid, handler, [])
  let ids = GenEvent.sendRequest(pid, handler, 'fine', 1, GenEvent.reqidsNew())
  const answers: unknown[] = []
  for (const [request, label] of [
    [['error', 'own'], 2],
    ['last', 3],
  ]) {
    ids = GenEvent.sendRequest(pid, handler, request, label, ids)
  }
  while (GenEvent.reqidsSize(ids) > 0) {
    const given = await GenEvent.receiveResponse(ids, 1000, true)
    if (typeof given === 'string') throw new Error(given)
    answers.push([given[1], given[0]])
    ids = given[2]
  }
  same(answers, [
    [1, ['reply', 'fine']],
    [2, ['error', 'own']],
    [3, ['reply', 'last']],
  ])
  same(await GenEvent.waitResponse(ids, 10, true), 'no_request')
  same(GenEvent.checkResponse('m', ids, true), 'no_request')
  await GenEvent.stop(pid)
})

test.run()
