/** OTP's defects in installing releases (docs/defects.md), each avoided: those that have no test of their own elsewhere. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as tar from 'tar'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { ModuleRef } from '../../../runtime/erts/modules.js'
import { whereis } from '../../../runtime/erts/process.js'
import { Pid } from '../../../runtime/erts/term.js'
import * as application from '../../../runtime/kernel/src/application.js'
import { namedTable } from '../../../runtime/kernel/src/named_table.js'
import { type CheckedInstall, checkInstall } from '../../../runtime/sasl/src/install_check.js'
import { install } from '../../../runtime/sasl/src/install_release.js'
import { currentDir, nodeWorld, usersOfVersions } from '../../../runtime/sasl/src/node_world.js'
import { type ChildEntry, type WalkSource, walkProcesses } from '../../../runtime/sasl/src/process_walk.js'
import { formatReleaseError } from '../../../runtime/sasl/src/release_error.js'
import * as releaseHandler from '../../../runtime/sasl/src/release_handler.js'
import { history } from '../../../runtime/sasl/src/release_handler_calls.js'
import { reconcile } from '../../../runtime/sasl/src/releases_file.js'
import type { UpgradeWorld } from '../../../runtime/sasl/src/upgrade_world.js'
import * as genServer from '../../../runtime/stdlib/src/gen_server.js'
import * as sys from '../../../runtime/stdlib/src/sys.js'
import { trapping } from '../../support/processes.js'
import { probe, type RoomNode, startRoomNode } from './room_node.js'

const test = suite('sasl/defects')

/** A node of release 1 with its handler; release 2 lies beside it. */
const withNode = (body: (node: RoomNode) => Promise<void>) =>
  trapping(async () => {
    Object.assign(probe, { configAnswer: 'ok', refuse: false, startAnswer: undefined, hang: false })
    namedTable('sasl/release_handler', () => ({ state: undefined })).state = undefined
    const node = await startRoomNode()
    const booted = node.releases.find((one) => one.vsn === '1')
    if (booted === undefined) throw new Error('the node has release 1')
    await releaseHandler.startLink({ root: node.root, booted, linker: node.linker })
    try {
      await body(node)
    } finally {
      await genServer.stop('release_handler').catch(() => {})
      await node.close()
    }
  })

const tagOf = (answer: unknown): unknown => {
  const reason: unknown = Array.isArray(answer) ? answer[1] : undefined
  return Array.isArray(reason) ? reason[0] : reason
}

async function checked(node: RoomNode): Promise<CheckedInstall> {
  const plan = await checkInstall({ root: node.root, releases: node.releases, linker: node.linker }, '2')
  if (!plan.ok) throw new Error(formatReleaseError(plan.error))
  return plan.value
}

const roomVsn = async (): Promise<unknown> =>
  (await application.whichApplications()).find(([name]) => name === 'room')?.[2]

test(
  'D1: after a failure parameters, versions and descriptions are those of the old release',
  withNode(async (node) => {
    await releaseHandler.setUnpacked('2')
    const before = await node.observe()
    probe.refuse = true
    assert.is(tagOf(await releaseHandler.installRelease('2')), 'install_failed')
    const after = await node.observe()
    for (const part of ['env', 'loaded', 'running', 'types']) assert.equal(after[part], before[part], part)
    assert.is(await roomVsn(), '1')
  }),
)

test(
  'D2: a call that answers with an error fails the upgrade',
  withNode(async () => {
    await releaseHandler.setUnpacked('2')
    probe.startAnswer = ['error', 'no_disk']
    assert.is(tagOf(await releaseHandler.installRelease('2')), 'install_failed')
    assert.is(await roomVsn(), '1')
  }),
)

test(
  'D4: an application of the new release is on the path, whether or not its modules are loaded by the relup',
  withNode(async (node) => {
    const { program } = await checked(node)
    assert.equal(
      program.paths.map((one) => one.application),
      ['room', 'audit'],
    )
  }),
)

test(
  'D7: parameters set while the node ran are kept',
  withNode(async () => {
    await releaseHandler.setUnpacked('2')
    await application.setEnv('room', 'size', 77)
    await application.setEnv('room', 'set', 'since')
    assert.equal(await releaseHandler.installRelease('2'), ['ok', '1', null])
    assert.equal(application.getEnv('room', 'size'), ['ok', 77])
    assert.equal(application.getEnv('room', 'set'), ['ok', 'since'])
  }),
)

