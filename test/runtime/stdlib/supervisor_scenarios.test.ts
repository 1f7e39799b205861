import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  error,
  exit,
  exitPid,
  isAlive,
  Pid,
  receive,
  self,
  send,
  sleep,
  spawn,
  spawnLink,
  trapExit,
  unlink,
  whereis,
} from '../../../runtime/erts/process.js'
import * as GenServer from '../../../runtime/stdlib/src/gen_server.js'
import * as Supervisor from '../../../runtime/stdlib/src/supervisor.js'
import * as Sys from '../../../runtime/stdlib/src/sys.js'
import {
  inTest,
  journal,
  next,
  reasonOf,
  reportsOf,
  same,
  settle,
  shiftClock,
  stackless,
  trapping,
  watch,
} from '../../support/processes.js'

const test = suite('stdlib/supervisor scenarios')

/** What children did, in order: `start a`, `stop a shutdown`. */
const log = journal()
test.before.each(() => void log.take())

/** How the next starts of a child go, by id; by default it starts. */
const starts = new Map<string, () => unknown>()
test.before.each(() => starts.clear())

/** Pids by id, newest first. */
const pids = new Map<string, Pid>()

/** The children's module: servers that write down when they start and stop. */
const child = {
  startLink: (id: string, ...more: unknown[]) => {
    const how = starts.get(id)
    if (how !== undefined) {
      log.note(`try ${id}`)
      return how()
    }
    log.note(['start', id, ...more].join(' '))
    return startServer(id)
  },
  init: (id: string) => {
    trapExit(true)
    pids.set(id, self())
    return ['ok', id]
  },
  handleCast: (code: () => unknown, id: string) => {
    code()
    return ['noreply', id]
  },
  handleInfo: (_message: unknown, id: string) => ['noreply', id],
  terminate: (reason: unknown, id: string) => log.note(`stop ${id} ${String(reason)}`),
}

const startServer = (id: string) => GenServer.startLink(undefined, child, id)

const pidOf = (id: string): Pid => {
  const pid = pids.get(id)
  if (pid === undefined) throw new Error(`no child ${id} has been started`)
  return pid
}

const spec = (id: string, more: object = {}): Supervisor.ChildSpec => ({
  id,
  start: [child, 'startLink', [id]],
  ...more,
})

/** Starts a supervisor linked with the test. */
async function supervise(flags: Supervisor.SupervisorFlags, specs: readonly Supervisor.ChildSpec[]): Promise<Pid> {
  const result = await Supervisor.startLink({ init: () => ['ok', flags, specs] })
  if (Array.isArray(result) && result[1] instanceof Pid) return result[1]
  throw new Error(`the supervisor did not start: ${JSON.stringify(result)}`)
}

/** Start result of a supervisor, whatever it is. */
const superviseResult = (flags: unknown, specs: unknown) => Supervisor.startLink({ init: () => ['ok', flags, specs] })

const LENIENT = { intensity: 100, period: 5 } as const

/** Ends a child and waits until the supervisor has dealt with it. */
async function end(sup: Pid, id: string, reason: unknown): Promise<void> {
  log.take()
  const pid = pidOf(id)
  const ended = watch(pid)
  if (reason === 'kill') exitPid(pid, 'kill')
  else GenServer.cast(pid, () => exit(reason))
  await ended()
  // Answered after the exit message, which is older.
  if (isAlive(sup)) await Supervisor.countChildren(sup).catch(() => {})
}

/** What happened but for the end of the child itself. */
const events = (id?: string) => log.take().filter((line) => id === undefined || !String(line).startsWith(`stop ${id} `))

async function children(sup: Pid): Promise<unknown[]> {
  return (await Supervisor.whichChildren(sup)).map(([id, pid]) => [id, pid instanceof Pid ? 'running' : pid])
}

async function stopped(sup: Pid): Promise<void> {
  const ended = watch(sup)
  unlink(sup)
  exitPid(sup, 'kill')
  await ended()
}

/** Pairs of a report: a supervisor report has four. */
type Facts = [string, unknown][] & {
  readonly 3: [string, unknown]
  readonly 2: [string, unknown]
  readonly 1: [string, unknown]
}

/** A test with a supervisor to be stopped at its end. */
const withSup = (
  flags: Supervisor.SupervisorFlags,
  specs: readonly Supervisor.ChildSpec[],
  body: (sup: Pid) => Promise<void>,
) =>
  trapping(async () => {
    const sup = await supervise(flags, specs)
    log.take()
    await body(sup)
    if (isAlive(sup)) await stopped(sup)
  })

