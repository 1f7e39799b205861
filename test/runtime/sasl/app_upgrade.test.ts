import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as application from '../../../runtime/kernel/src/application.js'
import { namedTable } from '../../../runtime/kernel/src/named_table.js'
import * as releaseHandler from '../../../runtime/sasl/src/release_handler.js'
import * as genServer from '../../../runtime/stdlib/src/gen_server.js'
import * as sys from '../../../runtime/stdlib/src/sys.js'
import { trapping } from '../../support/processes.js'
import { probe, type RoomNode, startRoomNode } from './room_node.js'

const test = suite('sasl/app_upgrade')

const UPDATES = [
  { op: 'add_module', module: 'ledger' },
  { op: 'load_module', module: 'lib' },
  { op: 'update', module: 'counter', change: { advanced: [] } },
  { op: 'update', module: 'player', change: { advanced: [] } },
  { op: 'update', module: 'keeper' },
  { op: 'update', module: 'room_sup', change: 'supervisor' },
]
const BACK = [...UPDATES.slice(1), { op: 'delete_module', module: 'ledger' }]

const withNode = (body: (node: RoomNode, dir: (vsn: string) => string) => Promise<void>) =>
  trapping(async () => {
    Object.assign(probe, { configAnswer: 'ok', refuse: false, startAnswer: undefined, hang: false })
    namedTable('sasl/release_handler', () => ({ state: undefined })).state = undefined
    const node = await startRoomNode()
    const booted = node.releases.find((one) => one.vsn === '1')
    if (booted === undefined) throw new Error('the node has release 1')
    await releaseHandler.startLink({ root: node.root, booted, linker: node.linker })
    const dir = (vsn: string): string => join(node.root, `lib/room-${vsn}`)
    const appup = { vsn: '2', up: [{ from: '1', instructions: UPDATES }], down: [{ to: '1', instructions: BACK }] }
    writeFileSync(join(dir('2'), 'ebin/appup.json'), JSON.stringify(appup))
    try {
      await body(node, dir)
    } finally {
      await genServer.stop('release_handler').catch(() => {})
      await node.close()
    }
  })

test(
  'one application is upgraded by its appup alone, and goes back; no release changes',
  withNode(async (_node, dir) => {
    await genServer.call('counter', 'next')
    const releases = await releaseHandler.whichReleases()
    assert.equal(await releaseHandler.upgradeApp('room', dir('2')), ['ok', []])
    assert.equal(await sys.getState('counter'), { count: 1 })
    assert.is(await genServer.call('keeper', 'label'), 'two')
    assert.is((await application.whichApplications()).find(([name]) => name === 'room')?.[2], '2')
    assert.equal(await releaseHandler.whichReleases(), releases)
    assert.equal(await releaseHandler.downgradeApp('room', dir('1')), ['ok', []])
    assert.equal(await sys.getState('counter'), { n: 1 })
  }),
)

test(
  'D8: values of sys.config.json, and those set since, are kept',
  withNode(async (_node, dir) => {
    await application.setEnv('room', 'set', 'since')
    await releaseHandler.upgradeApp('room', dir('2'))
    assert.equal(application.getEnv('room', 'configured'), ['ok', 'one'])
    assert.equal(application.getEnv('room', 'set'), ['ok', 'since'])
    assert.equal(application.getEnv('room', 'fresh'), ['ok', true])
  }),
)

test(
  'a failure behind the point of no return is undone, and the application can be upgraded at once',
  withNode(async (node, dir) => {
    const before = await node.observe()
    probe.refuse = true
    const failed = await releaseHandler.upgradeApp('room', dir('2'))
    assert.is(Array.isArray(failed[1]) && failed[1][0], 'install_failed')
    assert.equal(await node.observe(), before)
    probe.refuse = false
    assert.equal(await releaseHandler.upgradeApp('room', dir('2')), ['ok', []])
  }),
)

test(
  'scripts alone; and what cannot be',
  withNode(async (_node, dir) => {
    const script = await releaseHandler.upgradeScript('room', dir('2'))
    if (script[0] !== 'ok') throw new Error(String(script))
    assert.is(script[1], '2')
    assert.ok(script[2].some((one) => one.op === 'point_of_no_return'))
    assert.equal(await releaseHandler.evalAppupScript('room', '2', dir('2'), script[2]), ['ok', []])
    const back = await releaseHandler.downgradeScript('room', '1', dir('1'))
    assert.is(back[0], 'ok')
    const failure = async (wrong: Promise<unknown>): Promise<unknown> => {
      const answer = await wrong
      return Array.isArray(answer) && answer[0] === 'error' ? answer[1] : answer
    }
    assert.equal(await failure(releaseHandler.upgradeApp('legacy2', dir('2'))), ['app_not_running', 'legacy2'])
    assert.equal(await failure(releaseHandler.downgradeApp('room', '/nowhere/other')), ['unknown_version', 'room'])
    assert.equal(await failure(releaseHandler.upgradeScript('room', dir('2'))), ['version_not_in_appup', '2'])
    const restart = [{ op: 'restart_emulator' }] as const
    assert.is(await releaseHandler.evalAppupScript('room', '1', dir('1'), restart), 'restart_emulator')
    const anew = [{ op: 'restart_new_emulator' }] as const
    const answer = await releaseHandler.evalAppupScript('room', '1', dir('1'), anew)
    assert.equal(answer, ['error', 'restart_new_emulator'])
  }),
)

test(
  'RELEASES.json by hand, in all forms',
  withNode(async (node) => {
    const file = join(node.root, 'releases/RELEASES.json')
    const rel = 'releases/2/room.rel.json'
    const written = (): { dir: string }[] => {
      const [one] = JSON.parse(readFileSync(file, 'utf8'))
      assert.equal([one.name, one.vsn, one.status], ['room', '2', 'permanent'])
      return one.libs
    }
    const dirs = (): string[] => written().map(({ dir }) => dir)
    const absolute = ['room-2', 'audit-1'].map((name) => join(node.root, 'lib', name))
    const reldir = join(node.root, 'releases')
    rmSync(file, { force: true })
    assert.is(await releaseHandler.createRELEASES(node.root, join(node.root, rel)), 'ok')
    assert.equal(dirs(), absolute)
    assert.is(await releaseHandler.createRELEASES([node.root, join(node.root, rel)]), 'ok')
    assert.equal(dirs(), absolute)
    assert.is(await releaseHandler.createRELEASES(reldir, join(node.root, rel), []), 'ok')
    assert.equal(dirs(), ['lib/room-2', 'lib/audit-1'])
    mkdirSync(join(node.root, 'other/audit-1/ebin'), { recursive: true })
    const elsewhere = [['audit', '1', join(node.root, 'other')]] as const
    assert.is(await releaseHandler.createRELEASES(node.root, reldir, join(node.root, rel), elsewhere), 'ok')
    assert.equal(dirs(), [absolute[0], join(node.root, 'other/audit-1')])
    rmSync(file)
    const missing = [['audit', '1', '/nowhere']] as const
    const refused = await releaseHandler.createRELEASES(node.root, reldir, join(node.root, rel), missing)
    assert.equal(refused, ['error', ['no_such_file', '/nowhere/audit-1/ebin']])
    assert.not(existsSync(file))
  }),
)

test.run()