test(
  'D9: a configuration that cannot be read is refused with its place, and nothing is changed',
  withNode(async (node) => {
    await releaseHandler.setUnpacked('2')
    node.rewrite('2', 'releases/2/sys.config.json', '{ "room": {')
    const before = await node.observe()
    const refused = await releaseHandler.installRelease('2')
    assert.is(tagOf(refused), 'bad_file')
    assert.match(String((await history()).at(-1)?.message), /sys\.config\.json:1:\d+/)
    assert.equal(await node.observe(), before)
  }),
)

test(
  'D14: a closure of purged code goes on working',
  withNode(async (node) => {
    const kept = `import { GenServer } from 'otp-rel'
import * as self from './keeper.js'
import { probe } from 'test/probe'
export const startLink = () => GenServer.startLink({ local: 'keeper' }, self, [])
const name = () => VSN
probe.note(['closure', name])
export const init = () => ['ok', {}]
export const handleCall = (_request, _from, state) => ['reply', name(), state]`
    node.module('2', 'room/keeper', '2', kept.replace('VSN', "'two'"))
    await releaseHandler.setUnpacked('2')
    await releaseHandler.installRelease('2')
    const closure = probe.notes
      .flatMap((note) => (Array.isArray(note) && note[0] === 'closure' ? [note[1]] : []))
      .at(-1)
    await releaseHandler.installRelease('1')
    await releaseHandler.makePermanent('1')
    assert.is(node.linker.old('room/keeper'), undefined)
    assert.is(typeof closure === 'function' ? closure() : closure, 'two')
  }),
)

test(
  'D16: the release that runs cannot be removed, nor forgotten',
  withNode(async (node) => {
    await releaseHandler.setUnpacked('2')
    await releaseHandler.installRelease('2')
    assert.equal(await releaseHandler.removeRelease('2'), ['error', ['current', '2']])
    assert.equal(await releaseHandler.setRemoved('2'), ['error', ['current', '2']])
    assert.ok(existsSync(join(node.root, 'lib/room-2/ebin/counter.js')))
  }),
)

test(
  'D17: without RELEASES.json the first release is known with its applications, and they stay when another is removed',
  withNode(async (node) => {
    assert.equal(await releaseHandler.whichReleases(), [['room', '1', ['room-1', 'legacy-1'], 'permanent']])
    await releaseHandler.setUnpacked('2')
    assert.is(await releaseHandler.removeRelease('2'), 'ok')
    assert.ok(existsSync(join(node.root, 'lib/room-1/ebin/app.json')))
    assert.ok(existsSync(join(node.root, 'lib/legacy-1/ebin/app.json')))
    assert.not(existsSync(join(node.root, 'lib/room-2')))
  }),
)

test(
  'D18: a release can be removed whose folders are gone already',
  withNode(async (node) => {
    await releaseHandler.setUnpacked('2')
    rmSync(join(node.root, 'lib/room-2'), { recursive: true })
    rmSync(join(node.root, 'releases/2'), { recursive: true })
    assert.is(await releaseHandler.removeRelease('2'), 'ok')
    assert.equal(
      (await releaseHandler.whichReleases()).map(([, vsn]) => vsn),
      ['1'],
    )
  }),
)

test('D21: what runs is what was booted, whatever the statuses say', () => {
  const one = (vsn: string, status: 'permanent' | 'unpacked') => ({ name: 'room', vsn, erts: '20', libs: [], status })
  const booted = { name: 'room', vsn: '2', erts: '20', libs: [] }
  const { releases } = reconcile([one('2', 'unpacked'), one('1', 'permanent')], '1', booted)
  assert.equal(
    releases.map(({ vsn, status }) => `${vsn} ${status}`),
    ['2 current', '1 permanent'],
  )
})

test(
  'D25: a boot script that cannot be read fails the call, not the node',
  withNode(async (node) => {
    await releaseHandler.setUnpacked('2')
    node.rewrite('2', 'releases/2/start.script.json', '{ "name": 1 }')
    const before = await node.observe()
    assert.is(tagOf(await releaseHandler.installRelease('2')), 'bad_file')
    assert.equal(await node.observe(), before)
  }),
)

test(
  'D26: a package may have any name and lie anywhere; the rel file stays',
  withNode(async (node) => {
    const listed = Object.keys(JSON.parse(readFileSync(join(node.root, 'releases/2/checksums.json'), 'utf8')))
    mkdirSync(join(node.root, 'releases/sub'))
    const file = join(node.root, 'releases/sub/odd.tar.gz')
    await tar.c({ file, cwd: node.root, gzip: true }, [...listed, 'releases/2/checksums.json'])
    for (const dir of ['lib/room-2', 'lib/audit-1', 'releases/2']) rmSync(join(node.root, dir), { recursive: true })
    assert.equal(await releaseHandler.unpackRelease('sub/odd'), ['ok', '2'])
    assert.ok(existsSync(join(node.root, 'releases/2/room.rel.json')))
    assert.equal(await releaseHandler.installRelease('2'), ['ok', '1', null])
  }),
)

