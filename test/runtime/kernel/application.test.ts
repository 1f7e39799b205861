import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { exit } from '../../../runtime/erts/exit.js'
import { exitPid, isAlive, type Pid, receive, self, spawn, spawnLink } from '../../../runtime/erts/process.js'
import * as Application from '../../../runtime/kernel/src/application.js'
import * as controller from '../../../runtime/kernel/src/application_controller.js'
import type { AppResource } from '../../../runtime/kernel/src/application_data.js'
import { acTab } from '../../../runtime/kernel/src/application_table.js'
import { app, ends, nodeEnded, recorder, reports, startWorld, stopWorld, top } from './world.js'

const test = suite('kernel/application')
test.before.each(() => startWorld())
test.after.each(() => stopWorld())

const topOf = (name: string): Pid | undefined => acTab().tops.get(name)?.pid

async function ended(name: string): Promise<void> {
  while (reports.every(({ label, facts }) => label !== 'application_controller exit' || facts.application !== name))
    await new Promise((resolve) => setImmediate(resolve))
}

// ---- S100

test('S100 an application whose dependency is not started is refused with its name', async () => {
  await Application.load(app('sasl'))
  const result = await Application.start(app('ch_app', { applications: ['kernel', 'sasl'] }))
  assert.equal(result, ['error', ['not_started', 'sasl']])
})

test('S100 an unknown application is OTP\'s "no such file or directory"', async () => {
  assert.equal(await Application.start('nosuch'), ['error', ['no such file or directory', 'nosuch.app']])
  assert.equal(await Application.load('nosuch'), ['error', ['no such file or directory', 'nosuch.app']])
})

test('S100 a dependency that was started but has ended is not running', async () => {
  const log: unknown[] = []
  await Application.start(app('dp', { mod: [recorder(log), []] }))
  const pid = topOf('dp')
  if (pid !== undefined) exitPid(pid, 'boom')
  await ended('dp')
  const result = await Application.start(app('needs', { applications: ['dp'], mod: [recorder(log), []] }))
  assert.equal(result, ['error', ['not_running', 'dp']])
})

test('S100 states are told apart: started, running, loaded, unknown', async () => {
  const resource = app('ch_app', { description: 'channels', env: { file: 'log' } })
  assert.is(await Application.start(resource), 'ok')
  assert.equal(await Application.start('ch_app'), ['error', ['already_started', 'ch_app']])
  assert.equal(await Application.load(resource), ['error', ['already_loaded', resource]])
  assert.equal(await Application.load('ch_app'), ['error', ['already_loaded', 'ch_app']])
  assert.equal(await Application.unload('ch_app'), ['error', ['running', 'ch_app']])
  assert.equal(await Application.whichApplications(), [
    ['ch_app', 'channels', '1'],
    ['kernel', '', '1'],
  ])
  assert.is(await Application.stop('ch_app'), 'ok')
  assert.equal(await Application.stop('ch_app'), ['error', ['not_started', 'ch_app']])
  assert.ok(Application.loadedApplications().some(([name]) => name === 'ch_app'))
  assert.equal(Application.getEnv('ch_app', 'file'), ['ok', 'log'])
  assert.is(await Application.unload('ch_app'), 'ok')
  assert.is(Application.getEnv('ch_app', 'file'), undefined)
  assert.equal(await Application.unload('ch_app'), ['error', ['not_loaded', 'ch_app']])
})

test('an application can be started again after its top process has ended', async () => {
  const log: unknown[] = []
  await Application.start(app('a', { mod: [recorder(log), []] }))
  const pid = topOf('a')
  if (pid !== undefined) exitPid(pid, 'boom')
  await ended('a')
  assert.is(await Application.start('a'), 'ok')
})

test('a start type that is none is refused', async () => {
  // What TypeScript would refuse.
  const type = 'sometimes' as 'temporary'
  assert.equal(await Application.start(app('a'), type), ['error', ['invalid_restart_type', 'sometimes']])
})

// resource, error term, why
const BAD_RESOURCES = [
  [17, ['bad_application', 17], 'a resource is an object'],
  [{ vsn: '1' }, ['bad_application', { vsn: '1' }], 'a resource has a name'],
  [{ name: 7 }, ['invalid_name', 7], 'a name is a text'],
  [{ name: 'a', modules: 'm' }, ['invalid_options', { modules: 'm' }], 'modules are a list of texts'],
  [{ name: 'a', env: [] }, ['invalid_options', { env: [] }], 'env is an object'],
  [{ name: 'a', maxT: -1 }, ['invalid_options', { maxT: -1 }], 'maxT is milliseconds or infinity'],
  [{ name: 'a', mod: ['m'] }, ['badstartspec', ['m']], 'mod is a module and an argument'],
] as const

