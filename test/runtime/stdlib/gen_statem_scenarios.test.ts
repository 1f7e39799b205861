import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  error,
  exit,
  exitPid,
  isAlive,
  receive,
  self,
  send,
  sleep,
  trapExit,
  whereis,
} from '../../../runtime/erts/process.js'
import * as GenServer from '../../../runtime/stdlib/src/gen_server.js'
import * as GenStatem from '../../../runtime/stdlib/src/gen_statem.js'
import * as ProcLib from '../../../runtime/stdlib/src/proc_lib.js'
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
import { answer, does, idle, type Script, scripted, started } from './scripted_machine.js'

const test = suite('stdlib/gen_statem scenarios')

/** An event that is postponed in a state, and told everywhere else. */
const postponedIn =
  (where: string, name: string, tell: (message: unknown) => void): Script =>
  (state) => {
    if (state === where) return ['keep_state_and_data', 'postpone']
    tell([state, name])
    return 'keep_state_and_data'
  }

/** Everything told so far, in order. */
async function told(): Promise<unknown[]> {
  await settle()
  const all: unknown[] = []
  for (;;) {
    const message = await receive(() => true, 0)
    if (typeof message === 'symbol') return all
    all.push(message)
  }
}

// ---- calls and starts

test(
  'S40 a call that is never answered fails with the reason of the end, and names all three arguments',
  inTest(async () => {
    const pid = await started(GenStatem.start(scripted(probe())))
    const request: Script = () => 'stop'
    same(await reasonOf(GenStatem.call(pid, request)), ['normal', ['gen_statem', 'call', [pid, request, 'infinity']]])
  }),
)

test(
  'S40 causes of a failed call; a tuple that is no time-out is badarg',
  inTest(async () => {
    const site = (...args: unknown[]) => ['gen_statem', 'call', args]
    same(await reasonOf(GenStatem.call('nope', 'x')), ['noproc', site('nope', 'x', 'infinity')])
    const pid = await started(GenStatem.start(scripted(probe())))
    for (const limit of [1, ['clean_timeout', 1], ['dirty_timeout', 1]] as const) {
      same(await reasonOf(GenStatem.call(pid, 'q', limit)), ['timeout', site(pid, 'q', limit)])
    }
    // @ts-expect-error no time-out is written so
    const wrong: GenStatem.CallTimeout = ['timeout', 1]
    same(
      thrownReason(() => GenStatem.call(pid, 'q', wrong)),
      'badarg',
    )
    await GenStatem.stop(pid)
  }),
)

test(
  'S41 init that errs or exits: the bare reason; another value: bad_return_from_init',
  trapping(async () => {
    const cases = [
      [() => error('e'), 'e'],
      [() => exit('x'), 'x'],
      [() => 'foo', ['bad_return_from_init', 'foo']],
      [() => ['ok', 'a'], ['bad_return_from_init', ['ok', 'a']]],
      [() => ['error', 'why'], ['bad_return_from_init', ['error', 'why']]],
      [() => ['stop', 'why'], 'why'],
      [async () => error('late'), 'late'],
    ] as const
    for (const [init, reason] of cases) {
      same(await GenStatem.startLink({ local: 's41' }, scripted(probe()), init), ['error', reason])
      assert.is(whereis('s41'), undefined)
      const [, , ended] = await nextOf<unknown[]>('EXIT')
      same(Array.isArray(ended) && ended[0] === reason ? stackless(ended) : ended, reason)
    }
    same(await GenStatem.startLink(scripted(probe()), () => 'ignore'), 'ignore')
    same((await nextOf<unknown[]>('EXIT'))[2], 'normal')
  }),
)

