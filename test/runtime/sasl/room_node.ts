/**
 * A node inside the test's own process: an application `room` in two versions on disk, loaded by a real linker, with
 * real processes; `audit` is new in the second version and `legacy` is gone. Everything an upgrade can do happens in
 * its relup. Modules note and fail through the preloaded module `test/probe`.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, posix } from 'node:path'
import { transform } from '../../../cli/release/transform.js'
import type { Linker } from '../../../runtime/erts/linker/linker.js'
import type { ImportTarget } from '../../../runtime/erts/linker/meta.js'
import { codePath, removeApplicationDir, setApplicationDir, startLinker } from '../../../runtime/erts/loader.js'
import { isAlive, Pid, whereis } from '../../../runtime/erts/process.js'
import { setReporter } from '../../../runtime/erts/report.js'
import * as application from '../../../runtime/kernel/src/application.js'
import * as controller from '../../../runtime/kernel/src/application_controller.js'
import * as otpRel from '../../../runtime/kernel/src/otp_rel.js'
import type { Release } from '../../../runtime/sasl/src/releases_file.js'
import * as genServer from '../../../runtime/stdlib/src/gen_server.js'
import * as supervisor from '../../../runtime/stdlib/src/supervisor.js'
import * as sys from '../../../runtime/stdlib/src/sys.js'
import type { LowLevelInstruction } from '../../../schemas/types.js'
import { removedAtExit } from '../../support/temp_folder.js'

/** What the modules of the node do besides their work. */
export const probe = {
  notes: [] as unknown[],
  note(what: unknown): 'ok' {
    probe.notes.push(what)
    return 'ok'
  },
  /** Set by a test: what `configChange` answers. */
  configAnswer: 'ok' as unknown,
  /** Set by a test: what `audit` and `legacy` answer when they are to start. */
  startAnswer: undefined as unknown,
  /** Set by a test: what `audit` and `legacy` do when they are stopped. */
  stopping: undefined as (() => unknown) | undefined,
  /** Set by a test: what the counter waits for when it is asked to wait. */
  gate: Promise.resolve() as PromiseLike<void>,
  /** Set by a test: whether code_change of the counter refuses. */
  refuse: false,
  /** Set by a test: whether code_change of the counter never comes to an end. */
  hang: false,
  /** Set by a test: what starts of the ledger wait for. */
  held: undefined as Promise<unknown> | undefined,
}

const SUP = `import { Supervisor } from 'otp-rel'
import * as self from './room_sup.js'
import * as counter from './counter.js'
import * as keeper from './keeper.js'
import * as stopper from './stopper.js'
import * as poolSup from './pool_sup.js'
LEDGER_IMPORT
export const startLink = () => Supervisor.startLink({ local: 'room_sup' }, self, [])
export const init = () => ['ok', { strategy: 'one_for_one', intensity: 100, period: 1 }, [
  { id: 'counter', start: [counter, 'startLink', []] },
  { id: 'keeper', start: [keeper, 'startLink', []] },
  { id: 'stopper', start: [stopper, 'startLink', []] },
  { id: 'pool', start: [poolSup, 'startLink', []], type: 'supervisor' },
  LEDGER_CHILD
]]`

const server = (name: string, body: string): string => `import { GenServer } from 'otp-rel'
import * as self from './${name}.js'
import { probe } from 'test/probe'
export const startLink = () => GenServer.startLink({ local: '${name}' }, self, [])
${body}`

const ROOM = `import * as sup from './room_sup.js'
import { probe } from 'test/probe'
export const start = () => sup.startLink()
export const stop = () => probe.note('room stopped')
export const configChange = (changed, added, removed) => { probe.note(['config', changed, added, removed]); return probe.configAnswer }`

const STOPPER = (vsn: number): string =>
  server(
    'stopper',
    `export const init = () => ['ok', ${vsn}]\nexport const handleCall = (_r, _f, s) => ['reply', s, s]`,
  )

const KEEPER = server(
  'keeper',
  `import { label } from './lib.js'
export const init = () => ['ok', { kept: 'data' }]
export const handleCall = (_request, _from, state) => ['reply', label(), state]`,
)

