/**
 * From two releases to what an upgrade will do: which relup counts, and what is in it. Pure; the files have been read.
 * What is wrong with it: upgrade_plan_check.ts. OTP: release_handler.erl, `get_rh_script/5`.
 */
import { dependencyName } from '../../../schemas/app_resource.js'
import { err, ok, type Result } from '../../../schemas/result.js'
import type { AppDependency, BootScript, LowLevelInstruction, Mfa, Rel, Relup } from '../../../schemas/types.js'
import { hasInverse, moduleIdOf } from './apply_step.js'
import type { ReleaseError } from './release_error.js'

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

/** What a call does to an application: which one, by its name. */
export function applicationCall([module, fun, args]: Mfa): readonly ['started' | 'stopped' | 'other', string] {
  const name = typeof args[0] === 'string' ? args[0] : ''
  if (moduleIdOf(module) !== 'kernel/application') return ['other', name]
  if (fun === 'start' || fun === 'startBoot' || fun === 'ensureStarted') return ['started', name]
  return fun === 'stop' ? ['stopped', name] : ['other', name]
}

/** Application of a module id. */
export const applicationOf = (module: string): string => module.slice(0, Math.max(module.indexOf('/'), 0))