test(
  'S42 a bad callback mode shows after the start has succeeded',
  trapping(async () => {
    const foo = await started(GenStatem.startLink(scripted(probe(), { callbackMode: () => 'foo' })))
    const [, pid, reason] = await nextOf<unknown[]>('EXIT')
    same([pid, stackless(reason)], [foo, ['bad_return_from_callback_mode', 'foo']])
    same(await next(), ['terminate', ['bad_return_from_callback_mode', 'foo'], 'a', 'd'])
    await started(GenStatem.startLink(scripted(probe(), { callbackMode: () => ['state_enter'] })))
    same(stackless((await nextOf<unknown[]>('EXIT'))[2]), ['bad_return_from_callback_mode', ['state_enter']])
    await started(GenStatem.startLink(scripted(probe()), () => ['ok', 'a', 'd', 'zzz']))
    same(stackless((await nextOf<unknown[]>('EXIT'))[2]), ['bad_action_from_state_function', 'zzz'])
  }),
)

test(
  'names, monitors and a second start are those of a gen_server',
  inTest(async () => {
    const machine = scripted(probe())
    const pid = await started(GenStatem.start({ local: 'named' }, machine))
    same(await GenStatem.start({ local: 'named' }, machine), ['error', ['already_started', pid]])
    same(ProcLib.translateInitialCall(pid), ['module', 'init', 1])
    const monitored = await GenStatem.startMonitor(machine)
    if (monitored === 'ignore' || monitored[0] === 'error') throw new Error('expected a start')
    const [, [other, ref]] = monitored
    same(await GenStatem.stop(other, 'boom'), 'ok')
    same(await nextOf('DOWN'), ['DOWN', ref, 'process', other, 'boom'])
    same(await GenStatem.stop('named'), 'ok')
    same(await reasonOf(GenStatem.stop('named')), 'noproc')
  }),
)

test(
  'requests whose answer is looked for later, and a reply by another process',
  inTest(async () => {
    const pid = await started(GenStatem.start(scripted(probe())))
    let held: GenStatem.ReplyAction | undefined
    const hold: Script = (_state, _data, type) => {
      held = answer(type, 'late')
      return 'keep_state_and_data'
    }
    const id = GenStatem.sendRequest(pid, hold)
    same(await GenStatem.waitResponse(id, 1), 'timeout')
    const both: Script = (_state, _data, type) => {
      if (held !== undefined) GenStatem.reply([held, answer(type, 'now')])
      return 'keep_state_and_data'
    }
    same(await GenStatem.call(pid, both), 'now')
    same(await GenStatem.waitResponse(id), ['reply', 'late'])
    await GenStatem.stop(pid)
    same(await GenStatem.receiveResponse(GenStatem.sendRequest(pid, 'x')), ['error', ['noproc', pid]])
  }),
)

test(
  'enterLoop makes a process of proc_lib a machine, with its state and first actions',
  inTest(async () => {
    const machine = scripted(probe())
    const begin = () => {
      ProcLib.initAck('ready')
      return GenStatem.enterLoop(machine, {}, 'b', 'data', undefined, ['next_event', 'internal', 'first'])
    }
    same(await ProcLib.start(begin, []), 'ready')
    same(await next(), ['b', 'internal', 'first'])
    const claim = (name: GenStatem.ServerName) =>
      ProcLib.start(() => GenStatem.enterLoop(machine, {}, 'a', 'd', name), [])
    same(await claim({ local: 'not_mine' }), ['error', 'process_not_registered'])
    same(await claim({ global: 'not_mine' }), ['error', 'process_not_registered_globally'])
    same(
      thrownReason(() => GenStatem.enterLoop(machine, {}, 'a', 'd')),
      'process_was_not_started_by_proc_lib',
    )
  }),
)

// ---- postponing and inserted events

test(
  'S43 postponed events come again, oldest first, when the state has changed',
  inTest(async () => {
    const tell = probe()
    const pid = await started(GenStatem.start(scripted(tell)))
    for (const name of ['e1', 'e2', 'e3']) GenStatem.cast(pid, postponedIn('a', name, tell))
    await does(pid, ['next_state', 'b', 'd'])
    GenStatem.cast(pid, postponedIn('a', 'e4', tell))
    same(
      await told(),
      ['e1', 'e2', 'e3', 'e4'].map((name) => ['b', name]),
    )
  }),
)

