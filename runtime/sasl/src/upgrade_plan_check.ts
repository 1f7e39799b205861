/**
 * What is wrong with the plan of an upgrade: its instructions, the modules that it leaves out, the applications that would
 * not find what they need, and what no running node can change. Pure. OTP: release_handler_1.erl, `check_script/2`.
 */
import type { LowLevelInstruction } from '../../../schemas/types.js'
import type { Checksums } from './checksums.js'
import type { ReleaseError } from './release_error.js'
import type { ReleaseLib } from './releases_file.js'
import { applicationCall, applicationOf, type PlannedApplication, type UpgradeScript } from './upgrade_plan.js'

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
