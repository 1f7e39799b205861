import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  error,
  exit,
  exitPid,
  Pid,
  processInfo,
  receive,
  self,
  send,
  sleep,
  spawn,
  whereis,
} from '../../../runtime/erts/process.js'
import * as GenEvent from '../../../runtime/stdlib/src/gen_event.js'
import * as GenServer from '../../../runtime/stdlib/src/gen_server.js'
import * as ProcLib from '../../../runtime/stdlib/src/proc_lib.js'
import * as Supervisor from '../../../runtime/stdlib/src/supervisor.js'
import * as Sys from '../../../runtime/stdlib/src/sys.js'
import { printed } from '../../support/printed.js'
import {
  inTest,
  next,
  nextOf,
  nothing,
  probe,
  reasonOf,
  reportsOf,
  same,
  settle,
  stackless,
  thrownReason,
  trapping,
  watch,
} from '../../support/processes.js'

const test = suite('stdlib/gen_event scenarios')

/** A handler whose events and questions are functions of its state, and which tells the test of everything else. */
function handler(name: string, tell: (message: unknown) => void, more: object = {}) {
  return {
    init: (arg: unknown) => {
      if (typeof arg === 'function') return arg()
      tell([name, 'init', arg])
      return ['ok', arg]
    },
    handleEvent: (event: unknown, state: unknown) => {
      if (typeof event === 'function') return event(name, state) ?? ['ok', state]
      tell([name, 'event', event, state])
      return ['ok', state]
    },
    handleCall: (request: unknown, state: unknown) =>
      typeof request === 'function' ? request(state) : ['ok', [name, request], state],
    handleInfo: (message: unknown, state: unknown) => {
      tell([name, 'info', message])
      return ['ok', state]
    },
    terminate: (arg: unknown, state: unknown) => {
      tell([name, 'terminate', arg, state])
      return ['value of', name]
    },
    ...more,
  }
}

async function started(result: Promise<unknown>): Promise<Pid> {
  const answer = await result
  if (Array.isArray(answer) && answer[0] === 'ok' && answer[1] instanceof Pid) return answer[1]
  throw new Error(`not started: ${String(answer)}`)
}

/** Everything told so far, in order. */
async function told(): Promise<unknown[]> {
  await settle()
  const all: unknown[] = []
  for (let m = await receive(() => true, 0); typeof m !== 'symbol'; m = await receive(() => true, 0)) all.push(m)
  return all
}

/** A manager with these handlers, the last one newest; what their inits tell is thrown away. */
async function manager(...handlers: (readonly [GenEvent.HandlerName, unknown])[]): Promise<Pid> {
  const pid = await started(GenEvent.start())
  for (const [name, arg] of handlers) same(await GenEvent.addHandler(pid, name, arg), 'ok')
  await told()
  return pid
}

// ---- events

test(
  'S60 events go to the newest handler first, and so are the names listed',
  inTest(async () => {
    const tell = probe()
    const ge = handler('ge', tell)
    const ge2 = handler('ge2', tell)
    const pid = await manager([ge, 1], [[ge, 2], 2], [ge2, 3])
    same(GenEvent.notify(pid, 'hi'), 'ok')
    same(await told(), [
      ['ge2', 'event', 'hi', 3],
      ['ge', 'event', 'hi', 2],
      ['ge', 'event', 'hi', 1],
    ])
    const names = await GenEvent.whichHandlers(pid)
    assert.ok(names[0] === ge2 && names[2] === ge)
    same(names[1], [ge, 2])
    same(await GenEvent.call(pid, [ge, 2], 'q'), ['ge', 'q'])
  }),
)

test(
  'S61 what an init gives instead of a state is the result; calls and deletes of a handler that is not there',
  inTest(async () => {
    const pid = await manager()
    const ge = handler('ge', probe())
    same(await GenEvent.addHandler(pid, ge, () => ['error', 'no']), ['error', 'no'])
    same(await GenEvent.addHandler(pid, ge, () => 'foo'), 'foo')
    same(exitOf(await GenEvent.addHandler(pid, ge, () => error('bad'))), 'bad')
    same(exitOf(await GenEvent.addHandler(pid, ge, async () => error('late'))), 'late')
    same(await GenEvent.addHandler(pid, ge, () => exit('gone')), ['EXIT', 'gone'])
    same(exitOf(await GenEvent.addHandler(pid, 'no/such')), 'undef')
    same(exitOf(await GenEvent.addHandler(pid, {})), 'undef')
    same(await GenEvent.whichHandlers(pid), [])
    same(await GenEvent.call(pid, ge, 'q'), ['error', 'bad_module'])
    same(await GenEvent.deleteHandler(pid, ge, 'x'), ['error', 'module_not_found'])
    const id = GenEvent.sendRequest(pid, ge, 'q')
    same(await GenEvent.waitResponse(id), ['error', 'bad_module'])
  }),
)

