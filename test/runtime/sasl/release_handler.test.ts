import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as tar from 'tar'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { exitPid, Pid, whereis } from '../../../runtime/erts/process.js'
import { type ControlContext, findMethod } from '../../../runtime/kernel/src/control.js'
import { namedTable } from '../../../runtime/kernel/src/named_table.js'
import * as releaseHandler from '../../../runtime/sasl/src/release_handler.js'
import { history, operations } from '../../../runtime/sasl/src/release_handler_calls.js'
import { registerReleaseMethods } from '../../../runtime/sasl/src/release_handler_control.js'
import * as genServer from '../../../runtime/stdlib/src/gen_server.js'
import { trapping, watch } from '../../support/processes.js'
import { probe, type RoomNode, startRoomNode } from './room_node.js'

const test = suite('sasl/release_handler')

async function startHandler(node: RoomNode): Promise<Pid> {
  const booted = node.releases.find((one) => one.vsn === '1')
  if (booted === undefined) throw new Error('the node has release 1')
  const started = await releaseHandler.startLink({ root: node.root, booted, linker: node.linker })
  const pid = started[1]
  if (!(pid instanceof Pid)) throw new Error(`not started: ${String(started)}`)
  return pid
}

const withHandler = (body: (node: RoomNode, handler: Pid) => Promise<void>) =>
  trapping(async () => {
    probe.configAnswer = 'ok'
    probe.refuse = false
    namedTable('sasl/release_handler', () => ({ state: undefined })).state = undefined
    const node = await startRoomNode()
    const unregister = registerReleaseMethods()
    try {
      await body(node, await startHandler(node))
    } finally {
      unregister()
      await genServer.stop('release_handler').catch(() => {})
      await node.close()
    }
  })

const onDisk = (node: RoomNode): string =>
  JSON.parse(readFileSync(join(node.root, 'releases/RELEASES.json'), 'utf8'))
    .map((one: { vsn: string; status: string }) => `${one.vsn}:${one.status}`)
    .join(' ')

const statuses = async (): Promise<string> =>
  (await releaseHandler.whichReleases()).map(([, vsn, , status]) => `${vsn}:${status}`).join(' ')

test(
  'from unpacked to permanent and back again, in memory and on disk',
  withHandler(async (node) => {
    assert.equal(await releaseHandler.whichReleases(), [['room', '1', ['room-1', 'legacy-1'], 'permanent']])
    assert.is(onDisk(node), '1:permanent')
    assert.equal(await releaseHandler.setUnpacked('releases/2/room.rel.json'), ['ok', '2'])
    assert.equal(await releaseHandler.setUnpacked('2'), ['error', ['existing_release', '2']])
    assert.equal(await releaseHandler.checkInstallRelease('2'), ['ok', '1', null])
    assert.equal(await releaseHandler.makePermanent('2'), ['error', ['bad_status', 'unpacked']])
    assert.equal(await releaseHandler.installRelease('2'), ['ok', '1', null])
    assert.is(await statuses(), '2:current 1:permanent')
    assert.is(onDisk(node), '2:unpacked 1:permanent')
    assert.equal(await releaseHandler.removeRelease('2'), ['error', ['current', '2']])
    assert.is(await releaseHandler.makePermanent('2'), 'ok')
    assert.is(onDisk(node), '2:permanent 1:old')
    assert.is(readFileSync(join(node.root, 'releases/start_otp.json'), 'utf8'), '{"erts":"20.20.2","vsn":"2"}\n')
    assert.equal(await releaseHandler.installRelease('1'), ['ok', '1', null])
    assert.is(await statuses(), '2:permanent 1:current')
    assert.is(await releaseHandler.makePermanent('1'), 'ok')
    assert.is(await releaseHandler.removeRelease('2'), 'ok')
    assert.is(onDisk(node), '1:permanent')
    assert.not(existsSync(join(node.root, 'lib/room-2')))
    assert.ok(existsSync(join(node.root, 'lib/room-1')))
    assert.equal(
      (await history()).map(({ action, from, to, outcome }) => `${action} ${from} ${to} ${outcome}`),
      [
        'unpack 1 2 ok',
        'make_permanent 1 2 bad_status',
        'install 1 2 ok',
        'remove 2 2 current',
        'make_permanent 2 2 ok',
        'install 2 1 ok',
        'make_permanent 1 1 ok',
        'remove 1 2 ok',
      ],
    )
  }),
)

test(
  'a failed installation leaves statuses as they were, and is in the history',
  withHandler(async (node) => {
    await releaseHandler.setUnpacked('2')
    probe.refuse = true
    const failed = await releaseHandler.installRelease('2')
    assert.is(Array.isArray(failed[1]) && failed[1][0], 'install_failed')
    assert.is(await statuses(), '2:unpacked 1:permanent')
    assert.is(onDisk(node), '2:unpacked 1:permanent')
    const last = (await history()).at(-1)
    assert.is(last?.outcome, 'install_failed')
    assert.match(last?.message ?? '', /not_today/)
  }),
)