for (const returned of [
  ['next_state', 'a', 'd'],
  ['repeat_state', 'd'],
  'repeat_state_and_data',
  ['keep_state', 'e'],
]) {
  test(
    `S44 a postponed event does not come again after ${JSON.stringify(returned)}`,
    inTest(async () => {
      const tell = probe()
      const pid = await started(GenStatem.start(scripted(tell)))
      GenStatem.cast(pid, postponedIn('a', 'e1', tell))
      await does(pid, returned)
      same(await told(), [])
      await does(pid, ['next_state', 'b', 'd'])
      same(await told(), [['b', 'e1']])
    }),
  )
}

test(
  'S45 after a change: inserted events, then postponed ones; an event may be postponed into the state it leads to',
  inTest(async () => {
    const tell = probe()
    const pid = await started(GenStatem.start(scripted(tell)))
    for (const name of ['e1', 'e2']) GenStatem.cast(pid, postponedIn('a', name, tell))
    await does(pid, [
      'next_state',
      'b',
      'd',
      [
        ['next_event', 'internal', 'n1'],
        ['next_event', 'internal', 'n2'],
      ],
    ])
    same(await told(), [
      ['b', 'internal', 'n1'],
      ['b', 'internal', 'n2'],
      ['b', 'e1'],
      ['b', 'e2'],
    ])
    const go: Script = (state) => {
      tell([state, 'go'])
      return state === 'b' ? ['next_state', 'c', 'd', ['postpone']] : 'keep_state_and_data'
    }
    GenStatem.cast(pid, go)
    await idle(pid)
    same(await told(), [
      ['b', 'go'],
      ['c', 'go'],
    ])
  }),
)

test(
  'S45 inserted events of any type come before what waits in the queue, those in a list in its order',
  inTest(async () => {
    const tell = probe()
    const pid = await started(GenStatem.start(scripted(tell)))
    const inner: Script = () => [
      'keep_state_and_data',
      [
        ['next_event', 'cast', 'x'],
        ['next_event', ['timeout', 'g'], 'y'],
      ],
    ]
    await does(pid, [
      'keep_state_and_data',
      [
        ['next_event', 'info', inner],
        ['next_event', 'state_timeout', 'z'],
      ],
    ])
    same(await told(), [
      ['a', 'cast', 'x'],
      ['a', ['timeout', 'g'], 'y'],
      ['a', 'state_timeout', 'z'],
    ])
  }),
)

test(
  'many inserted events keep neither the stack nor the event loop busy',
  inTest(async () => {
    const pid = await started(GenStatem.start(scripted(probe())))
    let turned = false
    setImmediate(() => {
      turned = true
    })
    let seenAt = 0
    const count =
      (n: number): Script =>
      () => {
        if (turned && seenAt === 0) seenAt = n
        return n === 0 ? 'keep_state_and_data' : ['keep_state_and_data', ['next_event', 'internal', count(n - 1)]]
      }
    GenStatem.cast(pid, count(50_000))
    await idle(pid)
    assert.ok(seenAt > 0)
  }),
)

// ---- enter calls

/** Tells of enter calls, otherwise as a scripted machine; `onEnter` may say what they return. */
function entering(
  tell: (message: unknown) => void,
  onEnter: (state: string, old: unknown) => unknown = () => undefined,
) {
  const plain = scripted(tell)
  const on = (state: 'a' | 'b' | 'c') => (type: GenStatem.EventType | 'enter', content: unknown, data: unknown) => {
    if (type !== 'enter') return plain[state](type, content, data)
    tell([state, 'enter', content])
    return onEnter(state, content) ?? 'keep_state_and_data'
  }
  return { ...plain, callbackMode: () => ['state_functions', 'state_enter'], a: on('a'), b: on('b'), c: on('c') }
}

