/**
 * Everything the release handler refuses or fails with, its OTP reason, and its words.
 *
 * One union for all parts, because the reasons meet in one reply: an installation can fail for a reason of the
 * package, of the plan, of the code or of a process. Hence its length. OTP: reasons of release_handler.erl.
 */

import type { ReleaseStatus } from '../../../schemas/types.js'
import { format } from '../../erts/term.js'

/** Why an operation on releases was refused or failed. `tag` is OTP's word where OTP has one. */
export type ReleaseError =
  /** The node does not know this version. */
  | { readonly tag: 'no_such_release'; readonly vsn: string; readonly known: readonly string[] }
  /** The version is known already. */
  | { readonly tag: 'existing_release'; readonly vsn: string; readonly status: ReleaseStatus }
  /** The version is the one that runs. */
  | { readonly tag: 'already_installed'; readonly vsn: string }
  /** The operation is not for a release with this status. */
  | { readonly tag: 'bad_status'; readonly vsn: string; readonly status: ReleaseStatus; readonly action: string }
  /** The version is what boots, so it cannot be removed. */
  | { readonly tag: 'permanent'; readonly vsn: string }
  /** The version is what runs, so it cannot be removed. Departure: OTP removes it. */
  | { readonly tag: 'current'; readonly vsn: string }
  /** An option or parameter that does not exist or has a value out of its range. */
  | { readonly tag: 'illegal_option'; readonly option: string; readonly value: unknown; readonly allowed: string }
  /** A file that must be there is not. */
  | { readonly tag: 'no_such_file'; readonly file: string; readonly why: string }
  /** A file is there and does not hold what it must. */
  | { readonly tag: 'bad_file'; readonly file: string; readonly why: string }
  /** What the release's configuration is made from is not there on this node: variables, what its providers read. */
  | { readonly tag: 'bad_config'; readonly vsn: string; readonly faults: readonly string[] }
  /** A package holds an entry that may not be in one. */
  | { readonly tag: 'bad_entry'; readonly file: string; readonly entry: string; readonly why: string }
  /** A package cannot be read to its end, or is not a release. */
  | { readonly tag: 'bad_package'; readonly file: string; readonly why: string }
  /** Files of a release are not those its checksums list. */
  | {
      readonly tag: 'checksum_mismatch'
      readonly vsn: string
      readonly missing: readonly string[]
      readonly extra: readonly string[]
      readonly different: readonly string[]
    }
  /** The node takes only signed releases, and this one is not, or not by a key that it trusts. */
  | { readonly tag: 'bad_signature'; readonly vsn: string; readonly file: string; readonly why: string }
  /** A package brings a directory that is there already, under the same version, with other content. */
  | { readonly tag: 'version_reused'; readonly dir: string; readonly files: readonly string[] }
  /** Neither release has instructions for this change. */
  | {
      readonly tag: 'no_matching_relup'
      readonly from: string
      readonly to: string
      /** Each relup file that was looked at, and what was found there. */
      readonly looked: readonly { readonly file: string; readonly found: string }[]
      /** Changed applications whose appups do not lead there, where that was looked at; empty: all of them do. */
      readonly lacking?: readonly {
        readonly application: string
        readonly from: string
        readonly to: string
        readonly why: string
      }[]
    }
  /** A relup names another version than its release. */
  | { readonly tag: 'bad_relup_file'; readonly file: string; readonly found: string; readonly expected: string }
  /** The change needs a restart of the node, and nothing would start it again. */
  | { readonly tag: 'needs_restart'; readonly from: string; readonly to: string; readonly instruction: string }
  /** The node binary or the runtime differs, and the relup does not restart the node. */
  | {
      readonly tag: 'runtime_changed'
      readonly from: string
      readonly to: string
      readonly file: string
      /** `Node 20.20.2 -> 22.1.0`, `kernel 1.0.0 -> 1.1.0` */
      readonly changed: readonly string[]
    }
  /** An instruction that may not stand where it stands. */
  | {
      readonly tag: 'illegal_instruction'
      readonly file: string
      readonly index: number
      readonly op: string
      readonly why: string
    }
  /** `load_object_code` names a version of an application that is not the new release's. */
  | {
      readonly tag: 'bad_lib_vsn'
      readonly application: string
      readonly vsn: string
      readonly found: string | undefined
    }
  /** Code of an application changed and the plan does not load it. */
  | { readonly tag: 'module_not_in_relup'; readonly application: string; readonly modules: readonly string[] }
  /** A new module does not compile, link or evaluate. */
  | { readonly tag: 'bad_module'; readonly module: string; readonly why: string }
  /** An application of the new release would not start. */
  | { readonly tag: 'unstartable'; readonly application: string; readonly needs: string; readonly why: string }
  /** Processes still run the old version of a module that asks for `soft_purge`. */
  | { readonly tag: 'old_processes'; readonly module: string; readonly processes: readonly string[] }
  /** There is not enough room on the disk. */
  | { readonly tag: 'no_space'; readonly needBytes: number; readonly freeBytes: number; readonly dir: string }
  /** Checks before an installation found faults; nothing was changed. */
  | { readonly tag: 'check_failed'; readonly vsn: string; readonly faults: readonly ReleaseError[] }
  /** An installation failed on its way and was undone. */
  | {
      readonly tag: 'install_failed'
      /** A version; empty for a change of single modules, as `dev` makes it. */
      readonly from: string
      readonly to: string
      /** What was being done: the instruction as text. */
      readonly doing: string
      readonly why: string
      /** What could not be put back; empty: the node is as before. */
      readonly notUndone: readonly string[]
    }
  /** This very build was installed before and did not prove itself. */
  | { readonly tag: 'bad_build'; readonly vsn: string; readonly at: string; readonly answer: string }
  /** A release was installed and did not prove itself. */
  | {
      readonly tag: 'unhealthy'
      readonly from: string
      readonly to: string
      readonly answer: string
      /** What could not be put back; empty: the node is as before. */
      readonly notUndone: readonly string[]
    }
  /** The caller asked to stop; nothing was changed, or all was undone. */
  | { readonly tag: 'cancelled'; readonly vsn: string }
  /** Another operation is under way. */
  | { readonly tag: 'busy'; readonly doing: string }
  /** A bug of ours: an operation ended with an exception. */
  | { readonly tag: 'crashed'; readonly doing: string; readonly why: string }
  /** An application that does not run, or was not loaded from files. */
  | { readonly tag: 'app_not_running'; readonly application: string }
  /** A folder whose name does not say a version. */
  | { readonly tag: 'unknown_version'; readonly application: string; readonly dir: string }
  /** An appup has no entry for a version. */
  | {
      readonly tag: 'version_not_in_appup'
      readonly application: string
      readonly vsn: string
      readonly file: string
      /** The versions and patterns it has. */
      readonly entries: readonly string[]
    }
  /** An appup or app.json with faults, each in words. */
  | { readonly tag: 'bad_appup'; readonly application: string; readonly faults: readonly string[] }
  /** The node runs without a release: its modules cannot be replaced. */
  | { readonly tag: 'no_release' }
  /** The operating system refused. */
  | { readonly tag: 'io'; readonly file: string; readonly code: string; readonly why: string }