test(
  'while a release is being installed questions are answered, and a second operation is refused',
  withHandler(async () => {
    await releaseHandler.setUnpacked('2')
    const installing = releaseHandler.installRelease('2')
    assert.is(await statuses(), '2:unpacked 1:permanent')
    assert.equal(await releaseHandler.installRelease('2'), ['error', ['busy', 'install 2']])
    assert.equal(await installing, ['ok', '1', null])
  }),
)

test(
  'a handler that is restarted knows what runs, though another release was booted',
  withHandler(async (node, handler) => {
    await releaseHandler.setUnpacked('2')
    await releaseHandler.installRelease('2')
    const ended = watch(handler)
    exitPid(handler, 'kill')
    await ended()
    await startHandler(node)
    assert.is(await statuses(), '2:current 1:permanent')
  }),
)

test(
  'options and versions that do not exist are refused',
  withHandler(async () => {
    assert.equal(await releaseHandler.installRelease('3'), ['error', ['no_such_release', '3']])
    assert.equal(await releaseHandler.installRelease('1'), ['error', ['already_installed', '1']])
    const zero = await releaseHandler.installRelease('1', { suspend_timeout: 0 })
    assert.equal(zero, ['error', ['illegal_option', ['suspend_timeout', 0]]])
    assert.equal(await releaseHandler.removeRelease('1'), ['error', ['permanent', '1']])
    assert.equal(await releaseHandler.setUnpacked('../2'), ['error', ['illegal_option', ['release', '../2']]])
  }),
)

test(
  'files copied into a release, and releases only forgotten',
  withHandler(async (node) => {
    await releaseHandler.setUnpacked('2')
    mkdirSync(join(node.root, 'elsewhere'))
    writeFileSync(join(node.root, 'elsewhere/notes.txt'), 'x')
    assert.is(await releaseHandler.installFile('2', join(node.root, 'elsewhere/notes.txt')), 'ok')
    assert.ok(existsSync(join(node.root, 'releases/2/notes.txt')))
    assert.is(await releaseHandler.setRemoved('2'), 'ok')
    assert.ok(existsSync(join(node.root, 'releases/2')))
    assert.is(await statuses(), '1:permanent')
  }),
)

test(
  'a check waits for an upgrade, and an upgrade for a check; of two upgrades one is refused',
  withHandler(async () => {
    await releaseHandler.setUnpacked('2')
    const checks = [releaseHandler.checkInstallRelease('2'), releaseHandler.checkInstallRelease('2')]
    const installing = releaseHandler.installRelease('2')
    assert.equal(await releaseHandler.removeRelease('2'), ['error', ['busy', 'install 2']])
    const late = releaseHandler.checkInstallRelease('1')
    assert.equal(await Promise.all(checks), [
      ['ok', '1', null],
      ['ok', '1', null],
    ])
    assert.equal(await installing, ['ok', '1', null])
    assert.equal(await late, ['ok', '1', null])
  }),
)

/** Mended: it asks nobody whether it may. */
const MENDED = `import { GenServer } from 'otp-rel'
import * as self from './counter.js'
export const startLink = () => GenServer.startLink({ local: 'counter' }, self, [])
export const init = () => ['ok', { count: 0 }]
export const handleCall = (_request, _from, state) => ['reply', state.count + 1, { count: state.count + 1 }]
export const codeChange = (vsn, state) => Array.isArray(vsn) ? ['ok', { n: state.count }] : ['ok', { count: state.n }]`

test(
  'the corrected build of a version whose upgrade failed can be installed at once: built in place',
  withHandler(async (node) => {
    await releaseHandler.setUnpacked('2')
    probe.refuse = true
    assert.is((await releaseHandler.installRelease('2'))[0], 'error')
    node.module('2', 'room/counter', '2', MENDED)
    assert.equal(await releaseHandler.installRelease('2'), ['ok', '1', null])
  }),
)

test(
  'or as a package, which takes the place of the build that failed, but not of one that runs',
  withHandler(async (node) => {
    const old = `${node.root}-old`
    const packageOf = async (file: string): Promise<string> => {
      const listed = Object.keys(JSON.parse(readFileSync(join(node.root, 'releases/2/checksums.json'), 'utf8')))
      await tar.c({ file, cwd: node.root, gzip: true }, [...listed, 'releases/2/checksums.json'])
      return file
    }
    try {
      await releaseHandler.setUnpacked('2')
      probe.refuse = true
      assert.is((await releaseHandler.installRelease('2'))[0], 'error')
      cpSync(node.root, old, { recursive: true })
      const same = await packageOf(join(old, 'same.tar.gz'))
      node.module('2', 'room/counter', '2', MENDED)
      const mended = await packageOf(join(old, 'mended.tar.gz'))
      rmSync(join(node.root, 'lib/room-2'), { recursive: true })
      for (const dir of ['lib/room-2', 'releases']) cpSync(join(old, dir), join(node.root, dir), { recursive: true })

      assert.equal(await releaseHandler.unpackRelease(mended), ['error', ['existing_release', '2']])
      assert.equal((await control('unpack', { tar: same })).result, { vsn: '2' })
      const { result } = await control('upgrade', { vsn: '2', tar: mended })
      assert.is((result as { to: string }).to, '2')
      assert.is(await statuses(), '2:current 1:permanent')
      assert.is(((await failure('unpack', { tar: same })) as { tag: string }).tag, 'existing_release')
    } finally {
      rmSync(old, { recursive: true, force: true })
    }
  }),
)