const POOL_SUP = `import { Supervisor } from 'otp-rel'
import * as self from './pool_sup.js'
import * as player from './player.js'
export const startLink = () => Supervisor.startLink({ local: 'pool_sup' }, self, [])
export const init = () => ['ok', { strategy: 'simple_one_for_one', intensity: 100, period: 1 }, [
  { id: 'player', start: [player, 'startLink', []], restart: 'temporary' },
]]`

const ROOM_1 = {
  room: ROOM,
  room_sup: SUP.replace('LEDGER_IMPORT', '').replace('LEDGER_CHILD', ''),
  pool_sup: POOL_SUP,
  lib: `export const label = () => 'one'
export const provide = async (config, more) => ({ room: { provided: 'one' + more, seen: config.room.configured } })
export const fail = () => { throw new Error('no vault') }
export const nonsense = () => ({ room: 1 })`,
  keeper: KEEPER,
  stopper: STOPPER(1),
  counter: server(
    'counter',
    `export const init = () => ['ok', { n: 0 }]
export const handleCall = async (request, _from, state) => {
  if (request === 'wait') await probe.gate
  return ['reply', state.n + 1, { n: state.n + 1 }]
}`,
  ),
  player: `import { GenServer } from 'otp-rel'
import * as self from './player.js'
export const startLink = (score) => GenServer.startLink(self, score)
export const init = (score) => ['ok', { score }]
export const handleCall = (_request, _from, state) => ['reply', state.score, state]`,
}

const ROOM_2 = {
  room: ROOM,
  room_sup: SUP.replace('LEDGER_IMPORT', `import * as ledger from './ledger.js'`).replace(
    'LEDGER_CHILD',
    `{ id: 'ledger', start: [ledger, 'startLink', []] },`,
  ),
  pool_sup: POOL_SUP,
  lib: `export const label = () => 'two'
export const provide = async (config, more) => ({ room: { provided: 'two' + more, seen: config.room.configured } })
export const fail = () => { throw new Error('no vault') }
export const nonsense = () => ({ room: 1 })`,
  keeper: `${KEEPER}\n// changed`,
  stopper: STOPPER(2),
  counter: server(
    'counter',
    `export const init = () => ['ok', { count: 0 }]
export const handleCall = (_request, _from, state) => ['reply', state.count + 1, { count: state.count + 1 }]
export const codeChange = (vsn, state) => {
  if (probe.refuse) return ['error', 'not_today']
  if (probe.hang) return new Promise(() => {})
  probe.note(['counter', vsn])
  return Array.isArray(vsn) ? ['ok', { n: state.count }] : ['ok', { count: state.n }]
}`,
  ),
  player: `import { GenServer } from 'otp-rel'
import * as self from './player.js'
export const startLink = (points) => GenServer.startLink(self, points)
export const init = (points) => ['ok', { points }]
export const handleCall = (_request, _from, state) => ['reply', state.points, state]
export const codeChange = (vsn, state) =>
  Array.isArray(vsn) ? ['ok', { score: state.points }] : ['ok', { points: state.score }]`,
  ledger: server('ledger', `export const init = () => ['ok', []]`),
}

const SMALL = (name: string): Record<string, string> => ({
  [name]: `import * as sup from './${name}_sup.js'
import { probe } from 'test/probe'
export const start = () => probe.startAnswer ?? sup.startLink()
export const stop = () => probe.stopping?.()`,
  [`${name}_sup`]: `import { Supervisor } from 'otp-rel'
import * as self from './${name}_sup.js'
export const startLink = () => Supervisor.startLink({ local: '${name}_sup' }, self, [])
export const init = () => ['ok', {}, []]`,
})

const purges = { pre_purge: 'brutal_purge', post_purge: 'brutal_purge' } as const
const load = (module: string): LowLevelInstruction => ({ op: 'load', module, ...purges })
const remove = (module: string): LowLevelInstruction => ({ op: 'remove', module, ...purges })
const call = (module: string, fun: string, args: readonly unknown[]): LowLevelInstruction => ({
  op: 'apply',
  mfa: [module, fun, args],
})
const suspend = (...modules: string[]): LowLevelInstruction => ({
  op: 'suspend',
  modules: modules.map((module) => ({ module })),
})
const change = (mode: 'up' | 'down', ...modules: string[]): LowLevelInstruction => ({
  op: 'code_change',
  mode,
  modules: modules.map((module) => ({ module, extra: [] })),
})
const CHANGED = ['room/lib', 'room/counter', 'room/player', 'room/keeper', 'room/room_sup', 'room/stopper']