/** Reason of an `['EXIT', [reason, stack]]`. */
function exitOf(value: unknown): unknown {
  if (!Array.isArray(value) || value[0] !== 'EXIT') throw new Error(`expected an EXIT, got ${String(value)}`)
  return stackless(value[1])
}

test(
  'S62 the same handler twice: both get events, calls and deletes are for the newer',
  inTest(async () => {
    const ge = handler('ge', probe())
    const pid = await manager([ge, 'old'], [ge, 'new'])
    GenEvent.notify(pid, 'e')
    same(await told(), [
      ['ge', 'event', 'e', 'new'],
      ['ge', 'event', 'e', 'old'],
    ])
    same(await GenEvent.call(pid, ge, (state: unknown) => ['ok', state, 'called']), 'new')
    same(await GenEvent.deleteHandler(pid, ge, 'why'), ['value of', 'ge'])
    same(await told(), [['ge', 'terminate', 'why', 'called']])
    same(await GenEvent.call(pid, ge, (state: unknown) => ['ok', state, state]), 'old')
  }),
)

// what the callback does, what terminate is told, without the stack
const FAILURES = [
  ['returns foo', () => 'foo', 'foo'],
  ['errs', () => error('bad'), ['EXIT', 'bad', 'stack']],
  ['exits', () => exit('bad'), ['EXIT', 'bad']],
  ['rejects', async () => error('late'), ['EXIT', 'late', 'stack']],
  [
    'throws bar',
    () => {
      throw 'bar'
    },
    'bar',
  ],
] as const

/** An `['EXIT', [reason, stack]]` as `['EXIT', reason, 'stack']`. */
function plainFault(fault: unknown): unknown {
  return Array.isArray(fault) && Array.isArray(fault[1]) ? ['EXIT', stackless(fault[1]), 'stack'] : fault
}

for (const [what, callback, fault] of FAILURES) {
  test(
    `S63 a handler that ${what} goes, the others stay, nobody else notices`,
    inTest(async () => {
      const tell = probe()
      const ge = handler('ge', tell)
      const ge2 = handler('ge2', tell)
      const pid = await manager([ge2, 0], [ge, 's'])
      same(await GenEvent.syncNotify(pid, (name: string) => (name === 'ge' ? callback() : undefined)), 'ok')
      const [, , [word, reason], state] = await next<[string, string, unknown[], unknown]>()
      same([word, plainFault(reason), state], ['error', fault, 's'])
      same(await GenEvent.whichHandlers(pid), [ge2])
      const answer = await GenEvent.call<unknown[]>(pid, ge2, callback)
      same([answer[0], plainFault(answer[1])], ['error', fault])
      same(await GenEvent.whichHandlers(pid), [])
    }),
  )
}

test(
  'S63 a result that only the other kind of callback may give is nonsense',
  inTest(async () => {
    const ge = handler('ge', probe())
    for (const nonsense of [['ok', 's'], 'remove_handler', ['swap_handler', 1, 2, ge, 3]]) {
      const pid = await manager([ge, 's'])
      same(await GenEvent.call(pid, ge, () => nonsense), ['error', nonsense])
      same(await GenEvent.whichHandlers(pid), [])
    }
    const pid = await manager([ge, 's'])
    await GenEvent.syncNotify(pid, () => ['ok', 'reply', 's'])
    same(await GenEvent.whichHandlers(pid), [])
  }),
)

