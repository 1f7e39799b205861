/**
 * The release handler: the process that knows which releases this node has, which one runs and which one boots, and
 * that changes one into another. Registered as `release_handler`, below sasl_sup.
 *
 * A long operation runs in a process of its own, so that questions are answered meanwhile; a second operation is
 * refused as `busy`. OTP: sasl's release_handler.erl; release reference 8.
 *
 * Departures: reasons come with OTP's tags, and with more of them, see release_error.ts; the statuses are brought in
 * line with what was booted (`reconcile`); `installRelease` never restarts the node and so has no `error_action`.
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Result as ResultOf } from '../../../schemas/result.js'
import { nodeArguments } from '../../erts/arguments.js'
import { clock } from '../../erts/clock.js'
import { reboot, scriptId, stop, waitUntilStarted } from '../../erts/init.js'
import type { Linker } from '../../erts/linker/linker.js'
import { nodeLinker } from '../../erts/loader.js'
import {
  format,
  isAlive,
  monitor,
  type Pid,
  type Ref,
  receive,
  self,
  sendAfter,
  spawn,
  spawnMonitor,
} from '../../erts/process.js'
import { report } from '../../erts/report.js'
import { namedTable } from '../../kernel/src/named_table.js'
import * as serviceManager from '../../kernel/src/service_manager.js'
import * as genServer from '../../stdlib/src/gen_server.js'
import {
  type AppScript,
  downgradeScript as makeDowngrade,
  upgradeScript as makeUpgrade,
  versionOfDir,
} from './app_upgrade.js'
import { type AppDir, createReleases } from './create_releases.js'
import type { DevChange, DevSummary } from './dev_load.js'
import { addHistory, type HistoryEntry, readHistory } from './history.js'
import type { CheckedInstall } from './install_check.js'
import { badOption, type InstallOptions } from './install_options.js'
import type { InstallSummary } from './install_release.js'
import { type ReleaseError, releaseReason } from './release_error.js'
import { readReleaseFiles } from './release_files.js'
import * as callbacks from './release_handler.js'
import {
  type CommitSummary,
  checkRelease,
  installFile as doInstallFile,
  installRelease as doInstallRelease,
  makePermanent as doMakePermanent,
  rebootOldRelease as doRebootOldRelease,
  removeRelease as doRemoveRelease,
  setRemoved as doSetRemoved,
  setUnpacked as doSetUnpacked,
  unpackRelease as doUnpackRelease,
  evalAppScript,
  type HandlerState,
  loadChange,
  noteBad,
  type OperationContext,
  type Outcome,
  purgeUnused,
  rememberFailure,
} from './release_operations.js'
import type { Booted, Release, ReleaseLib, ReleaseStatus } from './releases_file.js'
import { openReleases, type ReleasesStore, releasesStore } from './releases_store.js'
import { finishRemovals } from './remove_release.js'
import { findRestarts, finishTrial, TRIAL_FAILED_STATUS } from './restart_install.js'
import type { RestartRecord } from './restart_record.js'
import { cleanStaging } from './unpack.js'

type Result<T> = ResultOf<T, ReleaseError>

const NAME = 'release_handler'
/** How often old code is looked at that was still in use, in ms. OTP's. */
const PURGE_MS = 10_000

export type { InstallOptions } from './install_options.js'

/** An operation with its arguments. */
type Operation =
  | { readonly type: 'unpack'; readonly name: string; readonly replace: boolean }
  | { readonly type: 'set_unpacked'; readonly name: string; readonly appDirs: readonly ReleaseLib[] }
  | { readonly type: 'set_removed'; readonly vsn: string }
  | { readonly type: 'install_file'; readonly vsn: string; readonly file: string }
  | { readonly type: 'check'; readonly vsn: string; readonly purge: boolean; readonly cold: boolean }
  | { readonly type: 'install'; readonly vsn: string; readonly options: Omit<InstallOptions, keyof OperationContext> }
  | { readonly type: 'make_permanent'; readonly vsn: string; readonly endOldCode: boolean }
  | { readonly type: 'reboot_old'; readonly vsn: string }
  | { readonly type: 'remove'; readonly vsn: string }
  | { readonly type: 'note_bad'; readonly vsn: string; readonly why: string }
  | { readonly type: 'eval_app'; readonly name: string; readonly script: AppScript }
  | { readonly type: 'load'; readonly name: string; readonly change: DevChange }