for (const [resource, reason, why] of BAD_RESOURCES) {
  test(why, async () => {
    // Values that the type of resources forbids.
    assert.equal(await Application.load(resource as unknown as AppResource), ['error', reason])
  })
}

// ---- S101

const failing = (start: () => unknown): object => ({ start, stop: () => {} })

test('S101 what start returns instead of a pid is the error, with the call', async () => {
  const cases: [object, (module: object) => unknown][] = [
    [failing(() => ['error', 'why']), (m) => ['why', [m, 'start', ['normal', 'A']]]],
    [failing(() => 'foo'), (m) => ['bad_return', [[m, 'start', ['normal', 'A']], 'foo']]],
    [failing(() => 'ignore'), (m) => ['bad_return', [[m, 'start', ['normal', 'A']], 'ignore']]],
    [
      failing(() => exit('normal')),
      (m) => [
        ['EXIT', 'normal'],
        [m, 'start', ['normal', 'A']],
      ],
    ],
    [
      failing(() => exit('bad')),
      (m) => [
        'bad_return',
        [
          [m, 'start', ['normal', 'A']],
          ['EXIT', 'bad'],
        ],
      ],
    ],
    [failing(async () => ['error', 'late']), (m) => ['late', [m, 'start', ['normal', 'A']]]],
  ]
  for (const [i, [module, reason]] of cases.entries()) {
    assert.equal(await Application.start(app(`c${i}`, { mod: [module, 'A'] })), ['error', reason(module)])
  }
})

test('S101 stop calls prepStop, takes the tree down, and gives stop what prepStop returned', async () => {
  const log: unknown[] = []
  const tree = (): Pid =>
    spawnLink(async () => {
      const { trapExit } = await import('../../../runtime/erts/process.js')
      trapExit(true)
      const message = await receive<unknown[]>()
      log.push(['down', Array.isArray(message) ? message[2] : message])
    })
  const own = {
    start: () => ['ok', tree(), 's'],
    prepStop: (state: unknown) => {
      log.push(['prepStop', state])
      return 't'
    },
  }
  await Application.start(app('a', { mod: [recorder(log, own), []] }))
  // The tree must trap before it is told to go.
  await new Promise((resolve) => setTimeout(resolve, 5))
  assert.is(await Application.stop('a'), 'ok')
  assert.equal(log, [
    ['prepStop', 's'],
    ['down', 'shutdown'],
    ['stop', 't'],
  ])
})

test('processes of the application that are left after stop are killed', async () => {
  let stray: Pid | undefined
  const module = recorder([], {
    start: () => {
      stray = spawn(async () => {
        await receive()
      })
      return ['ok', top()]
    },
  })
  await Application.start(app('a', { mod: [module, []] }))
  assert.ok(stray !== undefined && isAlive(stray))
  assert.equal(Application.getApplication(stray), ['ok', 'a'])
  await Application.stop('a')
  assert.ok(stray !== undefined && !isAlive(stray))
})

test('an application with maxT ends after that time', async () => {
  const log: unknown[] = []
  await Application.start(app('a', { maxT: 5, mod: [recorder(log), []] }))
  await ended('a')
  assert.equal(log.at(-1), ['stop', []])
  assert.equal(reports.at(-1)?.facts, { application: 'a', exited: 'normal', type: 'temporary' })
})

// ---- S102..S104

const PHASES = [
  ['init', 'a1'],
  ['go', 'a2'],
] as const

test('S102 phases follow start in the order of the file', async () => {
  const log: unknown[] = []
  const startPhase = (...args: unknown[]): string => {
    log.push(args)
    return 'ok'
  }
  await Application.start(app('cb', { start_phases: PHASES, mod: [recorder(log, { startPhase }), 'x'] }))
  assert.equal(log, [
    ['start', 'normal', 'x'],
    ['init', 'normal', 'a1'],
    ['go', 'normal', 'a2'],
  ])
})

