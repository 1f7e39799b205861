/**
 * What the release handler begins with: the releases on the disk, brought in line with what was booted, what interrupted
 * operations left, and the trial of a release that this start may be.
 *
 * Departure: the statuses are brought in line with what was booted (`reconcile`); OTP believes what is written.
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { nodeArguments } from '../../erts/arguments.js'
import { scriptId, stop, waitUntilStarted } from '../../erts/init.js'
import type { Linker } from '../../erts/linker/linker.js'
import { nodeLinker } from '../../erts/loader.js'
import { spawn } from '../../erts/process.js'
import { report } from '../../erts/report.js'
import { addHistory, type HistoryEntry, readHistory } from './history.js'
import type { HandlerState } from './operation_state.js'
import { readReleaseFiles } from './release_files.js'
import { memory } from './release_handler_memory.js'
import type { Booted } from './releases_file.js'
import { openReleases, type ReleasesStore, releasesStore } from './releases_store.js'
import { finishRemovals } from './remove_release.js'
import { findRestarts, finishTrial, TRIAL_FAILED_STATUS } from './restart_install.js'
import type { RestartRecord } from './restart_record.js'
import { cleanStaging } from './unpack.js'

/** A node other than the one that init booted: for tests. */
export interface HandlerOptions {
  /** Absolute. */
  readonly root: string
  /** The release that this node booted. */
  readonly booted: Booted
  /** What loads its modules; undefined: the node runs from sources, and nothing can be installed. */
  readonly linker: Linker | undefined
}

const NAMES = ['release_handler', 'note'] as const

const note = (sentence: string): void =>
  report('warning', { label: NAMES, report: sentence }, { domain: ['otp', 'sasl'] })

/**
 * The state of a handler that starts.
 *
 * @param node  what it is the handler of
 * @param tried told with the history when this start, which tries a release, has proved itself or not
 * @throws what keeps the releases from being read
 */
export async function openHandler(
  node: HandlerOptions,
  tried: (history: readonly HistoryEntry[]) => void,
): Promise<HandlerState> {
  const store = releasesStore(join(node.root, 'releases'))
  const { state } = memory()
  const found = state === undefined ? await findRestarts(store, node.booted.vsn) : undefined
  const handler: HandlerState = state ?? {
    root: node.root,
    store,
    releases: await openReleases(store, node.booted, note),
    unpurged: new Map(),
    history: await noteAll(store, await readHistory(store), found?.entries ?? []),
    linker: node.linker,
  }
  if (readdirSync(store.dir).some((name) => name.startsWith('.'))) await cleanUp(node.root, handler)
  if (state !== undefined) note('restarted; the release that runs is still known')
  if (found?.trial !== undefined) finishWhenStarted(handler, found.trial, tried)
  return handler
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
    const before = all
    all = await addHistory(store, before, entry).catch(() => [...before, entry])
    const sentence = outcome === 'ok' ? `"${to}" was booted and runs` : (message ?? outcome)
    report(outcome === 'ok' ? 'notice' : 'error', { label: NAMES, report: sentence }, { domain: ['otp', 'sasl'] })
  }
  return all
}

/** This start tries a release: the trial ends when the node has started and the plan's calls are made. */
function finishWhenStarted(
  { store }: HandlerState,
  record: RestartRecord,
  tried: (history: readonly HistoryEntry[]) => void,
): void {
  memory().trial = record.to
  spawn(async () => {
    await waitUntilStarted()
    const entry = await finishTrial(store, record, async (done) => {
      const { state } = memory()
      if (state === undefined) return
      tried(await noteAll(store, state.history, [done]))
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

/** This node as it was booted; undefined in a program that runs without a release. */
export async function thisNode(): Promise<HandlerOptions | undefined> {
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
