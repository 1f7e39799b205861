/**
 * Operations on what runs: a release is checked, installed; one application or a change under development is; old code is
 * dropped afterwards. OTP: `do_check_install_release` and `do_install_release` of release_handler.erl.
 */
import { err, ok } from '../../../schemas/result.js'
import { clock } from '../../erts/clock.js'
import { whereis } from '../../erts/process.js'
import * as controlServer from '../../kernel/src/control_server.js'
import { type AppScript, checkAppScript } from './app_upgrade.js'
import { findBadBuild } from './bad_builds.js'
import { type DevChange, type DevSummary, devLoad } from './dev_load.js'
import { processOutcomes } from './history.js'
import { type CheckedInstall, checkInstall } from './install_check.js'
import type { InstallOptions } from './install_options.js'
import { type InstallSummary, install } from './install_release.js'
import { usersOfVersion, usersOfVersions } from './node_world.js'
import {
  type HandlerState,
  noteDone,
  type OperationContext,
  type Outcome,
  refuse,
  save,
  type Unpurged,
} from './operation_state.js'
import type { ReleaseError } from './release_error.js'
import { runningRelease, transition } from './releases_file.js'
import type { EvalOptions } from './relup_eval.js'
import { askForRestart } from './restart_install.js'
import { unsetAtStart } from './start_variables.js'

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
    state: await noteDone(state, 'install', vsn, sinceMs, context, { error }),
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
  const unset = await unsetAtStart(state.root, vsn)
  const after = { ...state, releases: next.value, unpurged: new Map([...state.unpurged, ...installed.value.unpurged]) }
  // On disk nothing but `old` can differ; the release that runs is written as unpacked, since a restart boots another.
  const saved = await save(after, next.value)
  const from = runningRelease(state.releases)?.vsn ?? ''
  // `status` and run/node.json say what runs; that nobody is there to be told does not fail what was done.
  if (whereis('control_server') !== undefined) await controlServer.setVsn(vsn).catch(() => 'ok')
  return {
    answer: ok(unset.length === 0 ? summary : { ...summary, unset_at_start: unset }),
    state: await noteDone(saved.ok ? saved.value : after, 'install', vsn, sinceMs, context, {
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