test(
  'what was refused is in the history, with its reason and who asked',
  withHandler(async (node) => {
    await operations.remove('1', { who: 'ann' })
    await operations.unpack('nothing', { who: 'bob' })
    const found = (await history()).map(({ who, action, to, outcome }) => [who, action, to, outcome])
    assert.equal(found, [
      ['ann', 'remove', '1', 'permanent'],
      ['bob', 'unpack', 'nothing', 'no_such_file'],
    ])
    assert.equal(JSON.parse(readFileSync(join(node.root, 'releases/history.json'), 'utf8')).length, 2)
  }),
)

test(
  'D13: a commit kills nobody who still runs code of before, unless it is told to; it says who does',
  withHandler(async () => {
    let open: () => void = () => {}
    await releaseHandler.setUnpacked('2')
    for (const endOldCode of [false, true]) {
      probe.gate = new Promise<void>((resolve) => {
        open = resolve
      })
      const counter = whereis('counter')
      const waiting = genServer.call('counter', 'wait').catch(() => 'killed')
      await releaseHandler.installRelease('2', { suspend_timeout: 20, unsuspended: 'skip' })
      const done = await operations.makePermanent('2', endOldCode)
      if (!done.ok) throw new Error(done.error.tag)
      const pid = String(counter)
      assert.equal(done.value.on_old_code, endOldCode ? {} : { 'room/counter': [pid] })
      assert.equal(done.value.ended, endOldCode ? [pid] : [])
      open()
      assert.is(await waiting, endOldCode ? 'killed' : 1)
      if (endOldCode) return
      assert.equal(await releaseHandler.installRelease('1'), ['ok', '1', null])
      await releaseHandler.makePermanent('1')
    }
  }),
)

interface Called {
  readonly result: unknown
  readonly progress: readonly unknown[]
}

async function control(name: string, params: Readonly<Record<string, unknown>> = {}): Promise<Called> {
  const progress: unknown[] = []
  const context: ControlContext = {
    progress: (step) => progress.push(step),
    signal: new AbortController().signal,
    afterwards: () => {},
  }
  return { result: await findMethod(name)?.(params, context), progress }
}

const failure = async (name: string, params: Readonly<Record<string, unknown>> = {}): Promise<unknown> => {
  try {
    await control(name, params)
  } catch (thrown) {
    return thrown
  }
  throw new Error(`${name} did not fail`)
}

test(
  'the control methods upgrade, commit, go back and tell',
  withHandler(async () => {
    const check = await control('check', { vsn: '2' })
    assert.is((check.result as { from: string }).from, '1')
    const upgrade = await control('upgrade', { vsn: '2', who: 'ann' })
    assert.is((upgrade.result as { migrated: number }).migrated, 4)
    assert.is(upgrade.progress.length, (upgrade.progress.at(-1) as { of: number }).of)
    assert.equal((await control('commit')).result, {
      vsn: '2',
      permanent: true,
      on_old_code: {},
      ended: [],
    })
    assert.is(((await control('downgrade', { vsn: '1' })).result as { direction: string }).direction, 'down')
    const { running, permanent } = (await control('releases')).result as { running: string; permanent: string }
    assert.equal([running, permanent], ['1', '2'])
    await control('commit', { vsn: '1' })
    assert.equal((await control('remove', { vsn: '2' })).result, { vsn: '2', removed: true })
    const { history } = (await control('history')).result as { history: { who: string }[] }
    assert.is(history[1]?.who, 'ann')
  }),
)

test(
  'a client that is gone does not stop an upgrade, one that cancels does; D52: nothing waits for the client',
  withHandler(async () => {
    const during = (reason: unknown): Promise<unknown> => {
      const abort = new AbortController()
      const context: ControlContext = {
        progress: () => abort.abort(reason),
        signal: abort.signal,
        afterwards: () => {},
      }
      return Promise.resolve(findMethod('upgrade')?.({ vsn: '2' }, context)).catch((failure: unknown) => failure)
    }
    await releaseHandler.setUnpacked('2')
    assert.is(((await during('cancelled')) as { tag: string }).tag, 'cancelled')
    assert.is(await statuses(), '2:unpacked 1:permanent')
    assert.is(((await during('disconnected')) as { to: string }).to, '2')
    assert.is(await statuses(), '2:current 1:permanent')
  }),
)

test(
  'a control method fails with the tag, the facts and the words',
  withHandler(async () => {
    const unknown = await failure('upgrade', { vsn: '9' })
    assert.is(unknown instanceof Error && 'tag' in unknown && unknown.tag, 'no_such_release')
    assert.match(
      unknown instanceof Error ? unknown.message : '',
      /^release "9" is not known to this node; it knows "1"/,
    )
    const missing = await failure('upgrade')
    assert.is(missing instanceof Error && 'tag' in missing && missing.tag, 'bad_params')
  }),
)

test.run()