type Request =
  | { readonly type: 'releases' }
  | { readonly type: 'history' }
  | { readonly type: 'operate'; readonly operation: Operation; readonly context: OperationContext }

interface State {
  readonly handler: HandlerState
  /** The operation under way. */
  readonly busy: Busy | undefined
  /** What comes next, in order: see {@link waits}. */
  readonly waiting: readonly Asked[]
}

/** An operation under way. */
interface Busy {
  readonly operation: Operation
  readonly ref: Ref
  readonly from: genServer.From
}

/** An operation that was asked for. */
interface Asked {
  readonly operation: Operation
  readonly context: OperationContext
  readonly from: genServer.From
}

// ---- OTP's API: `['error', reason]` with OTP's reasons

type Failure = readonly ['error', unknown]

const toOtp = <T, R>(result: Result<T>, value: (value: T) => R): R | Failure =>
  result.ok ? value(result.value) : ['error', releaseReason(result.error)]

/** A node other than the one that init booted: for tests. */
export interface HandlerOptions {
  /** Absolute. */
  readonly root: string
  /** The release that this node booted. */
  readonly booted: Booted
  /** What loads its modules; undefined: the node runs from sources, and nothing can be installed. */
  readonly linker: Linker | undefined
}

/** Starts the handler linked with the caller, its supervisor. */
export const startLink = (options?: HandlerOptions): Promise<genServer.StartResult> =>
  genServer.startLink({ local: NAME }, callbacks, options)

/** @returns `[name, vsn, ["app-vsn"], status]` of each release, newest unpacked first; of one status, oldest first */
export async function whichReleases(
  status?: ReleaseStatus,
): Promise<readonly (readonly [name: string, vsn: string, libs: readonly string[], status: ReleaseStatus])[]> {
  const all = (await releases()).map(
    (one) => [one.name, one.vsn, one.libs.map((lib) => `${lib.application}-${lib.vsn}`), one.status] as const,
  )
  return status === undefined ? all : all.filter((one) => one[3] === status).reverse()
}

/** Unpacks `releases/NAME.tar.gz`, or the package at a path, after verifying all of it. @returns `['ok', vsn]` */
export const unpackRelease = async (name: string): Promise<readonly ['ok', string] | Failure> =>
  toOtp(await operations.unpack(name), (vsn) => ['ok', vsn] as const)

/**
 * Makes a release known whose files are in place already.
 *
 * @param relFile its rel file, or its version
 * @param appDirs `[application, vsn, folder above]` of applications that are not in `lib`
 */
export const setUnpacked = async (
  relFile: string,
  appDirs: readonly (readonly [application: string, vsn: string, dir: string])[] = [],
): Promise<readonly ['ok', string] | Failure> =>
  toOtp(
    await operations.setUnpacked(
      relFile,
      appDirs.map(([name, vsn, dir]) => ({ application: name, vsn, dir })),
    ),
    (vsn) => ['ok', vsn] as const,
  )

/** Makes the node forget a release. */
export const setRemoved = async (vsn: string): Promise<'ok' | Failure> =>
  toOtp(await operate<'ok'>({ type: 'set_removed', vsn }), (done) => done)

/** Copies a file into `releases/VSN`. */
export const installFile = async (vsn: string, file: string): Promise<'ok' | Failure> =>
  toOtp(await operate<'ok'>({ type: 'install_file', vsn, file }), (done) => done)

/**
 * Checks that a release could be installed: everything that {@link installRelease} checks. Changes nothing.
 *
 * Departure: OTP evaluates the calls before point_of_no_return; here nothing of the plan is carried out.
 *
 * @param options `'purge'`: old code of the plan's modules that nobody uses is dropped
 * @returns `['ok', other version of the relup entry, its description]`
 */
