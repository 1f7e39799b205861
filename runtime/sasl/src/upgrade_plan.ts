/**
 * From two releases to what an upgrade will do: which relup counts, what is in it, and what is wrong with it. Pure; the
 * files have been read. OTP: release_handler.erl, `get_rh_script/5`, release_handler_1.erl, `check_script/2`.
 */
import { dependencyName } from '../../../schemas/app_resource.js'
import { err, ok, type Result } from '../../../schemas/result.js'
import type { AppDependency, BootScript, LowLevelInstruction, Mfa, Rel, Relup } from '../../../schemas/types.js'
import { hasInverse, moduleIdOf } from './apply_step.js'
import type { Checksums } from './checksums.js'
import type { ReleaseError } from './release_error.js'
import type { ReleaseLib } from './releases_file.js'

/** The instructions for one change of release. */
export interface UpgradeScript {
  readonly direction: 'up' | 'down'
  /** The relup they are from, relative to the root. */
  readonly file: string
  /** The other version that the entry names: the old one when upgrading, the new one when downgrading, as in OTP. */
  readonly otherVsn: string
  readonly description: unknown
  readonly instructions: readonly LowLevelInstruction[]
}

/** A relup as read; undefined: there is none. */
export type ReadRelup = Result<Relup | undefined, ReleaseError>

const relupFile = (vsn: string): string => `releases/${vsn}/relup.json`

/**
 * Finds the instructions from one version to another: in the new release's relup under `up`, else in the old one's
 * under `down`.
 *
 * Departure: when there are none, the error says what was found in both files; OTP names the old release's file, which
 * need not exist.
 */
export function findScript(
  from: string,
  to: string,
  newRelup: ReadRelup,
  oldRelup: ReadRelup,
): Result<UpgradeScript, ReleaseError> {
  const upward = lookIn(to, newRelup)
  if (!upward.ok) return upward
  const up = upward.value?.up.find((entry) => entry.from === from)
  if (up !== undefined) {
    const { description = null, instructions } = up
    return ok({ direction: 'up', file: relupFile(to), otherVsn: from, description, instructions })
  }
  const downward = lookIn(from, oldRelup)
  if (!downward.ok) return downward
  const down = downward.value?.down.find((entry) => entry.to === to)
  if (down !== undefined) {
    const { description = null, instructions } = down
    return ok({ direction: 'down', file: relupFile(from), otherVsn: to, description, instructions })
  }
  const names = (versions: readonly string[]): string => versions.map((vsn) => `"${vsn}"`).join(', ') || 'no version'
  return err({
    tag: 'no_matching_relup',
    from,
    to,
    looked: [
      {
        file: relupFile(to),
        found:
          upward.value === undefined ? 'is not there' : `comes from ${names(upward.value.up.map((one) => one.from))}`,
      },
      {
        file: relupFile(from),
        found:
          downward.value === undefined
            ? 'is not there'
            : `goes back to ${names(downward.value.down.map((one) => one.to))}`,
      },
    ],
  })
}

function lookIn(vsn: string, read: ReadRelup): ReadRelup {
  if (!read.ok || read.value === undefined || read.value.vsn === vsn) return read
  return err({ tag: 'bad_relup_file', file: relupFile(vsn), found: read.value.vsn, expected: vsn })
}

/** An application of the new release, from its boot script, as far as starting it matters. */
export interface PlannedApplication {
  readonly name: string
  readonly dependencies: readonly string[]
  readonly optional: readonly string[]
  readonly included: readonly string[]
  /** Its start type in the release. */
  readonly type: string
}

/** The resources that a boot script loads, in order, the kernel's first. */
export function resourcesOf(script: BootScript): readonly Record<string, unknown>[] {
  const found: Record<string, unknown>[] = []
  const take = (value: unknown): void => {
    if (typeof value === 'object' && value !== null && 'name' in value) found.push({ ...value })
  }
  for (const instruction of script.instructions) {
    if (instruction.op === 'kernelProcess' && instruction.name === 'application_controller') take(instruction.mfa[2][0])
    if (instruction.op !== 'apply') continue
    const [module, fun, args] = instruction.mfa
    if (moduleIdOf(module) === 'kernel/application' && fun === 'load') take(args[0])
  }
  return found
}