test(
  'D28: an application may lie outside of the release, and stays there when the release is removed',
  withNode(async (node) => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'otp-rel-elsewhere-'))
    try {
      cpSync(join(node.root, 'lib/audit-1'), join(elsewhere, 'audit-1'), { recursive: true })
      assert.equal(await releaseHandler.setUnpacked('2', [['audit', '1', elsewhere]]), ['ok', '2'])
      assert.equal(await releaseHandler.installRelease('2'), ['ok', '1', null])
      assert.is(currentDir('audit'), join(elsewhere, 'audit-1'))
      assert.equal(await releaseHandler.installRelease('1'), ['ok', '1', null])
      assert.is(await releaseHandler.removeRelease('2'), 'ok')
      assert.ok(existsSync(join(elsewhere, 'audit-1/ebin/app.json')))
    } finally {
      rmSync(elsewhere, { recursive: true })
    }
  }),
)

test(
  'D29: nothing depends on the current folder',
  withNode(async () => {
    const cwd = process.cwd()
    process.chdir(tmpdir())
    try {
      assert.equal(await releaseHandler.setUnpacked('releases/2/room.rel.json'), ['ok', '2'])
      assert.equal(await releaseHandler.installRelease('2'), ['ok', '1', null])
    } finally {
      process.chdir(cwd)
    }
  }),
)

test(
  'D47: all processes are suspended, and converted, at the same time',
  withNode(async (node) => {
    const plan = await checked(node)
    const real = nodeWorld(node.linker, plan.prepared)
    const under = { suspend: 0, changeCode: 0 }
    const most = { suspend: 0, changeCode: 0 }
    // Each takes a turn of the event loop.
    const slow =
      <A extends unknown[]>(kind: keyof typeof under, effect: (...args: A) => unknown) =>
      async (...args: A): Promise<unknown> => {
        most[kind] = Math.max(most[kind], ++under[kind])
        await new Promise((resolve) => setImmediate(resolve))
        under[kind]--
        return effect(...args)
      }
    const { processes } = real
    const world: UpgradeWorld = {
      ...real,
      processes: {
        ...processes,
        suspend: slow('suspend', processes.suspend),
        changeCode: slow('changeCode', processes.changeCode),
      },
    }
    const done = await install(plan, {}, node.linker, { sinceMs: 0 }, world)
    assert.ok(done.ok, done.ok ? '' : formatReleaseError(done.error))
    assert.equal(most, { suspend: 6, changeCode: 3 })
  }),
)

// ---- finding processes

/** A tree for a walk: each process with what it answers. */
interface Told {
  readonly children?: readonly ChildEntry[] | 'dies' | 'silent'
  readonly callback?: ModuleRef
  readonly dynamic?: readonly ModuleRef[]
}

function walkOf(tree: ReadonlyMap<Pid, Told>, top: Pid): WalkSource {
  const dead = new Set<Pid>()
  return {
    tops: () => [{ name: 'app', top }],
    isSupervisor: (pid) => tree.get(pid)?.children !== undefined,
    children: async (pid) => {
      const children = tree.get(pid)?.children
      if (Array.isArray(children)) return children
      if (children === 'dies') dead.add(pid)
      throw new Error('no answer')
    },
    callbackModule: async (pid) => tree.get(pid)?.callback,
    dynamicModules: async (pid) => tree.get(pid)?.dynamic ?? [],
    isProcess: (value): value is Pid => value !== undefined && value !== 'restarting',
    isAlive: (pid) => !dead.has(pid),
  }
}

const found = async (source: WalkSource): Promise<readonly unknown[]> =>
  (await walkProcesses(source)).map(({ kind, modules, dynamic }) => [kind, modules, dynamic])

test('D46: a supervisor that ends while it is asked for its children is passed over', async () => {
  const [top, gone, worker] = [new Pid(null), new Pid(null), new Pid(null)]
  const entries: readonly ChildEntry[] = [
    ['w', worker, 'worker', ['app/w']],
    ['gone', gone, 'supervisor', ['app/gone']],
    ['restarting', 'restarting', 'worker', ['app/w']],
  ]
  const tree = new Map<Pid, Told>([
    [top, { children: entries, callback: 'app/top' }],
    [gone, { children: 'dies' }],
  ])
  assert.equal(await found(walkOf(tree, top)), [
    ['worker', ['app/w'], false],
    ['supervisor', ['app/gone'], false],
    ['supervisor', ['app/top'], false],
  ])
})