export const checkInstallRelease = async (
  vsn: string,
  options: readonly 'purge'[] = [],
): Promise<readonly ['ok', string, unknown] | Failure> =>
  toOtp(
    await operations.check(vsn, options.includes('purge')),
    ({ script }) => ['ok', script.otherVsn, script.description] as const,
  )

/**
 * Installs a release: it runs afterwards, or the node is as before.
 *
 * @returns as {@link checkInstallRelease}; `'continue_after_restart'` in place of `'ok'` where the plan restarts the
 * node, which ends now: the outcome stands in the history of the node that comes
 */
export const installRelease = async (
  vsn: string,
  options: InstallOptions = {},
): Promise<readonly ['ok' | 'continue_after_restart', string, unknown] | Failure> =>
  toOtp(
    await operations.install(vsn, options),
    ({ restart, direction, from, to, description }) =>
      [restart === undefined ? 'ok' : 'continue_after_restart', direction === 'up' ? from : to, description] as const,
  )

/**
 * Makes the current release the one that boots.
 *
 * @param options `end_old_code`: processes that still run code of before, in a callback that has not returned, are
 *                killed, as OTP does with modules of brutal_purge; default false
 */
export const makePermanent = async (
  vsn: string,
  options: { readonly end_old_code?: boolean } = {},
): Promise<'ok' | Failure> =>
  toOtp(await operations.makePermanent(vsn, options.end_old_code === true), () => 'ok' as const)

/** Makes an old release the one that boots, and stops the node, to be started again by who watches over it. */
export const rebootOldRelease = async (vsn: string): Promise<'ok' | Failure> =>
  toOtp(await operate<'ok'>({ type: 'reboot_old', vsn }), (done) => done)

/** Removes a release that neither runs nor boots, with the files that only it needs. */
export const removeRelease = async (vsn: string): Promise<'ok' | Failure> =>
  toOtp(await operations.remove(vsn), (done) => done)

/**
 * Writes the first RELEASES.json, as OTP's `create_RELEASES`: `(root, relDir, relFile, appDirs)`,
 * `(relDir, relFile, appDirs)` (folders relative to the installation), `(root, relFile)`, `([root, relFile, ...appDirs])`.
 */
export async function createRELEASES(
  ...args:
    | readonly [root: string, relDir: string, relFile: string, appDirs: readonly AppDir[]]
    | readonly [relDir: string, relFile: string, appDirs: readonly AppDir[]]
    | readonly [root: string, relFile: string]
    | readonly [all: readonly [root: string, relFile: string, ...appDirs: AppDir[]]]
): Promise<'ok' | Failure> {
  const done = (result: Result<'ok'>): 'ok' | Failure => toOtp(result, (word) => word)
  switch (args.length) {
    case 4:
      return done(await createReleases(...args))
    case 3:
      return done(await createReleases('', ...args))
    case 2:
      return done(await createReleases(args[0], join(args[0], 'releases'), args[1], []))
    default: {
      const [root, relFile, ...appDirs] = args[0]
      return done(await createReleases(root, join(root, 'releases'), relFile, appDirs))
    }
  }
}

// ---- one application, for tests: see app_upgrade.ts

type Evaluated = readonly ['ok', readonly string[]] | 'restart_emulator' | Failure

/**
 * Upgrades a running application to the version in a folder, by the appup there. Nothing is written.
 *
 * @param dir the application's folder, with `ebin` in it
 * @returns `['ok', modules whose old code is in use]`; `'restart_emulator'` where the script asks for that
 */
export const upgradeApp = async (app: string, dir: string): Promise<Evaluated> => evaluated(await makeUpgrade(app, dir))