test(
  'S52 enter calls: at the start, on a change, on repeat_state; not when the state stays',
  inTest(async () => {
    const tell = probe()
    const pid = await started(GenStatem.start(entering(tell)))
    same(await told(), [['a', 'enter', 'a']])
    await does(pid, ['next_state', 'b', 'd', [['next_event', 'internal', 'i']]])
    same(await told(), [
      ['b', 'enter', 'a'],
      ['b', 'internal', 'i'],
    ])
    await does(pid, ['next_state', 'b', 'd'])
    await does(pid, ['keep_state', 'd'])
    same(await told(), [])
    await does(pid, ['next_state', 'a', 'd'])
    await does(pid, ['repeat_state', 'd'])
    await does(pid, ['repeat_state_and_data', []])
    same(await told(), [
      ['a', 'enter', 'b'],
      ['a', 'enter', 'a'],
      ['a', 'enter', 'a'],
    ])
  }),
)

test(
  'S53 the enter call comes before postponed events, and may change data, set time-outs and repeat itself',
  inTest(async () => {
    const tell = probe()
    let times = 0
    const machine = entering(tell, (state) => {
      if (state !== 'b') return undefined
      return times++ < 2 ? ['repeat_state', times] : ['keep_state', 'entered', [['state_timeout', 0, 'st']]]
    })
    const pid = await started(GenStatem.start(machine))
    await told()
    GenStatem.cast(pid, postponedIn('a', 'e1', tell))
    await does(pid, ['next_state', 'b', 'd'])
    same(await told(), [
      ['b', 'enter', 'a'],
      ['b', 'enter', 'b'],
      ['b', 'enter', 'b'],
      ['b', 'e1'],
      ['b', 'state_timeout', 'st'],
    ])
    await GenStatem.stop(pid)
    same(await next(), ['terminate', 'normal', 'b', 'entered'])
  }),
)

// what the enter call of b returns, the reason of the end
const BAD_ENTER = [
  [
    ['next_state', 'c', 'd'],
    ['bad_state_enter_return_from_state_function', ['next_state', 'c', 'd']],
  ],
  ['foo', ['bad_state_enter_return_from_state_function', 'foo']],
  [
    ['keep_state_and_data', 'postpone'],
    ['bad_state_enter_action_from_state_function', 'postpone'],
  ],
  [
    ['keep_state_and_data', [['next_event', 'internal', 'x']]],
    ['bad_state_enter_action_from_state_function', ['next_event', 'internal', 'x']],
  ],
  [
    ['keep_state_and_data', ['pop_callback_module']],
    ['bad_state_enter_action_from_state_function', 'pop_callback_module'],
  ],
] as const

for (const [returned, reason] of BAD_ENTER) {
  test(
    `S53 an enter call that gives ${JSON.stringify(returned)} ends the machine in the new state`,
    trapping(async () => {
      const tell = probe()
      const pid = await started(GenStatem.startLink(entering(tell, (state) => (state === 'b' ? returned : undefined))))
      GenStatem.cast(pid, (() => ['next_state', 'b', 'd2']) satisfies Script)
      same(stackless((await nextOf<unknown[]>('EXIT'))[2]), reason)
      same(await nextOf('terminate'), ['terminate', reason, 'b', 'd2'])
    }),
  )
}

test(
  'S53 an enter call may give the state itself, and stop',
  inTest(async () => {
    const tell = probe()
    const pid = await started(
      GenStatem.start(
        entering(tell, (state) => (state === 'b' ? ['next_state', 'b', 'again'] : state === 'c' ? 'stop' : undefined)),
      ),
    )
    await does(pid, ['next_state', 'b', 'd'])
    const ended = watch(pid)
    GenStatem.cast(pid, (() => ['next_state', 'c', 'd2']) satisfies Script)
    same(await ended(), 'normal')
    same(await nextOf('terminate'), ['terminate', 'normal', 'c', 'd2'])
  }),
)

// ---- ends

