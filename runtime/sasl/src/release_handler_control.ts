/**
 * The release handler over the node's socket: `releases`, `unpack`, `check`, `upgrade`, `commit`, `downgrade`,
 * `remove`, `history`. Parameters are objects; see each method. A failure is answered with the tag and the facts of its
 * ReleaseError, and `message`. OTP has no counterpart: nodetool scripts call release_handler over distribution.
 */
import { userInfo } from 'node:os'
import { err, type Result } from '../../../schemas/result.js'
import { getEnv } from '../../kernel/src/application.js'
import { type ControlContext, type ControlMethod, registerMethod } from '../../kernel/src/control.js'
import { missing, type Params, text, unwrap } from './control_params.js'
import type { InstallOptions } from './install_options.js'
import type { InstallSummary } from './install_release.js'
import { status as probationStatus } from './probation.js'
import { type Proved, probationOf, prove } from './probation_control.js'
import { rehearse } from './rehearsal.js'
import type { ReleaseError } from './release_error.js'
import { history, operations, releases } from './release_handler_calls.js'
import { rootOf } from './release_handler_memory.js'
import { permanentRelease, runningRelease } from './releases_file.js'
import { unsetAtStart } from './start_variables.js'
import { releaseInPackage } from './unpack.js'
import { touchedBy } from './upgrade_plan.js'
import { countLive } from './upgrade_plan_live.js'
import { readPlan } from './upgrade_plan_read.js'
import type { UpgradePlan } from './upgrade_plan_types.js'

/**
 * Registers the methods; `dev_load` only where the parameter `dev` of sasl is true, which `otp-rel dev` sets.
 *
 * @returns takes them away again
 */
export function registerReleaseMethods(): () => void {
  const methods = getEnv<unknown>('sasl', 'dev', false) === true ? { ...METHODS, ...DEV_METHODS } : METHODS
  const taken = Object.entries(methods).map(([name, method]) => registerMethod(name, method))
  return () => {
    for (const take of taken) take()
  }
}

