/** gen_server where the numbered scenarios say little: time-outs with system messages, long runs of continue, starts. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { registerModule, setVersionLookup } from '../../../runtime/erts/modules.js'
import { current } from '../../../runtime/erts/proc.js'
import {
  ErlangError,
  exitPid,
  format,
  isAlive,
  type Pid,
  receive,
  runningCode,
  self,
  send,
  sleep,
  spawn,
  timeout,
} from '../../../runtime/erts/process.js'
import * as GenServer from '../../../runtime/stdlib/src/gen_server.js'
import * as ProcLib from '../../../runtime/stdlib/src/proc_lib.js'
import * as Sys from '../../../runtime/stdlib/src/sys.js'
import {
  inTest,
  next,
  nextOf,
  nothing,
  probe,
  reasonOf,
  same,
  settle,
  stackless,
  trapping,
  watch,
} from '../../support/processes.js'

const test = suite('stdlib/gen_server edges')

/** A server that tells the test of all it handles; requests are functions of its state. */
function telling(tell: (message: unknown) => void, more: object = {}) {
  return {
    init: (arg: unknown) => (typeof arg === 'function' ? arg() : ['ok', 's']),
    handleCall: (request: (state: unknown) => unknown, _from: unknown, state: unknown) => request(state),
    handleCast: (request: (state: unknown) => unknown, state: unknown) => request(state),
    handleInfo: (message: unknown, state: unknown) => {
      tell(message)
      return ['noreply', state]
    },
    ...more,
  }
}

async function started(result: Promise<unknown>): Promise<Pid> {
  const answer = await result
  if (Array.isArray(answer) && answer[0] === 'ok') return answer[1]
  throw new Error(`not started: ${String(answer)}`)
}

// ---- time-outs

test(
  'a suspended server does not wait: its time-out begins anew when it is resumed',
  inTest(async () => {
    const pid = await started(GenServer.start(telling(probe()), () => ['ok', 's', 40]))
    await Sys.suspend(pid)
    await sleep(60)
    const resumedMs = performance.now()
    await Sys.resume(pid)
    same(await next(), 'timeout')
    assert.ok(performance.now() - resumedMs >= 38)
  }),
)

test(
  'a message that comes while a server is suspended cancels its time-out',
  inTest(async () => {
    const pid = await started(GenServer.start(telling(probe()), () => ['ok', 's', 30]))
    await Sys.suspend(pid)
    await sleep(50)
    send(pid, 'm')
    await Sys.resume(pid)
    same(await next(), 'm')
    await sleep(50)
    await nothing()
  }),
)

test(
  'time-out 0 with nothing but a system message waiting still fires',
  inTest(async () => {
    const pid = await started(GenServer.start(telling(probe())))
    let go = () => {}
    GenServer.cast(pid, async (state: unknown) => {
      await new Promise<void>((resolve) => {
        go = resolve
      })
      return ['noreply', state, 0]
    })
    await settle()
    const state = Sys.getState(pid)
    go()
    same(await state, 's')
    same(await next(), 'timeout')
    await nothing()
  }),
)

test(
  'what a suspended server gets costs nothing until it is resumed, however much it is',
  inTest(async () => {
    const n = 20_000
    const pid = await started(GenServer.start({ ...telling(probe()), init: () => ['ok', 0] }))
    await Sys.suspend(pid)
    const startMs = performance.now()
    for (let i = 0; i < n; i++) {
      GenServer.cast(pid, (count: unknown) => ['noreply', Number(count) + 1])
      await undefined
    }
    await Sys.resume(pid)
    same(await GenServer.call(pid, (count: unknown) => ['reply', count, count], 'infinity'), n)
    assert.ok(performance.now() - startMs < 1000, `${performance.now() - startMs} ms`)
  }),
)

// ---- thenables

test(
  'a callback may return any thenable, of whatever manners',
  inTest(async () => {
    const given = (value: unknown, how: (settle: () => void) => void) => ({
      // biome-ignore lint/suspicious/noThenProperty: such things exist, and can be awaited
      then: (ok: (value: unknown) => void) => how(() => ok(value)),
    })
    const atOnce = (settle: () => void): void => settle()
    const later = (settle: () => void): void => void setTimeout(settle, 1)
    for (const how of [atOnce, later]) {
      const server = telling(probe(), { init: () => given(['ok', 's'], how), terminate: () => given('x', how) })
      const pid = await started(GenServer.start(server))
      GenServer.cast(pid, () => given(['noreply', 'cast'], how))
      same(await GenServer.call(pid, (state: unknown) => given(['reply', state, 'called'], how)), 'cast')
      same(await GenServer.call(pid, (state: unknown) => ['reply', state, state]), 'called')
      same(await GenServer.stop(pid), 'ok')
      const ended = watch(spawn(() => given('x', how)))
      same(await ended(), 'normal')
    }
  }),
)