test('D48: a supervisor, and a server, may say that their modules are dynamic', async () => {
  const [top, inner, server, events] = [new Pid(null), new Pid(null), new Pid(null), new Pid(null)]
  const entries: readonly ChildEntry[] = [
    ['inner', inner, 'supervisor', 'dynamic'],
    ['server', server, 'worker', 'dynamic'],
    ['events', events, 'worker', 'dynamic'],
  ]
  const tree = new Map<Pid, Told>([
    [top, { children: entries, callback: 'app/top' }],
    [inner, { children: [], callback: 'app/inner' }],
    [server, { callback: 'app/server' }],
    [events, { dynamic: ['app/a', 'app/b'] }],
  ])
  assert.equal(await found(walkOf(tree, top)), [
    ['supervisor', ['app/inner'], false],
    ['worker', ['app/server'], false],
    ['worker', ['app/a', 'app/b'], true],
    ['supervisor', ['app/top'], false],
  ])
})

test('D49: a top process that is no supervisor, and speaks to nobody, is no obstacle', async () => {
  const top = new Pid(null)
  assert.equal(await found(walkOf(new Map([[top, {}]]), top)), [['worker', [], false]])
})

test('D50: a supervisor that its specification calls a worker is looked into', async () => {
  const [top, hidden, worker] = [new Pid(null), new Pid(null), new Pid(null)]
  const tree = new Map<Pid, Told>([
    [top, { children: [['hidden', hidden, 'worker', ['app/hidden']]], callback: 'app/top' }],
    [hidden, { children: [['w', worker, 'worker', ['app/w']]] }],
  ])
  assert.equal(await found(walkOf(tree, top)), [
    ['supervisor', ['app/hidden'], false],
    ['worker', ['app/w'], false],
    ['supervisor', ['app/top'], false],
  ])
})

// ---- after the upgrade

test(
  'D53: whose code is old is found in one look at the processes, for all modules',
  withNode(async (node) => {
    let open: () => void = () => {}
    probe.gate = new Promise<void>((resolve) => {
      open = resolve
    })
    const waiting = genServer.call('counter', 'wait')
    const [counter, lib] = ['room/counter', 'room/lib'].map((id) => node.linker.current(id))
    if (counter === undefined || lib === undefined) throw new Error('both are loaded')
    const users = usersOfVersions([counter, lib])
    assert.equal(
      [...users].map(([version, all]) => [version === counter, all.map(({ pid }) => pid === whereis('counter'))]),
      [[true, [true]]],
    )
    const user = users.get(counter)?.[0]
    assert.is(user?.isStill(), true)
    open()
    await waiting
    // Answered, it has returned from the callback: the answer alone may come before that.
    await sys.getState('counter')
    assert.is(user?.isStill(), false)
  }),
)

test(
  'D56: the folder of an application is that of the version that runs',
  withNode(async (node) => {
    await releaseHandler.setUnpacked('2')
    await releaseHandler.installRelease('2')
    assert.is(currentDir('room'), join(node.root, 'lib/room-2'))
    await releaseHandler.installRelease('1')
    assert.is(currentDir('room'), join(node.root, 'lib/room-1'))
  }),
)

test(
  'D58: a refusal for soft_purge names the processes on old code',
  withNode(async (node) => {
    const relup = JSON.parse(readFileSync(join(node.root, 'releases/2/relup.json'), 'utf8'))
    for (const one of [...relup.up[0].instructions, ...relup.down[0].instructions]) {
      if (one.op === 'load' && one.module === 'room/counter') one.pre_purge = 'soft_purge'
    }
    node.rewrite('2', 'releases/2/relup.json', JSON.stringify(relup))
    let open: () => void = () => {}
    probe.gate = new Promise<void>((resolve) => {
      open = resolve
    })
    const waiting = genServer.call('counter', 'wait')
    await releaseHandler.setUnpacked('2')
    await releaseHandler.installRelease('2', { suspend_timeout: 20, unsuspended: 'skip' })
    const refused = await releaseHandler.installRelease('1')
    assert.is(tagOf(refused), 'old_processes')
    assert.match(String(refused[1]), /room\/counter/)
    assert.match((await history()).at(-1)?.message ?? '', /still in use by <0\.\d+\.0>/)
    open()
    await waiting
  }),
)

test.run()
