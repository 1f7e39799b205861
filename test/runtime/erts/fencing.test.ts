/** What the code of an ended process can still do: nothing that anybody sees, and nothing after its next await. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { context } from '../../../runtime/erts/proc.js'
import {
  cancelTimer,
  exitPid,
  isAlive,
  Pid,
  processes,
  readTimer,
  receive,
  register,
  registerGlobal,
  self,
  send,
  sendAfter,
  setFenceWarnings,
  sleep,
  spawn,
  spawnLink,
  unregister,
  whereis,
  whereisGlobal,
} from '../../../runtime/erts/process.js'
import { charge } from '../../../runtime/erts/scheduler.js'
import { runtimeReport } from '../../../runtime/kernel/src/logger_report_text.js'
import * as GenServer from '../../../runtime/stdlib/src/gen_server.js'
import * as ProcLib from '../../../runtime/stdlib/src/proc_lib.js'
import * as Sys from '../../../runtime/stdlib/src/sys.js'
import { factOf } from '../../../runtime/test_kit/reports.js'
import { inTest, journal, nothing, probe, reportsOf, settle, trapping } from '../../support/processes.js'

const test = suite('erts/fencing')

/** Kills from outside any process, in the middle of a turn. */
const assassin = (victim: Pid) => context.run(null, exitPid, victim, 'kill')

const forever = () => receive(() => false)

/** A server that does what it is told. */
const doing = {
  init: (arg: unknown) => ['ok', arg],
  handleCall: (request: (from: GenServer.From) => unknown, from: GenServer.From, state: unknown) => [
    'reply',
    request(from),
    state,
  ],
  handleCast: (request: () => unknown, state: unknown) => {
    const done = request()
    return done instanceof Promise ? done.then(() => ['noreply', state]) : ['noreply', state]
  },
}

async function started(mod: object = doing): Promise<Pid> {
  const result = await GenServer.start(mod)
  if (result[0] === 'ok' && result[1] instanceof Pid) return result[1]
  throw new Error('not started')
}

/** Runs code in a process that is dead already: it has killed itself and caught the unwinding. */
async function posthumously(code: (own: Pid) => unknown): Promise<void> {
  await new Promise<void>((done, failed) => {
    spawn(() => {
      const own = self()
      try {
        exitPid(own, 'kill')
      } catch {
        // What unwinds the process, and must not be relied on: user code may catch everything.
      }
      try {
        code(own)
        done()
      } catch (thrown) {
        failed(thrown)
      }
    })
  })
  await settle()
}

// ---- what is under way does not go on

// what the process awaits; what would end the waiting once it is dead
const AWAITS: readonly [string, (server: Pid) => Promise<unknown>, (victim: Pid, server: Pid) => void][] = [
  ['a message', () => receive(), (victim) => send(victim, 'wake')],
  ['a message or a time-out', () => receive(() => false, 5), () => {}],
  ['a sleep', () => sleep(5), () => {}],
  ['an answer', (server) => GenServer.call(server, () => 'x'), () => {}],
  ['the end of a server', (server) => GenServer.stop(server), () => {}],
]

for (const [what, wait, provoke] of AWAITS) {
  test(
    `a process killed while it awaits ${what} runs no more`,
    inTest(async () => {
      const { lines, note } = journal()
      const server = await started()
      GenServer.cast(server, () => receive((m) => m === 'go'))
      const victim = spawn(async () => {
        note('begun')
        try {
          await wait(server)
          note('went on')
        } catch {
          note('caught')
        } finally {
          note('finally')
        }
      })
      await settle()
      exitPid(victim, 'kill')
      provoke(victim, server)
      send(server, 'go')
      await sleep(15)
      assert.equal(lines, ['begun'])
    }),
  )
}

test(
  'a caller that its server kills while it serves the call runs no more, whatever the server answers',
  inTest(async () => {
    const { lines, note } = journal()
    const server = await started()
    const clients = (['before the reply', 'and the call fails'] as const).map((what) =>
      spawn(async () => {
        const request = ({ pid }: GenServer.From) => {
          if (pid !== undefined) exitPid(pid, 'kill')
          return what === 'before the reply' ? 'x' : exitPid(self(), 'boom')
        }
        try {
          note(await GenServer.call(server, request))
        } catch {
          note('caught')
        }
      }),
    )
    await settle()
    assert.equal(clients.map(isAlive), [false, false])
    assert.equal(lines, [])
  }),
)