// ---- continue

test(
  'a server may continue as often as it likes, in any way',
  inTest(async () => {
    const server = telling(probe(), {
      handleContinue: (n: number, state: unknown) =>
        n === 0 ? ['noreply', 'done'] : ['noreply', state, { continue: n - 1 }],
    })
    const on = { continue: 50_000 }
    const pid = await started(GenServer.start(server, () => ['ok', 's', on]))
    same(await GenServer.call(pid, (state: unknown) => ['reply', state, 's', on]), 'done')
    same(await GenServer.call(pid, (state: unknown) => ['reply', state, 's']), 'done')
    GenServer.cast(pid, async () => ['noreply', 's', on])
    same(await GenServer.call(pid, (state: unknown) => ['reply', state, 's']), 'done')
  }),
)

test(
  'what continues comes before messages that wait, and before a suspension',
  inTest(async () => {
    const tell = probe()
    const server = telling(tell, {
      handleContinue: async (n: number, state: unknown) => {
        await settle()
        tell(['continue', n])
        return n === 1 ? ['noreply', state, { continue: 2 }] : ['noreply', state]
      },
    })
    const pid = await started(GenServer.start(server))
    GenServer.cast(pid, (state: unknown) => ['noreply', state, { continue: 1 }])
    send(pid, 'm')
    const suspended = Sys.suspend(pid)
    same(await next(), ['continue', 1])
    same(await next(), ['continue', 2])
    same(await next(), 'm')
    await suspended
  }),
)

// ---- starts

test(
  'a server that ends itself in init fails its start with the reason',
  trapping(async () => {
    const server = telling(probe())
    for (const [reason, seen] of [
      ['boom', 'boom'],
      ['kill', 'killed'],
    ]) {
      same(await GenServer.startLink(server, () => exitPid(self(), reason)), ['error', seen])
      same((await nextOf('EXIT'))[2], seen)
    }
    await nothing()
  }),
)

test(
  'while init is awaited the process runs code of its module, and while it continues then',
  inTest(async () => {
    const version = {}
    const server = telling(probe(), {
      handleContinue: async (_: unknown, state: unknown) => {
        await receive((m) => m === 'go')
        return ['noreply', state]
      },
    })
    registerModule('edges/server', server)
    setVersionLookup((module) => (module === server ? version : undefined))
    const tell = probe()
    const starting = GenServer.start(server, async () => {
      tell(['pid', self()])
      await receive((m) => m === 'go')
      return ['ok', 's', { continue: 'c' }]
    })
    const [, pid] = await nextOf<readonly [string, Pid]>('pid')
    const running = () => runningCode(pid).map(({ token }) => token)
    same(running(), [version])
    send(pid, 'go')
    await starting
    await settle()
    same(running(), [version])
    send(pid, 'go')
    await settle()
    same(running(), [])
    setVersionLookup(() => undefined)
  }),
)

test(
  'a start whose starter has ended may take its time',
  inTest(async () => {
    const tell = probe()
    const server = telling(tell)
    const starter = spawn(() =>
      GenServer.start(
        undefined,
        server,
        async () => {
          tell(['pid', self()])
          await sleep(30)
          return ['ok', 's']
        },
        { timeout: 10 },
      ),
    )
    const [, pid] = await nextOf<readonly [string, Pid]>('pid')
    exitPid(starter, 'kill')
    await sleep(50)
    assert.ok(isAlive(pid))
    assert.is(await GenServer.stop(pid), 'ok')
  }),
)

test(
  'the end of a start is reported and unregistered by the new process, not by its starter',
  inTest(async () => {
    const who: unknown[] = []
    const registry = {
      registerName: () => 'yes',
      unregisterName: () => void who.push(current()?.pid),
      whereisName: () => undefined,
    }
    const own: Pid[] = []
    const init = async () => {
      own.push(self())
      await settle()
      return 'ignore'
    }
    same(await GenServer.start({ via: registry, name: 'n' }, telling(probe()), init), 'ignore')
    same(who, own)
  }),
)