// ---- restart types

// restart type, reason, what happens
const DEATHS = [
  ['permanent', 'normal', 'restarted'],
  ['permanent', 'boom', 'restarted'],
  ['transient', ['shutdown', 'x'], 'kept'],
  ['transient', 'normal', 'kept'],
  ['transient', 'boom', 'restarted'],
  ['transient', 'kill', 'restarted'],
  ['temporary', 'boom', 'gone'],
  ['temporary', 'normal', 'gone'],
] as const

for (const [restart, reason, outcome] of DEATHS) {
  test(
    `S70 a ${restart} child that ends ${JSON.stringify(reason)} is ${outcome}`,
    withSup(LENIENT, [spec('a', { restart })], async (sup) => {
      await end(sup, 'a', reason)
      same(events('a'), outcome === 'restarted' ? ['start a'] : [])
      same(await children(sup), outcome === 'gone' ? [] : [['a', outcome === 'kept' ? undefined : 'running']])
    }),
  )
}

// ---- order of shutdown

for (const [how, stop] of [
  ['the parent ends with shutdown', (_sup: Pid, parent: Pid) => void exitPid(parent, 'shutdown')],
  ['it is stopped', (sup: Pid) => void GenServer.stop(sup, 'shutdown')],
] as const) {
  test(
    `S71 children are stopped in reverse order of their start when ${how}`,
    trapping(async () => {
      const tester = self()
      const parent = spawn(async () => {
        send(tester, await supervise({}, [spec('a'), spec('b'), spec('c')]))
        await receive(() => false)
      })
      const sup = await next<Pid>()
      same(log.take(), ['start a', 'start b', 'start c'])
      const ended = watch(sup)
      stop(sup, parent)
      same(await ended(), 'shutdown')
      same(log.take(), ['stop c shutdown', 'stop b shutdown', 'stop a shutdown'])
    }),
  )
}

test(
  'S72 a child that runs can be neither started, restarted nor deleted; a stopped one can be deleted once',
  withSup({}, [spec('a'), spec('b')], async (sup) => {
    same(await Supervisor.startChild(sup, spec('b')), ['error', ['already_started', pidOf('b')]])
    same(await Supervisor.restartChild(sup, 'b'), ['error', 'running'])
    same(await Supervisor.deleteChild(sup, 'b'), ['error', 'running'])
    same(await Supervisor.terminateChild(sup, 'b'), 'ok')
    same(await Supervisor.terminateChild(sup, 'b'), 'ok')
    same(await Supervisor.startChild(sup, spec('b')), ['error', 'already_present'])
    same(await Supervisor.restartChild(sup, 'b'), ['ok', pidOf('b')])
    same(await Supervisor.terminateChild(sup, 'b'), 'ok')
    same(await Supervisor.deleteChild(sup, 'b'), 'ok')
    for (const call of [Supervisor.deleteChild, Supervisor.terminateChild, Supervisor.restartChild]) {
      same(await call(sup, 'b'), ['error', 'not_found'])
    }
  }),
)

// ---- strategies

test(
  'S73 one_for_all: the others are stopped in reverse order, all are started in order',
  withSup({ strategy: 'one_for_all', ...LENIENT }, [spec('a'), spec('b'), spec('c')], async (sup) => {
    await end(sup, 'b', 'boom')
    same(events('b'), ['stop c shutdown', 'stop a shutdown', 'start a', 'start b', 'start c'])
  }),
)

test(
  'S73 rest_for_one: those after it are stopped and started with it',
  withSup({ strategy: 'rest_for_one', ...LENIENT }, [spec('a'), spec('b'), spec('c')], async (sup) => {
    await end(sup, 'b', 'boom')
    same(events('b'), ['stop c shutdown', 'start b', 'start c'])
  }),
)

test(
  'S73 one_for_all: a temporary sibling is stopped and not started again',
  withSup({ strategy: 'one_for_all', ...LENIENT }, [spec('a'), spec('t', { restart: 'temporary' })], async (sup) => {
    await end(sup, 'a', 'boom')
    same(events('a'), ['stop t shutdown', 'start a'])
    same(await children(sup), [['a', 'running']])
  }),
)