test('S102 a phase that fails takes the top process down and is the error of the start', async () => {
  const module = recorder([], { startPhase: () => ['error', 'nogo'] })
  const result = await Application.start(app('cb', { start_phases: PHASES, mod: [module, []] }))
  assert.equal(result, ['error', ['nogo', [module, 'start_phase', ['init', 'normal', 'a1']]]])
  assert.is(topOf('cb'), undefined)
  const odd = recorder([], { startPhase: () => 'maybe' })
  const other = await Application.start(app('cb2', { start_phases: PHASES, mod: [odd, []] }))
  assert.equal(other, ['error', ['bad_return_value', [[odd, 'start_phase', ['init', 'normal', 'a1']], 'maybe']]])
})

test('S103 a phase runs for the primary, then for the included applications that list it', async () => {
  const log: unknown[] = []
  const noting = (who: string): object => ({
    start: () => {
      log.push([who, 'start'])
      return ['ok', top()]
    },
    startPhase: (phase: string) => {
      log.push([who, phase])
      return 'ok'
    },
    stop: () => log.push([who, 'stop']),
  })
  await Application.load(app('incl', { start_phases: [['go', []]], mod: [noting('incl'), []] }))
  const primary = app('primary', {
    included_applications: ['incl'],
    start_phases: PHASES,
    mod: ['application_starter', [noting('primary'), []]],
  })
  assert.is(await Application.start(primary), 'ok')
  assert.equal(log, [
    ['primary', 'start'],
    ['primary', 'init'],
    ['primary', 'go'],
    ['incl', 'go'],
  ])
  assert.not.ok((await Application.whichApplications()).some(([name]) => name === 'incl'))
  await Application.stop('primary')
  assert.equal(log.at(-1), ['primary', 'stop'])
})

test('S104 an included application without phases is an error of the start', async () => {
  await Application.load(app('incl2', { mod: [recorder([]), []] }))
  const module = recorder([], { startPhase: () => 'ok' })
  const primary = app('primary', {
    included_applications: ['incl2'],
    start_phases: PHASES,
    mod: ['application_starter', [module, []]],
  })
  assert.equal(await Application.start(primary), ['error', ['start_phases_undefined', 'incl2']])
})

