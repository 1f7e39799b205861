import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  error,
  exit,
  exitPid,
  isAlive,
  Pid,
  receive,
  register,
  self,
  send,
  spawnLink,
  trapExit,
} from '../../../runtime/erts/process.js'
import * as GenServer from '../../../runtime/stdlib/src/gen_server.js'
import * as ProcLib from '../../../runtime/stdlib/src/proc_lib.js'
import * as Supervisor from '../../../runtime/stdlib/src/supervisor.js'
import * as Sys from '../../../runtime/stdlib/src/sys.js'
import {
  inTest,
  journal,
  next,
  nextOf,
  nothing,
  probe,
  reasonOf,
  same,
  settle,
  trapping,
  watch,
} from '../../support/processes.js'

const test = suite('stdlib/sys and proc_lib scenarios')

/** A server that echoes calls and tells the test of everything else. */
const echo = (tell: (message: unknown) => void) => ({
  init: () => ['ok', 's'],
  handleCall: (request: unknown, _from: unknown, state: unknown) => {
    tell(['call', request])
    return ['reply', request, state]
  },
  handleCast: (request: unknown, state: unknown) => {
    tell(['cast', request])
    return ['noreply', state]
  },
  terminate: (reason: unknown) => tell(['terminate', reason]),
})

async function server(tell: (message: unknown) => void = () => {}): Promise<Pid> {
  const [, pid] = (await GenServer.start(echo(tell))) as ['ok', Pid]
  return pid
}

/** The lines written to standard output while `body` runs. */
async function printed(body: () => Promise<void>): Promise<string[]> {
  const lines: string[] = []
  const { write } = process.stdout
  // Only text is written here, and nobody looks at the result.
  process.stdout.write = ((text: string) => lines.push(text) > 0) as typeof write
  try {
    await body()
  } finally {
    process.stdout.write = write
  }
  return lines
}

// ---- suspending

test(
  'S93 a suspended server handles nothing but system messages; what came meanwhile is handled after resume',
  inTest(async () => {
    const pid = await server(probe())
    same(await Sys.suspend(pid), 'ok')
    same(await Sys.suspend(pid), 'ok')
    same(((await reasonOf(GenServer.call(pid, 'late', 30))) as unknown[])[0], 'timeout')
    await nothing()
    same(await Sys.getState(pid), 's')
    same(await Sys.resume(pid), 'ok')
    same(await next(), ['call', 'late'])
    same(await Sys.resume(pid), 'ok')
    same(await GenServer.call(pid, 'again'), 'again')
    same(await next(), ['call', 'again'])
    await Sys.suspend(pid)
    same(await GenServer.stop(pid), 'ok')
    same(await next(), ['terminate', 'normal'])
  }),
)

// ---- debugging

test(
  'S94 an installed function looks on until it says done; one that fails is removed without harm',
  inTest(async () => {
    const pid = await server()
    const seen: unknown[] = []
    const count = (n: unknown, event: unknown) => {
      seen.push(event)
      return seen.length === 3 ? 'done' : Number(n) + 1
    }
    same(await Sys.install(pid, ['counting', count, 0]), 'ok')
    for (const request of ['a', 'b', 'c']) await GenServer.call(pid, request)
    assert.is(seen.length, 3)
    const crashing = () => {
      calls++
      error('oops')
    }
    let calls = 0
    same(await Sys.install(pid, [crashing, 0]), 'ok')
    same(await GenServer.call(pid, 'd'), 'd')
    assert.is(calls, 1)
    const kept = journal()
    const keep = (_state: unknown, event: unknown) => kept.note(event)
    await Sys.install(pid, [keep, 0])
    await Sys.remove(pid, keep)
    await GenServer.call(pid, 'e')
    same(kept.lines, [])
    await GenServer.stop(pid)
  }),
)

test(
  'S95 failures name the function of sys; a failing callback leaves the state',
  inTest(async () => {
    same(await reasonOf(Sys.getState('nope')), ['noproc', ['sys', 'get_state', ['nope']]])
    same(await reasonOf(Sys.suspend('nope', 10)), ['noproc', ['sys', 'suspend', ['nope', 10]]])
    const pid = await server()
    same(await reasonOf(Sys.replaceState(pid, () => error('x'))), [
      'callback_failed',
      ['stdlib/gen_server', 'system_replace_state'],
      ['error', 'x'],
    ])
    same(await reasonOf(Sys.replaceState(pid, async () => exit('y'))), [
      'callback_failed',
      ['stdlib/gen_server', 'system_replace_state'],
      ['exit', 'y'],
    ])
    same(await Sys.getState(pid), 's')
    same(await Sys.replaceState(pid, (state) => `${state}2`), 's2')
    same(await Sys.getState(pid), 's2')
    const foo = 'foo' as 'get' // what a caller without types may write
    same(await Sys.log(pid, foo), 'unknown_debug')
    same(await Sys.statistics(pid, foo), 'unknown_debug')
    await GenServer.stop(pid)
  }),
)