test(
  'S73 rest_for_one: the end of a temporary child is nothing to the others',
  withSup({ strategy: 'rest_for_one' }, [spec('t', { restart: 'temporary' }), spec('b')], async (sup) => {
    await end(sup, 't', 'boom')
    same(events('t'), [])
    same(await children(sup), [['b', 'running']])
  }),
)

// ---- intensity

test(
  'S74 by default the second end within five seconds ends the supervisor',
  withSup({}, [spec('a'), spec('b')], async (sup) => {
    await end(sup, 'a', 'boom')
    const ended = watch(sup)
    await end(sup, 'a', 'boom')
    same(await ended(), 'shutdown')
    same(events('a'), ['stop b shutdown'])
  }),
)

test(
  'S74 intensity 0: the first',
  withSup({ intensity: 0 }, [spec('a')], async (sup) => {
    const ended = watch(sup)
    await end(sup, 'a', 'normal')
    same(await ended(), 'shutdown')
  }),
)

test('S75 ends that are further apart than the period do not add up', async () => {
  const time = shiftClock()
  try {
    await withSup({ intensity: 1, period: 1 }, [spec('a')], async (sup) => {
      await end(sup, 'a', 'boom')
      time.forward(2000)
      await end(sup, 'a', 'boom')
      same(await children(sup), [['a', 'running']])
      const ended = watch(sup)
      await end(sup, 'a', 'boom')
      same(await ended(), 'shutdown')
    })()
  } finally {
    time.restore()
  }
})

// ---- starting children

test(
  'S76 what start_child refuses, and what it keeps',
  withSup({}, [], async (sup) => {
    const foo = 'foo' as unknown as Supervisor.ChildSpec // what a caller without types may write
    const noStart = { id: 'x' } as unknown as Supervisor.ChildSpec // dito
    same(await Supervisor.startChild(sup, foo), ['error', ['invalid_child_spec', 'foo']])
    same(await Supervisor.startChild(sup, noStart), ['error', 'missing_start'])
    starts.set('e', () => ['error', 'why'])
    const [tag, [why, record]] = (await Supervisor.startChild(sup, spec('e'))) as [string, [string, { id: string }]]
    same([tag, why, record.id], ['error', 'why', 'e'])
    same(await children(sup), [])
    starts.set('i', () => 'ignore')
    same(await Supervisor.startChild(sup, spec('i')), ['ok', undefined])
    same(await Supervisor.startChild(sup, spec('i')), ['error', 'already_present'])
    same(await children(sup), [['i', undefined]])
    starts.set('t', () => 'ignore')
    same(await Supervisor.startChild(sup, spec('t', { restart: 'temporary' })), ['ok', undefined])
    same(await children(sup), [['i', undefined]])
    starts.set('x', async () => [...(await startServer('x')), 'extra'])
    same(await Supervisor.startChild(sup, spec('x')), ['ok', pidOf('x'), 'extra'])
  }),
)

// ---- failing restarts

test(
  'S77 a child that cannot start again is tried until the intensity is used up',
  withSup({ intensity: 3 }, [spec('s'), spec('f')], async (sup) => {
    starts.set('f', () => ['error', 'no'])
    const ended = watch(sup)
    await end(sup, 'f', 'boom')
    same(await ended(), 'shutdown')
    same(events('f'), ['try f', 'try f', 'try f', 'stop s shutdown'])
  }),
)

test(
  'S77 while it is tried, requests get in between: restarting; terminate_child ends the trying',
  withSup({ intensity: 1000 }, [spec('f')], async (sup) => {
    // The first try asks and fails; the requests are in the mailbox before the next try.
    const answers: Promise<unknown>[] = []
    starts.set('f', () => {
      if (answers.length === 0) {
        answers.push(
          Supervisor.whichChildren(sup),
          Supervisor.restartChild(sup, 'f'),
          Supervisor.deleteChild(sup, 'f'),
          Supervisor.startChild(sup, spec('f')),
          Supervisor.terminateChild(sup, 'f'),
          Supervisor.whichChildren(sup),
        )
      }
      return ['error', 'no']
    })
    const tester = self()
    // In the supervisor's own context a call to it would be to itself.
    const first = starts.get('f')
    starts.set('f', () => {
      spawn(async () => {
        first?.()
        send(tester, await Promise.all(answers))
      })
      starts.set('f', async () => {
        await settle()
        return ['error', 'no']
      })
      return settle().then(() => ['error', 'no'])
    })
    exitPid(pidOf('f'), 'kill')
    const [which, restart, remove, start, terminate, after] = await next<unknown[]>(Array.isArray)
    same(which, [['f', 'restarting', 'worker', [child]]])
    same(restart, ['error', 'restarting'])
    same(remove, ['error', 'restarting'])
    same(start, ['error', 'already_present'])
    same(terminate, 'ok')
    same(after, [['f', undefined, 'worker', [child]]])
    await settle()
    assert.ok(isAlive(sup))
  }),
)