test(
  'a continuation put off to the next turn is dropped when its process ends before',
  inTest(async () => {
    const { lines, note } = journal()
    const server = await started()
    // With the budget of this turn spent, what could go on goes on in the next.
    const spend = () => {
      while (charge()) void GenServer.call(server, () => 0)
    }
    const waits: readonly (() => Promise<unknown>)[] = [
      () => receive((m) => m === 'queued'),
      () => receive(() => false, 0),
      () => GenServer.call('nobody', 'x'),
      () => GenServer.start({ init: () => ['ok', 0] }),
    ]
    for (const wait of waits) {
      const victim = spawn(async () => {
        const own = self()
        send(own, 'queued')
        spend()
        queueMicrotask(() => assassin(own))
        note(await wait().catch(() => 'caught'))
      })
      await settle()
      assert.not(isAlive(victim))
    }
    const receiver = spawn(async () => note(await receive()))
    await settle()
    spend()
    send(receiver, 'm')
    exitPid(receiver, 'kill')
    await settle()
    assert.equal(lines, [])
  }),
)

// ---- what dead code does is dropped

test(
  'a dead process sends, casts, asks and answers nothing',
  inTest(async () => {
    const tell = probe()
    const me = self()
    const server = await started()
    let from: GenServer.From | undefined
    const asked = GenServer.call(await started({ ...doing, handleCall: keep }), 'q', 50).catch(() => 'unanswered')
    function keep(_request: unknown, sender: GenServer.From, state: unknown) {
      from = sender
      return ['noreply', state]
    }
    await settle()
    await posthumously(() => {
      send(me, 'sent')
      sendAfter(0, me, 'later')
      GenServer.cast(server, () => tell('cast'))
      GenServer.sendRequest(server, () => tell('request'))
      void GenServer.call(server, () => tell('call'))
      void GenServer.stop(server)
      void Sys.terminate(server, 'normal')
      if (from !== undefined) GenServer.reply(from, 'posthumous')
    })
    await sleep(5)
    await nothing()
    assert.ok(isAlive(server))
    assert.is(await asked, 'unanswered')
  }),
)

test(
  'a dead process starts no other',
  inTest(async () => {
    const tell = probe()
    const code = () => tell('ran')
    const before = processes().length
    await posthumously(() => {
      spawn(code)
      spawnLink(code)
      ProcLib.spawn(code)
      ProcLib.spawnLink(code)
      void ProcLib.start(code, [])
      void ProcLib.startLink(code, [])
      void GenServer.start({ ...doing, init: code })
    })
    await nothing()
    assert.is(processes().length, before)
  }),
)

test(
  'a dead process gives and takes no names, ends nobody and stops no timer',
  inTest(async () => {
    const me = self()
    const peer = spawn(forever)
    const timer = sendAfter(60_000, me, 'm')
    register('fencing_taken', me)
    await posthumously(() => {
      register('fencing_given', peer)
      registerGlobal(['fencing'], peer)
      unregister('fencing_taken')
      exitPid(peer, 'boom')
      cancelTimer(timer)
    })
    assert.is(whereis('fencing_given'), undefined)
    assert.is(whereisGlobal(['fencing']), undefined)
    assert.is(whereis('fencing_taken'), me)
    assert.ok(isAlive(peer))
    assert.ok(readTimer(timer) !== false)
    cancelTimer(timer)
    exitPid(peer, 'kill')
  }),
)

test(
  'a dead process becomes no server',
  inTest(async () => {
    const { lines, note } = journal()
    const server = { ...doing, handleContinue: () => note('continued') }
    const pid = ProcLib.spawn(() => GenServer.enterLoop(server, {}, 's', undefined, { continue: 'c' }))
    await settle()
    assert.equal(lines.splice(0), ['continued'])
    exitPid(pid, 'kill')
    const other = ProcLib.spawn(() => {
      const entered = GenServer.enterLoop(server, {}, 's', undefined, { continue: 'c' })
      try {
        exitPid(self(), 'kill')
      } catch {}
      return entered
    })
    await settle()
    assert.not(isAlive(other))
    assert.equal(lines, [])
  }),
)

