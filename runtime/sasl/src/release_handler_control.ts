/**
 * The release handler over the node's socket: `releases`, `unpack`, `check`, `upgrade`, `commit`, `downgrade`,
 * `remove`, `history`. Parameters are objects; see each method. A failure is answered with the tag and the facts of its
 * ReleaseError, and `message`. OTP has no counterpart: nodetool scripts call release_handler over distribution.
 */
import { userInfo } from 'node:os'
import { err, type Result } from '../../../schemas/result.js'
import { type ControlContext, ControlError, type ControlMethod, registerMethod } from '../../kernel/src/control.js'
import type { InstallSummary } from './install_release.js'
import { formatReleaseError, type ReleaseError } from './release_error.js'
import { history, type InstallOptions, operations, releases, rootOf } from './release_handler.js'
import { permanentRelease, runningRelease } from './releases_file.js'
import { touchedBy } from './upgrade_plan.js'
import { countLive } from './upgrade_plan_live.js'
import { readPlan } from './upgrade_plan_read.js'
import type { UpgradePlan } from './upgrade_plan_types.js'

type Params = Readonly<Record<string, unknown>>

/** Registers the methods. @returns takes them away again */
export function registerReleaseMethods(): () => void {
  const taken = Object.entries(METHODS).map(([name, method]) => registerMethod(name, method))
  return () => {
    for (const take of taken) take()
  }
}

const METHODS: Readonly<Record<string, ControlMethod>> = {
  /** `{}` -> `{ releases: [{ name, vsn, erts, libs, status }], running, permanent }` */
  releases: async () => {
    const all = await releases()
    return { releases: all, running: runningRelease(all)?.vsn ?? null, permanent: permanentRelease(all)?.vsn ?? null }
  },

  /** `{}` -> `{ history: [...] }`, oldest first */
  history: async () => ({ history: await history() }),

  /** `{ tar }` or `{ vsn }` (files are in place, or `releases/NAME-VSN.tar.gz` is) -> `{ vsn }` */
  unpack: async (params) => {
    const tar = text(params, 'tar')
    const vsn = text(params, 'vsn')
    if (tar !== undefined) return { vsn: unwrap(await operations.unpack(tar, whoOf(params))) }
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
   * `{ vsn }` -> `{ vsn, from, direction, description, modules, ..., plan }`; changes nothing, but makes known as
   * `upgrade`. `plan` is an {@link UpgradePlan}.
   */
  check: async (params) => {
    const vsn = await known(params)
    const { from, script, irreversible, gone, restart } = unwrap(await operations.check(vsn, params.purge === true))
    const { loaded, removed, suspended, converted, started, stopped } = touchedBy(script.instructions)
    const { direction, description, file, instructions } = script
    const plan = await planOf(from.vsn, vsn, from.name)
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
      instructions,
      // What can be installed can be planned, but for files that a build of today would have made.
      plan: plan.ok ? plan.value : null,
    }
  },

  /**
   * `{ vsn, tar?, suspend_timeout?, code_change_timeout?, unsuspended?, who? }` -> an {@link InstallSummary}; progress
   * is an InstallStep each. A release that is not known yet is unpacked (`tar`, else `releases/NAME-VSN.tar.gz`) or
   * registered (its files are in place).
   */
  upgrade: async (params, context) => upgrade(await known(params), params, context),

  /** `{ vsn? }` (default: the release that runs) -> `{ vsn, permanent: true }` */
  commit: async (params) => {
    const vsn = text(params, 'vsn') ?? runningRelease(await releases())?.vsn
    if (vsn === undefined) throw missing('vsn')
    unwrap(await operations.makePermanent(vsn, whoOf(params)))
    return { vsn, permanent: true }
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

async function upgrade(vsn: string, params: Params, { progress, signal }: ControlContext): Promise<InstallSummary> {
  const { suspend_timeout, code_change_timeout, unsuspended } = params
  // The handler refuses values that are none of these.
  const options = { suspend_timeout, code_change_timeout, unsuspended } as InstallOptions
  return unwrap(await operations.install(vsn, { ...options, ...whoOf(params), tell: progress, signal }))
}

/** The version that `vsn` or `tar` names, known to the node afterwards. */
async function known(params: Params): Promise<string> {
  const vsn = text(params, 'vsn')
  const tar = text(params, 'tar')
  if (vsn === undefined && tar === undefined) throw missing('vsn')
  if (vsn !== undefined && (await releases()).some((one) => one.vsn === vsn)) return vsn
  if (tar === undefined) return unwrap(await makeKnown(vsn ?? '', params))
  const unpacked = unwrap(await operations.unpack(tar, whoOf(params)))
  if (vsn === undefined || unpacked === vsn) return unpacked
  throw new ControlError(
    'bad_package',
    `${tar}: is "${unpacked}", not "${vsn}"; it was unpacked, and nothing installed`,
  )
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

const unwrap = <T>(result: Result<T, ReleaseError>): T => {
  if (result.ok) return result.value
  const { tag, ...facts } = result.error
  throw new ControlError(tag, formatReleaseError(result.error), facts)
}

function text(params: Params, name: string): string | undefined {
  const value = params[name]
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string' && value !== '') return value
  throw new ControlError('bad_parameter', `"${name}" must be a text`, { name })
}

const missing = (name: string): ControlError => new ControlError('bad_parameter', `"${name}" is missing`, { name })

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