test(
  'S63 the failure is reported with handler, manager, event and state; a handler that leaves is not',
  inTest(async () => {
    const tell = probe()
    const ge = handler('ge', tell, { formatStatus: (status: object) => ({ ...status, state: 'hidden' }) })
    const reports = await reportsOf(async () => {
      const pid = await started(GenEvent.start({ local: 's63' }))
      await GenEvent.addHandler(pid, [ge, 7], 's')
      await GenEvent.addHandler(pid, ge, 's')
      await GenEvent.call(pid, ge, () => ['remove_handler', 'x'])
      send(pid, 'info')
      const fail = () => 'foo'
      await GenEvent.syncNotify(pid, fail)
      await GenEvent.stop(pid)
    })
    same(
      reports.map(({ level, label }) => [level, label]),
      [['error', 'gen_event terminate']],
    )
    const facts = reports[0]?.report as Record<string, unknown>
    same([facts.handler, facts.name, facts.state, facts.reason], [['module', 7], 's63', 'hidden', 'foo'])
    assert.type(facts.last_message, 'function')
  }),
)

test(
  'without handleInfo a message is a warning and the handler stays',
  inTest(async () => {
    const ge = handler('ge', probe(), { handleInfo: undefined })
    const pid = await manager([ge, 's'])
    const reports = await reportsOf(async () => {
      send(pid, 'what')
      same(await GenEvent.whichHandlers(pid), [ge])
    })
    same(
      reports.map(({ level, label }) => [level, label]),
      [['warning', 'gen_event no_handle_info']],
    )
  }),
)

test(
  'other messages, also calls of other behaviours, are given to handleInfo',
  inTest(async () => {
    const pid = await manager([handler('ge', probe()), 's'])
    send(pid, 'm')
    same(await next(), ['ge', 'info', 'm'])
    const request = GenServer.call(pid, 'strange')
    const [, , [word, from, what]] = await next<[string, string, [string, GenServer.From, unknown]]>()
    same([word, what], ['$gen_call', 'strange'])
    GenServer.reply(from, 'answered')
    same(await request, 'answered')
  }),
)

// ---- supervised handlers

test(
  'S64 who supervises a handler is told when it goes, and why',
  trapping(async () => {
    const quiet = handler('ge', () => {})
    const ge2 = handler('ge2', () => {})
    const pid = await started(GenEvent.start())
    const add = async () => same(await GenEvent.addSupHandler(pid, quiet, 's'), 'ok')
    const gone = async () => {
      const [word, which, reason] = await next<unknown[]>()
      assert.ok(word === 'gen_event_EXIT' && (which === quiet || which === ge2))
      return reason
    }
    await add()
    GenEvent.notify(pid, () => 'remove_handler')
    same(await gone(), 'normal')
    await add()
    await GenEvent.deleteHandler(pid, quiet, 'x')
    same(await gone(), 'normal')
    await add()
    GenEvent.notify(pid, () => 'foo')
    same(await gone(), 'foo')
    await add()
    GenEvent.notify(pid, () => error('bad'))
    same(exitOf(await gone()), 'bad')
    await add()
    same(await GenEvent.swapHandler(pid, [quiet, 1], [ge2, 2]), 'ok')
    same(await gone(), ['swapped', ge2, self()])
    GenEvent.notify(pid, (_name: string, state: unknown) => ['swap_handler', 1, state, quiet, 2])
    same(await gone(), ['swapped', quiet, self()])
    same(await GenEvent.stop(pid, 'reason'), 'ok')
    same(await gone(), 'shutdown')
    await nothing()
  }),
)

test(
  'S64 the name with an id is told as it was given; the link stays, and shows the end of the manager',
  trapping(async () => {
    const ge = handler('ge', () => {})
    const pid = await started(GenEvent.start())
    await GenEvent.addSupHandler(pid, [ge, 1])
    await GenEvent.deleteHandler(pid, [ge, 1])
    same((await next<unknown[]>())[1], [ge, 1])
    exitPid(pid, 'kill')
    same(await next(), ['EXIT', pid, 'killed'])
  }),
)

for (const reason of ['ownerdead', 'normal']) {
  test(
    `S65 a supervising process that ends with ${reason} takes its handler along; the others get a message`,
    inTest(async () => {
      const tell = probe()
      const pid = await manager([handler('other', tell), 0])
      const ge = handler('ge', tell)
      const owner = spawn(async () => {
        await GenEvent.addSupHandler(pid, ge, 's')
        exit(reason)
      })
      same(await told(), [
        ['ge', 'init', 's'],
        ['ge', 'terminate', ['stop', reason], 's'],
        ['other', 'info', ['EXIT', owner, reason]],
      ])
    }),
  )
}