// ---- a start that fails leaves no half-made process

test('outside any process a link or monitor cannot be made, and nothing is left of the attempt', () => {
  const before = processes().length
  for (const attempt of [
    () => spawnLink(forever),
    () => ProcLib.spawnLink(forever),
    () => void ProcLib.startMonitor(forever, []).catch(() => {}),
  ]) {
    try {
      attempt()
    } catch {}
  }
  assert.is(processes().length, before)
})

test(
  'a name that cannot be registered fails the start and leaves no process',
  trapping(async () => {
    const before = processes().length
    const fails = {
      registerName: () => {
        throw new Error('registry is down')
      },
      whereisName: () => undefined,
    }
    const slow = { ...fails, registerName: async () => 'yes' }
    for (const name of [{ local: 'undefined' }, { via: fails, name: 'n' }, { via: slow, name: 'n' }]) {
      const result = await GenServer.startLink(name, doing)
      assert.is(result[0], 'error')
    }
    assert.is(processes().length, before)
  }),
)

test('the program ends although dead processes had long to wait', async () => {
  const { spawn: run } = await import('node:child_process')
  const code = `
    import { exitPid, receive, sleep, spawn } from './runtime/erts/process.js'
    import * as GenServer from './runtime/stdlib/src/gen_server.js'
    const slow = { init: () => receive(() => false) }
    const [, pid] = await GenServer.start({ init: () => ['ok', 0], handleCall: () => ['noreply', 0] })
    const victims = [
      spawn(() => receive(() => false, 60_000)),
      spawn(() => sleep(60_000)),
      spawn(() => GenServer.call(pid, 'x', 60_000)),
      spawn(() => GenServer.start(undefined, slow, 0, { timeout: 60_000 })),
    ]
    setTimeout(() => {
      for (const pid of victims) exitPid(pid, 'kill')
    }, 20)
  `
  const child = run(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], { stdio: 'inherit' })
  const limit = setTimeout(() => child.kill('SIGKILL'), 20_000)
  const status = await new Promise((resolve) => child.once('close', (code, signal) => resolve(code ?? signal)))
  clearTimeout(limit)
  assert.is(status, 0)
})

// ---- who wrote it is told

/** A process of the application's own that goes on after its end, in a function with a name. */
async function straggles(initial: string): Promise<void> {
  const late = async () => {
    await new Promise((resolve) => setImmediate(resolve))
    send(self(), 'late')
    send(self(), 'again')
  }
  const body = () => {
    ProcLib.setInitialCall([initial, 'init', 1])
    void late()
  }
  ProcLib.spawn(body)
  await settle()
}

test('a warning tells where code went on after the end of its process, once for each kind of process', async () => {
  const reports = await reportsOf(async () => {
    await straggles('shop/cart')
    await straggles('shop/cart')
    await straggles('shop/order')
  })
  const about = reports.filter(({ label }) => label === 'erts fenced')
  assert.equal(
    about.map(({ level, report }) => [level, factOf({ report }, 'initial_call'), factOf({ report }, 'dropped')]),
    [
      ['warning', 'shop/cart:init/1', 'send'],
      ['warning', 'shop/order:init/1', 'send'],
    ],
  )
  const text = runtimeReport({ label: ['erts', 'fenced'], report: about[0]?.report })?.text ?? ''
  assert.match(
    text,
    /^Code of process <0\.\d+\.0> \(shop\/cart:init\/1\) went on after the process had ended; dropped: send\n/,
  )
  assert.match(text, /fencing\.test\.ts/)
})

test('the warning can be turned off', async () => {
  assert.is(setFenceWarnings(false), true)
  try {
    assert.equal(await reportsOf(() => straggles('shop/quiet')), [])
  } finally {
    setFenceWarnings(true)
  }
})

test.run()