/** As {@link upgradeApp}, back to an older version: `(app, dir)` with a folder named `APP-VSN`, or `(app, vsn, dir)`. */
export async function downgradeApp(
  ...args: readonly [app: string, dir: string] | readonly [app: string, vsn: string, dir: string]
): Promise<Evaluated> {
  const [app] = args
  if (args.length === 3) return evaluated(await makeDowngrade(app, args[1], args[2]))
  const vsn = versionOfDir(app, args[1])
  return evaluated(vsn.ok ? await makeDowngrade(app, vsn.value, args[1]) : vsn)
}

/** The script of {@link upgradeApp}. @returns `['ok', version in the folder, low-level instructions]` */
export const upgradeScript = async (
  app: string,
  dir: string,
): Promise<readonly ['ok', string, AppScript['instructions']] | Failure> =>
  toOtp(await makeUpgrade(app, dir), ({ vsn, instructions }) => ['ok', vsn, instructions] as const)

/** The script of {@link downgradeApp}. @returns `['ok', low-level instructions]` */
export const downgradeScript = async (
  app: string,
  oldVsn: string,
  dir: string,
): Promise<readonly ['ok', AppScript['instructions']] | Failure> =>
  toOtp(await makeDowngrade(app, oldVsn, dir), ({ instructions }) => ['ok', instructions] as const)

/** Carries out a script that {@link upgradeScript} or {@link downgradeScript} gave. @returns as {@link upgradeApp} */
export const evalAppupScript = (
  app: string,
  toVsn: string,
  toDir: string,
  script: AppScript['instructions'],
): Promise<Evaluated> =>
  evaluated({ ok: true, value: { application: app, vsn: toVsn, dir: toDir, instructions: script } })

async function evaluated(script: Result<AppScript>): Promise<Evaluated> {
  if (!script.ok) return ['error', releaseReason(script.error)]
  const { application: name } = script.value
  const done = await operate<readonly string[]>({ type: 'eval_app', name, script: script.value })
  if (!done.ok && done.error.tag === 'needs_restart') {
    return done.error.instruction === 'restart_emulator' ? 'restart_emulator' : ['error', 'restart_new_emulator']
  }
  return toOtp(done, (unpurged) => ['ok', unpurged] as const)
}

// ---- for the control methods: our own errors, progress, summaries

/** All releases, newest unpacked first. */
export const releases = (): Promise<readonly Release[]> => genServer.call(NAME, { type: 'releases' } satisfies Request)

/** What was done, oldest first. */
export const history = (): Promise<readonly HistoryEntry[]> =>
  genServer.call(NAME, { type: 'history' } satisfies Request)

/** The operations with their own results; see release_operations.ts. */
export const operations = {
  unpack: (name: string, context: OperationContext = {}, replace = false) =>
    operate<string>({ type: 'unpack', name, replace }, context),
  setUnpacked: (name: string, appDirs: readonly ReleaseLib[] = [], context: OperationContext = {}) =>
    operate<string>({ type: 'set_unpacked', name, appDirs }, context),
  check: (vsn: string, purge = false, cold = false) => operate<CheckedInstall>({ type: 'check', vsn, purge, cold }),
  install: async (
    vsn: string,
    { tell, signal, who, ...options }: InstallOptions = {},
  ): Promise<Result<InstallSummary>> => {
    const wrong = badOption(options)
    if (wrong !== undefined) return { ok: false, error: wrong }
    return operate<InstallSummary>({ type: 'install', vsn, options }, { tell, signal, who })
  },
  makePermanent: (vsn: string, endOldCode = false, context: OperationContext = {}) =>
    operate<CommitSummary>({ type: 'make_permanent', vsn, endOldCode }, context),
  remove: (vsn: string, context: OperationContext = {}) => operate<'ok'>({ type: 'remove', vsn }, context),
  noteBad: (vsn: string, why: string, context: OperationContext = {}) =>
    operate<'ok'>({ type: 'note_bad', vsn, why }, context),
  /** Code of a node under development; see dev_load.ts. */
  load: (change: DevChange) => operate<DevSummary>({ type: 'load', name: 'changed modules', change }),
} as const

