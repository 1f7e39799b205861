/**
 * The operations of the release handler as data, and how each is carried out. They run in a process of their own, one at a
 * time, each from the state it began with to the state it leaves. OTP: the `do_*` functions of release_handler.erl.
 */
import { clock } from '../../erts/clock.js'
import * as serviceManager from '../../kernel/src/service_manager.js'
import type { AppScript } from './app_upgrade.js'
import type { DevChange } from './dev_load.js'
import type { HistoryEntry } from './history.js'
import type { InstallOptions } from './install_options.js'
import type { InstallSummary } from './install_release.js'
import { type HandlerState, noteFailure, type OperationContext, type Outcome } from './operation_state.js'
import { makePermanent, noteBad, rebootOldRelease } from './operations_boot.js'
import { installFile, removeRelease, setRemoved, setUnpacked, unpackRelease } from './operations_files.js'
import { checkRelease, evalAppScript, installRelease, loadChange } from './operations_install.js'
import type { ReleaseLib } from './releases_file.js'

/** An operation with its arguments. */
export type Operation =
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

/** The operation in words: `install 1.1.0`. */
export const describe = (one: Operation): string =>
  `${one.type.replaceAll('_', ' ')} ${'vsn' in one ? one.vsn : one.name}`

/** Operations whose refusal stands in the history; those of an installation and a probation write their own. */
const NOTED: { readonly [type in Operation['type']]?: HistoryEntry['action'] } = {
  unpack: 'unpack',
  make_permanent: 'make_permanent',
  reboot_old: 'reboot_old',
  remove: 'remove',
}

/** Carries an operation out. @throws what nobody expected: the handler answers `crashed` */
export async function perform(
  state: HandlerState,
  operation: Operation,
  context: OperationContext,
): Promise<Outcome<unknown>> {
  const sinceMs = clock.monotonicMs()
  const outcome = await carryOut(state, operation, context)
  const action = NOTED[operation.type]
  if (outcome.answer.ok || outcome.state !== undefined || action === undefined) return outcome
  const to = 'vsn' in operation ? operation.vsn : operation.name
  return { ...outcome, state: await noteFailure(state, action, to, sinceMs, context, outcome.answer.error) }
}

function carryOut(state: HandlerState, one: Operation, context: OperationContext): Promise<Outcome<unknown>> {
  switch (one.type) {
    case 'unpack':
      return unpackRelease(state, one.name, one.replace, context)
    case 'set_unpacked':
      return setUnpacked(state, one.name, one.appDirs, context)
    case 'set_removed':
      return setRemoved(state, one.vsn)
    case 'install_file':
      return installFile(state, one.vsn, one.file)
    case 'check':
      return checkRelease(state, one.vsn, one.purge, one.cold)
    case 'install':
      return install(state, one.vsn, one.options, context)
    case 'make_permanent':
      return makePermanent(state, one.vsn, context, one.endOldCode)
    case 'reboot_old':
      return rebootOldRelease(state, one.vsn, context)
    case 'remove':
      return removeRelease(state, one.vsn, context)
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
  const outcome = await installRelease(state, vsn, options, context, options)
  // A node that ends now is not ready; the one that comes will say so.
  if (outcome.reboot !== true) serviceManager.ready(`${outcome.answer.ok ? vsn : `not ${vsn}`}, process ${process.pid}`)
  return outcome
}