test(
  'S78 one_for_all: what was started in a try that failed is stopped in the next',
  withSup({ strategy: 'one_for_all', intensity: 3 }, [spec('a'), spec('f'), spec('z')], async (sup) => {
    starts.set('f', () => ['error', 'no'])
    const ended = watch(sup)
    await end(sup, 'z', 'boom')
    same(await ended(), 'shutdown')
    const tried = ['start a', 'try f', 'stop a shutdown']
    same(events('z'), ['stop f shutdown', 'stop a shutdown', ...tried, ...tried, ...tried])
  }),
)

test(
  'S78 one_for_all starts the stopped ones, too',
  withSup(
    { strategy: 'one_for_all', ...LENIENT },
    [spec('a'), spec('b'), spec('t', { restart: 'transient' })],
    async (sup) => {
      await Supervisor.terminateChild(sup, 'a')
      await end(sup, 't', 'normal')
      same(await children(sup), [
        ['t', undefined],
        ['b', 'running'],
        ['a', undefined],
      ])
      await end(sup, 'b', 'boom')
      same(events('b'), ['start a', 'start b', 'start t'])
    },
  ),
)

test(
  'S79 a permanent supervisor that gives up is restarted by its own, once',
  trapping(async () => {
    const subPid = () => whereis('s79') ?? self()
    const sub = {
      startLink: () => Supervisor.startLink({ local: 's79' }, sub),
      init: () => ['ok', { intensity: 0 }, [spec('a')]],
    }
    const top = await supervise({ intensity: 1 }, [{ id: 'sub', start: [sub, 'startLink', []], type: 'supervisor' }])
    log.take()
    const first = watch(subPid())
    await end(top, 'a', 'boom')
    await first()
    await Supervisor.countChildren(top)
    same(events('a'), ['start a'])
    const ended = watch(top)
    await end(top, 'a', 'boom')
    same(await ended(), 'shutdown')
  }),
)

// ---- failing starts

// how the second child's start goes, the reason
const FAILED_STARTS = [
  ['gives an error', () => ['error', 'bad'], 'bad'],
  ['exits', () => exit('bad'), ['EXIT', 'bad']],
  ['returns foo', () => 'foo', 'foo'],
] as const

for (const [how, start, why] of FAILED_STARTS) {
  test(
    `S80 a child whose start ${how}: those before it are stopped, the start fails`,
    trapping(async () => {
      starts.set('b', start)
      same(await superviseResult({}, [spec('a'), spec('b'), spec('c')]), [
        'error',
        ['shutdown', ['failed_to_start_child', 'b', why]],
      ])
      same(log.take(), ['start a', 'try b', 'stop a shutdown'])
    }),
  )
}

// flags, specs, reason
const REFUSED = [
  ['S81', { strategy: 'foo' }, [], ['supervisor_data', ['invalid_strategy', 'foo']]],
  ['S81', 'foo', [], ['supervisor_data', ['invalid_type', 'foo']]],
  ['S81', { intensity: -1 }, [], ['supervisor_data', ['invalid_intensity', -1]]],
  ['S81', ['one_for_one', 1, 0], [], ['supervisor_data', ['invalid_period', 0]]],
  ['S81', { auto_shutdown: 'x' }, [], ['supervisor_data', ['invalid_auto_shutdown', 'x']]],
  ['S82', {}, [spec('a'), spec('a')], ['start_spec', ['duplicate_child_name', 'a']]],
  ['S82', {}, [spec('a', { shutdown: -1 })], ['start_spec', ['invalid_shutdown', -1]]],
  [
    'S82',
    {},
    [spec('a', { significant: true, restart: 'transient' })],
    [
      'start_spec',
      [
        'bad_combination',
        [
          ['auto_shutdown', 'never'],
          ['significant', true],
        ],
      ],
    ],
  ],
] as const

for (const [scenario, flags, specs, reason] of REFUSED) {
  test(
    `${scenario} a supervisor refuses what its init says: ${JSON.stringify(reason)}`,
    trapping(async () => {
      same(await superviseResult(flags, specs), ['error', reason])
      same(log.take(), [])
    }),
  )
}