function operate<T>(operation: Operation, context: OperationContext = {}): Promise<Result<T>> {
  return genServer.call<Result<T>>(NAME, { type: 'operate', operation, context } satisfies Request, 'infinity')
}

// ---- the server

const NAMES = ['release_handler', 'note'] as const

const note = (sentence: string): void =>
  report('warning', { label: NAMES, report: sentence }, { domain: ['otp', 'sasl'] })

/** Opens the releases of this node; `ignore` in a program that runs without a release. */
export async function init(options: HandlerOptions | undefined): Promise<genServer.Init<State>> {
  const node = options ?? (await thisNode())
  if (node === undefined) return 'ignore'
  const dir = join(node.root, 'releases')
  const store = releasesStore(dir)
  try {
    const { state, operation } = memory()
    if (operation !== undefined && isAlive(operation)) await ended(operation)
    const found = state === undefined ? await findRestarts(store, node.booted.vsn) : undefined
    const handler: HandlerState = memory().state ?? {
      root: node.root,
      store,
      releases: await openReleases(store, node.booted, note),
      unpurged: new Map(),
      history: await noteAll(store, await readHistory(store), found?.entries ?? []),
      linker: node.linker,
    }
    if (readdirSync(dir).some((name) => name.startsWith('.'))) await cleanUp(node.root, handler)
    if (state !== undefined) note('restarted; the release that runs is still known')
    if (found?.trial !== undefined) finishWhenStarted(handler, found.trial)
    remember(handler)
    if (handler.unpurged.size > 0) sendAfter(PURGE_MS, self(), 'purge')
    return ['ok', { handler, busy: undefined, waiting: [] }]
  } catch (failure) {
    return ['stop', ['releases', dir, failure]]
  }
}

/** Adds entries to the history, and tells of them; one that cannot be written is kept in memory. */
async function noteAll(
  store: ReleasesStore,
  history: readonly HistoryEntry[],
  entries: readonly HistoryEntry[],
): Promise<readonly HistoryEntry[]> {
  let all = history
  for (const entry of entries) {
    const { outcome, to, message } = entry
    all = await addHistory(store, all, entry).catch(() => [...history, entry])
    const sentence = outcome === 'ok' ? `"${to}" was booted and runs` : (message ?? outcome)
    report(outcome === 'ok' ? 'notice' : 'error', { label: NAMES, report: sentence }, { domain: ['otp', 'sasl'] })
  }
  return all
}

/** This start tries a release: the trial ends when the node has started and the plan's calls are made. */
function finishWhenStarted({ store }: HandlerState, record: RestartRecord): void {
  memory().trial = record.to
  spawn(async () => {
    await waitUntilStarted()
    const entry = await finishTrial(store, record, async (done) => {
      const { state } = memory()
      if (state === undefined) return
      const history = await noteAll(store, state.history, [done])
      genServer.cast(NAME, { type: 'tried', history } satisfies Tried)
    })
    if (entry === undefined) stop(TRIAL_FAILED_STATUS)
    memory().trial = undefined
  })
}

/** Sees to what an operation left in the releases folder that was interrupted; all of that begins with a dot. */
async function cleanUp(root: string, { store, releases }: HandlerState): Promise<void> {
  const finished = await finishRemovals(root, releases)
  if (finished.length > 0) note(`finished the interrupted removal of ${finished.join(', ')}`)
  const left = await cleanStaging(store.dir)
  if (left.length > 0) note(`removed what an interrupted operation left: ${left.join(', ')}`)
}

/** What must not be forgotten when this process is restarted: what runs is not what was booted. */
interface Memory {
  state: HandlerState | undefined
  /** The process of the operation under way. */
  operation: Pid | undefined
  /** The version that this start tries, until it has proved itself. */
  trial: string | undefined
}

const memory = (): Memory =>
  namedTable<Memory>('sasl/release_handler', () => ({
    state: undefined,
    operation: undefined,
    trial: undefined,
  }))

