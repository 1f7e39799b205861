import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  error,
  exit,
  exitPid,
  isAlive,
  NODE,
  Pid,
  put,
  receive,
  register,
  self,
  send,
  sleep,
  spawn,
  spawnLink,
  spawnMonitor,
  trapExit,
  whereis,
} from '../../../runtime/erts/process.js'
import * as GenServer from '../../../runtime/stdlib/src/gen_server.js'
import * as ProcLib from '../../../runtime/stdlib/src/proc_lib.js'
import * as Sys from '../../../runtime/stdlib/src/sys.js'
import {
  inTest,
  journal,
  next,
  nextOf,
  nothing,
  probe,
  reasonOf,
  reportsOf,
  same,
  settle,
  stackless,
  trapping,
  watch,
} from '../../support/processes.js'

const test = suite('stdlib/gen_server scenarios')

/** A server whose requests are functions of its state, and which tells the test of everything else. */
function scripted(tell: (message: unknown) => void, more: object = {}) {
  return {
    init: (arg: unknown) => (typeof arg === 'function' ? arg() : ['ok', arg ?? 's']),
    handleCall: (request: unknown, from: GenServer.From, state: unknown) =>
      typeof request === 'function' ? request(state, from) : ['reply', request, state],
    handleCast: (request: unknown, state: unknown) =>
      typeof request === 'function' ? request(state) : tellAnd('cast', request, state),
    handleInfo: (message: unknown, state: unknown) => tellAnd('info', message, state),
    handleContinue: (what: unknown, state: unknown) => tellAnd('continue', what, state),
    terminate: (reason: unknown, state: unknown) => tell(['terminate', reason, state]),
    ...more,
  }
  function tellAnd(word: string, what: unknown, state: unknown) {
    tell([word, what, state])
    return ['noreply', state]
  }
}

async function started(result: Promise<unknown>): Promise<Pid> {
  const answer = await result
  if (Array.isArray(answer) && answer[0] === 'ok' && answer[1] instanceof Pid) return answer[1]
  throw new Error(`not started: ${String(answer)}`)
}

// ---- init

test(
  'S21 init with time-out 0 fires at once; continue comes before a message that waits',
  inTest(async () => {
    const server = scripted(probe())
    await started(GenServer.start(server, () => ['ok', 's', 0]))
    same(await next(), ['info', 'timeout', 's'])
    await started(
      GenServer.start(server, () => {
        send(self(), 'queued')
        return ['ok', 's', { continue: 'c' }]
      }),
    )
    same(await next(), ['continue', 'c', 's'])
    same(await next(), ['info', 'queued', 's'])
  }),
)

test(
  'S22 init that stops or ignores: result, name free, exit message for a trapping starter',
  trapping(async () => {
    const server = scripted(probe())
    for (const [returned, result, reason] of [
      [['stop', 'why'], ['error', 'why'], 'why'],
      [['stop', 'normal'], ['error', 'normal'], 'normal'],
      ['ignore', 'ignore', 'normal'],
    ] as const) {
      same(await GenServer.startLink({ local: 's22' }, server, () => returned), result)
      assert.is(whereis('s22'), undefined)
      same((await nextOf('EXIT'))[2], reason)
      await nothing()
    }
  }),
)

// what init does, reason of the start's error
const BAD_INIT = [
  ['returns foo', () => 'foo', 'foo'],
  ['returns an error tuple', () => ['error', 'why'], ['error', 'why']],
  ['returns a negative time-out', () => ['ok', 's', -1], ['ok', 's', -1]],
  [
    'throws x',
    () => {
      throw 'x'
    },
    'x',
  ],
] as const

for (const [what, init, value] of BAD_INIT) {
  test(
    `S23 init ${what}: bad_return_value`,
    inTest(async () => {
      same(await GenServer.start(scripted(probe()), init), ['error', ['bad_return_value', value]])
      await nothing()
    }),
  )
}

test(
  'S23 a legal value thrown by init counts as returned',
  inTest(async () => {
    await started(
      GenServer.start(scripted(probe()), () => {
        throw ['ok', 's']
      }),
    )
  }),
)