test(
  'S58 stop_and_reply answers before terminate runs; stop does not answer',
  inTest(async () => {
    const tell = probe()
    const order: unknown[] = []
    const machine = scripted(tell, {
      terminate: async () => {
        await settle()
        order.push('terminated')
      },
    })
    const pid = await started(GenStatem.start(machine))
    const ended = watch(pid)
    const bye: Script = (_state, _data, type) => ['stop_and_reply', 'normal', [answer(type, 'bye')], 'data']
    order.push(await GenStatem.call(pid, bye))
    same(await ended(), 'normal')
    same(order, ['bye', 'terminated'])
    const other = await started(GenStatem.start(scripted(tell)))
    const stop: Script = () => ['stop', 'normal']
    same(((await reasonOf(GenStatem.call(other, stop))) as unknown[])[0], 'normal')
  }),
)

// what the callback does, reason for terminate
const FAULTS = [
  ['errs', () => error('bad'), 'bad'],
  ['gives foo', () => 'foo', ['bad_return_from_state_function', 'foo']],
  [
    'gives a tuple that is too short',
    () => ['next_state', 'b'],
    ['bad_return_from_state_function', ['next_state', 'b']],
  ],
  ['gives a list with a bad action', () => ['keep_state_and_data', ['zzz']], ['bad_action_from_state_function', 'zzz']],
  [
    'gives a reply to nobody',
    () => ['keep_state_and_data', ['reply', 'nobody', 'x']],
    ['bad_action_from_state_function', ['reply', 'nobody', 'x']],
  ],
  [
    'gives a bad reply at the end',
    () => ['stop_and_reply', 'normal', ['zzz']],
    ['bad_reply_action_from_state_function', 'zzz'],
  ],
  ['rejects', async () => error('late'), 'late'],
] as const

for (const [what, script, reason] of FAULTS) {
  test(
    `S59 a callback that ${what}: terminate gets the reason, the process and the caller get it with the stack`,
    trapping(async () => {
      const pid = await started(GenStatem.startLink(scripted(probe())))
      const [cause, site] = (await reasonOf(GenStatem.call(pid, script))) as unknown[]
      same(stackless(cause), reason)
      same(site, ['gen_statem', 'call', [pid, script, 'infinity']])
      same(stackless((await nextOf<unknown[]>('EXIT'))[2]), reason)
      same(await next(), ['terminate', reason, 'a', 'd'])
    }),
  )
}

test(
  'S59 an unknown state is undef, with its name on top of the stack; so is a missing handleEvent',
  trapping(async () => {
    const pid = await started(GenStatem.startLink(scripted(probe())))
    GenStatem.cast(pid, (() => ['next_state', 'nowhere', 'd']) satisfies Script)
    GenStatem.cast(pid, 'x')
    const [, , reason] = await nextOf<unknown[]>('EXIT')
    same(stackless(reason), 'undef')
    assert.match(String((reason as { frames: string[] }[])[1]?.frames[0]), /^module:nowhere\/3/)
    same(await next(), ['terminate', 'undef', 'nowhere', 'd'])
    const plain = await started(GenStatem.startLink(scripted(probe(), { callbackMode: () => 'handle_event_function' })))
    GenStatem.cast(plain, 'x')
    same(stackless((await nextOf<unknown[]>('EXIT'))[2]), 'undef')
  }),
)

test(
  'S59 an exit keeps its reason; a thrown value counts as returned; terminate may replace the reason',
  trapping(async () => {
    const pid = await started(
      GenStatem.startLink(scripted(probe(), { terminate: (reason: unknown) => exit(['instead_of', reason]) })),
    )
    const thrown: Script = () => {
      throw ['next_state', 'b', 'd', ['next_event', 'internal', 'thrown']]
    }
    GenStatem.cast(pid, thrown)
    same(await next(), ['b', 'internal', 'thrown'])
    GenStatem.cast(pid, (() => exit('enough')) satisfies Script)
    same((await nextOf<unknown[]>('EXIT'))[2], ['instead_of', 'enough'])
  }),
)

