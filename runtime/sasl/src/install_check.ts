/**
 * Everything that can be checked before an installation changes anything: files, plan, configuration, code, processes
 * on old code, disk. All faults are gathered. OTP: release_handler.erl, `do_check_install_release/5`.
 */
import { statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { err, ok, type Result } from '../../../schemas/result.js'
import type { SysConfigSection } from '../../../schemas/types.js'
import type { Change, Linker, Namespace, Prepared } from '../../erts/linker/linker.js'
import { formatPrepareProblem, PrepareError } from '../../erts/linker/prepare_error.js'
import * as application from '../../kernel/src/application.js'
import { readChecksums, verifyInPlace } from './checksums.js'
import { completeConfig, readConfig } from './install_config.js'
import { currentDir, usersOfVersion } from './node_world.js'
import { ioError, type ReleaseError } from './release_error.js'
import { libDir, readReleaseFiles, readRelup, readScript } from './release_files.js'
import { findRelease, type Release, runningRelease, transition } from './releases_file.js'
import type { Program } from './relup_eval.js'
import { checkRestart, type RestartPlan, restartOf } from './restart_check.js'
import {
  applicationOf,
  applicationsOf,
  findScript,
  resourcesOf,
  touchedBy,
  type UpgradeScript,
} from './upgrade_plan.js'
import { checkPlan } from './upgrade_plan_check.js'
import { withLacking } from './upgrade_plan_read.js'

/** Room that the files written during an installation need, in bytes. */
const ROOM_BYTES = 1 << 20

/** An installation that has passed every check and can be carried out. */
export interface CheckedInstall {
  readonly from: Release
  readonly to: Release
  readonly script: UpgradeScript
  readonly program: Program
  /** Resources of all applications of the new release. */
  readonly resources: readonly Record<string, unknown>[]
  readonly config: SysConfigSection
  /** The code; undefined when the plan loads none. */
  readonly prepared: Prepared | undefined
  /** Calls of the plan that an undo could not take back, as text. */
  readonly irreversible: readonly string[]
  /** Applications that the new release does not have. */
  readonly gone: readonly string[]
  /** The node has to be restarted: nothing of the plan but its calls is carried out then. */
  readonly restart?: RestartPlan
}

/** Where the check looks. */
export interface CheckContext {
  readonly root: string
  readonly releases: readonly Release[]
  readonly linker: Linker
}

/**
 * Checks the installation of a version. Changes nothing.
 *
 * @param cold the node is to be restarted into it, whatever a relup says
 */
export async function checkInstall(
  context: CheckContext,
  vsn: string,
  cold = false,
): Promise<Result<CheckedInstall, ReleaseError>> {
  const { root, releases } = context
  const found = findRelease(releases, vsn)
  if (!found.ok) return found
  const allowed = transition(releases, 'install', vsn)
  if (!allowed.ok) return allowed
  const from = runningRelease(releases)
  if (from === undefined) return err({ tag: 'no_such_release', vsn, known: [] })
  try {
    return await gather(context, from, found.value, cold)
  } catch (failure) {
    return err(ioError(join(root, 'releases', vsn), failure))
  }
}

async function gather(
  { root, linker }: CheckContext,
  from: Release,
  to: Release,
  cold: boolean,
): Promise<Result<CheckedInstall, ReleaseError>> {
  const script = cold
    ? ok(coldScript(from.vsn))
    : findScript(from.vsn, to.vsn, await readRelup(root, to.vsn), await readRelup(root, from.vsn))
  if (!script.ok) return err(await withLacking(root, from.libs, to.libs, script.error))
  const faults: ReleaseError[] = []
  const keep = <T>(result: Result<T, ReleaseError>): T | undefined => {
    if (result.ok) return result.value
    faults.push(result.error)
    return undefined
  }
  const files = keep(await readReleaseFiles(root, to.vsn))
  const boot = keep(await readScript(root, to.vsn))
  const config = keep(readConfig(root, to.vsn))
  const damaged = await verifyInPlace(root, to.vsn)
  if (damaged !== undefined) faults.push(damaged)
  const space = await room(join(root, 'releases'))
  if (space !== undefined) faults.push(space)
  if (files === undefined || boot === undefined) return failed(to.vsn, faults)

  const resources = resourcesOf(boot)
  const gone = from.libs
    .map((lib) => lib.application)
    .filter((name) => !to.libs.some((lib) => lib.application === name))
  const vsnIn = (release: Release) => (module: string) =>
    release.libs.find((lib) => lib.application === applicationOf(module))?.vsn
  const ways = { from, to, script: script.value, resources, gone }
  const restart = restartOf(script.value)
  if (restart !== undefined) {
    faults.push(...(await checkRestart(root, from, to, script.value, restart, boot)))
    if (faults.length > 0 || config === undefined) return failed(to.vsn, faults)
    const irreversible = restart.calls.map(([module, fun]) => `${String(module)}.${fun}`)
    const program = { instructions: [], paths: [], oldVsn: vsnIn(from), newVsn: vsnIn(to) }
    return ok({ ...ways, program, config, prepared: undefined, irreversible, restart })
  }
  const oldChecksums = await readChecksums(root, from.vsn)
  const newChecksums = await readChecksums(root, to.vsn)
  const running = new Set((await application.whichApplications('infinity')).map(([name]) => name))
  const planFaults = checkPlan({
    from: from.vsn,
    to: to.vsn,
    script: script.value,
    erts: [from.erts, to.erts],
    oldLibs: from.libs,
    newLibs: to.libs,
    newApplications: applicationsOf(resources, files.rel),
    running,
    oldChecksums: oldChecksums.ok ? oldChecksums.value : undefined,
    newChecksums: newChecksums.ok ? newChecksums.value : undefined,
  })
  faults.push(...planFaults, ...softPurge(linker, script.value))
  // Code that is damaged, or that the plan is wrong about, is not tried.
  const isTried = damaged === undefined && planFaults.length === 0
  const code = isTried ? await tryCode(linker, ...newCode(root, to, script.value)) : ok(NO_CODE)
  if (!code.ok) faults.push(...code.error)
  // Providers are code, too.
  const provided =
    faults.length === 0 && code.ok && config !== undefined
      ? keep(await completeConfig(config, to.vsn, code.value.trial))
      : undefined
  if (provided === undefined || !code.ok) return failed(to.vsn, faults)

  return ok({
    ...ways,
    program: {
      instructions: script.value.instructions,
      paths: to.libs
        .map((lib) => ({ application: lib.application, dir: libDir(root, lib) }))
        .filter(({ application: name, dir }) => currentDir(name) !== dir),
      oldVsn: vsnIn(from),
      newVsn: vsnIn(to),
    },
    config: provided,
    prepared: code.value.prepared,
    irreversible: touchedBy(script.value.instructions).irreversible.map(([module, fun]) => `${module}.${fun}`),
  })
}

/** The way to a release that no relup is asked for: a restart. Departure: OTP has none. */
const coldScript = (from: string): UpgradeScript => ({
  direction: 'up',
  file: '',
  otherVsn: from,
  description: null,
  instructions: [{ op: 'restart_emulator' }],
})

const failed = (vsn: string, faults: readonly ReleaseError[]): Result<never, ReleaseError> => {
  const [first] = faults
  return err(first !== undefined && faults.length === 1 ? first : { tag: 'check_failed', vsn, faults })
}

async function room(dir: string): Promise<ReleaseError | undefined> {
  const disk = await statfs(dir)
  const freeBytes = disk.bavail * disk.bsize
  return freeBytes < ROOM_BYTES ? { tag: 'no_space', needBytes: ROOM_BYTES, freeBytes, dir } : undefined
}

/** Modules that ask for `soft_purge` while their old version is in use. */
function softPurge(linker: Linker, script: UpgradeScript): readonly ReleaseError[] {
  return script.instructions.flatMap((one): readonly ReleaseError[] => {
    if ((one.op !== 'load' && one.op !== 'remove') || one.pre_purge !== 'soft_purge') return []
    const users = usersOfVersion(linker.old(one.module))
    if (users.length === 0) return []
    return [{ tag: 'old_processes', module: one.module, processes: users.map(({ pid }) => pid.toString()) }]
  })
}

/** New code that was tried. */
export interface TriedCode {
  /** Undefined: there is none. */
  readonly prepared: Prepared | undefined
  /** Its modules as they were evaluated aside, by id. */
  readonly trial: (id: string) => Namespace | undefined
}

const NO_CODE: TriedCode = { prepared: undefined, trial: () => undefined }

/** Which modules are new code and where, and the folders of all applications. */
function newCode(root: string, to: Release, script: UpgradeScript): [Change[], Readonly<Record<string, string>>] {
  const dirs = Object.fromEntries(to.libs.map((lib) => [lib.application, libDir(root, lib)]))
  const changes = touchedBy(script.instructions).loaded.map((id) => ({ id, dir: dirs[applicationOf(id)] ?? '' }))
  return [changes, dirs]
}

/** Reads, compiles and evaluates new code aside. @param dirs as for `Linker.prepare` */
export async function tryCode(
  linker: Linker,
  changes: readonly Change[],
  dirs: Readonly<Record<string, string>> = {},
): Promise<Result<TriedCode, readonly ReleaseError[]>> {
  if (changes.length === 0) return ok(NO_CODE)
  try {
    const prepared = await linker.prepare(changes, dirs)
    return ok({ prepared, trial: await linker.trial(prepared) })
  } catch (failure) {
    if (!(failure instanceof PrepareError)) throw failure
    return err(
      failure.problems.map((problem) => ({
        tag: 'bad_module',
        module: 'module' in problem ? problem.module : problem.importer.module,
        why: formatPrepareProblem(problem),
      })),
    )
  }
}