test(
  'S24 init that errs or exits',
  inTest(async () => {
    const server = scripted(probe())
    const failed = await GenServer.start(server, () => error('e'))
    assert.is(failed[0], 'error')
    same(stackless(failed[1]), 'e')
    same(await GenServer.start(server, () => exit('e')), ['error', 'e'])
    await nothing()
  }),
)

test(
  'S25 init that takes too long is killed and leaves no message; nor does a failed startMonitor',
  trapping(async () => {
    const server = scripted(probe())
    const slow = () => receive(() => false)
    same(await GenServer.startLink(undefined, server, slow, { timeout: 20 }), ['error', 'timeout'])
    same(await GenServer.startMonitor(server, () => ['stop', 'why']), ['error', 'why'])
    await nothing()
    const [, [pid, ref]] = (await GenServer.startMonitor(server)) as ['ok', [Pid, unknown]]
    exitPid(pid, 'kill')
    same(await nextOf('DOWN'), ['DOWN', ref, 'process', pid, 'killed'])
  }),
)

test(
  'S26 a name that is taken: already_started, and no message',
  trapping(async () => {
    const server = scripted(probe())
    const pid = await started(GenServer.startLink({ local: 's26' }, server))
    same(await GenServer.startLink({ local: 's26' }, server), ['error', ['already_started', pid]])
    await nothing()
    await GenServer.stop(pid)
  }),
)

// ---- calls and their ends

test(
  'S27 stop with a reply: terminate runs first, then the reply goes',
  inTest(async () => {
    const server = scripted(probe())
    const pid = await started(GenServer.start(server))
    same(await GenServer.call(pid, () => ['stop', 'normal', 'rep', 's2']), 'rep')
    // Already there when the call returns:
    same(await receive(() => true, 0), ['terminate', 'normal', 's2'])
    assert.not(isAlive(pid))
  }),
)

test(
  'S28 an illegal return ends the server and the call',
  inTest(async () => {
    const server = scripted(probe())
    const pid = await started(GenServer.start({ local: 's28' }, server, 'old'))
    const ended = watch(pid)
    const request = () => 'foo'
    same(await reasonOf(GenServer.call('s28', request)), [
      ['bad_return_value', 'foo'],
      ['gen_server', 'call', ['s28', request]],
    ])
    same(await nextOf('terminate'), ['terminate', ['bad_return_value', 'foo'], 'old'])
    same(await ended(), ['bad_return_value', 'foo'])
  }),
)

test(
  'S28 a thrown reply counts as returned; a negative time-out is an illegal return and nobody is answered',
  inTest(async () => {
    const pid = await started(GenServer.start(scripted(probe())))
    const thrown = await GenServer.call(pid, (state: unknown) => {
      throw ['reply', 'r', state]
    })
    same(thrown, 'r')
    const [cause] = (await reasonOf(GenServer.call(pid, () => ['reply', 'a', 's', -5]))) as unknown[]
    same(cause, ['bad_return_value', ['reply', 'a', 's', -5]])
  }),
)

test(
  'S28 a terminate that exits replaces the reason; the reply still goes',
  inTest(async () => {
    const pid = await started(GenServer.start(scripted(probe(), { terminate: () => exit('from_terminate') })))
    const ended = watch(pid)
    same(await GenServer.call(pid, () => ['stop', ['t', 1], 'rep', 's']), 'rep')
    same(await ended(), 'from_terminate')
  }),
)

test(
  'S28 a cast has nobody to reply to: bad_return_value',
  inTest(async () => {
    const pid = await started(GenServer.start(scripted(probe())))
    const ended = watch(pid)
    GenServer.cast(pid, () => ['reply', 'x', 's'])
    same(await ended(), ['bad_return_value', ['reply', 'x', 's']])
  }),
)

test(
  'S29 a late reply is dropped',
  inTest(async () => {
    await started(GenServer.start({ local: 's29' }, scripted(probe())))
    let from: GenServer.From | undefined
    const request = (state: unknown, sender: GenServer.From) => {
      from = sender
      return ['noreply', state]
    }
    same(await reasonOf(GenServer.call('s29', request, 20)), ['timeout', ['gen_server', 'call', ['s29', request, 20]]])
    if (from !== undefined) GenServer.reply(from, 'late')
    await settle()
    await nothing()
    await GenServer.stop('s29')
  }),
)

// ---- time-outs