test('a handler outside any process cannot be supervised', async () => {
  const [, pid] = (await GenEvent.start()) as ['ok', Pid]
  same(
    thrownReason(() => GenEvent.addSupHandler(pid, {})),
    'not_a_process',
  )
  same(await GenEvent.stop(pid), 'ok')
})

// ---- swapping

test(
  'S66 swap: the value of the old terminate goes to the new init',
  inTest(async () => {
    const tell = probe()
    const ge = handler('ge', tell)
    const ge2 = handler('ge2', tell)
    const pid = await manager([ge, 's'])
    same(await GenEvent.swapHandler(pid, [ge, 'arg1'], [ge2, 'arg2']), 'ok')
    same(await told(), [
      ['ge', 'terminate', 'arg1', 's'],
      ['ge2', 'init', ['arg2', ['value of', 'ge']]],
    ])
    same(await GenEvent.swapHandler(pid, [ge, 'arg1'], [[ge, 1], 'arg2']), 'ok')
    same(await told(), [['ge', 'init', ['arg2', 'error']]])
    const failing = handler('failing', tell, { init: () => ['error', 'no'] })
    same(await GenEvent.swapHandler(pid, [ge2, 'x'], [failing, 'y']), ['error', ['error', 'no']])
    same(await GenEvent.whichHandlers(pid), [[ge, 1]])
  }),
)

test(
  'S66 a handler that swaps itself keeps its place; with a new init that fails there is none, and it is told',
  trapping(async () => {
    const tell = probe()
    const [ge, ge2, ge3] = ['ge', 'ge2', 'ge3'].map((name) => handler(name, () => {})) as [object, object, object]
    const pid = await manager([ge, 1], [ge2, 2])
    await GenEvent.syncNotify(pid, (name: string, state: unknown) =>
      name === 'ge2' ? ['swap_handler', 'a1', state, ge3, 'a2'] : undefined,
    )
    const names = await GenEvent.whichHandlers(pid)
    assert.ok(names.length === 2 && names[0] === ge3 && names[1] === ge)
    same(await GenEvent.call(pid, ge3, (state: unknown) => ['ok', state, state]), ['a2', ['value of', 'ge2']])
    same(await GenEvent.call(pid, ge3, (state: unknown) => ['swap_handler', 'yes', 'a1', state, ge2, 'a2']), 'yes')
    same(await GenEvent.swapSupHandler(pid, [ge2, 'x'], [ge3, 'y']), 'ok')
    const failing = handler('failing', tell, { init: () => 'no' })
    GenEvent.notify(pid, (name: string, state: unknown) =>
      name === 'ge3' ? ['swap_handler', 'a1', state, failing, 'a2'] : undefined,
    )
    const [, which, reason] = await next<unknown[]>()
    assert.ok(which === ge3)
    same(reason, ['swapped', failing, self()])
    const [, gone, why] = await next<unknown[]>()
    assert.ok(gone === failing)
    same(why, 'no')
    same(await GenEvent.whichHandlers(pid), [ge])
  }),
)

// ---- sys

test(
  'S67 a code change is for all handlers of the module, and refused as a whole',
  inTest(async () => {
    const tell = probe()
    const converting = (name: string) => {
      const one = handler(name, tell, {
        codeChange: async (oldVsn: unknown, state: unknown, extra: unknown) => {
          tell([name, 'code_change', oldVsn, state, extra])
          return state === 'odd' ? 'bad' : ['ok', [state, extra]]
        },
      })
      return one
    }
    const ge = converting('ge')
    const ge2 = converting('ge2')
    const pid = await manager([[ge, 1], 'one'], [ge2, 'two'], [ge, 'zero'])
    await Sys.suspend(pid)
    same(await Sys.changeCode(pid, ge, 'v1', 'x'), 'ok')
    same(await told(), [
      ['ge', 'code_change', 'v1', 'zero', 'x'],
      ['ge', 'code_change', 'v1', 'one', 'x'],
    ])
    const states = async () => (await Sys.getState<unknown[][]>(pid)).map(([, id, state]) => [id, state])
    same(await states(), [
      [false, ['zero', 'x']],
      [false, 'two'],
      [1, ['one', 'x']],
    ])
    await Sys.replaceState<unknown[]>(pid, ([module, id, state]) => [module, id, id === 1 ? 'odd' : state])
    same(exitOf(refusal(await Sys.changeCode(pid, ge, 'v2', 'y'))), ['badmatch', 'bad'])
    same(await states(), [
      [false, ['zero', 'x']],
      [false, 'two'],
      [1, 'odd'],
    ])
    await Sys.resume(pid)
    const plain = handler('plain', tell)
    await GenEvent.addHandler(pid, plain)
    await Sys.suspend(pid)
    same(exitOf(refusal(await Sys.changeCode(pid, plain, 'v1', []))), 'undef')
  }),
)

