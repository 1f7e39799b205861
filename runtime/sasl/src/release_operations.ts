/**
 * The long operations of the release handler, each from the state it began with to the state it leaves. They run in a
 * process of their own, one at a time. OTP: the `do_*` functions of release_handler.erl.
 */
import { copyFile, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { err, ok, type Result } from '../../../schemas/result.js'
import { clock } from '../../erts/clock.js'
import type { Linker } from '../../erts/linker/linker.js'
import { equal, exitPid, whereis } from '../../erts/process.js'
import * as controlServer from '../../kernel/src/control_server.js'
import { type AppScript, checkAppScript } from './app_upgrade.js'
import { findBadBuild, forgetBadBuild, noteBadBuild } from './bad_builds.js'
import { readChecksums, verifyInPlace } from './checksums.js'
import { type DevChange, type DevSummary, devLoad } from './dev_load.js'
import { addHistory, type HistoryEntry, type ProcessOutcomes, processOutcomes } from './history.js'
import { type CheckedInstall, checkInstall } from './install_check.js'
import type { InstallOptions } from './install_options.js'
import { type InstallStep, type InstallSummary, install } from './install_release.js'
import { usersOfVersion, usersOfVersions } from './node_world.js'
import { formatReleaseError, ioError, type ReleaseError } from './release_error.js'
import { libDir, readReleaseFiles } from './release_files.js'
import {
  addRelease,
  findRelease,
  permanentRelease,
  type Release,
  type ReleaseLib,
  runningRelease,
  transition,
} from './releases_file.js'
import { type ReleasesStore, writePermanent, writeReleases } from './releases_store.js'
import type { EvalOptions } from './relup_eval.js'
import { noteRemoval, removableUnits, removeUnits } from './remove_release.js'
import { askForRestart } from './restart_install.js'
import { trustedKeys, verifySignature } from './signature.js'
import { findPackage, type UnpackHooks, unpack } from './unpack.js'

/** Modules with old code in use, and what becomes of its users at `makePermanent`. */
export type Unpurged = ReadonlyMap<string, 'soft_purge' | 'brutal_purge'>

/** What the handler knows. */
export interface HandlerState {
  /** Absolute. */
  readonly root: string
  readonly store: ReleasesStore
  /** Newest unpacked first. */
  readonly releases: readonly Release[]
  readonly unpurged: Unpurged
  readonly history: readonly HistoryEntry[]
  /** Undefined in a node without a linker: nothing can be installed then. */
  readonly linker: Linker | undefined
}

/** How an operation tells how far it is, and is told to stop. */
export interface OperationContext {
  readonly tell?: ((step: InstallStep) => void) | undefined
  readonly signal?: AbortSignal | undefined
  /** For the history. */
  readonly who?: string | undefined
}

/** What an operation answers, and the state it leaves; without a state nothing has changed. */
export interface Outcome<T> {
  readonly answer: Result<T, ReleaseError>
  readonly state?: HandlerState
  /** The node ends when this has been answered, and is started again. */
  readonly reboot?: boolean
}

const refuse = (error: ReleaseError): Outcome<never> => ({ answer: err(error) })

/**
 * Unpacks `releases/NAME.tar.gz`, or the package at a path.
 *
 * @param replace whether it may take the place of another build of its version, which neither runs nor boots
 * @returns the version
 */
export async function unpackRelease(
  state: HandlerState,
  name: string,
  replace: boolean,
  context: OperationContext,
): Promise<Outcome<string>> {
  const since = clock.monotonicMs()
  const file = await findPackage(state.store.dir, name)
  if (!file.ok) return refuse(file.error)
  const admit = ({ rel }: { readonly rel: { readonly vsn: string } }): ReleaseError | undefined => {
    const known = state.releases.find((one) => one.vsn === rel.vsn)
    if (known === undefined || (replace && (known.status === 'unpacked' || known.status === 'old'))) return undefined
    return { tag: 'existing_release', vsn: known.vsn, status: known.status }
  }
  let now = state
  const replaces: UnpackHooks['replaces'] = async ({ rel }, staging) => {
    const known = state.releases.find((one) => one.vsn === rel.vsn)
    if (known === undefined) return undefined
    const [old, fresh] = [await readChecksums(state.root, rel.vsn), await readChecksums(staging, rel.vsn)]
    if (old.ok && fresh.ok && equal([...old.value].sort(), [...fresh.value].sort())) return undefined
    const others = state.releases.filter((one) => one !== known)
    const units = await removableUnits(state.root, known, others)
    const remove = async (): Promise<void> => {
      await noteRemoval(state.root, rel.vsn, units)
      await writeReleases(state.store, others)
      now = { ...state, releases: others }
      await removeUnits(state.root, rel.vsn, units)
    }
    return { units, remove }
  }
  const keys = await trustedKeys(state.root)
  if (!keys.ok) return refuse(keys.error)
  const unpacked = await unpack(state.root, file.value, { admit, replaces, keys: keys.value })
  // An earlier build may be gone already, which must not be forgotten.
  if (!unpacked.ok) return now === state ? refuse(unpacked.error) : { answer: err(unpacked.error), state: now }
  const { rel, libs } = unpacked.value
  // The same build again.
  if (now.releases.some((one) => one.vsn === rel.vsn)) return { answer: ok(rel.vsn) }
  const added = addRelease(now.releases, { name: rel.name, vsn: rel.vsn, erts: rel.erts, libs })
  if (!added.ok) return refuse(added.error)
  const saved = await save(now, added.value)
  if (!saved.ok) return { answer: err(saved.error), state: now }
  return { answer: ok(rel.vsn), state: await remember(saved.value, 'unpack', rel.vsn, since, context) }
}

/**
 * Makes a release known whose files lie in place: built there, or copied by other means.
 *
 * @param name    its version, or the path of its rel file below the root
 * @param appDirs applications that are elsewhere than `lib/APPLICATION-VSN`: `dir` is the folder above
 */
export async function setUnpacked(
  state: HandlerState,
  name: string,
  appDirs: readonly ReleaseLib[],
  context: OperationContext,
): Promise<Outcome<string>> {
  const since = clock.monotonicMs()
  const parts = name.split(/[/\\]/)
  const vsn = name.endsWith('.rel.json') ? (parts.at(-2) ?? '') : name
  if (vsn === '' || vsn === '.' || vsn === '..' || (parts.length > 1 && !name.endsWith('.rel.json'))) {
    return refuse({
      tag: 'illegal_option',
      option: 'release',
      value: name,
      allowed: 'a version, or releases/VSN/NAME.rel.json',
    })
  }
  const known = state.releases.find((one) => one.vsn === vsn)
  if (known !== undefined) return refuse({ tag: 'existing_release', vsn, status: known.status })
  const files = await readReleaseFiles(state.root, vsn)
  if (!files.ok) return refuse(files.error)
  const { rel } = files.value
  const libs = files.value.libs.map((lib) => {
    const other = appDirs.find((one) => one.application === lib.application)
    return other === undefined ? lib : { ...lib, dir: join(other.dir, `${lib.application}-${lib.vsn}`) }
  })
  for (const lib of libs) {
    const dir = join(libDir(state.root, lib), 'ebin')
    const found = await stat(dir).catch(() => undefined)
    if (!found?.isDirectory()) return refuse({ tag: 'no_such_file', file: dir, why: 'is not there, or is no folder' })
  }
  const damaged = await verifyInPlace(state.root, vsn)
  if (damaged !== undefined) return refuse(damaged)
  const keys = await trustedKeys(state.root)
  if (!keys.ok) return refuse(keys.error)
  const signed = keys.value.length === 0 ? undefined : await verifySignature(state.root, vsn, keys.value)
  if (signed?.ok === false) return refuse(signed.error)
  const added = addRelease(state.releases, { name: rel.name, vsn, erts: rel.erts, libs })
  if (!added.ok) return refuse(added.error)
  const saved = await save(state, added.value)
  if (!saved.ok) return refuse(saved.error)
  return { answer: ok(vsn), state: await remember(saved.value, 'unpack', vsn, since, context) }
}

/** Makes the node forget a release whose files were removed by other means. */
export async function setRemoved(state: HandlerState, vsn: string): Promise<Outcome<'ok'>> {
  const removed = transition(state.releases, 'remove', vsn)
  if (!removed.ok) return refuse(removed.error)
  const saved = await save(state, removed.value)
  return saved.ok ? { answer: ok('ok'), state: saved.value } : refuse(saved.error)
}

/** Copies a file into `releases/VSN`. */
export async function installFile(state: HandlerState, vsn: string, file: string): Promise<Outcome<'ok'>> {
  const found = findRelease(state.releases, vsn)
  if (!found.ok) return refuse(found.error)
  try {
    await copyFile(file, join(state.store.dir, vsn, basename(file)))
    return { answer: ok('ok') }
  } catch (failure) {
    return refuse(ioError(file, failure))
  }
}

/**
 * Checks an installation and changes nothing.
 *
 * @param purge drop old code of the plan's modules that nobody uses
 * @param cold  the node is to be restarted into it
 */
export async function checkRelease(
  state: HandlerState,
  vsn: string,
  purge: boolean,
  cold: boolean,
): Promise<Outcome<CheckedInstall>> {
  const { linker } = state
  if (linker === undefined) return refuse({ tag: 'no_release' })
  const checked = await checkInstall({ root: state.root, releases: state.releases, linker }, vsn, cold)
  if (!checked.ok) return refuse(checked.error)
  if (purge) {
    for (const one of checked.value.script.instructions) {
      if (one.op !== 'load' && one.op !== 'remove') continue
      if (usersOfVersion(linker.old(one.module)).length === 0) linker.purge(one.module)
    }
  }
  return { answer: checked }
}

/** Installs a release: it runs afterwards, or nothing has changed. */
export async function installRelease(
  state: HandlerState,
  vsn: string,
  options: EvalOptions,
  context: OperationContext,
  {
    again = false,
    restart: cold = false,
    error_action: errorAction,
  }: Pick<InstallOptions, 'again' | 'restart' | 'error_action'> = {},
): Promise<Outcome<InstallSummary>> {
  const sinceMs = clock.monotonicMs()
  const { linker } = state
  if (linker === undefined) return refuse({ tag: 'no_release' })
  const failed = async (error: ReleaseError): Promise<Outcome<InstallSummary>> => ({
    answer: err(error),
    state: await remember(state, 'install', vsn, sinceMs, context, { error }),
  })
  const bad = again ? undefined : findBadBuild(state.store, vsn)
  if (bad !== undefined) return failed({ tag: 'bad_build', vsn, at: bad.at, answer: bad.why })
  const checked = await checkInstall({ root: state.root, releases: state.releases, linker }, vsn, cold)
  if (!checked.ok) return failed(checked.error)
  if (checked.value.restart !== undefined) {
    const { who = '', tell } = context
    const { restart, to } = checked.value
    const asked = await askForRestart(state.store, state.releases, checked.value, restart, who, sinceMs)
    if (!asked.ok) return failed(asked.error)
    const text = `checked the plan: the node ends and boots "${to.vsn}" on Node ${to.erts}`
    tell?.({ step: 1, of: 2, text, ms: clock.monotonicMs() - sinceMs, facts: { step: 'checked', modules: 0 } })
    return { answer: ok(asked.value.summary), state: { ...state, releases: asked.value.releases }, reboot: true }
  }
  const installed = await install(checked.value, options, linker, { ...context, sinceMs })
  if (!installed.ok) {
    const { error } = installed
    const damaged = error.tag === 'install_failed' && error.notUndone.length > 0
    return { ...(await failed(error)), reboot: damaged && errorAction !== undefined }
  }
  const next = transition(state.releases, 'install', vsn)
  // The check has asked the same of the same releases.
  if (!next.ok) return failed(next.error)
  const { summary } = installed.value
  const after = { ...state, releases: next.value, unpurged: new Map([...state.unpurged, ...installed.value.unpurged]) }
  // On disk nothing but `old` can differ; the release that runs is written as unpacked, since a restart boots another.
  const saved = await save(after, next.value)
  const from = runningRelease(state.releases)?.vsn ?? ''
  // `status` and run/node.json say what runs; that nobody is there to be told does not fail what was done.
  if (whereis('control_server') !== undefined) await controlServer.setVsn(vsn).catch(() => 'ok')
  return {
    answer: ok(summary),
    state: await remember(saved.ok ? saved.value : after, 'install', vsn, sinceMs, context, {
      from,
      processes: processOutcomes(summary),
    }),
  }
}

/** Upgrades or downgrades one application; no release changes with it. @returns modules whose old code is in use */
export async function evalAppScript(state: HandlerState, script: AppScript): Promise<Outcome<readonly string[]>> {
  const sinceMs = clock.monotonicMs()
  const { linker } = state
  if (linker === undefined) return refuse({ tag: 'no_release' })
  const checked = await checkAppScript(script, linker)
  if (!checked.ok) return refuse(checked.error)
  const installed = await install(checked.value, {}, linker, { sinceMs })
  if (!installed.ok) return refuse(installed.error)
  const unpurged = new Map([...state.unpurged, ...installed.value.unpurged])
  return { answer: ok([...installed.value.unpurged.keys()]), state: { ...state, unpurged } }
}

/** Carries a change of a node under development out; no release changes with it. */
export async function loadChange(state: HandlerState, change: DevChange): Promise<Outcome<DevSummary>> {
  const { linker } = state
  if (linker === undefined) return refuse({ tag: 'no_release' })
  const libs = runningRelease(state.releases)?.libs ?? []
  const loaded = await devLoad(change, linker, (name) => libs.find(({ application }) => application === name)?.vsn)
  if (!loaded.ok) return refuse(loaded.error)
  const unpurged = new Map([...state.unpurged, ...loaded.value.unpurged])
  return { answer: ok(loaded.value.summary), state: { ...state, unpurged } }
}

/** What a commit found and did. */
export interface CommitSummary {
  readonly vsn: string
  /** Processes that still run code of before, in a callback that has not returned, by module. */
  readonly on_old_code: Readonly<Record<string, readonly string[]>>
  /** Processes ended for that. */
  readonly ended: readonly string[]
}

/**
 * Makes the current release the one that boots.
 *
 * Departure: OTP kills whoever still runs code of before of a module with brutal_purge. Here that is asked for; else
 * they are named, and their code is dropped when they have returned from it.
 *
 * @param endOldCode whether they are killed
 */
export async function makePermanent(
  state: HandlerState,
  vsn: string,
  context: OperationContext,
  endOldCode: boolean,
): Promise<Outcome<CommitSummary>> {
  const since = clock.monotonicMs()
  const next = transition(state.releases, 'make_permanent', vsn)
  if (!next.ok) return refuse(next.error)
  if (permanentRelease(state.releases)?.vsn === vsn) return { answer: ok({ vsn, on_old_code: {}, ended: [] }) }
  const boot = join(state.store.dir, vsn, 'start.script.json')
  if ((await stat(boot).catch(() => undefined)) === undefined) {
    return refuse({ tag: 'no_such_file', file: boot, why: 'is missing; the release would not boot' })
  }
  try {
    await writePermanent(state.store, state.releases, next.value)
  } catch (failure) {
    return refuse(ioError('releases/RELEASES.json', failure))
  }
  // A note that stays is told of at the next installation, and can be overruled there.
  await forgetBadBuild(state.store, vsn).catch(() => {})
  const unpurged = new Map(state.unpurged)
  const onOldCode: Record<string, readonly string[]> = {}
  const ended = new Set<string>()
  for (const [module, method] of state.unpurged) {
    const users = usersOfVersion(state.linker?.old(module))
    if (users.length > 0 && !(endOldCode && method === 'brutal_purge')) {
      onOldCode[module] = users.map(({ pid }) => pid.toString())
      continue
    }
    for (const { pid } of users) {
      ended.add(pid.toString())
      exitPid(pid, 'kill')
    }
    state.linker?.purge(module)
    unpurged.delete(module)
  }
  return {
    answer: ok({ vsn, on_old_code: onOldCode, ended: [...ended] }),
    state: await remember({ ...state, releases: next.value, unpurged }, 'make_permanent', vsn, since, context),
  }
}

/** Notes that the build of a release did not prove itself: it is not installed again without being told so. */
export async function noteBad(
  state: HandlerState,
  vsn: string,
  why: string,
  context: OperationContext,
): Promise<Outcome<'ok'>> {
  const since = clock.monotonicMs()
  const error: ReleaseError = { tag: 'unhealthy', from: vsn, to: vsn, answer: why, notUndone: [] }
  try {
    await noteBadBuild(state.store, vsn, why)
  } catch (failure) {
    return refuse(ioError('releases/bad_builds.json', failure))
  }
  return { answer: ok('ok'), state: await remember(state, 'probation', vsn, since, context, { error }) }
}

/** Makes an old release the one that boots, and stops the node, which whoever watches over it starts again. */
export async function rebootOldRelease(
  state: HandlerState,
  vsn: string,
  context: OperationContext,
): Promise<Outcome<'ok'>> {
  const since = clock.monotonicMs()
  const next = transition(state.releases, 'reboot_old', vsn)
  if (!next.ok) return refuse(next.error)
  try {
    await writePermanent(state.store, state.releases, next.value)
  } catch (failure) {
    return refuse(ioError('releases/RELEASES.json', failure))
  }
  const after = await remember({ ...state, releases: next.value }, 'reboot_old', vsn, since, context)
  return { answer: ok('ok'), state: after, reboot: true }
}

/** Removes a release and those of its files that no other release needs. */
export async function removeRelease(
  state: HandlerState,
  vsn: string,
  context: OperationContext,
): Promise<Outcome<'ok'>> {
  const since = clock.monotonicMs()
  const found = findRelease(state.releases, vsn)
  if (!found.ok) return refuse(found.error)
  const next = transition(state.releases, 'remove', vsn)
  if (!next.ok) return refuse(next.error)
  try {
    const units = await removableUnits(state.root, found.value, next.value)
    // The list before the files: what is no longer listed may be incomplete, what is listed never is.
    await noteRemoval(state.root, vsn, units)
    await writeReleases(state.store, next.value)
    await removeUnits(state.root, vsn, units)
  } catch (failure) {
    return refuse(ioError(`releases/${vsn}`, failure))
  }
  return { answer: ok('ok'), state: await remember({ ...state, releases: next.value }, 'remove', vsn, since, context) }
}

/** Drops old code that nobody uses any more. @returns what is left */
export function purgeUnused({ unpurged, linker }: HandlerState): Unpurged {
  const left = new Map(unpurged)
  const olds = new Map([...unpurged.keys()].map((module) => [module, linker?.old(module)]))
  const using = usersOfVersions([...olds.values()].filter((old) => old !== undefined))
  for (const [module, old] of olds) {
    if (old !== undefined && using.has(old)) continue
    linker?.purge(module)
    left.delete(module)
  }
  return left
}

async function save(state: HandlerState, releases: readonly Release[]): Promise<Result<HandlerState, ReleaseError>> {
  try {
    await writeReleases(state.store, releases)
    return ok({ ...state, releases })
  } catch (failure) {
    return err(ioError('releases/RELEASES.json', failure))
  }
}

/** Notes the failure of an operation that changed nothing, but that somebody asked for. */
export const rememberFailure = (
  state: HandlerState,
  action: HistoryEntry['action'],
  to: string,
  sinceMs: number,
  context: OperationContext,
  error: ReleaseError,
): Promise<HandlerState> => remember(state, action, to, sinceMs, context, { error })

/** What an entry says besides. */
interface Facts {
  readonly error?: ReleaseError
  /** Default: the release that runs. */
  readonly from?: string
  readonly processes?: ProcessOutcomes
}

/** Notes an operation in the history; a history that cannot be written does not fail what it is about. */
async function remember(
  state: HandlerState,
  action: HistoryEntry['action'],
  to: string,
  sinceMs: number,
  { who = '' }: OperationContext,
  { error, from = runningRelease(state.releases)?.vsn ?? '', processes }: Facts = {},
): Promise<HandlerState> {
  const entry: HistoryEntry = {
    at: new Date(clock.systemMs()).toISOString(),
    who,
    action,
    from,
    to,
    outcome: error === undefined ? 'ok' : error.tag,
    ...(error === undefined ? {} : { message: formatReleaseError(error) }),
    ...(processes === undefined ? {} : { processes }),
    duration_ms: Math.round(clock.monotonicMs() - sinceMs),
  }
  const history = await addHistory(state.store, state.history, entry).catch(() => [...state.history, entry])
  return { ...state, history }
}