const isDependency = (value: unknown): value is AppDependency =>
  typeof value === 'string' ||
  (typeof value === 'object' && value !== null && 'name' in value && typeof value.name === 'string')

/** The applications of a release as planned. */
export function applicationsOf(resources: readonly Record<string, unknown>[], rel: Rel): readonly PlannedApplication[] {
  const strings = (value: unknown): readonly string[] =>
    Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : []
  return resources.map((resource) => {
    const name = String(resource.name)
    // What an `apply` is given is of no format; what is no dependency is left to who loads the application.
    const listed: readonly unknown[] = Array.isArray(resource.applications) ? resource.applications : []
    return {
      name,
      dependencies: listed.filter(isDependency).map(dependencyName),
      optional: strings(resource.optional_applications),
      included: strings(resource.included_applications),
      type: rel.applications.find((one) => one.name === name)?.type ?? 'permanent',
    }
  })
}

/** Everything that instructions touch. */
export interface Touched {
  /** Modules loaded, in order, once each. */
  readonly loaded: readonly string[]
  readonly removed: readonly string[]
  /** Modules whose processes are suspended. */
  readonly suspended: readonly string[]
  /** Modules whose processes convert their state. */
  readonly converted: readonly string[]
  /** Applications started and stopped by apply. */
  readonly started: readonly string[]
  readonly stopped: readonly string[]
  /** Calls after the point of no return that an undo could not take back. */
  readonly irreversible: readonly Mfa[]
}

/** What instructions touch. */
export function touchedBy(instructions: readonly LowLevelInstruction[]): Touched {
  const sets = {
    loaded: new Set<string>(),
    removed: new Set<string>(),
    suspended: new Set<string>(),
    converted: new Set<string>(),
    started: new Set<string>(),
    stopped: new Set<string>(),
  }
  const irreversible: Mfa[] = []
  const ponr = instructions.findIndex(({ op }) => op === 'point_of_no_return')
  for (const [index, one] of instructions.entries()) {
    if (one.op === 'load') sets.loaded.add(one.module)
    else if (one.op === 'remove') sets.removed.add(one.module)
    else if (one.op === 'suspend') for (const { module } of one.modules) sets.suspended.add(module)
    else if (one.op === 'code_change') for (const { module } of one.modules) sets.converted.add(module)
    else if (one.op === 'apply') {
      // What is called before the point of no return checks: there is nothing yet to come back from.
      if (index > ponr && !hasInverse(one.mfa)) irreversible.push(one.mfa)
      const [kind, name] = applicationCall(one.mfa)
      if (kind !== 'other') sets[kind].add(name)
    }
  }
  return {
    loaded: [...sets.loaded],
    removed: [...sets.removed],
    suspended: [...sets.suspended],
    converted: [...sets.converted],
    started: [...sets.started],
    stopped: [...sets.stopped],
    irreversible,
  }
}

function applicationCall([module, fun, args]: Mfa): readonly ['started' | 'stopped' | 'other', string] {
  const name = typeof args[0] === 'string' ? args[0] : ''
  if (moduleIdOf(module) !== 'kernel/application') return ['other', name]
  if (fun === 'start' || fun === 'startBoot' || fun === 'ensureStarted') return ['started', name]
  return fun === 'stop' ? ['stopped', name] : ['other', name]
}

/** Application of a module id. */
export const applicationOf = (module: string): string => module.slice(0, Math.max(module.indexOf('/'), 0))

/** What the checks of a plan look at. */
export interface PlanFacts {
  readonly from: string
  readonly to: string
  readonly script: UpgradeScript
  /** Node versions of both releases. */
  readonly erts: readonly [old: string, new: string]
  readonly oldLibs: readonly ReleaseLib[]
  readonly newLibs: readonly ReleaseLib[]
  readonly newApplications: readonly PlannedApplication[]
  /** Applications that run now. */
  readonly running: ReadonlySet<string>
  /** Undefined: the release has none, the check is left out. */
  readonly oldChecksums: Checksums | undefined
  readonly newChecksums: Checksums | undefined
}

/**
 * All faults of a plan for the running node that can be seen without touching anything. The plan is one that does not
 * restart the node.
 */