/** Looks up a number in statistics. */
const counted = (answer: unknown, what: string): unknown =>
  Array.isArray(answer) && Array.isArray(answer[1]) ? answer[1].find(([key]) => key === what)?.[1] : undefined

test(
  'S96 statistics count messages in and out; no_debug switches everything off',
  inTest(async () => {
    const pid = await server()
    same(await Sys.statistics(pid, 'get'), ['ok', 'no_statistics'])
    await Sys.statistics(pid, true)
    await Sys.log(pid, [true, 3])
    await GenServer.call(pid, 'a')
    GenServer.cast(pid, 'b')
    const statistics = await Sys.statistics(pid, 'get')
    same([counted(statistics, 'messages_in'), counted(statistics, 'messages_out')], [2, 1])
    const [, events] = (await Sys.log(pid, 'get')) as ['ok', unknown[][]]
    assert.equal(
      events.map(([word]) => word),
      ['out', 'in', 'noreply'],
    )
    await Sys.log(pid, [true, 1])
    assert.is(((await Sys.log(pid, 'get')) as ['ok', unknown[]])[1].length, 3)
    same(await Sys.noDebug(pid), 'ok')
    same(await Sys.log(pid, 'get'), ['ok', []])
    same(await Sys.statistics(pid, 'get'), ['ok', 'no_statistics'])
    await GenServer.stop(pid)
  }),
)

test(
  'the trace of a server is written as OTP writes it',
  inTest(async () => {
    const me = self()
    const [, pid] = (await GenServer.start(
      { local: 'traced' },
      echo(() => {}),
    )) as ['ok', Pid]
    const lines = await printed(async () => {
      await Sys.trace(pid, true)
      await GenServer.call(pid, 'q')
      GenServer.cast(pid, 'c')
      await Sys.trace(pid, false)
      GenServer.cast(pid, 'unseen')
      await Sys.getState(pid)
    })
    assert.equal(lines, [
      `*DBG* traced got call 'q' from ${me}\n`,
      `*DBG* traced sent 'q' to ${me}, new state 's'\n`,
      "*DBG* traced got cast 'c'\n",
      "*DBG* traced new state 's'\n",
    ])
    await GenServer.stop(pid)
  }),
)

test(
  'events go to a file, too; one that cannot be opened is an answer',
  inTest(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sys-'))
    const file = join(folder, 'events')
    const pid = await server()
    same(await Sys.logToFile(pid, join(folder, 'no', 'file')), ['error', 'open_file'])
    same(await Sys.logToFile(pid, file), 'ok')
    GenServer.cast(pid, 'c')
    same(await Sys.logToFile(pid, false), 'ok')
    assert.match(readFileSync(file, 'utf8'), /^\*DBG\* <0\.\d+\.0> got cast 'c'\n/)
    rmSync(folder, { recursive: true })
    await GenServer.stop(pid)
  }),
)

// ---- a special process: the channel allocator ch4 of sys's documentation

const ch4 = {
  startLink: () => ProcLib.startLink([ch4, 'init'], [self()]),
  init: (parent: Pid) => {
    register('ch4', self())
    ProcLib.initAck(['ok', self()])
    return ch4.loop(parent, Sys.debugOptions([]), ['ch1', 'ch2'])
  },
  loop: async (parent: Pid, debug: Sys.Debug | null, state: string[]): Promise<unknown> => {
    const message = (await receive()) as readonly unknown[]
    if (message[0] === 'system') {
      const from = message[1] as GenServer.From // second element of a system message
      return Sys.handleSystemMsg(message[2], from, parent, ch4, debug, state)
    }
    if (message[1] === 'alloc') {
      const [first, ...rest] = state
      const client = message[0] as Pid
      const told = Sys.handleDebug(debug, ch4.format, 'ch4', ['in', 'alloc', client])
      send(client, ['ch4', first])
      return ch4.loop(parent, Sys.handleDebug(told, ch4.format, 'ch4', ['out', ['ch4', first], client]), rest)
    }
    if (message[0] === 'free') {
      const told = Sys.handleDebug(debug, ch4.format, 'ch4', ['in', message])
      return ch4.loop(parent, told, [String(message[1]), ...state])
    }
    return ch4.loop(parent, debug, state)
  },
  format: (device: Sys.Device, event: unknown, name: unknown) =>
    void device.write(`${name} event = ${JSON.stringify(event)}\n`),
  systemContinue: (parent: Pid, debug: Sys.Debug | null, state: string[]) => ch4.loop(parent, debug, state),
  systemTerminate: (reason: unknown) => exit(reason),
}