test(
  'S30 time-out 0 does not fire while a message waits',
  inTest(async () => {
    const pid = await started(
      GenServer.start(scripted(probe()), () => {
        send(self(), 'queued')
        return ['ok', 's', 0]
      }),
    )
    same(await next(), ['info', 'queued', 's'])
    await settle()
    await nothing()
    await GenServer.stop(pid)
  }),
)

test(
  'S31 a system message restarts the time-out, an ordinary one cancels it',
  inTest(async () => {
    const server = scripted(probe())
    const beganMs = performance.now()
    const pid = await started(GenServer.start(server, () => ['ok', 's', 100]))
    await sleep(60)
    await Sys.getState(pid)
    same(await next(), ['info', 'timeout', 's'])
    assert.ok(performance.now() - beganMs >= 155)

    const other = await started(GenServer.start(server, () => ['ok', 's', 60]))
    await sleep(20)
    send(other, 'ordinary')
    same(await next(), ['info', 'ordinary', 's'])
    await sleep(80)
    await nothing()
  }),
)

// ---- exit signals

/** A parent that starts a server, tells who it is and ends on demand. */
function parentOf(server: object, traps: boolean): { pid: Pid } {
  const tester = self()
  const init = () => {
    trapExit(traps)
    return ['ok', 's']
  }
  const pid = spawn(async () => {
    trapExit(true)
    const child = await started(GenServer.startLink(server, init))
    send(tester, ['child', child])
    for (;;) {
      const message = await receive((m) => Array.isArray(m) && m[0] === 'do')
      ;(message as [string, () => void])[1]()
    }
  })
  return { pid }
}

for (const reason of ['normal', 'shutdown', 'boom']) {
  test(
    `S32 the parent ends with ${reason}: a trapping server terminates with it, another dies of it unless normal`,
    inTest(async () => {
      const server = scripted(probe())
      const parent = parentOf(server, true).pid
      const child = (await nextOf<[string, Pid]>('child'))[1]
      const ended = watch(child)
      send(parent, ['do', () => exit(reason)])
      same(await ended(), reason)
      same(await nextOf('terminate'), ['terminate', reason, 's'])

      const other = parentOf(server, false).pid
      const plain = (await nextOf<[string, Pid]>('child'))[1]
      const parentEnded = watch(other)
      const plainEnded = reason === 'normal' ? undefined : watch(plain)
      send(other, ['do', () => exit(reason)])
      await parentEnded()
      if (plainEnded === undefined) assert.ok(isAlive(plain))
      else same(await plainEnded(), reason)
      await nothing()
    }),
  )
}

test(
  'S32 exit signals of others: a message for a trapping server, else the end without terminate; kill always',
  inTest(async () => {
    const server = scripted(probe())
    const init = () => {
      trapExit(true)
      return ['ok', 's']
    }
    const traps = await started(GenServer.start(server, init))
    exitPid(traps, 'shutdown')
    same(await next(), ['info', ['EXIT', self(), 'shutdown'], 's'])
    const killed = watch(traps)
    exitPid(traps, 'kill')
    same(await killed(), 'killed')
    const plain = await started(GenServer.start(server))
    const ended = watch(plain)
    exitPid(plain, 'shutdown')
    same(await ended(), 'shutdown')
    await nothing()
  }),
)

test(
  'S32 exit/2 of the parent with normal: a trapping server terminates, another lives',
  inTest(async () => {
    const server = scripted(probe())
    const parent = parentOf(server, true).pid
    const child = (await nextOf<[string, Pid]>('child'))[1]
    const ended = watch(child)
    send(parent, ['do', () => exitPid(child, 'normal')])
    same(await ended(), 'normal')
    same(await nextOf('terminate'), ['terminate', 'normal', 's'])
    const other = parentOf(server, false).pid
    const plain = (await nextOf<[string, Pid]>('child'))[1]
    const tell = probe()
    send(other, [
      'do',
      () => {
        exitPid(plain, 'normal')
        tell('sent')
      },
    ])
    await next((m) => m === 'sent')
    assert.ok(isAlive(plain))
  }),
)