export function checkPlan(facts: PlanFacts): readonly ReleaseError[] {
  return [...checkRuntime(facts), ...checkInstructions(facts), ...checkMentioned(facts), ...checkStarts(facts)]
}

/** Applications of otp-rel, which everything stands on: never replaced in a running node. */
export const RUNTIME_APPLICATIONS: ReadonlySet<string> = new Set(['kernel', 'stdlib', 'sasl'])

/**
 * The node would go on with the binary and the runtime of before, below applications that were built for others.
 *
 * Departure: OTP carries out what stands in the relup.
 */
function checkRuntime({ from, to, script, erts, oldLibs, newLibs }: PlanFacts): readonly ReleaseError[] {
  const [oldErts, newErts] = erts
  const changed = oldErts === newErts ? [] : [`Node ${oldErts} -> ${newErts}`]
  for (const { application, vsn } of newLibs) {
    if (!RUNTIME_APPLICATIONS.has(application)) continue
    const old = oldLibs.find((one) => one.application === application)
    if (old !== undefined && old.vsn !== vsn) changed.push(`${application} ${old.vsn} -> ${vsn}`)
  }
  return changed.length === 0 ? [] : [{ tag: 'runtime_changed', from, to, file: script.file, changed }]
}

/** The place of each instruction, and that code is read before it is loaded. */
function checkInstructions({ script, newLibs }: PlanFacts): readonly ReleaseError[] {
  const faults: ReleaseError[] = []
  const read = new Set<string>()
  const seenPonr = script.instructions.some(({ op }) => op === 'point_of_no_return')
  let after = !seenPonr
  for (const [index, one] of script.instructions.entries()) {
    const illegal = (why: string): void => {
      faults.push({ tag: 'illegal_instruction', file: script.file, index, op: one.op, why })
    }
    switch (one.op) {
      case 'point_of_no_return':
        if (after) illegal('stands there twice')
        after = true
        break
      case 'load_object_code': {
        if (after && seenPonr) illegal('must stand before point_of_no_return')
        const lib = newLibs.find(({ application }) => application === one.application)
        if (lib?.vsn !== one.vsn) {
          faults.push({ tag: 'bad_lib_vsn', application: one.application, vsn: one.vsn, found: lib?.vsn })
        }
        for (const module of one.modules) {
          if (applicationOf(module) === one.application) read.add(module)
          else illegal(`names "${module}", which is not a module of "${one.application}"`)
        }
        break
      }
      case 'load':
        if (!after) illegal('must stand after point_of_no_return')
        if (!read.has(one.module)) illegal(`loads "${one.module}", which no load_object_code before it reads`)
        break
      case 'sync_nodes':
        if (one.nodes === undefined || one.nodes.length > 0) {
          illegal('waits for other nodes, which this node has no connection to')
        }
        break
      case 'remove':
      case 'purge':
      case 'suspend':
      case 'resume':
      case 'code_change':
      case 'stop':
      case 'start':
        if (!after) illegal('must stand after point_of_no_return')
        break
      case 'apply':
      case 'restart_emulator':
      case 'restart_new_emulator':
        break
    }
  }
  return faults
}

/** Every changed or new module of an application that stays must be loaded: else old code goes on until a restart. */
function checkMentioned({ script, oldLibs, newLibs, oldChecksums, newChecksums }: PlanFacts): readonly ReleaseError[] {
  if (oldChecksums === undefined || newChecksums === undefined) return []
  const before = { libs: oldLibs, checksums: oldChecksums }
  return unmentioned(script.instructions, before, { libs: newLibs, checksums: newChecksums }).map((one) => ({
    tag: 'module_not_in_relup',
    ...one,
  }))
}

/** The applications of a release, and the sums of its files. */
export interface BuiltLibs {
  readonly libs: readonly ReleaseLib[]
  readonly checksums: Checksums
}

/**
 * Modules of applications that stay, in another version, which are new or differ and which no instruction loads.
 *
 * @returns one entry for each application that has some, in the order of `next`
 */