/** From 1 to 2. */
export const UP: readonly LowLevelInstruction[] = [
  { op: 'load_object_code', application: 'room', vsn: '2', modules: [...CHANGED, 'room/ledger'] },
  { op: 'load_object_code', application: 'audit', vsn: '1', modules: ['audit/audit', 'audit/audit_sup'] },
  call('test/probe', 'note', ['before']),
  { op: 'point_of_no_return' },
  suspend('room/counter', 'room/player'),
  load('room/lib'),
  load('room/ledger'),
  load('room/counter'),
  load('room/player'),
  change('up', 'room/counter', 'room/player'),
  { op: 'resume', modules: ['room/player', 'room/counter'] },
  suspend('room/keeper'),
  load('room/keeper'),
  { op: 'resume', modules: ['room/keeper'] },
  suspend('room/room_sup'),
  load('room/room_sup'),
  change('up', 'room/room_sup'),
  { op: 'resume', modules: ['room/room_sup'] },
  call('supervisor', 'restartChild', ['room_sup', 'ledger']),
  { op: 'stop', modules: ['room/stopper'] },
  load('room/stopper'),
  { op: 'start', modules: ['room/stopper'] },
  load('audit/audit'),
  load('audit/audit_sup'),
  call('kernel/application', 'start', ['audit', 'permanent']),
  call('kernel/application', 'stop', ['legacy']),
  remove('legacy/legacy'),
  remove('legacy/legacy_sup'),
  { op: 'purge', modules: ['legacy/legacy', 'legacy/legacy_sup'] },
  call('kernel/application', 'unload', ['legacy']),
  call('test/probe', 'note', ['after']),
]

/** From 2 to 1. */
export const DOWN: readonly LowLevelInstruction[] = [
  { op: 'load_object_code', application: 'room', vsn: '1', modules: CHANGED },
  { op: 'load_object_code', application: 'legacy', vsn: '1', modules: ['legacy/legacy', 'legacy/legacy_sup'] },
  { op: 'point_of_no_return' },
  load('legacy/legacy'),
  load('legacy/legacy_sup'),
  call('kernel/application', 'start', ['legacy', 'permanent']),
  call('kernel/application', 'stop', ['audit']),
  remove('audit/audit'),
  remove('audit/audit_sup'),
  { op: 'purge', modules: ['audit/audit', 'audit/audit_sup'] },
  call('kernel/application', 'unload', ['audit']),
  { op: 'stop', modules: ['room/stopper'] },
  load('room/stopper'),
  { op: 'start', modules: ['room/stopper'] },
  call('stdlib/supervisor', 'terminateChild', ['room_sup', 'ledger']),
  call('stdlib/supervisor', 'deleteChild', ['room_sup', 'ledger']),
  suspend('room/room_sup'),
  load('room/room_sup'),
  change('down', 'room/room_sup'),
  { op: 'resume', modules: ['room/room_sup'] },
  suspend('room/counter', 'room/player'),
  change('down', 'room/counter', 'room/player'),
  load('room/player'),
  load('room/counter'),
  load('room/lib'),
  { op: 'resume', modules: ['room/player', 'room/counter'] },
  suspend('room/keeper'),
  load('room/keeper'),
  { op: 'resume', modules: ['room/keeper'] },
  remove('room/ledger'),
  { op: 'purge', modules: ['room/ledger'] },
]

/** A node under test. */
export interface RoomNode {
  readonly root: string
  readonly linker: Linker
  /** As of version 1 running. */
  readonly releases: readonly Release[]
  /** Everything that a failed upgrade must leave as it was. */
  observe(): Promise<Readonly<Record<string, unknown>>>
  /** Writes a file of a release anew, and its checksum. */
  rewrite(vsn: string, path: string, text: string): void
  /** Writes a module of an application anew, from its source, and its checksum. */
  module(vsn: string, id: string, appVsn: string, source: string): void
  close(): Promise<void>
}