const METHODS: Readonly<Record<string, ControlMethod>> = {
  /** `{}` -> `{ releases: [{ name, vsn, erts, libs, status }], running, permanent, probation? }` */
  releases: async () => {
    const all = await releases()
    const probation = await probationStatus()
    return {
      releases: all,
      running: runningRelease(all)?.vsn ?? null,
      permanent: permanentRelease(all)?.vsn ?? null,
      ...(probation === undefined ? {} : { probation }),
    }
  },

  /** `{}` -> `{ history: [...] }`, oldest first */
  history: async () => ({ history: await history() }),

  /** `{ tar }` -> `{ name, vsn }`: the release that the package says it holds; nothing is unpacked or verified */
  package: async (params) => {
    const tar = text(params, 'tar')
    if (tar === undefined) throw missing('tar')
    return unwrap(await releaseInPackage(tar))
  },

  /** `{ tar }` or `{ vsn }` (files are in place, or `releases/NAME-VSN.tar.gz` is) -> `{ vsn }` */
  unpack: async (params) => {
    const tar = text(params, 'tar')
    const vsn = text(params, 'vsn')
    if (tar !== undefined) return { vsn: unwrap(await operations.unpack(tar, whoOf(params), true)) }
    if (vsn !== undefined) return { vsn: unwrap(await makeKnown(vsn, params)) }
    throw missing('tar')
  },

  /**
   * `{ vsn, from? }` (from: the version that runs) -> an {@link UpgradePlan}, of files in place; nothing is unpacked and
   * nothing tried. With processes where `from` is what runs, or nothing is planned from elsewhere.
   */
  plan: async (params) => {
    const vsn = text(params, 'vsn')
    if (vsn === undefined) throw missing('vsn')
    const all = await releases()
    const runs = runningRelease(all)
    const from = text(params, 'from') ?? runs?.vsn
    if (from === undefined) throw missing('from')
    return unwrap(await planOf(from, vsn, runs?.vsn === from ? runs.name : undefined))
  },

  /**
   * `{ vsn, restart? }` -> `{ vsn, from, direction, description, modules, ..., plan }`; changes nothing, but makes known as
   * `upgrade`. `plan` is an {@link UpgradePlan}; null of one that is only booted.
   */
  check: async (params) => {
    const vsn = await known(params)
    const { from, script, irreversible, gone, restart } = unwrap(
      await operations.check(vsn, params.purge === true, params.restart === true),
    )
    const { loaded, removed, suspended, converted, started, stopped } = touchedBy(script.instructions)
    const { direction, description, file, instructions } = script
    const plan = params.restart === true ? undefined : await planOf(from.vsn, vsn, from.name)
    const unset = await unsetAtStart(rootOf() ?? '', vsn)
    return {
      vsn,
      from: from.vsn,
      direction,
      description,
      file,
      modules: { loaded, removed, suspended, converted },
      applications: { started, stopped, gone },
      irreversible,
      ...(restart === undefined ? {} : { restart: { instruction: restart.instruction } }),
      ...(unset.length === 0 ? {} : { unset_at_start: unset }),
      instructions,
      // What can be installed can be planned, but for files that a build of today would have made.
      plan: plan?.ok === true ? plan.value : null,
    }
  },

  /**
   * `{ vsn, tar?, suspend_timeout?, code_change_timeout?, start_timeout?, unsuspended?, update_children?, again?,
   * restart?, who? }` -> an {@link InstallSummary};
   * progress is an InstallStep each. A release that is not known yet is unpacked (`tar`, else
   * `releases/NAME-VSN.tar.gz`) or registered (its files are in place).
   *
   * With `commit_after` (ms) or `health` (see health.ts) the release is put on probation and the answer comes at its end,
   * with `probation: "committed" | "superseded" | "goes on"` (the client cancelled; the node does not).
   * `health_interval` (default 2000), `health_timeout` (5000), both ms; `health_failures` (3) in a row end it.
   */
  upgrade: async (params, context) => {
    // before anything is unpacked
    probationOf(params)
    return upgrade(await known(params), params, context)
  },

  /** `{ vsn }` -> a {@link Rehearsal}; makes known as `upgrade`, and changes nothing that runs */
  rehearse: async (params, { signal }) => {
    const vsn = await known(params)
    const root = rootOf()
    const all = await releases()
    const [from, to] = [runningRelease(all), all.find((one) => one.vsn === vsn)]
    if (root === undefined || from === undefined || to === undefined) return unwrap(err({ tag: 'no_release' }))
    if (from.vsn === to.vsn) return unwrap(err({ tag: 'already_installed', vsn }))
    return unwrap(await rehearse(root, from, to, signal))
  },

  /** `{ from, commit_after?, health?, ... }`: the probation of the release that runs -> `{ vsn, probation }`, see `upgrade` */
  prove: async (params, context) => {
    const all = await releases()
    const vsn = runningRelease(all)?.vsn ?? ''
    const from = text(params, 'from') ?? permanentRelease(all)?.vsn ?? ''
    return { vsn, probation: await prove(vsn, from, params, whoOf(params).who, context) }
  },

  /** `{ vsn?, end_old_code? }` (default: the release that runs) -> `{ permanent: true }` and a {@link CommitSummary} */
  commit: async (params) => {
    const vsn = text(params, 'vsn') ?? runningRelease(await releases())?.vsn
    if (vsn === undefined) throw missing('vsn')
    const done = unwrap(await operations.makePermanent(vsn, params.end_old_code === true, whoOf(params)))
    return { permanent: true, ...done }
  },

  /** As `upgrade`, to a release that is known; `{ vsn? }` defaults to the permanent one */
  downgrade: async (params, context) => {
    const vsn = text(params, 'vsn') ?? permanentRelease(await releases())?.vsn
    if (vsn === undefined) throw missing('vsn')
    return upgrade(vsn, params, context)
  },

  /** `{ vsn }` -> `{ vsn, removed: true }` */
  remove: async (params) => {
    const vsn = text(params, 'vsn')
    if (vsn === undefined) throw missing('vsn')
    unwrap(await operations.remove(vsn, whoOf(params)))
    return { vsn, removed: true }
  },
}