test(
  'S81 other answers of init',
  trapping(async () => {
    same(await Supervisor.startLink({ init: () => 'ignore' }), 'ignore')
    const odd = { init: () => 'odd' }
    same(await Supervisor.startLink(odd), ['error', ['bad_return', [odd, 'init', 'odd']]])
    const failed = await Supervisor.startLink({ init: () => error('e') })
    same(stackless(failed[1]), 'e')
  }),
)

test(
  'S83 a child that is to be ignored is kept without a process, a temporary one is not',
  trapping(async () => {
    starts.set('b', () => 'ignore')
    starts.set('t', () => 'ignore')
    const sup = await supervise({}, [spec('a'), spec('b'), spec('t', { restart: 'temporary' })])
    same(await children(sup), [
      ['b', undefined],
      ['a', 'running'],
    ])
    same(await Supervisor.countChildren(sup), [
      ['specs', 2],
      ['active', 1],
      ['supervisors', 0],
      ['workers', 2],
    ])
    await stopped(sup)
  }),
)

// ---- automatic shutdown

const significant = (id: string, more: object = {}) => spec(id, { significant: true, restart: 'transient', ...more })

test(
  'S84 any_significant: a significant child that ends by itself ends the supervisor',
  withSup({ auto_shutdown: 'any_significant', ...LENIENT }, [spec('a'), significant('s')], async (sup) => {
    await end(sup, 's', 'boom')
    same(events('s'), ['start s'])
    const ended = watch(sup)
    await end(sup, 's', 'normal')
    same(await ended(), 'shutdown')
    same(events('s'), ['stop a shutdown'])
  }),
)

test(
  'S84 a significant child that is terminated on request does not',
  withSup({ auto_shutdown: 'any_significant' }, [significant('s')], async (sup) => {
    same(await Supervisor.terminateChild(sup, 's'), 'ok')
    same(await children(sup), [['s', undefined]])
  }),
)

test(
  'S84 all_significant: the last of them ends it',
  withSup({ auto_shutdown: 'all_significant' }, [significant('s'), significant('t')], async (sup) => {
    await end(sup, 's', 'normal')
    same(await children(sup), [
      ['t', 'running'],
      ['s', undefined],
    ])
    const ended = watch(sup)
    await end(sup, 't', 'normal')
    same(await ended(), 'shutdown')
  }),
)

test(
  'S85 an exit signal of a stranger does not touch a supervisor; one that is killed takes its children along',
  withSup({}, [spec('a')], async (sup) => {
    spawn(() => {
      exitPid(sup, 'shutdown')
    })
    await settle()
    same(await children(sup), [['a', 'running']])
    const ended = watch(pidOf('a'))
    exitPid(sup, 'kill')
    same(await ended(), 'killed')
  }),
)

// ---- simple_one_for_one

const SIMPLE = { strategy: 'simple_one_for_one', ...LENIENT } as const
const template = (more: object = {}): Supervisor.ChildSpec => ({ id: 'tpl', start: [child, 'startLink', []], ...more })

test(
  'S86 simple_one_for_one: requests by pid, restart with its own arguments',
  withSup(SIMPLE, [template()], async (sup) => {
    starts.set('fail', () => ['error', 'nope'])
    same(await Supervisor.startChild(sup, ['fail']), ['error', 'nope'])
    const [, pid] = (await Supervisor.startChild(sup, ['a', 1])) as ['ok', Pid]
    same(await Supervisor.terminateChild(sup, 'tpl'), ['error', 'simple_one_for_one'])
    same(await Supervisor.restartChild(sup, 'tpl'), ['error', 'simple_one_for_one'])
    same(await Supervisor.deleteChild(sup, 'tpl'), ['error', 'simple_one_for_one'])
    same(await Supervisor.terminateChild(sup, self()), ['error', 'not_found'])
    await end(sup, 'a', 'boom')
    same(events('a'), ['start a 1'])
    same(await Supervisor.terminateChild(sup, pid), 'ok')
    same(await Supervisor.whichChildren(sup), [[undefined, pidOf('a'), 'worker', [child]]])
    same(await Supervisor.countChildren(sup), [
      ['specs', 1],
      ['active', 1],
      ['supervisors', 0],
      ['workers', 1],
    ])
    same(await Supervisor.terminateChild(sup, pidOf('a')), 'ok')
    same(await children(sup), [])
  }),
)