test(
  'S33 stop terminates with the reason; a stopped server is noproc, a deviating end is its reason',
  inTest(async () => {
    const server = scripted(probe())
    const pid = await started(GenServer.start(server))
    assert.is(await GenServer.stop(pid), 'ok')
    same(await next(), ['terminate', 'normal', 's'])
    same(await reasonOf(GenServer.stop(pid)), 'noproc')
    const other = await started(GenServer.start(server))
    assert.is(await GenServer.stop(other, 'boom', 1000), 'ok')
    same(await next(), ['terminate', 'boom', 's'])
    const rebel = await started(GenServer.start(scripted(probe(), { terminate: () => exit('from_terminate') })))
    same(await reasonOf(GenServer.stop(rebel)), 'from_terminate')
  }),
)

test(
  'S33 stopping a busy server times out; it stops later',
  inTest(async () => {
    const pid = await started(GenServer.start(scripted(probe())))
    const tester = self()
    GenServer.cast(pid, async (state: unknown) => {
      send(tester, 'busy')
      await receive((m) => m === 'go')
      return ['noreply', state]
    })
    await next((m) => m === 'busy')
    same(await reasonOf(GenServer.stop(pid, 'normal', 20)), 'timeout')
    const ended = watch(pid)
    send(pid, 'go')
    same(await ended(), 'normal')
  }),
)

// ---- upgrade, status

test(
  'S34 code_change converts the state of a suspended server, and of no other',
  inTest(async () => {
    const codeChange = (_vsn: unknown, state: unknown, extra: unknown) => {
      if (extra === 'throw') throw ['ok', 'thrown']
      return extra === 'ex' ? ['ok', [state, extra]] : extra
    }
    const server = scripted(probe(), { codeChange })
    const pid = await started(GenServer.start(server))
    const change = (extra: unknown) => Sys.changeCode(pid, server, '1', extra)
    same(await change('ex'), ['error', ['unknown_system_msg', ['change_code', server, '1', 'ex']]])
    await Sys.suspend(pid)
    same(await change('ex'), 'ok')
    same(await Sys.getState(pid), ['s', 'ex'])
    same(await change(['error', 'no']), ['error', ['error', 'no']])
    same(await change('weird'), ['error', 'weird'])
    same(await Sys.getState(pid), ['s', 'ex'])
    same(await change('throw'), 'ok')
    same(await Sys.getState(pid), 'thrown')
    await Sys.resume(pid)
    same(await GenServer.call(pid, 'echo'), 'echo')
  }),
)

test(
  'S34 a module without code_change cannot change the state',
  inTest(async () => {
    const pid = await started(GenServer.start(scripted(probe())))
    await Sys.suspend(pid)
    const [tag, why] = (await Sys.changeCode(pid, 'm', '1', 'x')) as [string, [string, unknown]]
    assert.is(tag, 'error')
    assert.is(why[0], 'EXIT')
    assert.is((stackless(why[1]) as unknown[])[0], 'undef')
  }),
)

/** The state as a status shows it. */
async function shownState(pid: Pid): Promise<unknown> {
  const misc = (await Sys.getStatus(pid))[3][4] as [string, [string, unknown][]][]
  return misc[2]?.[1][0]?.[1]
}

test('S35 format_status decides what of the state is shown, in a status and in a report', async () => {
  const hiding = (status: object) => ({ ...status, state: 'hidden' })
  const crashing = () => error('oops')
  for (const [formatStatus, shown] of [
    [hiding, 'hidden'],
    [() => 'no map', 'module:formatStatus/1 did not return a map'],
    [() => ({}), 'module:formatStatus/1 returned a map with unknown keys'],
    [crashing, 'module:formatStatus/1 crashed'],
  ] as const) {
    const reports = await reportsOf(async () => {
      const [, pid] = (await GenServer.start(
        scripted(() => {}, { formatStatus }),
        'secret',
      )) as ['ok', Pid]
      same(await shownState(pid), shown)
      GenServer.cast(pid, () => exit('bad'))
      await settle()
    })
    const terminated = reports.find(({ label }) => label === 'gen_server terminate')
    same(Object(terminated?.report).state, shown)
  }
})