test(
  'S98 a process that ends before it acknowledges: a trapping starter gets the result alone, another dies',
  inTest(async () => {
    const tell = probe()
    const failing = () => {
      throw new ErlangError('bad')
    }
    const start = (traps: boolean) =>
      spawn(async () => {
        const proc = current()
        if (proc !== null) proc.trapExit = traps
        tell(['result', await ProcLib.startLink(failing, [])])
        tell(['message', await receive(() => true, 5)])
      })
    start(true)
    const [, result] = await nextOf<readonly [string, readonly [string, unknown]]>('result')
    same(stackless(result[1]), 'bad')
    assert.is((await nextOf('message'))[1], timeout)
    const dies = watch(start(false))
    same(stackless(await dies()), 'bad')
    await nothing()
  }),
)

// ---- calls

test(
  'a call with a time-out or a reference that is none is rejected with function_clause',
  inTest(async () => {
    const pid = await started(GenServer.start(telling(probe())))
    for (const [ref, limit] of [
      [pid, -1],
      [{} as never, 100],
    ] as const) {
      const [cause, site] = (await reasonOf(GenServer.call(ref, 'x', limit))) as [unknown, unknown]
      same(stackless(cause), 'function_clause')
      same(site, ['gen_server', 'call', [ref, 'x', limit]])
    }
  }),
)

test(
  'callers that end while they wait leave nothing with the server',
  inTest(async () => {
    const pid = await started(GenServer.start(telling(probe())))
    const silent = (state: unknown) => ['noreply', state]
    const callers = Array.from({ length: 100 }, (_, i) =>
      spawn(() => (i % 2 === 0 ? GenServer.call(pid, silent, 'infinity') : ask(pid, silent))),
    )
    await settle()
    const server = pid.proc
    assert.ok(server !== null && server.unanswered !== null)
    for (const caller of callers) exitPid(caller, 'kill')
    assert.is(server.unanswered, null)
  }),
)

async function ask(pid: Pid, request: unknown): Promise<void> {
  GenServer.sendRequest(pid, request)
  await receive(() => false)
}

test(
  'answers, time-outs and ends of callers in every order keep the list of unanswered calls whole',
  inTest(async () => {
    const pid = await started(GenServer.start(telling(probe())))
    const orders = [0, 1, 2, 3].flatMap((a) => [0, 1, 2, 3].flatMap((b) => [0, 1, 2, 3].map((c) => [a, b, c])))
    for (const order of orders) {
      if (new Set(order).size < 3) continue
      const froms: GenServer.From[] = []
      const server = {
        ...telling(probe()),
        handleCall: (_: unknown, from: GenServer.From) => {
          froms.push(from)
          return ['noreply', 's']
        },
      }
      const one = await started(GenServer.start(server))
      const callers = [0, 1, 2, 3].map((i) => spawn(() => GenServer.call(one, i, 'infinity')))
      await settle()
      for (const which of order) {
        const from = froms[which]
        if (which % 2 === 0 && from !== undefined) GenServer.reply(from, 'x')
        else exitPid(callers[which] as Pid, 'kill') // there are four
      }
      const listed: unknown[] = []
      for (let call = one.proc?.unanswered ?? null; call !== null; call = call.older) listed.push(call)
      const left = [0, 1, 2, 3].filter((i) => !order.includes(i)).map((i) => froms[i])
      same(listed, left)
      const asked = reasonOf(GenServer.call(one, 'last'))
      await settle()
      exitPid(one, 'kill')
      same(((await asked) as unknown[])[0], 'killed')
    }
    exitPid(pid, 'kill')
  }),
)

test(
  'whom to answer is a few characters in a log, whatever it holds',
  inTest(async () => {
    let kept: unknown
    const keep = (_request: unknown, from: unknown, state: unknown) => {
      kept = from
      return ['noreply', state]
    }
    const pid = await started(GenServer.start(telling(probe(), { handleCall: keep }), []))
    const client = spawn(() => GenServer.call(pid, 'x'))
    await settle()
    same(format({ waiting: [kept] }), `{ waiting: [ #From${client} ] }`)
    same(JSON.stringify([kept]), `[{"$from":"${client}"}]`)
    exitPid(pid, 'kill')
  }),
)

test.run()