test(
  'S86 simple_one_for_one wants exactly one specification',
  trapping(async () => {
    const two = [spec('a'), spec('b')]
    same(await superviseResult(SIMPLE, two), ['error', ['bad_start_spec', two]])
  }),
)

test(
  'S86 simple_one_for_one: a restart that fails is tried again',
  withSup({ ...SIMPLE, intensity: 3 }, [template()], async (sup) => {
    await Supervisor.startChild(sup, ['a'])
    starts.set('a', () => ['error', 'no'])
    const ended = watch(sup)
    await end(sup, 'a', 'boom')
    same(await ended(), 'shutdown')
    same(events('a'), ['try a', 'try a', 'try a'])
  }),
)

test(
  'S87 children of simple_one_for_one are stopped all at once',
  trapping(async () => {
    const slow = {
      startLink: () => GenServer.startLink(slow),
      init: () => {
        trapExit(true)
        return ['ok', 's']
      },
      terminate: () => sleep(80),
    }
    const sup = await supervise(SIMPLE, [{ id: 'slow', start: [slow, 'startLink', []] }])
    for (let i = 0; i < 5; i++) await Supervisor.startChild(sup, [])
    const beganMs = performance.now()
    await GenServer.stop(sup, 'shutdown')
    const tookMs = performance.now() - beganMs
    assert.ok(tookMs >= 75 && tookMs < 250, `took ${tookMs} ms`)
  }),
)

// ---- code change

/** A callback module whose init can be changed. */
function changing(first: unknown) {
  const mod = { answer: first, init: () => mod.answer }
  return mod
}

async function changeCode(sup: Pid, mod: object): Promise<unknown> {
  await Sys.suspend(sup)
  const answer = await Sys.changeCode(sup, mod, '1', [])
  await Sys.resume(sup)
  return answer
}

test(
  'S88 a code change takes over flags and specifications and starts and stops nothing',
  trapping(async () => {
    const flags = { strategy: 'one_for_all', ...LENIENT } as const
    const mod = changing(['ok', flags, [spec('a'), spec('b')]])
    const [, sup] = (await Supervisor.startLink(mod)) as ['ok', Pid]
    log.take()
    mod.answer = ['ok', flags, [spec('n1'), spec('b', { shutdown: 77 }), spec('n2')]]
    same(await changeCode(sup, mod), 'ok')
    same(log.take(), [])
    same(await children(sup), [
      ['a', 'running'],
      ['n2', undefined],
      ['b', 'running'],
      ['n1', undefined],
    ])
    const [, b] = (await Supervisor.getChildspec(sup, 'b')) as ['ok', Supervisor.ChildSpec]
    same(b.shutdown, 77)
    same(await Supervisor.restartChild(sup, 'n1'), ['ok', pidOf('n1')])
    await end(sup, 'a', 'kill')
    same(
      log.take().filter((line) => String(line).startsWith('start')),
      ['start n1', 'start b', 'start n2', 'start a'],
    )
    await stopped(sup)
  }),
)

test(
  'S88 the state before a code change can be put back',
  trapping(async () => {
    const mod = changing(['ok', {}, [spec('a'), spec('b')]])
    const [, sup] = (await Supervisor.startLink(mod)) as ['ok', Pid]
    const before = await Sys.getState(sup)
    mod.answer = ['ok', {}, [spec('n'), spec('b', { shutdown: 77 })]]
    same(await changeCode(sup, mod), 'ok')
    await Sys.replaceState(sup, () => before)
    same(await children(sup), [
      ['b', 'running'],
      ['a', 'running'],
    ])
    await stopped(sup)
  }),
)

test(
  'S89 simple_one_for_one: a running child keeps its arguments, new ones follow the new template',
  trapping(async () => {
    const mod = changing(['ok', SIMPLE, [template({ start: [child, 'startLink', ['old']] })]])
    const [, sup] = (await Supervisor.startLink(mod)) as ['ok', Pid]
    await Supervisor.startChild(sup, [1])
    mod.answer = ['ok', SIMPLE, [template({ start: [child, 'startLink', ['new']] })]]
    same(await changeCode(sup, mod), 'ok')
    await end(sup, 'old', 'boom')
    same(events('old'), ['start old 1'])
    await Supervisor.startChild(sup, [2])
    same(log.take(), ['start new 2'])
    mod.answer = ['ok', { strategy: 'zz' }, []]
    same(await changeCode(sup, mod), ['error', ['error', ['invalid_strategy', 'zz']]])
    mod.answer = ['ok', 'zz', []]
    same(await changeCode(sup, mod), ['error', ['error', ['bad_flags', 'zz']]])
    mod.answer = 'ignore'
    same(await changeCode(sup, mod), 'ok')
    await stopped(sup)
  }),
)