const list = (names: readonly string[], most = 10): string =>
  names.length === 0
    ? 'none'
    : names
        .slice(0, most)
        .map((name) => `"${name}"`)
        .join(', ') + (names.length > most ? ` and ${names.length - most} more` : '')

/** What to do about a way that is missing. */
function wayOut({ to, from, lacking }: Extract<ReleaseError, { tag: 'no_matching_relup' }>): string {
  if (lacking === undefined) return 'write an appup.json for each changed application and build again'
  if (lacking.length === 0) {
    return `every changed application's appup leads there: build "${to}" again where "${from}" is assembled, with it in "upgrade_from"`
  }
  const each = lacking.map(({ application, from, to, why }) => `${application} ${from} -> ${to}: ${why}`)
  return `${each.join('; ')}; write what is missing and build again`
}

/** One sentence: what was found, what is allowed, the way out. Faults of a check stand on lines of their own. */
export function formatReleaseError(error: ReleaseError): string {
  switch (error.tag) {
    case 'no_such_release':
      return `release "${error.vsn}" is not known to this node; it knows ${list(error.known)}; unpack it first`
    case 'existing_release':
      return `release "${error.vsn}" is known already, as ${error.status}; remove it first, or give the new build a version of its own`
    case 'already_installed':
      return `release "${error.vsn}" is the one that runs`
    case 'bad_status':
      return `release "${error.vsn}" is ${error.status}; ${wantedStatus(error.action)}`
    case 'permanent':
      return `release "${error.vsn}" is permanent: the node would not boot without it; make another one permanent first`
    case 'current':
      return `release "${error.vsn}" is running; install another one first`
    case 'illegal_option':
      return `${error.option}: got ${format(error.value)}; allowed is ${error.allowed}`
    case 'no_such_file':
      return `${error.file}: ${error.why}`
    case 'bad_file':
      // A fault with a place in the file names the file itself.
      return error.why.startsWith(error.file) ? error.why : `${error.file}: ${error.why}`
    case 'bad_config': {
      const [only, ...more] = error.faults
      const what = `release "${error.vsn}" cannot be configured on this node:`
      return more.length === 0 ? `${what} ${only}` : [what, ...error.faults].join('\n  ')
    }
    case 'bad_entry':
      return `${error.file}: entry "${error.entry}" ${error.why}; nothing was unpacked`
    case 'bad_package':
      return `${error.file}: ${error.why}; nothing was unpacked`
    case 'checksum_mismatch': {
      const parts = [
        error.missing.length > 0 ? `missing: ${list(error.missing)}` : '',
        error.extra.length > 0 ? `not listed: ${list(error.extra)}` : '',
        error.different.length > 0 ? `different content: ${list(error.different)}` : '',
      ]
      return `releases/${error.vsn}/checksums.json does not agree with the files; ${parts.filter(Boolean).join('; ')}`
    }
    case 'bad_signature':
      return `${error.file}: ${error.why}`
    case 'version_reused':
      return `"${error.dir}" is here already with other content (${list(error.files)}); changed code needs a new version`
    case 'no_matching_relup':
      return `no upgrade instructions from "${error.from}" to "${error.to}": ${error.looked
        .map((one) => `${one.file} ${one.found}`)
        .join('; ')}; ${wayOut(error)}`
    case 'bad_relup_file':
      return `${error.file}: is the relup of "${error.found}", but stands in the release "${error.expected}"`
    case 'needs_restart':
      return `needs_restart: going from "${error.from}" to "${error.to}" needs a restart of the node ("${error.instruction}"), and nothing would start it again: this node has no launcher; start it with "start" or "foreground" of bin/NAME`
    case 'runtime_changed':
      return `${error.file}: going from "${error.from}" to "${error.to}" changes ${error.changed.join(', ')}, which needs a restart of the node, and the relup has none; build "${error.to}" again with "${error.from}" in "upgrade_from"`
    case 'illegal_instruction':
      return `${error.file} instructions[${error.index}]: "${error.op}" ${error.why}`
    case 'bad_lib_vsn':
      return error.found === undefined
        ? `the relup loads code of "${error.application}" ${error.vsn}, which is not in the new release`
        : `the relup loads code of "${error.application}" ${error.vsn}, but the new release has ${error.found}`
    case 'module_not_in_relup':
      return `"${error.application}" changed ${list(error.modules)}, which the relup does not load: old code would go on running; name them in its appup.json`
    case 'bad_module':
      return `"${error.module}" would not load: ${error.why}`
    case 'unstartable':
      return `"${error.application}" would not start: it needs "${error.needs}", which ${error.why}`
    case 'old_processes':
      return `"${error.module}" asks for soft_purge, but its old version is still in use by ${error.processes.join(', ') || 'a reference'}; try again later`
    case 'no_space':
      return `${error.dir}: ${error.needBytes} bytes are needed, ${error.freeBytes} are free`
    case 'check_failed':
      return `${error.vsn === '' ? 'the change' : `release "${error.vsn}"`} cannot be installed; nothing was changed:\n${error.faults
        .map((fault) => `  - ${formatReleaseError(fault)}`)
        .join('\n')}`
    case 'install_failed':
      return `${error.doing} failed: ${error.why}; ${
        error.notUndone.length === 0
          ? `${runs(error.from)} as before`
          : `${runs(error.from)}, but could not put back: ${error.notUndone.join('; ')}`
      }`
    case 'bad_build':
      return `this build of "${error.vsn}" was installed before (${error.at}) and was not healthy: ${error.answer}; build it anew, or install it all the same with the option "again"`
    case 'unhealthy':
      return `"${error.to}" was installed and is not healthy: ${error.answer}; ${
        error.notUndone.length === 0 ? `the node runs "${error.from}" again` : error.notUndone.join('; ')
      }`
    case 'cancelled':
      return `cancelled before "${error.vsn}" was installed; nothing was changed`
    case 'busy':
      return `the release handler is busy: ${error.doing}`
    case 'crashed':
      return `${error.doing} ended unexpectedly, which is a bug of otp-rel: ${error.why}`
    case 'app_not_running':
      return `application "${error.application}" does not run here`
    case 'unknown_version':
      return `${error.dir}: must be named "${error.application}-VSN"; or give the version`
    case 'version_not_in_appup':
      return `${error.file}: has no entry for "${error.vsn}"; it has ${error.entries.join(', ') || 'none'}`
    case 'bad_appup':
      return `the change of "${error.application}" cannot be made:\n${error.faults.map((fault) => `  - ${fault}`).join('\n')}`
    case 'no_release':
      return 'this node runs without a release: its modules were loaded by Node itself and cannot be replaced'
    case 'io':
      return `${error.file}: ${error.why} (${error.code})`
  }
}