async function startCh4(): Promise<Pid> {
  const result = await ch4.startLink()
  if (Array.isArray(result) && result[1] instanceof Pid) return result[1]
  throw new Error('ch4 did not start')
}

test(
  'S96 a special process is counted and traced in its own words',
  trapping(async () => {
    const pid = await startCh4()
    await Sys.statistics(pid, true)
    const lines = await printed(async () => {
      await Sys.trace(pid, true)
      send(pid, [self(), 'alloc'])
      same(await next(), ['ch4', 'ch1'])
      send(pid, ['free', 'ch1'])
      await Sys.trace(pid, false)
    })
    assert.is(lines.length, 3)
    assert.is(lines[2], 'ch4 event = ["in",["free","ch1"]]\n')
    const statistics = await Sys.statistics(pid, 'get')
    same([counted(statistics, 'messages_in'), counted(statistics, 'messages_out')], [2, 1])
    exitPid(pid, 'kill')
    await nextOf('EXIT')
  }),
)

test(
  'S97 the state of a special process is all of it; it converts and terminates by its callbacks',
  trapping(async () => {
    const pid = await startCh4()
    same(await Sys.getState(pid), ['ch1', 'ch2'])
    same(await Sys.replaceState<string[]>(pid, (state) => state.slice(1)), ['ch2'])
    same(await Sys.suspend(pid), 'ok')
    send(pid, [self(), 'alloc'])
    const [status, , , [, sysState]] = await Sys.getStatus(pid)
    same([status, sysState], ['status', 'suspended'])
    same((await Sys.changeCode(pid, ch4, '1', []))[0], 'error')
    await nothing()
    same(await Sys.resume(pid), 'ok')
    same(await next(), ['ch4', 'ch2'])
    same(await Sys.terminate(pid, 'bye'), 'ok')
    same(await next(), ['EXIT', pid, 'bye'])
  }),
)

test(
  'S97 a suspended special process ends with its parent',
  inTest(async () => {
    const tester = self()
    const parent = spawnParent(async () => {
      trapExit(true)
      send(tester, ['child', await startCh4()])
      await receive((m) => m === 'go')
      exit('gone')
    })
    const child = (await nextOf<[string, Pid]>('child'))[1]
    await Sys.suspend(child)
    const ended = watch(child)
    send(parent, 'go')
    same(await ended(), 'gone')
  }),
)

const spawnParent = (body: () => Promise<unknown>): Pid => ProcLib.spawn(body)

// ---- proc_lib

test(
  'S98 a synchronous start ends with what is acknowledged, or with the end of the process',
  trapping(async () => {
    same(await ProcLib.start(() => 'silent', []), ['error', 'normal'])
    same(await ProcLib.startLink(() => exit('why'), []), ['error', 'why'])
    await nothing()
    same(await ProcLib.start(() => receive(() => false), [], 20), ['error', 'timeout'])
    same(await ProcLib.start(() => ProcLib.initAck('foo'), []), 'foo')
    const failing = async () => {
      ProcLib.initAck(['error', 'sorry'])
      await settle()
      exit('sorry')
    }
    same(await ProcLib.startLink(failing, []), ['error', 'sorry'])
    same((await nextOf('EXIT'))[2], 'sorry')
    const [result, ref] = await ProcLib.startMonitor(() => exit('why'), [])
    same(result, ['error', 'why'])
    same((await nextOf('DOWN'))[1], ref)
  }),
)

test(
  'S99 how processes began',
  trapping(async () => {
    const callbacks = echo(() => {})
    const [, gs] = (await GenServer.start(callbacks)) as ['ok', Pid]
    same(ProcLib.translateInitialCall(gs).slice(1), ['init', 1])
    const [, sup] = (await Supervisor.startLink({ init: () => ['ok', {}, []] })) as ['ok', Pid]
    same(ProcLib.translateInitialCall(sup), ['stdlib/supervisor', 'module', 1])
    const plain = ProcLib.spawn(() => receive())
    same(ProcLib.translateInitialCall(plain), ['stdlib/proc_lib', 'init_p', 5])
    const bare = spawnLink(() => receive())
    same(ProcLib.initialCall(bare), false)
    for (const pid of [gs, sup, plain, bare]) exitPid(pid, 'kill')
    assert.not(isAlive(plain))
  }),
)

test.run()