// ---- shutdown protocols

/** A child that does on shutdown what it is told: nothing at all, or to end after a while. */
const stubborn = (onShutdown: () => Promise<void>, unlinks = false) => ({
  startLink: () => {
    const parent = self()
    const pid = spawnLink(async () => {
      trapExit(true)
      if (unlinks) unlink(parent)
      send(parent, 'ready')
      await receive((m) => Array.isArray(m) && m[0] === 'EXIT')
      await onShutdown()
      exit('shutdown')
    })
    return receive((m) => m === 'ready').then(() => ['ok', pid])
  },
})

test('S90 a child that does not shut down in time is killed, and that is reported', async () => {
  const reports = await reportsOf(
    inProcessTrapping(async () => {
      const mod = stubborn(async () => void (await receive(() => false)))
      const sup = await supervise({}, [{ id: 'x', start: [mod, 'startLink', []], shutdown: 30 }])
      const beganMs = performance.now()
      same(await Supervisor.terminateChild(sup, 'x'), 'ok')
      assert.ok(performance.now() - beganMs >= 29)
      await stopped(sup)
    }),
  )
  const facts = reports.find(({ label }) => label === 'supervisor shutdown_error')?.report as Facts
  same(facts[1], ['errorContext', 'shutdown_error'])
  same(facts[2], ['reason', 'killed'])
})

test(
  'S90 infinity waits as long as it takes; a child that has unlinked itself is stopped, too',
  trapping(async () => {
    const slow = stubborn(() => sleep(80))
    const unlinked = stubborn(async () => {}, true)
    const sup = await supervise({}, [
      { id: 'slow', start: [slow, 'startLink', []], shutdown: 'infinity' },
      { id: 'unlinked', start: [unlinked, 'startLink', []] },
    ])
    const pidsOf = (await Supervisor.whichChildren(sup)).map(([, pid]) => pid)
    const beganMs = performance.now()
    same(await Supervisor.terminateChild(sup, 'slow'), 'ok')
    assert.ok(performance.now() - beganMs >= 79)
    same(await Supervisor.terminateChild(sup, 'unlinked'), 'ok')
    for (const pid of pidsOf) assert.ok(pid instanceof Pid && !isAlive(pid))
    await stopped(sup)
  }),
)

test(
  'S90 brutal_kill asks nobody',
  withSup({}, [spec('a', { shutdown: 'brutal_kill' })], async (sup) => {
    const ended = watch(pidOf('a'))
    same(await Supervisor.terminateChild(sup, 'a'), 'ok')
    same(await ended(), 'killed')
    same(log.take(), [])
  }),
)

/** As `trapping`, but with reports left to who listens. */
const inProcessTrapping = (body: () => Promise<void>) => async (): Promise<void> => {
  let failure: unknown
  await new Promise<void>((resolve) => {
    spawn(async () => {
      trapExit(true)
      await body().catch((thrown: unknown) => {
        failure = thrown
      })
      resolve()
    })
  })
  if (failure !== undefined) throw failure
}

// ---- beyond the numbered scenarios

test('reports: progress at each start, child_terminated, and the end by intensity', async () => {
  const reports = await reportsOf(
    inProcessTrapping(async () => {
      const sup = await supervise({ intensity: 1 }, [spec('a')])
      await end(sup, 'a', 'boom')
      await end(sup, 'a', 'boom')
    }),
  )
  assert.equal(
    reports.filter(({ label }) => label.startsWith('supervisor')).map(({ level, label }) => `${level} ${label}`),
    [
      'info supervisor progress',
      'error supervisor child_terminated',
      'info supervisor progress',
      'error supervisor child_terminated',
      'error supervisor shutdown',
    ],
  )
  const facts = reports.find(({ label }) => label === 'supervisor child_terminated')?.report as Facts
  assert.equal(
    facts.map(([key]) => key),
    ['supervisor', 'errorContext', 'reason', 'offender'],
  )
  assert.equal(
    (facts[3][1] as Facts).map(([key]) => key),
    ['pid', 'id', 'mfargs', 'restart_type', 'significant', 'shutdown', 'child_type'],
  )
})

