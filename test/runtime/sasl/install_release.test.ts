import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Linker } from '../../../runtime/erts/linker/linker.js'
import { exitPid, whereis } from '../../../runtime/erts/process.js'
import { equal } from '../../../runtime/erts/term.js'
import { type CheckedInstall, checkInstall } from '../../../runtime/sasl/src/install_check.js'
import { type Installed, type InstallStep, install } from '../../../runtime/sasl/src/install_release.js'
import { nodeWorld } from '../../../runtime/sasl/src/node_world.js'
import { formatReleaseError, type ReleaseError } from '../../../runtime/sasl/src/release_error.js'
import { type Release, transition } from '../../../runtime/sasl/src/releases_file.js'
import type { UpgradeWorld } from '../../../runtime/sasl/src/upgrade_world.js'
import * as genServer from '../../../runtime/stdlib/src/gen_server.js'
import * as supervisor from '../../../runtime/stdlib/src/supervisor.js'
import * as sys from '../../../runtime/stdlib/src/sys.js'
import type { Result } from '../../../schemas/result.js'
import { inTest, watch } from '../../support/processes.js'
import { failingWorld } from './failing_world.js'
import { probe, type RoomNode, startRoomNode } from './room_node.js'

const test = suite('sasl/install_release')

const withNode = (body: (node: RoomNode) => Promise<void>) =>
  inTest(async () => {
    probe.configAnswer = 'ok'
    probe.refuse = false
    probe.startAnswer = undefined
    probe.hang = false
    const node = await startRoomNode()
    try {
      await body(node)
    } finally {
      await node.close()
    }
  })

async function checked(
  node: RoomNode,
  vsn: string,
  releases: readonly Release[] = node.releases,
): Promise<CheckedInstall> {
  const result = await checkInstall({ root: node.root, releases, linker: node.linker }, vsn)
  if (!result.ok) throw new Error(formatReleaseError(result.error))
  return result.value
}

async function faultOf(node: RoomNode, vsn = '2'): Promise<ReleaseError> {
  const before = await node.observe()
  const result = await checkInstall({ root: node.root, releases: node.releases, linker: node.linker }, vsn)
  if (result.ok) throw new Error('the check found nothing')
  assert.equal(await node.observe(), before)
  return result.error
}

const go = (
  plan: CheckedInstall,
  linker: Linker,
  world?: UpgradeWorld,
  tell?: (step: InstallStep) => void,
  signal?: AbortSignal,
): Promise<Result<Installed, ReleaseError>> =>
  install(plan, {}, linker, { sinceMs: performance.now(), tell, signal }, world)

async function upgraded(node: RoomNode): Promise<readonly Release[]> {
  const done = await go(await checked(node, '2'), node.linker)
  if (!done.ok) throw new Error(formatReleaseError(done.error))
  const next = transition(node.releases, 'install', '2')
  if (!next.ok) throw new Error('2 can be installed')
  return next.value
}

/** What differs between two observations, part by part. */
function difference(before: Observed, after: Observed): readonly unknown[] {
  return Object.keys(before).flatMap((part) =>
    equal(before[part], after[part]) ? [] : [[part, before[part], after[part]]],
  )
}

type Observed = Awaited<ReturnType<RoomNode['observe']>>