test(
  "a machine ends with its parent when it traps exits; a stranger's exit is an event",
  trapping(async () => {
    const machine = scripted(probe(), {
      init: () => {
        trapExit(true)
        return ['ok', 'a', 'd']
      },
    })
    const pid = await started(GenStatem.startLink(machine))
    const stranger = ProcLib.spawn(async () => {
      exitPid(pid, 'hey')
      await receive()
    })
    same(await next(), ['a', 'info', ['EXIT', stranger, 'hey']])
    assert.ok(isAlive(pid))
    exitPid(pid, 'shutdown')
    same(await nextOf('terminate'), ['terminate', 'shutdown', 'a', 'd'])
    same((await nextOf<unknown[]>('EXIT'))[2], 'shutdown')
  }),
)

test(
  'the end of a machine is reported with its queue, modules and state as formatStatus shows them',
  inTest(async () => {
    const tell = probe()
    const machine = scripted(tell, { formatStatus: (status: object) => ({ ...status, data: 'hidden' }) })
    const reports = await reportsOf(async () => {
      const pid = await started(GenStatem.start({ local: 'reported' }, machine))
      GenStatem.cast(pid, postponedIn('a', 'e1', tell))
      const ended = watch(pid)
      const bad: Script = () => error('bad')
      await reasonOf(GenStatem.call(pid, bad))
      stackless(await ended())
    })
    const [first, crash] = reports
    assert.is(first?.label, 'gen_statem terminate')
    assert.is(crash?.label, 'proc_lib crash')
    const facts = first?.report as Record<string, unknown[]>
    same([facts.name, facts.state, facts.modules], ['reported', ['a', 'hidden'], ['module']])
    same([facts.callback_mode, facts.state_enter, facts.timeouts], ['state_functions', false, [0, []]])
    same(facts.reason?.slice(0, 2), ['error', 'bad'])
    assert.is(facts.postponed?.length, 1)
    assert.is(facts.queue?.length, 1)
    same(facts.client_info, [self(), self()])
  }),
)

test(
  'a shut down machine is not reported',
  inTest(async () => {
    const reports = await reportsOf(async () => {
      await GenStatem.stop(await started(GenStatem.start(scripted(probe()))), ['shutdown', 'why'])
    })
    same(reports, [])
  }),
)

// ---- events

test(
  'event types: call, cast, info; a message that looks like a cast is one',
  inTest(async () => {
    const pid = await started(GenStatem.start(scripted(probe())))
    GenStatem.cast(pid, 'c')
    send(pid, 'i')
    send(pid, ['$gen_cast', 'raw'])
    GenServer.cast(pid, 'same wire')
    GenStatem.sendRequest(pid, 'q')
    same(await told(), [
      ['a', 'cast', 'c'],
      ['a', 'info', 'i'],
      ['a', 'cast', 'raw'],
      ['a', 'cast', 'same wire'],
      ['a', 'call', 'q'],
    ])
  }),
)

test(
  'callbacks may be async: the next event waits, and a killed machine runs no more of its code',
  inTest(async () => {
    const tell = probe()
    const machine = {
      callbackMode: () => 'handle_event_function',
      init: async () => {
        await settle()
        return ['ok', { deep: ['state'] }, 0]
      },
      handleEvent: async (_type: unknown, content: unknown, state: unknown, data: number) => {
        if (content === 'forever') await sleep('infinity')
        await settle()
        tell([content, state, data])
        return ['next_state', { deep: ['state'] }, data + 1]
      },
      terminate: () => tell('terminated'),
    }
    const pid = await started(GenStatem.start(machine))
    GenStatem.cast(pid, 'one')
    GenStatem.cast(pid, 'two')
    same(await next(), ['one', { deep: ['state'] }, 0])
    same(await next(), ['two', { deep: ['state'] }, 1])
    GenStatem.cast(pid, 'forever')
    await settle()
    const ended = watch(pid)
    exitPid(pid, 'kill')
    same(await ended(), 'killed')
    await settle()
    await nothing()
  }),
)

test.run()