/** The folder of the releases that this node may run; undefined in one that runs without a release. */
export const rootOf = (): string | undefined => memory().state?.root

function remember(state: HandlerState): void {
  memory().state = state
}

/** Waits for the end of an operation that a handler before this one began. */
async function ended(operation: Pid): Promise<void> {
  const ref = monitor(operation)
  await receive((message) => isDown(message) && message[1] === ref)
}

async function thisNode(): Promise<HandlerOptions | undefined> {
  const root = nodeArguments()?.root
  const booted = root === undefined ? undefined : await bootedRelease(root)
  return root === undefined || booted === undefined ? undefined : { root, booted, linker: nodeLinker() }
}

/** What this node was booted from: the boot script says which release, its rel file what is in it. */
async function bootedRelease(root: string): Promise<Booted | undefined> {
  const script = scriptId()
  if (script === undefined) return undefined
  const files = await readReleaseFiles(root, script.vsn)
  if (files.ok)
    return { name: files.value.rel.name, vsn: script.vsn, erts: files.value.rel.erts, libs: files.value.libs }
  note(`the rel file of "${script.vsn}", which was booted, cannot be read: its applications are not known`)
  return { name: script.name, vsn: script.vsn, erts: process.versions.node, libs: [] }
}

/** Answers questions at once; starts operations. */
export const handleCall: genServer.HandleCall<Request, State> = (request, from, state) => {
  switch (request.type) {
    case 'releases':
      return ['reply', state.handler.releases, state]
    case 'history':
      return ['reply', state.handler.history, state]
    case 'operate': {
      const refused = (doing: string): genServer.CallReturn<State> => {
        const error: ReleaseError = { tag: 'busy', doing }
        return ['reply', { ok: false, error } satisfies Result<never>, state]
      }
      const { trial } = memory()
      if (trial !== undefined) return refused(`restart into ${trial}`)
      const asked: Asked = { operation: request.operation, context: request.context, from }
      if (state.busy === undefined) return ['noreply', begin(asked, state)]
      const inTheWay = waits(asked.operation, state)
      return inTheWay === undefined
        ? ['noreply', { ...state, waiting: [...state.waiting, asked] }]
        : refused(describe(inTheWay))
    }
  }
}

/** A check changes nothing: it waits for its turn, and others wait for it. Of the others there is one at a time. */
function waits(operation: Operation, { busy, waiting }: State): Operation | undefined {
  if (operation.type === 'check') return undefined
  return [...(busy === undefined ? [] : [busy]), ...waiting]
    .map((one) => one.operation)
    .find(({ type }) => type !== 'check')
}

function begin({ operation, context, from }: Asked, state: State): State {
  const server = self()
  const { handler } = state
  const [pid, ref] = spawnMonitor(async () => {
    const sinceMs = clock.monotonicMs()
    const outcome = await withFailure(await perform(handler, operation, context), handler, operation, sinceMs, context)
    if (outcome.state !== undefined) remember(outcome.state)
    genServer.cast(server, { type: 'done', outcome } satisfies Done)
  })
  memory().operation = pid
  return { ...state, busy: { operation, ref, from } }
}

/** The next operation, when the one under way is over. */
function next(state: State): State {
  const [asked, ...waiting] = state.waiting
  const free = { ...state, busy: undefined, waiting }
  return asked === undefined ? free : begin(asked, free)
}

/** Operations whose refusal stands in the history; those of an installation and a probation write their own. */
const NOTED: { readonly [type in Operation['type']]?: HistoryEntry['action'] } = {
  unpack: 'unpack',
  make_permanent: 'make_permanent',
  reboot_old: 'reboot_old',
  remove: 'remove',
}

async function withFailure(
  outcome: Outcome<unknown>,
  state: HandlerState,
  operation: Operation,
  sinceMs: number,
  context: OperationContext,
): Promise<Outcome<unknown>> {
  const action = NOTED[operation.type]
  if (outcome.answer.ok || outcome.state !== undefined || action === undefined) return outcome
  const to = 'vsn' in operation ? operation.vsn : operation.name
  return { ...outcome, state: await rememberFailure(state, action, to, sinceMs, context, outcome.answer.error) }
}