test(
  'an upgrade converts states, keeps processes, starts and stops what the plan says',
  withNode(async (node) => {
    await genServer.call('counter', 'next')
    const before = await node.observe()
    const steps: InstallStep[] = []
    const done = await go(await checked(node, '2'), node.linker, undefined, (step) => steps.push(step))
    assert.ok(done.ok, done.ok ? '' : formatReleaseError(done.error))
    const { summary, unpurged } = done.value
    assert.is(summary.migrated, 4)
    assert.is(summary.suspended, 6)
    assert.is(summary.restarted, 1)
    assert.ok(summary.longest_pause_ms > 0)
    assert.equal([...unpurged], [])
    // The other one is called before the point of no return.
    assert.equal(summary.irreversible, ['test/probe.note'])
    assert.equal(
      steps.map(({ step }) => step),
      steps.map((_step, index) => index + 1),
    )
    assert.is(steps.at(-1)?.of, steps.length, 'the number of steps is known beforehand')
    assert.match(steps[1]?.text ?? '', /^called test\/probe\.note/)
    assert.match(steps[2]?.text ?? '', /^suspended 6 processes/)

    const after = await node.observe()
    assert.equal(after.states, { counter: { count: 1 }, keeper: { kept: 'data' }, stopper: 2, ledger: [] })
    assert.equal(after.players, [{ points: 30 }, { points: 20 }, { points: 10 }])
    assert.equal(after.pool, before.pool)
    assert.is(await genServer.call('counter', 'next'), 2)
    assert.is(await genServer.call('keeper', 'label'), 'two')
    assert.equal(after.env, [
      ['configured', 'two'],
      ['fresh', true],
      ['size', 2],
    ])
    assert.equal(
      (after.running as unknown[][]).map(([name]) => name),
      ['audit', 'kernel', 'room'],
    )
    assert.equal(probe.notes, [
      'before',
      ['counter', '1'],
      'after',
      [
        'config',
        [
          ['configured', 'two'],
          ['size', 2],
        ],
        [['fresh', true]],
        ['old'],
      ],
    ])
  }),
)

test(
  'a downgrade is an upgrade back',
  withNode(async (node) => {
    const before = await node.observe()
    const releases = await upgraded(node)
    await genServer.call('counter', 'next')
    const done = await go(await checked(node, '1', releases), node.linker)
    assert.ok(done.ok, done.ok ? '' : formatReleaseError(done.error))
    const after = await node.observe()
    assert.equal(after.states, { counter: { n: 1 }, keeper: { kept: 'data' }, stopper: 1, ledger: 'none' })
    for (const same of ['players', 'pool', 'children', 'env', 'loaded', 'suspended', 'path']) {
      assert.equal(after[same], before[same], same)
    }
  }),
)

for (const [direction, target] of [
  ['up', '2'],
  ['down', '1'],
] as const) {
  for (const when of ['before', 'after'] as const) {
    test(
      `a fault right ${when} any effect of going ${direction} leaves everything as it was`,
      withNode(async (node) => {
        const releases = direction === 'down' ? await upgraded(node) : node.releases
        await genServer.call('counter', 'next')
        for (let at = 1; ; at++) {
          const before = await node.observe()
          const plan = await checked(node, target, releases)
          const world = failingWorld(nodeWorld(node.linker, plan.prepared), at, when)
          const done = await go(plan, node.linker, world)
          if (done.ok && world.calls.length < at) {
            assert.ok(at > 40, `only ${at} effects`)
            return
          }
          const fault = `fault ${at}: ${world.calls[at - 1]}`
          if (done.ok) {
            // A state that cannot be asked for before a resume costs precision of an undo; a child that is gone is gone.
            assert.ok(['getState', 'terminateChild'].includes(world.calls[at - 1] ?? ''), fault)
            const there = transition(releases, 'install', target)
            assert.ok(
              there.ok && (await go(await checked(node, target === '2' ? '1' : '2', there.value), node.linker)).ok,
            )
            continue
          }
          assert.equal(difference(before, await node.observe()), [], fault)
          assert.equal(done.error.tag === 'install_failed' && done.error.notUndone, [], fault)
        }
      }),
    )
  }
}

test(
  'a state that moved on after it was resumed is converted back, not forgotten',
  withNode(async (node) => {
    const plan = await checked(node, '2')
    const real = nodeWorld(node.linker, plan.prepared)
    const world: UpgradeWorld = {
      ...real,
      applies: {
        ...real.applies,
        apply: async (module, fun, args) => {
          if (args[0] !== 'after') return real.applies.apply(module, fun, args)
          // The new release is in use already when the last call of the plan fails.
          await genServer.call('counter', 'next')
          await genServer.call('counter', 'next')
          throw new Error('too late')
        },
      },
    }
    const done = await go(plan, node.linker, world)
    assert.is(done.ok, false)
    assert.equal(await sys.getState('counter'), { n: 2 })
    assert.is(await genServer.call('counter', 'next'), 3)
  }),
)