/** What is in an `['error', _]`. */
function refusal(result: unknown): unknown {
  if (Array.isArray(result) && result[0] === 'error') return result[1]
  throw new Error('expected a refusal')
}

test(
  'S67 whatever the reason of a stop, the handlers get stop, newest first; absent managers',
  trapping(async () => {
    const tell = probe()
    const pid = await started(GenEvent.startLink())
    await GenEvent.addHandler(pid, handler('ge', tell), 's')
    await GenEvent.addHandler(pid, handler('ge2', tell), 's')
    await told()
    exitPid(pid, 'boom')
    same(await told(), [
      ['ge2', 'terminate', 'stop', 's'],
      ['ge', 'terminate', 'stop', 's'],
      ['EXIT', pid, 'boom'],
    ])
    same(
      thrownReason(() => GenEvent.notify('nope', 'x')),
      'badarg',
    )
    same(GenEvent.notify(pid, 'x'), 'ok')
    same(GenEvent.notify({ global: 'nope' }, 'x'), 'ok')
    same(await reasonOf(GenEvent.syncNotify('nope', 'x')), 'noproc')
    same(await reasonOf(GenEvent.addHandler(pid, {})), 'noproc')
    const ge = {}
    same(await reasonOf(GenEvent.call('nope', ge, 'q')), ['noproc', ['gen_event', 'call', ['nope', ge, 'q']]])
    same(await reasonOf(GenEvent.call('nope', ge, 'q', 9)), ['noproc', ['gen_event', 'call', ['nope', ge, 'q', 9]]])
  }),
)

test(
  'replaceState is asked for each handler; one that fails or names another keeps its state',
  inTest(async () => {
    const ge = handler('ge', probe())
    const pid = await manager([[ge, 'throws'], 1], [[ge, 'renames'], 2], [[ge, 'fine'], 3], [ge, 4])
    const states = await Sys.replaceState<unknown[]>(pid, ([module, id, state]) => {
      if (id === 'throws') throw new Error('no')
      return [module, id === 'renames' ? 'other' : id, ['new', state]]
    })
    same(
      states.map((entry) => (entry as unknown[]).slice(1)),
      [
        [false, ['new', 4]],
        ['fine', ['new', 3]],
        ['renames', 2],
        ['throws', 1],
      ],
    )
    assert.is(await Sys.getState(pid), await Sys.getState(pid))
  }),
)

test(
  'the trace and the status of a manager',
  inTest(async () => {
    const ge = handler('ge', () => {}, { formatStatus: (status: object) => ({ ...status, state: 'hidden' }) })
    const lines = await printed(async () => {
      const pid = await started(GenEvent.start({ local: 'traced' }, { debug: ['trace'] }))
      await GenEvent.addHandler(pid, [ge, 1], 's')
      GenEvent.notify(pid, 'e')
      await GenEvent.call(pid, [ge, 1], 'q')
      send(pid, 'm')
      await GenEvent.whichHandlers(pid)
      await Sys.noDebug(pid)
    })
    assert.equal(
      lines.slice(1).map((line) => line.trimEnd()),
      [
        '*DBG* traced got event e',
        "*DBG* traced([ 'module', 1 ]) got call q",
        '*DBG* traced got m',
        '*DBG* traced got which_handlers',
      ],
    )
    const [, , [, module], [, , , , misc]] = await Sys.getStatus('traced')
    same(module, 'stdlib/gen_event')
    const [header, [, data] = [], items] = misc as unknown[][]
    same(header, ['header', 'Status for event handler traced'])
    same((data as unknown[])[0], ['Status', 'running'])
    same(items, ['items', ['Installed handlers', [[['module', 1], 'hidden', undefined]]]])
    await GenEvent.stop('traced')
  }),
)

