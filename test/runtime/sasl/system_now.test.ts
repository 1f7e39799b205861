/** Converting states beside the loops of suspended processes: put in place when it is there, dropped when it is late. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { ModuleRef } from '../../../runtime/erts/modules.js'
import { exit, type Pid, receive, self, send } from '../../../runtime/erts/process.js'
import { changeCodeNow, LATER } from '../../../runtime/sasl/src/system_now.js'
import * as GenEvent from '../../../runtime/stdlib/src/gen_event.js'
import * as GenServer from '../../../runtime/stdlib/src/gen_server.js'
import * as GenStatem from '../../../runtime/stdlib/src/gen_statem.js'
import * as ProcLib from '../../../runtime/stdlib/src/proc_lib.js'
import * as Sys from '../../../runtime/stdlib/src/sys.js'
import { inTest, reasonOf, same, settle } from '../../support/processes.js'

const test = suite('sasl/system_now')

/** What slow conversions wait for. */
let gate: { readonly opened: Promise<void>; readonly open: () => void }

function newGate(): void {
  let open: () => void = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  gate = { opened, open }
}

test.before.each(newGate)

/** `now`, `slow` (when the gate opens) or `never`, as the extra says. */
function after(extra: unknown, converted: unknown): unknown {
  if (extra === 'now') return converted
  return extra === 'slow' ? gate.opened.then(() => converted) : new Promise(() => {})
}

const server = {
  init: () => ['ok', 'old'],
  handleCall: (_request: unknown, _from: unknown, state: unknown) => ['reply', state, state],
  codeChange: (_vsn: unknown, _state: unknown, extra: unknown) => after(extra, ['ok', 'new']),
}

const machine = {
  callbackMode: () => 'handle_event_function',
  init: () => ['ok', 'a', 'old'],
  handleEvent: (type: readonly [string, GenServer.From], _content: unknown, _state: unknown, data: unknown) => [
    'keep_state_and_data',
    ['reply', type[1], data],
  ],
  codeChange: (_vsn: unknown, state: unknown, _data: unknown, extra: unknown) => after(extra, ['ok', state, 'new']),
}

const handler = {
  init: () => ['ok', 'old'],
  handleEvent: (_event: unknown, state: unknown) => ['ok', state],
  handleCall: (_request: unknown, state: unknown) => ['ok', state, state],
  codeChange: (_vsn: unknown, _state: unknown, extra: unknown) => after(extra, ['ok', 'new']),
}

const special = {
  init(parent: Pid) {
    ProcLib.initAck(['ok', self()])
    return special.loop(parent, 'old')
  },
  async loop(parent: Pid, state: unknown): Promise<unknown> {
    for (;;) {
      const message = await receive<readonly unknown[]>()
      const [word, from, request] = Array.isArray(message) ? message : []
      if (word === 'system') return Sys.handleSystemMsg(request, from, parent, special, null, state)
      send(from, ['state', state])
    }
  },
  systemContinue: (parent: Pid, _debug: unknown, state: unknown) => special.loop(parent, state),
  systemTerminate: (reason: unknown) => exit(reason),
  systemCodeChange: (_state: unknown, _module: unknown, _vsn: unknown, extra: unknown) => after(extra, ['ok', 'new']),
}

async function stateOfSpecial(pid: Pid): Promise<unknown> {
  send(pid, ['get', self()])
  const answer = await receive((message) => Array.isArray(message) && message[0] === 'state')
  return Array.isArray(answer) ? answer[1] : answer
}

async function pidOf(starting: Promise<unknown>): Promise<Pid> {
  const started = await starting
  assert.is(Array.isArray(started) && started[0], 'ok')
  return (started as ['ok', Pid])[1] // it is ok
}

async function manager(): Promise<Pid> {
  const pid = await pidOf(GenEvent.start())
  await GenEvent.addHandler(pid, handler, [])
  await GenEvent.addHandler(pid, [handler, 2], [])
  return pid
}

// behaviour, how to start one, the module that is converted, what it answers
const KINDS: [string, () => Promise<Pid>, ModuleRef, (pid: Pid) => Promise<unknown>][] = [
  ['gen_server', () => pidOf(GenServer.start(server)), server, (pid) => GenServer.call(pid, 'get')],
  ['gen_statem', () => pidOf(GenStatem.start(machine)), machine, (pid) => GenStatem.call(pid, 'get')],
  ['special process', () => pidOf(ProcLib.start([special, 'init'], [self()])), special, stateOfSpecial],
  ['gen_event', manager, handler, (pid) => GenEvent.call(pid, [handler, 2], 'get')],
]

for (const [behaviour, start, module, get] of KINDS) {
  const change = (pid: Pid, extra: string, ms = 20) => changeCodeNow(pid, module, '1', extra, ms)

  test(
    `${behaviour}: a conversion is put in place, at once or when it is there`,
    inTest(async () => {
      for (const extra of ['now', 'slow']) {
        const pid = await start()
        newGate()
        await Sys.suspend(pid)
        const converted = change(pid, extra, 5000)
        await settle()
        gate.open()
        same(await converted, 'ok')
        await Sys.resume(pid)
        same(await get(pid), 'new')
        await GenServer.stop(pid)
      }
    }),
  )

  test(
    `${behaviour}: a conversion that hangs is given up, and what comes of it later is dropped`,
    inTest(async () => {
      for (const extra of ['slow', 'never']) {
        const pid = await start()
        newGate()
        await Sys.suspend(pid)
        const reason = await reasonOf(Promise.resolve(change(pid, extra)))
        same(Array.isArray(reason) && reason[0], 'timeout')
        await Sys.resume(pid)
        same(await get(pid), 'old')
        gate.open()
        await settle()
        same(await get(pid), 'old')
        await GenServer.stop(pid)
      }
    }),
  )

  test(
    `${behaviour}: one that is not suspended is asked the usual way, which refuses`,
    inTest(async () => {
      const pid = await start()
      assert.is(change(pid, 'now'), LATER)
      await GenServer.stop(pid)
    }),
  )
}

test(
  'what a callback gives that is no conversion refuses',
  inTest(async () => {
    for (const given of ['ok', ['error', 'no'], ['ok', 1, 2], undefined]) {
      const pid = await pidOf(GenServer.start({ ...server, codeChange: () => given }))
      await Sys.suspend(pid)
      same(await changeCodeNow(pid, server, '1', [], 20), ['error', given])
      same(await Sys.changeCode(pid, 'm', '1', []), ['error', given])
      await GenServer.stop(pid)
    }
  }),
)

test(
  'a process without behaviour is asked the usual way',
  inTest(async () => {
    const pid = ProcLib.spawn(() => new Promise(() => {}))
    assert.is(changeCodeNow(pid, server, '1', [], 20), LATER)
    await reasonOf(ProcLib.stop(pid, 'kill', 10))
  }),
)

test.run()