function perform(state: HandlerState, one: Operation, context: OperationContext): Promise<Outcome<unknown>> {
  switch (one.type) {
    case 'unpack':
      return doUnpackRelease(state, one.name, one.replace, context)
    case 'set_unpacked':
      return doSetUnpacked(state, one.name, one.appDirs, context)
    case 'set_removed':
      return doSetRemoved(state, one.vsn)
    case 'install_file':
      return doInstallFile(state, one.vsn, one.file)
    case 'check':
      return checkRelease(state, one.vsn, one.purge, one.cold)
    case 'install':
      return install(state, one.vsn, one.options, context)
    case 'make_permanent':
      return doMakePermanent(state, one.vsn, context, one.endOldCode)
    case 'reboot_old':
      return doRebootOldRelease(state, one.vsn, context)
    case 'remove':
      return doRemoveRelease(state, one.vsn, context)
    case 'note_bad':
      return noteBad(state, one.vsn, one.why, context)
    case 'eval_app':
      return evalAppScript(state, one.script)
    case 'load':
      return loadChange(state, one.change)
  }
}

/** With word to the service manager, which shows the node as reloading meanwhile. */
async function install(
  state: HandlerState,
  vsn: string,
  options: InstallOptions,
  context: OperationContext,
): Promise<Outcome<InstallSummary>> {
  serviceManager.reloading(`installing ${vsn}`)
  const outcome = await doInstallRelease(state, vsn, options, context, options)
  // A node that ends now is not ready; the one that comes will say so.
  if (outcome.reboot !== true) serviceManager.ready(`${outcome.answer.ok ? vsn : `not ${vsn}`}, process ${process.pid}`)
  return outcome
}

const describe = (one: Operation): string => `${one.type.replaceAll('_', ' ')} ${'vsn' in one ? one.vsn : one.name}`

interface Done {
  readonly type: 'done'
  readonly outcome: Outcome<unknown>
}

/** The trial of a release is over. */
interface Tried {
  readonly type: 'tried'
  readonly history: readonly HistoryEntry[]
}

/** An operation is over, or a trial. */
export const handleCast: genServer.HandleCast<Done | Tried, State> = (event, state) => {
  if (event.type === 'tried') {
    const handler = { ...state.handler, history: event.history }
    remember(handler)
    return ['noreply', { ...state, handler }]
  }
  const { outcome } = event
  if (state.busy !== undefined) genServer.reply(state.busy.from, outcome.answer)
  // The answer is on its way: applications end one after the other, the control socket among the last.
  if (outcome.reboot === true) reboot()
  const handler = outcome.state ?? state.handler
  if (handler.unpurged.size > 0 && state.handler.unpurged.size === 0) sendAfter(PURGE_MS, self(), 'purge')
  return ['noreply', next({ ...state, handler })]
}

/** The end of an operation's process before it was done, and the time to look at old code. */
export const handleInfo: genServer.HandleInfo<State> = (message, state) => {
  if (message === 'purge') {
    const unpurged = state.busy === undefined ? purgeUnused(state.handler) : state.handler.unpurged
    if (unpurged.size > 0) sendAfter(PURGE_MS, self(), 'purge')
    const handler = { ...state.handler, unpurged }
    if (state.busy === undefined) remember(handler)
    return ['noreply', { ...state, handler }]
  }
  const { busy } = state
  if (busy === undefined || !isDown(message) || message[1] !== busy.ref) return ['noreply', state]
  const error: ReleaseError = { tag: 'crashed', doing: describe(busy.operation), why: format(message[4]) }
  genServer.reply(busy.from, { ok: false, error } satisfies Result<never>)
  return ['noreply', next(state)]
}

const isDown = (message: unknown): message is readonly ['DOWN', Ref, 'process', Pid, unknown] =>
  Array.isArray(message) && message[0] === 'DOWN'