test(
  'a suspended manager leaves events where they are',
  inTest(async () => {
    const pid = await manager([handler('ge', probe()), 's'])
    await Sys.suspend(pid)
    GenEvent.notify(pid, 'late')
    same(await told(), [])
    await Sys.resume(pid)
    same(await next(), ['ge', 'event', 'late', 's'])
  }),
)

// ---- starts, async handlers, upgrades

test(
  'starts: names, links, monitors; a manager traps exits and shows as gen_event',
  trapping(async () => {
    const pid = await started(GenEvent.startLink({ local: 'man' }))
    same(await GenEvent.start({ local: 'man' }), ['error', ['already_started', pid]])
    same(ProcLib.translateInitialCall(pid), ['stdlib/gen_event', 'init_it', 6])
    same(processInfo(pid, 'trap_exit'), ['trap_exit', true])
    same(await GenEvent.stop('man'), 'ok')
    same((await nextOf<unknown[]>('EXIT'))[2], 'normal')
    assert.is(whereis('man'), undefined)
    const monitored = await GenEvent.startMonitor({ debug: [] })
    if (monitored === 'ignore' || monitored[0] === 'error') throw new Error('expected a start')
    exitPid(monitored[1][0], 'kill')
    same((await nextOf<unknown[]>('DOWN'))[1], monitored[1][1])
  }),
)

test(
  'async handlers take their turn one after another; a killed manager runs no more of their code',
  inTest(async () => {
    const tell = probe()
    const slow = (name: string) => handler(name, tell, { handleEvent: answerLate(name, tell) })
    const pid = await manager([slow('ge'), 0], [slow('ge2'), 0])
    GenEvent.notify(pid, 'one')
    same(await GenEvent.syncNotify(pid, 'two'), 'ok')
    same(await told(), [
      ['ge2', 'one'],
      ['ge', 'one'],
      ['ge2', 'two'],
      ['ge', 'two'],
    ])
    const ended = watch(pid)
    GenEvent.notify(pid, 'forever')
    await settle()
    exitPid(pid, 'kill')
    same(await ended(), 'killed')
    same(await told(), [])
  }),
)

const answerLate = (name: string, tell: (message: unknown) => void) => async (event: unknown, state: unknown) => {
  if (event === 'forever') await sleep('infinity')
  await settle()
  tell([name, event])
  return ['ok', state]
}

test(
  'while a handler is awaited, its module counts as the one that runs',
  inTest(async () => {
    const tell = probe()
    const ge = handler('ge', tell)
    const ge2 = handler('ge2', tell)
    const pid = await manager([ge, 0], [ge2, 0])
    const running = () => pid.proc?.running?.module
    let release = (): void => {}
    const wait = (name: string, state: unknown) =>
      new Promise((resolve) => {
        tell(name)
        release = () => resolve(['ok', state])
      })
    GenEvent.notify(pid, wait)
    for (const [name, module] of [
      ['ge2', ge2],
      ['ge', ge],
    ] as const) {
      same(await next(), name)
      await settle()
      assert.ok(running() === module)
      release()
    }
    await settle()
    assert.not.ok(running())
  }),
)

test(
  'the modules of a manager, each once, for an upgrade; under a supervisor it is dynamic',
  inTest(async () => {
    const tell = probe()
    const supervised = { init: () => ['ok', {}, [child]] }
    const child = { id: 'man', start: [GenEvent, 'startLink', [{ local: 'man' }]], modules: 'dynamic' }
    const sup = await started(Supervisor.startLink(undefined, supervised))
    const [ge, ge2] = [handler('ge', tell), handler('ge2', tell)]
    for (const name of [ge, [ge, 1], ge2] as const) await GenEvent.addHandler('man', name)
    const modules = await GenServer.call<unknown[]>('man', 'get_modules')
    assert.ok(modules.length === 2 && modules.includes(ge) && modules.includes(ge2))
    same((await Supervisor.whichChildren(sup))[0]?.slice(2), ['worker', 'dynamic'])
    await GenServer.stop(sup)
    assert.is(whereis('man'), undefined)
  }),
)

test.run()