test(
  'a process that refuses its new state stops the upgrade, and says why',
  withNode(async (node) => {
    probe.refuse = true
    const before = await node.observe()
    const done = await go(await checked(node, '2'), node.linker)
    assert.not(done.ok)
    assert.match(
      done.ok ? '' : formatReleaseError(done.error),
      /^code_change of room\/counter failed: <0\.\d+\.0> of "room" refused: 'not_today'; the node runs "1" as before$/,
    )
    assert.equal(difference(before, await node.observe()), [])
  }),
)

test(
  'an application that does not accept its new parameters stops the upgrade, and is told of the old ones',
  withNode(async (node) => {
    const before = await node.observe()
    probe.configAnswer = ['error', 'bad_size']
    const done = await go(await checked(node, '2'), node.linker)
    assert.not(done.ok)
    assert.match(done.ok ? '' : formatReleaseError(done.error), /^configChange failed: "room": 'bad_size'/)
    assert.equal(difference(before, await node.observe()), [])
    assert.equal(probe.notes.at(-1), [
      'config',
      [
        ['configured', 'one'],
        ['size', 1],
      ],
      [['old', true]],
      ['fresh'],
    ])
  }),
)

test(
  'a permanent application that does not start stops the upgrade, not the node',
  withNode(async (node) => {
    const before = await node.observe()
    probe.startAnswer = ['error', 'no_disk']
    const done = await go(await checked(node, '2'), node.linker)
    assert.match(
      done.ok ? '' : formatReleaseError(done.error),
      /^apply kernel\/application\.start\('audit', 'permanent'\) failed: [\s\S]*no_disk[\s\S]*; the node runs "1" as before$/,
    )
    assert.equal(difference(before, await node.observe()), [])
    assert.not(probe.notes.some((note) => Array.isArray(note) && note[0] === 'node ends'))
  }),
)

test(
  'an application that was started is permanent when the upgrade is over',
  withNode(async (node) => {
    await upgraded(node)
    assert.equal((await node.observe()).types, ['audit permanent', 'kernel permanent', 'room permanent'])
  }),
)

test(
  'a conversion that never comes to an end is given up, and the process goes on as before',
  withNode(async (node) => {
    await genServer.call('counter', 'next')
    const before = await node.observe()
    probe.hang = true
    const done = await install(await checked(node, '2'), { code_change_timeout: 20 }, node.linker, { sinceMs: 0 })
    assert.match(
      done.ok ? '' : formatReleaseError(done.error),
      /^code_change of room\/counter failed: [\s\S]*timeout[\s\S]*; the node runs "1" as before$/,
    )
    assert.equal(difference(before, await node.observe()), [])
    assert.is(await genServer.call('counter', 'next'), 2)
  }),
)

test(
  'cancelling takes back what was done',
  withNode(async (node) => {
    const before = await node.observe()
    const abort = new AbortController()
    const tell = (step: InstallStep): void => {
      if (step.facts.step === 'converted') abort.abort()
    }
    const done = await go(await checked(node, '2'), node.linker, undefined, tell, abort.signal)
    assert.equal(done, { ok: false, error: { tag: 'cancelled', vsn: '2' } })
    assert.equal(difference(before, await node.observe()), [])
  }),
)