/** @param name of the release that runs, where its processes are to be counted */
async function planOf(from: string, vsn: string, name: string | undefined): Promise<Result<UpgradePlan, ReleaseError>> {
  const root = rootOf()
  if (root === undefined) return err({ tag: 'no_release' })
  return readPlan(root, from, vsn, name === undefined ? null : await countLive(name))
}

const DEV_METHODS: Readonly<Record<string, ControlMethod>> = {
  /** `{ instructions }` -> a DevSummary; the modules' files have been replaced. See dev_load.ts. */
  dev_load: async ({ instructions }) => {
    if (!Array.isArray(instructions)) throw missing('instructions')
    // Made by systools in otp-rel dev; the interpreter refuses what it does not know.
    return unwrap(await operations.load({ instructions }))
  },
}

/** Options of an installation that clients may give. */
const OPTIONS = [
  'error_action',
  'suspend_timeout',
  'code_change_timeout',
  'start_timeout',
  'update_paths',
  'unsuspended',
  'update_children',
  'again',
  'restart',
] as const

async function upgrade(
  vsn: string,
  params: Params,
  { progress, signal }: ControlContext,
): Promise<InstallSummary & { readonly probation?: Proved }> {
  // The handler refuses values that are none of these.
  const options: InstallOptions = Object.fromEntries(OPTIONS.map((option) => [option, params[option]]))
  const summary = unwrap(await operations.install(vsn, { ...options, ...whoOf(params), tell: progress, signal }))
  // A node that restarts proves itself afterwards, see `prove`.
  if (summary.restart !== undefined) return summary
  const proved = await prove(vsn, summary.from, params, whoOf(params).who, { progress, signal })
  return proved === undefined ? summary : { ...summary, probation: proved }
}

/** The version that `vsn` or `tar` names, known to the node afterwards. */
async function known(params: Params): Promise<string> {
  const vsn = text(params, 'vsn')
  const tar = text(params, 'tar')
  if (vsn === undefined && tar === undefined) throw missing('vsn')
  const status = (await releases()).find((one) => one.vsn === vsn)?.status
  // Another build may take the place of one that neither runs nor boots.
  const stays = tar === undefined || (status !== 'unpacked' && status !== 'old')
  if (vsn !== undefined && status !== undefined && stays) return vsn
  if (tar === undefined) return unwrap(await makeKnown(vsn ?? '', params))
  if (vsn !== undefined) {
    const holds = unwrap(await releaseInPackage(tar))
    if (holds.vsn !== vsn)
      unwrap(err({ tag: 'bad_package', file: tar, why: `holds ${holds.name} ${holds.vsn}, not ${vsn}` }))
  }
  return unwrap(await operations.unpack(tar, whoOf(params), true))
}

/** A release whose files are in place, else the package `releases/NAME-VSN.tar.gz` of the same name as what runs. */
async function makeKnown(vsn: string, params: Params): Promise<Result<string, ReleaseError>> {
  const inPlace = await operations.setUnpacked(vsn, [], whoOf(params))
  if (inPlace.ok || inPlace.error.tag !== 'no_such_file') return inPlace
  const all = await releases()
  const name = (runningRelease(all) ?? all[0])?.name
  const unpacked = name === undefined ? inPlace : await operations.unpack(`${name}-${vsn}`, whoOf(params))
  if (unpacked.ok || unpacked.error.tag !== 'no_such_file') return unpacked
  return err({ tag: 'no_such_release', vsn, known: all.map((one) => one.vsn) })
}

/** Who asks: as the client says, else the user whom the node runs as, since nobody else can open the socket. */
function whoOf(params: Params): { readonly who: string } {
  const said = text(params, 'who')
  if (said !== undefined) return { who: said }
  try {
    return { who: userInfo().username }
  } catch {
    // A user without an entry in the system's list.
    return { who: '' }
  }
}