type App = readonly [vsn: string, modules: Readonly<Record<string, string>>, env: Readonly<Record<string, unknown>>]
type Apps = Readonly<Record<string, App>>

const resource = (name: string, [vsn, modules, env]: App): application.AppResource => ({
  name,
  vsn,
  modules: Object.keys(modules),
  applications: ['kernel'],
  mod: [name, []],
  env,
})

const V1: Apps = { room: ['1', ROOM_1, { size: 1, old: true }], legacy: ['1', SMALL('legacy'), {}] }
const V2: Apps = { room: ['2', ROOM_2, { size: 2, fresh: true }], audit: ['1', SMALL('audit'), {}] }

let linker: Linker | undefined

/** Starts version 1 with three players; the first start also makes the process's linker. */
export async function startRoomNode(): Promise<RoomNode> {
  const root = removedAtExit(mkdtempSync(join(tmpdir(), 'otp-rel-room-')))
  writeRelease(root, '1', V1, undefined)
  writeRelease(root, '2', V2, {
    vsn: '2',
    up: [{ from: '1', instructions: UP }],
    down: [{ to: '1', instructions: DOWN }],
  })
  setReporter(() => {})
  linker ??= startLinker({
    'kernel/otp_rel': otpRel,
    'test/probe': { probe, note: probe.note, answer: (what: unknown) => what },
  })
  const made = linker
  for (const name of ['room', 'legacy']) setApplicationDir(name, join(root, `lib/${name}-1`))
  await made.load([...Object.keys(ROOM_1).map((one) => `room/${one}`), 'legacy/legacy', 'legacy/legacy_sup'])
  await controller.startAlone(
    { name: 'kernel', vsn: '1' },
    {
      config: { room: { configured: 'one' } },
      commandLine: {},
      terminateNode: (reason) => probe.note(['node ends', reason]),
    },
  )
  await controller.ask({ type: 'start', name: 'kernel', restartType: 'permanent' })
  for (const name of ['room', 'legacy'] as const) {
    const app = V1[name]
    if (app !== undefined) await application.start(resource(name, app), 'permanent')
  }
  for (const score of [10, 20, 30]) await supervisor.startChild('pool_sup', [score])
  probe.notes.length = 0
  return {
    root,
    linker: made,
    releases: [releaseOf('2', V2, 'unpacked'), releaseOf('1', V1, 'permanent')],
    observe: () => observe(made),
    rewrite: (vsn, path, text) => rewrite(root, vsn, path, text),
    module: (vsn, id, appVsn, source) => {
      const [application, name] = id.split('/')
      rewrite(root, vsn, `lib/${application}-${appVsn}/ebin/${name}.js`, built(id, source))
    },
    close: async () => {
      await genServer.stop('application_controller', 'shutdown').catch(() => {})
      // The next node loads version 1 anew.
      const all = [
        ...Object.keys(ROOM_2).map((one) => `room/${one}`),
        ...['audit', 'legacy'].flatMap((one) => [`${one}/${one}`, `${one}/${one}_sup`]),
      ]
      for (const id of all) {
        made.purge(id)
        made.remove(id)
        made.purge(id)
      }
      for (const name of ['room', 'audit', 'legacy']) removeApplicationDir(name)
      setReporter(undefined)
      rmSync(root, { recursive: true })
    },
  }
}

function releaseOf(vsn: string, apps: Apps, status: Release['status']): Release {
  const libs = Object.entries(apps).map(([name, [appVsn]]) => ({
    application: name,
    vsn: appVsn,
    dir: `lib/${name}-${appVsn}`,
  }))
  return { name: 'room', vsn, erts: '20.20.2', libs, status }
}

function resolve(from: string, specifier: string): ImportTarget {
  if (specifier === 'otp-rel') return { m: 'kernel/otp_rel' }
  if (specifier === 'test/probe') return { m: 'test/probe' }
  return { m: posix.join(posix.dirname(from), specifier).replace(/\.js$/, '') }
}