test(
  'nobody who calls during an upgrade fails, and nothing is lost',
  withNode(async (node) => {
    let going = true
    let answered = 0
    const client = async (): Promise<void> => {
      while (going) {
        const count = await genServer.call<number>('counter', 'next')
        assert.is(count, ++answered)
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
    const clients = client()
    const done = await go(await checked(node, '2'), node.linker)
    going = false
    await clients
    assert.ok(done.ok)
    assert.equal(await sys.getState('counter'), { count: answered })
  }),
)

test(
  'a process that is busy too long stops the upgrade, and goes on when it is done',
  withNode(async (node) => {
    const plan = await checked(node, '2')
    let open: () => void = () => {}
    probe.gate = new Promise<void>((resolve) => {
      open = resolve
    })
    const waiting = genServer.call('counter', 'wait')
    const done = await install(plan, { suspend_timeout: 20 }, node.linker, { sinceMs: 0 })
    assert.match(
      done.ok ? '' : formatReleaseError(done.error),
      /^suspend room\/counter, .* failed: <0\.\d+\.0> \(room\/counter\) of "room" did not suspend: .*the node runs "1" as before$/,
    )
    open()
    assert.is(await waiting, 1)
    assert.is(await genServer.call('counter', 'next'), 2)
    assert.is(node.linker.current('room/counter')?.file, `${node.root}/lib/room-1/ebin/counter.js`)
  }),
)

test(
  'a process that waits for one that stands still already gets its answer: that one is let go, and suspended again',
  withNode(async (node) => {
    const plan = await checked(node, '2')
    const real = nodeWorld(node.linker, plan.prepared)
    const keeper = whereis('keeper')
    let open: () => void = () => {}
    const opened = new Promise<void>((resolve) => {
      open = resolve
    })
    // In the counter: whatever it waits for, it then asks a server that is to be suspended, too.
    const ask = () => opened.then(() => genServer.call('keeper', 'label')).then(() => {})
    // biome-ignore lint/suspicious/noThenProperty: asked when the counter awaits it
    probe.gate = { then: (...settle) => ask().then(...settle) }
    let suspends = 0
    const world: UpgradeWorld = {
      ...real,
      processes: {
        ...real.processes,
        suspend: (pid, timeout) => {
          const answer = real.processes.suspend(pid, timeout)
          if (pid === keeper && ++suspends === 1) setImmediate(open)
          return answer
        },
      },
    }
    const waiting = genServer.call('counter', 'wait')
    const done = await install(plan, { suspend_timeout: 1000 }, node.linker, { sinceMs: 0 }, world)
    assert.ok(done.ok, done.ok ? '' : formatReleaseError(done.error))
    assert.is(await waiting, 1)
    assert.is(suspends, 2)
    assert.equal(await sys.getState('counter'), { count: 1 })
    assert.is(await genServer.call('keeper', 'label'), 'two')
  }),
)

test(
  'D15: or is killed where that is asked for, and the one its supervisor starts is converted; the result says so',
  withNode(async (node) => {
    const plan = await checked(node, '2')
    probe.gate = new Promise<void>(() => {})
    const before = whereis('counter')
    const waiting = genServer.call('counter', 'wait').catch(() => 'killed')
    const done = await install(plan, { suspend_timeout: 20, unsuspended: 'kill' }, node.linker, { sinceMs: 0 })
    assert.ok(done.ok, done.ok ? '' : formatReleaseError(done.error))
    assert.is(await waiting, 'killed')
    assert.equal(done.ok && done.value.summary.killed, [`${before} (room/counter) of "room"`])
    assert.equal(done.ok && done.value.summary.skipped, [])
    assert.equal(await sys.getState('counter'), { count: 0 })
    assert.is(node.linker.current('room/counter')?.file, `${node.root}/lib/room-2/ebin/counter.js`)
  }),
)

test(
  'D46: a process that ends while it is suspended or converted is no failure; the result names it',
  withNode(async (node) => {
    const plan = await checked(node, '2')
    const real = nodeWorld(node.linker, plan.prepared)
    const dead: string[] = []
    const world: UpgradeWorld = {
      ...real,
      processes: {
        ...real.processes,
        changeCode: async (pid, ...rest) => {
          const isPlayer = pid !== whereis('counter') && pid !== whereis('room_sup') && dead.length === 0
          if (!isPlayer) return real.processes.changeCode(pid, ...rest)
          const ended = watch(pid)
          dead.push(String(pid))
          exitPid(pid, 'kill')
          await ended()
          throw new Error('noproc')
        },
      },
    }
    const done = await go(plan, node.linker, world)
    assert.ok(done.ok, done.ok ? '' : formatReleaseError(done.error))
    assert.equal(done.ok && done.value.summary.died.map((one) => one.split(' ')[0]), dead)
    assert.is(done.ok && done.value.summary.migrated, 3)
  }),
)

test(
  'or is left out where that is asked for',
  withNode(async (node) => {
    const plan = await checked(node, '2')
    let open: () => void = () => {}
    probe.gate = new Promise<void>((resolve) => {
      open = resolve
    })
    const waiting = genServer.call('counter', 'wait')
    const done = await install(plan, { suspend_timeout: 20, unsuspended: 'skip' }, node.linker, { sinceMs: 0 })
    open()
    assert.is(done.ok && done.value.summary.skipped.length, 1)
    assert.is(done.ok && done.value.summary.migrated, 3)
    assert.equal(done.ok && Object.keys(done.value.summary.on_old_code), ['room/counter'])
    assert.is(await waiting, 1)
  }),
)

test(
  'processes that start while others are being suspended are converted as well',
  withNode(async (node) => {
    const plan = await checked(node, '2')
    const real = nodeWorld(node.linker, plan.prepared)
    let started = false
    const world: UpgradeWorld = {
      ...real,
      processes: {
        ...real.processes,
        suspend: async (pid, timeout) => {
          if (!started) {
            started = true
            await supervisor.startChild('pool_sup', [40])
          }
          return real.processes.suspend(pid, timeout)
        },
      },
    }
    const tell = (step: InstallStep): void => {
      // In the last moment before the load.
      if (step.facts.step === 'suspended') supervisor.startChild('pool_sup', [50])
    }
    const done = await go(plan, node.linker, world, tell)
    assert.ok(done.ok)
    assert.equal(
      (await node.observe()).players,
      [50, 40, 30, 20, 10].map((points) => ({ points })),
    )
  }),
)

test(
  'also when going down, where states are converted before the load',
  withNode(async (node) => {
    const releases = await upgraded(node)
    let started = false
    const tell = (step: InstallStep): void => {
      if (started || step.facts.step !== 'converted' || step.facts.module !== 'room/player') return
      started = true
      supervisor.startChild('pool_sup', [40])
    }
    const done = await go(await checked(node, '1', releases), node.linker, undefined, tell)
    assert.ok(done.ok, done.ok ? '' : formatReleaseError(done.error))
    assert.equal(
      (await node.observe()).players,
      [40, 30, 20, 10].map((score) => ({ score })),
    )
  }),
)

test(
  'more processes than a call can have arguments are converted',
  withNode(async (node) => {
    for (let score = 0; score < 130_000; score++) await supervisor.startChild('pool_sup', [score])
    const done = await go(await checked(node, '2'), node.linker)
    assert.ok(done.ok, done.ok ? '' : formatReleaseError(done.error))
    assert.is(done.value.summary.migrated, 130_004)
  }),
)

test(
  'all faults are found before anything is touched',
  withNode(async (node) => {
    node.rewrite('2', 'lib/room-2/ebin/lib.js', 'return {')
    node.rewrite('2', 'releases/2/sys.config.json', '{ "room": ')
    const error = await faultOf(node)
    assert.is(error.tag, 'check_failed')
    assert.match(formatReleaseError(error), /sys\.config\.json:1:\d+[\s\S]*"room\/lib" would not load/)
    node.rewrite('2', 'releases/2/sys.config.json', '{}')
    const code = await faultOf(node)
    assert.is(code.tag, 'bad_module')
    assert.match(formatReleaseError(code), /^"room\/lib" would not load: .*lib\.js/)
  }),
)

const withProvider = (fun: string, module = 'room/lib') =>
  JSON.stringify({ kernel: { config_providers: [[module, fun, ['!']]] }, room: { configured: 'two' } })

test(
  'config providers of the new release complete its configuration, before anything is changed',
  withNode(async (node) => {
    node.rewrite('2', 'releases/2/sys.config.json', withProvider('provide'))
    const { config } = await checked(node, '2')
    assert.equal(config.room, { configured: 'two', provided: 'two!', seen: 'two' })
  }),
)

// function, module, why
const PROVIDERS = [
  [
    'fail',
    'room/lib',
    /^release "2" cannot be configured on this node: config provider room\/lib\.fail failed: no vault$/,
  ],
  ['nonsense', 'room/lib', /config provider room\/lib\.nonsense returned room: /],
  ['gone', 'room/lib', /config provider room\/lib\.gone is not there: the release has no such function$/],
  ['provide', 'lib', /kernel\.config_providers must be a list of .*; entry 1 is \["lib","provide",\["!"\]\]$/],
] as const

for (const [fun, module, why] of PROVIDERS) {
  test(
    `a config provider ${module}.${fun} that gives nothing refuses the upgrade`,
    withNode(async (node) => {
      node.rewrite('2', 'releases/2/sys.config.json', withProvider(fun, module))
      assert.match(formatReleaseError(await faultOf(node)), why)
    }),
  )
}

test(
  'a variable that the node was not given refuses the upgrade, with its place',
  withNode(async (node) => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference of the configuration
    node.rewrite('2', 'releases/2/sys.config.json', '{ "room": { "a": "${OTP_REL_A}", "b": "${OTP_REL_B}" } }')
    const fault = await faultOf(node)
    assert.is(fault.tag, 'bad_config')
    const [what, ...lines] = formatReleaseError(fault).split('\n')
    assert.is(what, 'release "2" cannot be configured on this node:')
    assert.match(
      lines[0] ?? '',
      /^ {2}releases\/2\/sys\.config\.json:1:18 room\.a: environment variable "OTP_REL_A" is not set/,
    )
    assert.match(
      lines[1] ?? '',
      /^ {2}releases\/2\/sys\.config\.json:1:39 room\.b: environment variable "OTP_REL_B" is not set/,
    )
  }),
)

test(
  'files that changed after they were unpacked are found',
  withNode(async (node) => {
    const fs = await import('node:fs')
    fs.appendFileSync(`${node.root}/lib/room-2/ebin/counter.js`, '//')
    const error = await faultOf(node)
    assert.equal(error, {
      tag: 'checksum_mismatch',
      vsn: '2',
      missing: [],
      extra: [],
      different: ['lib/room-2/ebin/counter.js'],
    })
  }),
)

test(
  'a module that throws when it is evaluated is found in the trial',
  withNode(async (node) => {
    const built =
      'return {m:{"imports":[],"stars":[],"exports":[],"tla":false},f:(function*($m){$m.token=()=>$m;yield{};throw new Error("no luck");return{}})}'
    node.rewrite('2', 'lib/room-2/ebin/lib.js', built)
    assert.match(formatReleaseError(await faultOf(node)), /top-level code of "room\/lib" threw: Error: no luck/)
  }),
)

test(
  'a relup that goes by way of a restart is refused with a word of its own',
  withNode(async (node) => {
    const up = [{ from: '1', instructions: [{ op: 'restart_new_emulator' }] }]
    node.rewrite('2', 'releases/2/relup.json', JSON.stringify({ vsn: '2', up, down: [] }))
    assert.equal(await faultOf(node), { tag: 'needs_restart', from: '1', to: '2', instruction: 'restart_new_emulator' })
  }),
)

test(
  'a missing relup entry says what both files hold',
  withNode(async (node) => {
    node.rewrite('2', 'releases/2/relup.json', '{"vsn":"2","up":[{"from":"0","instructions":[]}],"down":[]}')
    const text = formatReleaseError(await faultOf(node))
    assert.is(
      text,
      'no upgrade instructions from "1" to "2": releases/2/relup.json comes from "0"; releases/1/relup.json is not there; room 1 -> 2: room 2 has no appup.json; write what is missing and build again',
    )
  }),
)

test(
  'twenty upgrades back and forth leave no old code behind',
  withNode(async (node) => {
    let releases = node.releases
    for (let round = 0; round < 20; round++) {
      const target = round % 2 === 0 ? '2' : '1'
      const done = await go(await checked(node, target, releases), node.linker)
      assert.ok(done.ok, done.ok ? '' : formatReleaseError(done.error))
      const next = transition(releases, 'install', target)
      if (next.ok) releases = next.value
    }
    assert.is(await genServer.call('counter', 'next'), 1)
    assert.not(node.linker.loaded().some((id) => node.linker.hasOld(id)))
  }),
)

test.run()