test(
  'a specification is shown with all defaults; arguments of a temporary child are forgotten',
  withSup({}, [spec('a')], async (sup) => {
    same(await Supervisor.getChildspec(sup, 'a'), [
      'ok',
      {
        id: 'a',
        start: [child, 'startLink', ['a']],
        restart: 'permanent',
        significant: false,
        shutdown: 5000,
        type: 'worker',
        modules: [child],
      },
    ])
    await Supervisor.startChild(sup, spec('t', { restart: 'temporary' }))
    const [, shown] = (await Supervisor.getChildspec(sup, 't')) as ['ok', Supervisor.ChildSpec]
    same(shown.start, [child, 'startLink', undefined])
    same(await Supervisor.getChildspec(sup, 'nobody'), ['error', 'not_found'])
  }),
)

test(
  'ids are terms: equal lists are the same id',
  withSup({}, [{ ...spec('a'), id: ['room', { n: 1 }] }], async (sup) => {
    same(await Supervisor.terminateChild(sup, ['room', { n: 1 }]), 'ok')
    same(await Supervisor.deleteChild(sup, ['room', { n: 2 }]), ['error', 'not_found'])
    same(await Supervisor.deleteChild(sup, ['room', { n: 1 }]), 'ok')
  }),
)

test(
  'a supervisor names its callback module, and forgets stray messages',
  trapping(async () => {
    const mod = { init: () => ['ok', {}, []] }
    const [, sup] = (await Supervisor.startLink({ local: 'sup_of_mod' }, mod)) as ['ok', Pid]
    assert.is(await Supervisor.getCallbackModule('sup_of_mod'), mod)
    send(sup, 'stray')
    same(await children(sup), [])
    const ended = watch(sup)
    GenServer.cast(sup, 'stray')
    same(stackless(await ended()), 'function_clause')
  }),
)

test('check_childspecs judges specifications without a supervisor', () => {
  same(Supervisor.checkChildspecs([spec('a')]), 'ok')
  same(Supervisor.checkChildspecs('x'), ['error', ['badarg', 'x']])
  const odd = 'x' as 'never' // what a caller without types may write
  same(Supervisor.checkChildspecs([], odd), ['error', ['badarg', 'x']])
  same(Supervisor.checkChildspecs([significant('a')]), 'ok')
  same(Supervisor.checkChildspecs([significant('a')], 'never')[0], 'error')
  same(Supervisor.checkChildspecs([spec('a', { restart: 'x' })]), ['error', ['invalid_restart_type', 'x']])
})

test(
  'ten thousand children: each start, end and restart costs the same',
  trapping(async () => {
    const sup = await supervise({ ...SIMPLE, intensity: 1e9 }, [template()])
    const all: Pid[] = []
    const many = { startLink: () => GenServer.startLink(many), init: () => ['ok', 0] }
    const big = await supervise({ ...SIMPLE, intensity: 1e9 }, [{ id: 'm', start: [many, 'startLink', []] }])
    for (let i = 0; i < 10_000; i++) {
      const [, pid] = (await Supervisor.startChild(big, [])) as ['ok', Pid]
      all.push(pid)
    }
    for (const pid of all) exitPid(pid, 'kill')
    const [, active] = await Supervisor.countChildren(big)
    same(active, ['active', 10_000])
    const beganMs = performance.now()
    await GenServer.stop(big, 'shutdown')
    assert.ok(performance.now() - beganMs < 2000)
    await stopped(sup)
  }),
)

test(
  'calls to a supervisor that is not there name the request',
  inTest(async () => {
    same(await reasonOf(Supervisor.whichChildren('nope')), [
      'noproc',
      ['gen_server', 'call', ['nope', 'which_children', 'infinity']],
    ])
  }),
)

test(
  'the status of a supervisor is that of a server, and names the callback module',
  trapping(async () => {
    const started = await Supervisor.startLink({ init: () => ['ok', {}, []] }, [])
    if (started[0] !== 'ok') throw new Error('not started')
    const pid = started[1] as Pid // it is ok
    const misc = (await Sys.getStatus(pid))[3][4] as readonly (readonly [string, readonly unknown[]])[]
    same(
      misc.map(([word]) => word),
      ['header', 'data', 'data', 'supervisor'],
    )
    same(misc[3]?.[1], [['Callback', await Supervisor.getCallbackModule(pid)]])
  }),
)

test.run()