/** Of a change of single modules there is no version. */
const runs = (vsn: string): string => (vsn === '' ? 'what ran before runs' : `the node runs "${vsn}"`)

function wantedStatus(action: string): string {
  switch (action) {
    case 'make_permanent':
      return 'only the current one can be made permanent; install it first'
    case 'reboot_old':
      return 'only an old one can be rebooted into'
    default:
      return `that does not allow ${action}`
  }
}

/** The reason as OTP has it: `[tag, facts ...]`, for `['error', reason]`. */
export function releaseReason(error: ReleaseError): unknown {
  switch (error.tag) {
    case 'no_such_release':
    case 'existing_release':
    case 'already_installed':
    case 'permanent':
    case 'current':
    case 'cancelled':
      return [error.tag, error.vsn]
    case 'bad_build':
      return [error.tag, error.vsn, error.answer]
    case 'unhealthy':
      return [error.tag, error.to, error.answer]
    case 'bad_status':
      return [error.tag, error.status]
    case 'illegal_option':
      return [error.tag, [error.option, error.value]]
    case 'no_such_file':
      return [error.tag, error.file]
    case 'bad_file':
      return [error.tag, error.file, error.why]
    case 'bad_config':
      return [error.tag, error.vsn, error.faults]
    case 'bad_entry':
      return ['cannot_extract_file', error.entry, error.why]
    case 'bad_package':
      return [error.tag, error.file, error.why]
    case 'checksum_mismatch':
      return [error.tag, error.vsn, { missing: error.missing, extra: error.extra, different: error.different }]
    case 'bad_signature':
      return [error.tag, error.vsn, error.why]
    case 'version_reused':
      return [error.tag, error.dir, error.files]
    case 'no_matching_relup':
      return [error.tag, error.to, error.from]
    case 'bad_relup_file':
      return [error.tag, error.file]
    case 'needs_restart':
      return [error.tag, error.instruction]
    case 'runtime_changed':
      return [error.tag, error.changed]
    case 'illegal_instruction':
      return [error.tag, error.op]
    case 'bad_lib_vsn':
      return [error.tag, error.application, error.found]
    case 'module_not_in_relup':
      return [error.tag, error.application, error.modules]
    case 'bad_module':
      return [error.tag, error.module, error.why]
    case 'unstartable':
      return [error.tag, error.application, error.needs]
    case 'old_processes':
      return [error.tag, error.module, error.processes]
    case 'no_space':
      return [error.tag, error.dir]
    case 'check_failed':
      return [error.tag, error.faults.map(releaseReason)]
    case 'install_failed':
      return [error.tag, error.doing, error.why]
    case 'busy':
      return [error.tag, error.doing]
    case 'crashed':
      return [error.tag, error.why]
    case 'app_not_running':
    case 'unknown_version':
      return [error.tag, error.application]
    case 'version_not_in_appup':
      return [error.tag, error.vsn]
    case 'bad_appup':
      return [error.tag, error.application, error.faults]
    case 'no_release':
      return error.tag
    case 'io':
      return [error.code.toLowerCase(), error.file]
  }
}

/** An error of the operating system as one of ours. @param file the file concerned, as the user knows it */
export function ioError(file: string, failure: unknown): ReleaseError {
  const code = failure instanceof Error && 'code' in failure && typeof failure.code === 'string' ? failure.code : 'EIO'
  return { tag: 'io', file, code, why: failure instanceof Error ? failure.message : String(failure) }
}