test('S35 the older form asks for two arguments: for a status and for a report', async () => {
  const old = (option: string, [dictionary, state]: readonly [unknown[], unknown]) =>
    option === 'normal' ? ['data', [['State', [dictionary, state]]]] : [option, state]
  const crashing = (_option: string, _facts: unknown) => error('oops')
  for (const [formatStatus, normal, terminate] of [
    [old, [[['key', 1]], 'st'], ['terminate', 'st']],
    [crashing, 'module:formatStatus/2 crashed', 'module:formatStatus/2 crashed'],
  ] as const) {
    const reports = await reportsOf(async () => {
      const [, pid] = (await GenServer.start(
        scripted(() => {}, { formatStatus }),
        'st',
      )) as ['ok', Pid]
      await GenServer.call(pid, () => {
        put('key', 1)
        return ['reply', 'ok', 'st']
      })
      same(await shownState(pid), normal)
      GenServer.cast(pid, () => exit('bad'))
      await settle()
    })
    assert.equal(
      reports.map(({ label }) => label).filter((label) => label.startsWith('behaviour')),
      [],
    )
    same(Object(reports.find(({ label }) => label === 'gen_server terminate')?.report).state, terminate)
  }
})

test('the events that sys keeps are in the status and in the report', async () => {
  const reports = await reportsOf(async () => {
    const [, pid] = (await GenServer.start(
      scripted(() => {}),
      'st',
      { debug: ['log'] },
    )) as ['ok', Pid]
    GenServer.cast(pid, () => ['noreply', 'st'])
    const status = (await Sys.getStatus(pid))[3][4] as [string, [string, unknown[]][]][]
    same(status[1]?.[1][2]?.[1].length, 2)
    GenServer.cast(pid, () => exit('bad'))
    await settle()
  })
  same(Object(reports.find(({ label }) => label === 'gen_server terminate')?.report).log.length, 3)
})

// ---- enter_loop, registries

test(
  'S36 enter_loop wants a process of proc_lib and a name that is its own',
  inTest(async () => {
    const server = scripted(probe())
    spawnMonitor(() => GenServer.enterLoop(server, {}, 's'))
    same((await nextOf('DOWN'))[4], 'process_was_not_started_by_proc_lib')
    const other = ProcLib.spawn(async () => {
      await receive()
      await GenServer.enterLoop(server, {}, 's', { local: 's36_not_mine' })
    })
    const ended = watch(other)
    send(other, 'go')
    same(await ended(), 'process_not_registered')
    const pid = ProcLib.spawn(() => {
      register('s36', self())
      return GenServer.enterLoop(server, {}, 's', { local: 's36' })
    })
    await settle()
    same(await GenServer.call('s36', 'echo'), 'echo')
    await GenServer.stop(pid)
  }),
)

test(
  'S37 a registry module names servers: taken names, a failed init, and the end',
  inTest(async () => {
    const names = new Map<unknown, Pid>()
    const calls = journal()
    const registry = {
      registerName: (name: unknown, pid: Pid) => {
        if (names.has(name)) return 'no'
        names.set(name, pid)
        return 'yes'
      },
      unregisterName: (name: unknown) => {
        calls.note(['unregister', name])
        names.delete(name)
      },
      whereisName: (name: unknown) => names.get(name),
      send: (name: unknown, message: unknown) => {
        const pid = names.get(name)
        if (pid !== undefined) send(pid, message)
      },
    }
    const name = { via: registry, name: ['a', 1] }
    const server = scripted(probe())
    const key = name.name
    const pid = await started(GenServer.start(name, server))
    same(await GenServer.call(name, 'echo'), 'echo')
    same(await GenServer.start(name, server), ['error', ['already_started', pid]])
    await GenServer.stop(name)
    assert.is(names.get(key), pid)
    names.clear()
    calls.take()
    same(await GenServer.start(name, server, () => ['stop', 'no']), ['error', 'no'])
    same(calls.lines, [['unregister', key]])
  }),
)

// ---- failures of calls