const built = (id: string, source: string): string =>
  transform(source, { filename: `${id.slice(id.indexOf('/') + 1)}.js`, resolve: (specifier) => resolve(id, specifier) })
    .code

function writeRelease(root: string, vsn: string, apps: Apps, relup: object | undefined): void {
  const files: Record<string, string> = {}
  for (const [name, app] of Object.entries(apps)) {
    const [appVsn, modules] = app
    files[`lib/${name}-${appVsn}/ebin/app.json`] = JSON.stringify(resource(name, app))
    for (const [module, source] of Object.entries(modules)) {
      files[`lib/${name}-${appVsn}/ebin/${module}.js`] = built(`${name}/${module}`, source)
    }
  }
  const applications = Object.entries(apps).map(([name, [appVsn]]) => ({ name, vsn: appVsn }))
  const loads = Object.entries(apps).map(([name, app]) => call('kernel/application', 'load', [resource(name, app)]))
  files[`releases/${vsn}/room.rel.json`] = JSON.stringify({ name: 'room', vsn, erts: '20.20.2', applications })
  files[`releases/${vsn}/start.script.json`] = JSON.stringify({ name: 'room', vsn, instructions: loads })
  files[`releases/${vsn}/sys.config.json`] = JSON.stringify({ room: { configured: vsn === '1' ? 'one' : 'two' } })
  if (relup !== undefined) files[`releases/${vsn}/relup.json`] = JSON.stringify(relup)
  for (const [path, text] of Object.entries(files)) put(root, path, text)
  const sums = Object.fromEntries(Object.entries(files).map(([path, text]) => [path, sum(text)]))
  put(root, `releases/${vsn}/checksums.json`, JSON.stringify(sums))
  sumsOf.set(`${root} ${vsn}`, sums)
}

const sumsOf = new Map<string, Record<string, string>>()
const sum = (text: string): string => createHash('sha256').update(text).digest('hex')

function put(root: string, path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

function rewrite(root: string, vsn: string, path: string, text: string): void {
  put(root, path, text)
  const sums = { ...sumsOf.get(`${root} ${vsn}`), [path]: sum(text) }
  sumsOf.set(`${root} ${vsn}`, sums)
  put(root, `releases/${vsn}/checksums.json`, JSON.stringify(sums))
}

async function observe(linker: Linker): Promise<Readonly<Record<string, unknown>>> {
  const code: Record<string, unknown> = {}
  for (const id of linker
    .loaded()
    .filter((one) => /^(room|audit|legacy)\//.test(one))
    .sort()) {
    code[id] = [linker.current(id)?.file, linker.current(id)?.serial, linker.old(id)?.serial]
  }
  const states: Record<string, unknown> = {}
  for (const name of ['counter', 'keeper', 'stopper', 'ledger']) {
    states[name] = whereis(name) === undefined ? 'none' : await sys.getState(name)
  }
  const running = new Set((await application.whichApplications()).map(([name]) => name))
  const pool = await supervisor.whichChildren('pool_sup')
  const players = await Promise.all(pool.map(([, pid]) => (pid instanceof Pid ? sys.getState(pid) : undefined)))
  return {
    code,
    states,
    players,
    // A child that was stopped and started again is another process.
    children: (await supervisor.whichChildren('room_sup')).map(([id, pid]) => [
      id,
      id === 'stopper' || id === 'ledger' ? pid instanceof Pid && isAlive(pid) : String(pid),
    ]),
    pool: pool.map(([, pid]) => String(pid)),
    suspended: await Promise.all(
      ['counter', 'keeper', 'stopper', 'room_sup', 'pool_sup'].map(async (name) => (await sys.getStatus(name))[3][1]),
    ),
    env: application.getAllEnv('room').sort(),
    loaded: application.loadedApplications().sort(),
    running: (await application.whichApplications()).sort(),
    types: (await controller.snapshot()).started
      .filter(({ name }) => running.has(name))
      .map(({ name, restartType }) => `${name} ${restartType}`)
      .sort(),
    path: [...codePath()].map(([name, dir]) => `${name}: ${dir}`).sort(),
  }
}