export function unmentioned(
  instructions: readonly LowLevelInstruction[],
  before: BuiltLibs,
  next: BuiltLibs,
): readonly { readonly application: string; readonly modules: readonly string[] }[] {
  const loaded = new Set(instructions.flatMap((one) => (one.op === 'load' ? [one.module] : [])))
  const oldLibs = new Map(before.libs.map((lib) => [lib.application, lib]))
  return next.libs.flatMap((lib) => {
    const old = oldLibs.get(lib.application)
    if (old === undefined || old.vsn === lib.vsn) return []
    const sums = modulesIn(before.checksums, old)
    const modules = [...modulesIn(next.checksums, lib)]
      .filter(([id, sum]) => sums.get(id) !== sum && !loaded.has(id))
      .map(([id]) => id)
    return modules.length === 0 ? [] : [{ application: lib.application, modules }]
  })
}

/** What lies beside the modules without being any; other JSON is there because a source imports it. */
const BESIDE_MODULES: ReadonlySet<string> = new Set(['app.json', 'appup.json'])

/** Ids and checksums of the built modules of an application; one of JSON keeps its ending in the id. */
export function modulesIn(checksums: Checksums, { application, dir }: ReleaseLib): ReadonlyMap<string, string> {
  const modules = new Map<string, string>()
  for (const [file, sum] of builtFiles(checksums).get(dir) ?? []) {
    if (file.endsWith('.js')) modules.set(`${application}/${file.slice(0, -'.js'.length)}`, sum)
    else if (file.endsWith('.json') && !BESIDE_MODULES.has(file)) modules.set(`${application}/${file}`, sum)
  }
  return modules
}

type BuiltFiles = ReadonlyMap<string, readonly (readonly [file: string, sum: string])[]>
/** By the sums they were made of. */
const indexes = new WeakMap<Checksums, BuiltFiles>()

/** Files in `ebin` by the folder that it is in: with thousands of applications nobody looks through the sums for each. */
function builtFiles(checksums: Checksums): BuiltFiles {
  const before = indexes.get(checksums)
  if (before !== undefined) return before
  const files = new Map<string, (readonly [string, string])[]>()
  for (const [path, sum] of checksums) {
    for (let at = path.indexOf(EBIN); at !== -1; at = path.indexOf(EBIN, at + 1)) {
      const dir = path.slice(0, at)
      const entry = [path.slice(at + EBIN.length), sum] as const
      const entries = files.get(dir)
      if (entries === undefined) files.set(dir, [entry])
      else entries.push(entry)
    }
  }
  indexes.set(checksums, files)
  return files
}

const EBIN = '/ebin/'

/** Whatever is started finds what it needs, and nothing that runs afterwards has lost what it needs. */
function checkStarts({ script, newApplications, running }: PlanFacts): readonly ReleaseError[] {
  const faults: ReleaseError[] = []
  const now = new Set(running)
  const known = new Map(newApplications.map((one) => [one.name, one]))
  for (const one of script.instructions) {
    if (one.op !== 'apply') continue
    const [kind, name] = applicationCall(one.mfa)
    if (kind === 'stopped') now.delete(name)
    if (kind !== 'started') continue
    const application = known.get(name)
    if (application === undefined) {
      faults.push({ tag: 'unstartable', application: name, needs: name, why: 'is not in the new release' })
      continue
    }
    for (const needs of missing(application, now, known)) faults.push(unstartable(name, needs, known))
    now.add(name)
  }
  for (const name of now) {
    const application = known.get(name)
    // What is lacking already is not this upgrade's doing.
    const lost = application === undefined ? [] : missing(application, now, known).filter((dep) => running.has(dep))
    for (const needs of lost) faults.push(unstartable(name, needs, known))
  }
  return faults
}

const missing = (
  application: PlannedApplication,
  now: ReadonlySet<string>,
  known: ReadonlyMap<string, PlannedApplication>,
): readonly string[] =>
  application.dependencies.filter((dep) => !now.has(dep) && !(application.optional.includes(dep) && !known.has(dep)))

function unstartable(name: string, needs: string, known: ReadonlyMap<string, PlannedApplication>): ReleaseError {
  const type = known.get(needs)?.type
  const why =
    type === undefined
      ? 'is not in the new release'
      : type === 'load' || type === 'none'
        ? `is "${type}" in the new release, so it is not started`
        : 'does not run at that moment'
  return { tag: 'unstartable', application: name, needs, why }
}