test(
  'S38 causes of failed calls',
  inTest(async () => {
    same(await reasonOf(GenServer.call('nope', 'x')), ['noproc', ['gen_server', 'call', ['nope', 'x']]])
    const me = self()
    same(await reasonOf(GenServer.call(me, 'x')), ['calling_self', ['gen_server', 'call', [me, 'x']]])
    const [nodedown] = (await reasonOf(GenServer.call(['nm', 'x@y'], 'q'))) as unknown[]
    same(nodedown, ['nodedown', 'x@y'])
    const server = scripted(probe())
    const normal = await started(GenServer.start(server))
    same(((await reasonOf(GenServer.call(normal, (s: unknown) => ['stop', 'normal', s]))) as unknown[])[0], 'normal')
    const bad = await started(GenServer.start(server))
    const [cause] = (await reasonOf(GenServer.call(bad, () => error('bad')))) as unknown[]
    same(stackless(cause), 'bad')
    const async = await started(GenServer.start(server))
    const failing = async () => {
      await settle()
      exit('later')
    }
    same(((await reasonOf(GenServer.call(async, failing))) as unknown[])[0], 'later')
  }),
)

test(
  'S38 a server that is killed while it is asked: the caller learns killed',
  inTest(async () => {
    const pid = await started(GenServer.start(scripted(probe())))
    const asked = reasonOf(GenServer.call(pid, () => receive(() => false)))
    exitPid(pid, 'kill')
    same(((await asked) as unknown[])[0], 'killed')
  }),
)

test(
  'S39 requests whose answers are looked for later',
  inTest(async () => {
    const none = GenServer.sendRequest('nope', 'x')
    same(await GenServer.waitResponse(none, 100), ['error', ['noproc', 'nope']])
    const pid = await started(GenServer.start(scripted(probe())))
    const answering: GenServer.From[] = []
    const keep = (state: unknown, from: GenServer.From) => {
      answering.push(from)
      return ['noreply', state]
    }
    const id = GenServer.sendRequest(pid, keep)
    same(await GenServer.waitResponse(id, 10), 'timeout')
    for (const from of answering.splice(0)) GenServer.reply(from, 'late')
    same(await GenServer.waitResponse(id, 1000), ['reply', 'late'])

    const given = GenServer.sendRequest(pid, keep)
    same(await GenServer.receiveResponse(given, 10), 'timeout')
    for (const from of answering.splice(0)) GenServer.reply(from, 'late')
    await settle()
    await nothing()

    const checked = GenServer.sendRequest(pid, 'echo')
    const message = await next()
    same(GenServer.checkResponse('other', checked), 'no_reply')
    same(GenServer.checkResponse(message, checked), ['reply', 'echo'])

    const dying = GenServer.sendRequest(pid, () => exit('bum'))
    same(await GenServer.waitResponse(dying, 1000), ['error', ['bum', pid]])
  }),
)

test(
  'S39 multi_call and abcast reach the servers of a name',
  inTest(async () => {
    await started(GenServer.start({ local: 's39' }, scripted(probe())))
    same(await GenServer.multiCall([NODE, 'a@b'], 's39', 'hi'), [[[NODE, 'hi']], ['a@b']])
    same(GenServer.abcast('s39', 'all'), 'abcast')
    same(await next(), ['cast', 'all', 's'])
    await GenServer.stop('s39')
  }),
)

// ---- beyond the numbered scenarios

test('callbacks may be async; the next message waits for them', async () => {
  const lines: string[] = []
  const server = {
    init: async () => {
      await settle()
      return ['ok', 0]
    },
    handleCast: async (n: number, state: number) => {
      lines.push(`in ${n}`)
      await settle()
      lines.push(`out ${n}`)
      return ['noreply', state + n]
    },
    handleCall: async (_request: unknown, _from: unknown, state: number) => ['reply', state, state],
  }
  const [, pid] = (await GenServer.start(server)) as ['ok', Pid]
  GenServer.cast(pid, 1)
  GenServer.cast(pid, 2)
  assert.is(await GenServer.call(pid, 'get'), 3)
  assert.equal(lines, ['in 1', 'out 1', 'in 2', 'out 2'])
})

test(
  'a server killed in an await runs no more of its code',
  inTest(async () => {
    const tell = probe()
    const pid = await started(GenServer.start(scripted(tell)))
    GenServer.cast(pid, async () => {
      tell('begun')
      await settle()
      tell('not to be seen')
      send(self(), 'nor this')
      return ['noreply', 's']
    })
    await next((m) => m === 'begun')
    const linked = spawnLink(() => receive())
    exitPid(pid, 'kill')
    await settle()
    await settle()
    await nothing()
    send(linked, 'end')
  }),
)

test.run()