test('S104 the application starter without phases is undefined', async () => {
  const result = await Application.start(app('p', { mod: ['application_starter', [recorder([]), []]] }))
  const reason: unknown = result === 'ok' ? result : result[1]
  assert.match(JSON.stringify(reason), /^\["bad_return",\[\["kernel\/application_starter","start",.*"EXIT",\[\["undef"/)
})

// ---- S105

test('S105 the controller is free while an application starts', async () => {
  let seen: unknown
  const module = recorder([], {
    start: async () => {
      seen = await Application.whichApplications(300)
      await Application.setEnv('a', 'set', 1)
      return ['ok', top()]
    },
  })
  await Application.start(app('a', { mod: [module, []] }))
  assert.equal(seen, [['kernel', '', '1']])
  assert.equal(Application.getEnv('a', 'set'), ['ok', 1])
})

test('S105 in stop the controller is busy, parameters can still be read', async () => {
  let asked: unknown
  let env: unknown
  const module = recorder([], {
    stop: async () => {
      env = Application.getEnv('k')
      asked = await Application.whichApplications(20).catch((thrown: unknown) => thrown)
    },
  })
  await Application.start(app('a', { env: { k: 1 }, mod: [module, []] }))
  assert.is(await Application.stop('a'), 'ok')
  assert.equal(env, ['ok', 1])
  assert.is((asked as { reason: unknown[] }).reason[0], 'timeout')
})

// ---- S106

test('S106 configChange gets what changed, what is new and what is gone', async () => {
  let told: unknown
  const module = recorder([], {
    configChange: (...args: unknown[]) => {
      told = args
      return 'ok'
    },
  })
  const mod = [module, []] as const
  await Application.start(app('a', { env: { file: 'old', k: 1, gone: 1 }, mod }))
  const before = await controller.prepConfigChange()
  const changed = await controller.changeApplicationData(
    [app('a', { vsn: '2', env: { file: 'old', k: 1 }, mod }), app('unknown')],
    { a: { file: 'newlog', added: 9 } },
  )
  assert.is(changed, 'ok')
  assert.is(await controller.configChange(before), 'ok')
  assert.equal(told, [[['file', 'newlog']], [['added', 9]], ['gone']])
  assert.equal(Application.getKey('a', 'vsn'), ['ok', '2'])
  assert.not.ok(Application.loadedApplications().some(([name]) => name === 'unknown'))
})

test('S106 configChange is not called where nothing changed, may be missing, and its failures are returned', async () => {
  let called = 0
  const calm = recorder([], { configChange: () => void called++ })
  const failing = recorder([], { configChange: () => ['error', 'no'] })
  const odd = recorder([], { configChange: () => exit('dead') })
  await Application.start(app('calm', { mod: [calm, []] }))
  await Application.start(app('silent', { mod: [recorder([]), []] }))
  await Application.start(app('failing', { mod: [failing, []] }))
  await Application.start(app('odd', { mod: [odd, []] }))
  const before = await controller.prepConfigChange()
  await controller.changeApplicationData(
    [
      app('calm', { mod: [calm, []] }),
      app('silent'),
      app('failing', { mod: [failing, []] }),
      app('odd', { mod: [odd, []] }),
    ],
    { silent: { n: 1 }, failing: { n: 1 }, odd: { n: 1 } },
  )
  assert.equal(await controller.configChange(before), [
    'error',
    [
      ['odd', ['EXIT', 'dead']],
      ['failing', 'no'],
    ],
  ])
  assert.is(called, 0)
})

test('D11: configChange may ask the controller, runs in its application, and reaches included applications', async () => {
  const told: unknown[] = []
  const module = (who: string): object => ({
    ...recorder([]),
    startPhase: () => 'ok',
    configChange: async () => {
      told.push([who, Application.getApplication(), (await Application.whichApplications()).length])
      return 'ok'
    },
  })
  const incl = app('incl', { start_phases: [], mod: [module('incl'), []] })
  const primary = app('primary', {
    included_applications: ['incl'],
    start_phases: [],
    mod: ['application_starter', [module('primary'), []]],
  })
  await Application.load(incl)
  await Application.start(primary)
  const before = await controller.prepConfigChange()
  await controller.changeApplicationData([incl, primary], { incl: { x: 1 }, primary: { x: 1 } })
  assert.is(await controller.configChange(before), 'ok')
  assert.equal(told, [
    ['primary', ['ok', 'primary'], 2],
    ['incl', ['ok', 'primary'], 2],
  ])
})

test('parameters set while the node ran survive a change of application data', async () => {
  await Application.start(app('a', { env: { k: 1, l: 1 } }))
  await Application.setEnv('a', 'k', 'mine')
  await Application.unsetEnv('a', 'l')
  await controller.changeApplicationData([app('a', { env: { k: 2, l: 2, m: 2 } })], {})
  assert.equal(Application.getAllEnv('a').sort(), [
    ['k', 'mine'],
    ['m', 2],
  ])
})

test('a snapshot puts back resources, parameters and configuration', async () => {
  await Application.start(app('a', { env: { k: 1 } }))
  const before = await controller.snapshot()
  await controller.changeApplicationData([app('a', { vsn: '2', env: { k: 2 } })], { a: { k: 3 }, later: { x: 1 } })
  await Application.load(app('new'))
  assert.equal(Application.getEnv('a', 'k'), ['ok', 3])
  await controller.restore(before)
  assert.equal(Application.getEnv('a', 'k'), ['ok', 1])
  assert.equal(Application.getKey('a', 'vsn'), ['ok', '1'])
  assert.not.ok(Application.loadedApplications().some(([name]) => name === 'new'))
  await Application.load(app('later'))
  assert.is(Application.getEnv('later', 'x'), undefined)
})

test('a bad resource among new data changes nothing', async () => {
  await Application.start(app('a'))
  const result = await controller.changeApplicationData([app('a', { vsn: '2' }), { name: 7 }], { a: { k: 1 } })
  assert.equal(result, ['error', ['invalid_name', 7]])
  assert.equal(Application.getKey('a', 'vsn'), ['ok', '1'])
})

// ---- S107

test('S107 ensureAllStarted starts what is needed, dependencies first, and nothing twice', async () => {
  await Application.load(app('d1'))
  await Application.load(app('d2', { applications: ['d1'] }))
  await Application.load(app('d3', { applications: ['kernel', 'd2'] }))
  assert.equal(await Application.ensureAllStarted('d3'), ['ok', ['d1', 'd2', 'd3']])
  assert.equal(await Application.ensureAllStarted('d3'), ['ok', []])
})

test('ensureAllStarted stops what it started when something fails', async () => {
  const bad = failing(() => ['error', 'why'])
  await Application.load(app('d1'))
  await Application.load(app('d2', { applications: ['d1'], mod: [bad, []] }))
  const result = await Application.ensureAllStarted('d2')
  assert.equal(result, ['error', ['d2', ['why', [bad, 'start', ['normal', []]]]]])
  assert.equal(await Application.whichApplications(), [['kernel', '', '1']])
})

test('an optional application may be absent; where it is loaded it must be started', async () => {
  const needs = app('needs', { applications: ['opt'], optional_applications: ['opt'] })
  assert.equal(await Application.ensureAllStarted('nosuch'), [
    'error',
    ['nosuch', ['no such file or directory', 'nosuch.app']],
  ])
  await Application.load(needs)
  assert.equal(await Application.ensureAllStarted('needs'), ['ok', ['needs']])
  await Application.stop('needs')
  await Application.load(app('opt'))
  assert.equal(await Application.start('needs'), ['error', ['not_started', 'opt']])
  assert.equal(await Application.ensureAllStarted('needs'), ['ok', ['opt', 'needs']])
})

test('S107 permit(false) lets a start succeed without effect, and stops what runs', async () => {
  const runs = async (): Promise<boolean> => (await Application.whichApplications()).some(([name]) => name === 'a')
  await Application.load(app('a', { mod: [recorder([]), []] }))
  assert.equal(await Application.permit('nosuch', true), ['error', ['not_loaded', 'nosuch']])
  assert.is(await Application.permit('a', false), 'ok')
  assert.is(await Application.start('a'), 'ok')
  assert.is(await runs(), false)
  assert.is(await Application.permit('a', true), 'ok')
  assert.is(await runs(), true)
  assert.is(await Application.permit('a', false), 'ok')
  assert.is(await runs(), false)
})

test('a program without a release starts the controller with kernel and stdlib', async () => {
  await stopWorld()
  assert.equal(
    (await Application.whichApplications()).map(([name]) => name),
    ['stdlib', 'kernel'],
  )
})

// ---- S108

test('S108 sys.config counts more than app.json, the command line more than both, per parameter', async () => {
  await startWorld({ config: { ch_app: { file: 'testlog', b: 2 } }, commandLine: { ch_app: { file: 'cmdline' } } })
  await Application.load(app('ch_app', { env: { file: 'L', a: 1, b: 1 } }))
  assert.equal(Application.getAllEnv('ch_app').sort(), [
    ['a', 1],
    ['b', 2],
    ['file', 'cmdline'],
  ])
})

test('a parameter set before the load stays unless a source has it; a persistent one counts more', async () => {
  await Application.setEnv('a', 'own', 1)
  await Application.setEnv('a', 'k', 1)
  await Application.setEnv('b', 'k', 1, { persistent: true })
  await Application.load(app('a', { env: { k: 2 } }))
  await Application.load(app('b', { env: { k: 2 } }))
  assert.equal(Application.getAllEnv('a').sort(), [
    ['k', 2],
    ['own', 1],
  ])
  assert.equal(Application.getEnv('b', 'k'), ['ok', 1])
  await Application.unload('b')
  await Application.load(app('b', { env: { k: 2 } }))
  assert.equal(Application.getEnv('b', 'k'), ['ok', 1])
})

// ---- S109, S110

// type, reason of the top process's end, whether the node ends
const ENDS = [
  ['permanent', 'normal', true],
  ['permanent', 'shutdown', true],
  ['permanent', 'boom', true],
  ['transient', 'normal', false],
  ['transient', 'shutdown', true],
  ['transient', 'boom', true],
  ['temporary', 'normal', false],
  ['temporary', 'shutdown', false],
  ['temporary', 'boom', false],
] as const

for (const [type, reason, nodeEnds] of ENDS) {
  test(`S109 a ${type} application that ends with ${reason} ${nodeEnds ? 'ends the node' : 'is only reported'}`, async () => {
    const log: unknown[] = []
    const module = recorder(log, {
      start: () => [
        'ok',
        spawnLink(async () => {
          await receive()
          exit(reason)
        }),
      ],
    })
    await Application.start(app('other', { mod: [recorder(log), []] }))
    await Application.start(app('a', { mod: [module, []] }), type)
    const pid = topOf('a')
    const { send } = await import('../../../runtime/erts/process.js')
    if (pid !== undefined) send(pid, 'end')
    await ended('a')
    if (nodeEnds) {
      await nodeEnded()
      assert.equal(ends, [[['application_terminated', 'a', reason], 1]])
      assert.equal(log.at(-1), ['stop', []], 'the others are shut down first')
    } else {
      assert.equal(ends, [])
      assert.equal((await Application.whichApplications()).length, 2)
    }
    assert.equal(reports.find(({ label }) => label === 'application_controller exit')?.facts, {
      application: 'a',
      exited: reason,
      type,
    })
  })
}

// type, what start does, whether the node ends
const FAILING_STARTS = [
  ['permanent', () => ['error', 'why'], true],
  ['transient', () => ['error', 'why'], true],
  ['temporary', () => ['error', 'why'], false],
  ['permanent', () => exit('normal'), true],
  ['transient', () => exit('normal'), false],
] as const

for (const [type, start, nodeEnds] of FAILING_STARTS) {
  const what = start.toString().includes('normal') ? 'exits normally' : 'fails'
  test(`S110 a ${type} application whose start ${what} ${nodeEnds ? 'ends the node' : 'is only an error'}`, async () => {
    const result = await Application.start(app('a', { mod: [failing(start), []] }), type)
    assert.is(result[0], 'error')
    if (!nodeEnds) return assert.equal(ends, [])
    await nodeEnded()
    assert.equal(ends, [[['application_start_failure', 'a', result[1]], 1]])
  })
}

test('S110 stopping a permanent application leaves the node alone', async () => {
  await Application.start(app('a', { mod: [recorder([]), []] }), 'permanent')
  assert.is(await Application.stop('a'), 'ok')
  assert.equal(ends, [])
})

test('at the end of the node applications stop in reverse order, one that takes too long is killed', async () => {
  await startWorld({ config: { kernel: { shutdown_timeout: 20 } } })
  const log: unknown[] = []
  const noting = (name: string): object => recorder([], { stop: () => log.push(name) })
  const stuck = recorder([], { stop: () => new Promise(() => {}) })
  await Application.start(app('a', { mod: [noting('a'), []] }))
  await Application.start(app('stuck', { mod: [stuck, []] }))
  await Application.start(app('b', { mod: [noting('b'), []] }))
  await stopWorld()
  assert.equal(log, ['b', 'a'])
})

test('startBoot ends the boot only where the node must not go on', async () => {
  await Application.load(app('a', { applications: ['missing'] }))
  assert.equal(await Application.startBoot('a', 'permanent'), ['error', ['not_started', 'missing']])
  assert.is(await Application.startBoot('a', 'temporary'), 'ok')
  assert.equal(reports.at(-1)?.facts, { application: 'a', exited: ['not_started', 'missing'], type: 'temporary' })
})

test('tops are listed in start order with master and module', async () => {
  const module = recorder([])
  await Application.start(app('a', { mod: [module, []] }))
  await Application.start(app('b', { mod: [module, []] }))
  const tops = controller.applicationTops()
  assert.equal(
    tops.map(({ name }) => name),
    ['a', 'b'],
  )
  assert.is(tops[0]?.top, topOf('a'))
  assert.is(tops[0]?.module, module)
})

test('inside start the application, its start type and its own parameters are known', async () => {
  let seen: unknown
  let later: unknown
  const module = recorder([], {
    start: () => {
      seen = [Application.getApplication(), Application.startType(), Application.getEnv('k'), self() !== undefined]
      return [
        'ok',
        spawnLink(async () => {
          await receive()
          later = Application.startType()
          await receive()
        }),
      ]
    },
  })
  await Application.start(app('a', { env: { k: 1 }, mod: [module, []] }))
  assert.equal(seen, [['ok', 'a'], 'normal', ['ok', 1], true])
  const { send } = await import('../../../runtime/erts/process.js')
  const pid = topOf('a')
  if (pid !== undefined) send(pid, 'now')
  while (later === undefined) await new Promise((resolve) => setImmediate(resolve))
  assert.is(later, 'local')
  assert.is(Application.startType(), undefined)
})

test("keys of the resource come in OTP's order", async () => {
  await Application.load(app('a', { description: 'd', modules: ['m'], applications: ['kernel'] }))
  const all = Application.getAllKey('a')
  assert.equal(Array.isArray(all) && Array.isArray(all[1]) ? all[1].map(([key]) => key) : all, [
    'description',
    'id',
    'vsn',
    'modules',
    'maxP',
    'maxT',
    'registered',
    'included_applications',
    'optional_applications',
    'applications',
    'env',
    'mod',
    'start_phases',
  ])
  assert.is(Application.getAllKey('nosuch'), undefined)
  assert.equal(Application.getAllKey(), [])
})

test.run()
