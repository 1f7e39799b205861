/**
 * From the files of two releases, read, to the {@link UpgradePlan} between them. Pure.
 *
 * The relup says what is done; the files say what it means: which modules are new, which are supervisors, which differ
 * and are left out, which parameters and packages change and whom that reaches.
 */
import type { LowLevelInstruction, Rel, SysConfigSection } from '../../../schemas/types.js'
import { format } from '../../erts/term.js'
import { hasInverse, moduleIdOf } from './apply_step.js'
import type { Checksums } from './checksums.js'
import { formatReleaseError } from './release_error.js'
import type { ReleaseLib } from './releases_file.js'
import {
  applicationOf,
  applicationsOf,
  type PlannedApplication,
  touchedBy,
  type UpgradeScript,
} from './upgrade_plan.js'
import { checkPlan, modulesIn, RUNTIME_APPLICATIONS } from './upgrade_plan_check.js'
import {
  environmentsOf,
  type ModuleUses,
  type Packages,
  packageChanges,
  parameterChanges,
  plannedProviders,
} from './upgrade_plan_config.js'
import { childCall, moduleChanges, type NamedChildren } from './upgrade_plan_modules.js'
import type {
  ApplicationChange,
  LiveCounts,
  ModuleChange,
  PlannedCall,
  RuntimeChange,
  UpgradePlan,
  Verdict,
} from './upgrade_plan_types.js'

/** One of the two releases. */
export interface PlanSide {
  readonly rel: Rel
  readonly libs: readonly ReleaseLib[]
  /** Of all applications, as the boot script loads them. */
  readonly resources: readonly Readonly<Record<string, unknown>>[]
  /** Undefined: the release has none, and which modules differ is not known. */
  readonly checksums: Checksums | undefined
  /** As written: references to environment variables are not put in. */
  readonly config: SysConfigSection
  readonly packages: Packages
}

/** Everything a plan is made of. */
export interface PlanSource {
  readonly from: PlanSide
  readonly to: PlanSide
  readonly script: UpgradeScript
  /** Exported names of modules, by id: of those that the script touches, and of callback modules. */
  readonly exports: ReadonlyMap<string, readonly string[]>
  /** Children that supervisors name, by id of the module. */
  readonly children: ReadonlyMap<string, NamedChildren>
  /** What modules of the new release use, by id; needed where parameters or packages differ. */
  readonly uses: ReadonlyMap<string, ModuleUses>
}

/** Makes the plan. @param live processes on a node that runs the old release, where one was asked */
export function makePlan(source: PlanSource, live: LiveCounts | null = null): UpgradePlan {
  const { from, to, script } = source
  const applications = applicationChanges(source)
  const runtime = runtimeChange(source)
  const calls = plannedCalls(script.instructions)
  const tells = (application: string): boolean => {
    const module = callbackOf(to, application)
    return module !== undefined && source.exports.get(module)?.includes('configChange') === true
  }
  const loaded = new Set(touchedBy(script.instructions).loaded)
  return {
    format: 1,
    name: to.rel.name,
    from: from.rel.vsn,
    to: to.rel.vsn,
    direction: script.direction,
    file: script.file,
    verdict: verdictOf(source, applications, runtime),
    applications,
    config: parameterChanges(
      environmentsOf(from.resources, from.config),
      environmentsOf(to.resources, to.config),
      tells,
      source.uses,
    ),
    providers: plannedProviders(from.config, to.config),
    packages: packageChanges(from.packages, to.packages, source.uses, loaded),
    runtime,
    calls,
    live,
  }
}

/** The callback module of an application, by id; behind the application starter the real one. */
export function callbackOf({ resources }: PlanSide, application: string): string | undefined {
  const mod: unknown = resources.find(({ name }) => name === application)?.mod
  if (!Array.isArray(mod)) return undefined
  const [module, argument]: unknown[] = mod
  if (typeof module !== 'string') return undefined
  const real: unknown = module.endsWith('application_starter') && Array.isArray(argument) ? argument[0] : module
  return typeof real !== 'string' ? undefined : real.includes('/') ? real : `${application}/${real}`
}

function applicationChanges({ from, to, script, exports, children }: PlanSource): readonly ApplicationChange[] {
  const { started, stopped } = touchedBy(script.instructions)
  const ids = ({ resources }: PlanSide): ReadonlySet<string> =>
    new Set(
      resources.flatMap(({ name, modules }) => (Array.isArray(modules) ? modules.map((one) => `${name}/${one}`) : [])),
    )
  const sums = sumsOf(from, to)
  const modules = moduleChanges(script.instructions, {
    old: ids(from),
    same: new Set(sums.same),
    differ: sums.differ,
    exports,
    children,
  })
  const vsnIn = ({ libs }: PlanSide, name: string): string | null =>
    libs.find(({ application }) => application === name)?.vsn ?? null
  const differing = [...new Set([...to.libs, ...from.libs].map(({ application }) => application))].filter(
    (name) => vsnIn(from, name) !== vsnIn(to, name),
  )
  const mentioned = [...modules.map(({ id }) => applicationOf(id)), ...started, ...stopped]
  // What differs and is not mentioned at all is part of the change too: its files are those of the new release.
  const names = [...new Set([...mentioned, ...differing])].filter(
    (name) => differing.includes(name) || mentioned.includes(name),
  )
  return names.map((application): ApplicationChange => {
    const [old, next] = [vsnIn(from, application), vsnIn(to, application)]
    const restarts = started.includes(application) && stopped.includes(application)
    const change = old === null ? 'added' : next === null ? 'removed' : restarts ? 'restarted' : 'changed'
    const type = to.rel.applications.find(({ name }) => name === application)?.type ?? 'permanent'
    return {
      application,
      change,
      from: old,
      to: next,
      type: change === 'added' ? type : null,
      modules: modules.filter(({ id }) => applicationOf(id) === application),
    }
  })
}

/** Built modules that are the same in both releases, and those of applications in another version that are not. */
function sumsOf(from: PlanSide, to: PlanSide): { same: readonly string[]; differ: readonly string[] } {
  const same: string[] = []
  const differ: string[] = []
  if (from.checksums === undefined || to.checksums === undefined) return { same, differ }
  const oldLibs = new Map(from.libs.map((lib) => [lib.application, lib]))
  for (const lib of to.libs) {
    const old = oldLibs.get(lib.application)
    if (old === undefined || old.vsn === lib.vsn) continue
    const before = modulesIn(from.checksums, old)
    for (const [id, sum] of modulesIn(to.checksums, lib)) {
      if (before.get(id) === sum) same.push(id)
      else differ.push(id)
    }
  }
  return { same, differ }
}

function runtimeChange({ from, to, script }: PlanSource): RuntimeChange {
  const kernel = ({ libs }: PlanSide) => libs.find(({ application }) => application === 'kernel')
  const sum = (side: PlanSide): string | undefined => side.checksums?.get(`${kernel(side)?.dir}/priv/erts.js`)
  const [oldKernel, newKernel] = [kernel(from)?.vsn ?? '', kernel(to)?.vsn ?? '']
  const ops = script.instructions.map(({ op }) => op)
  return {
    node: from.rel.erts === to.rel.erts ? null : { from: from.rel.erts, to: to.rel.erts },
    erts: sum(from) === sum(to) ? null : { from: oldKernel, to: newKernel },
    restart: ops.includes('restart_new_emulator') ? 'before' : ops.includes('restart_emulator') ? 'after' : null,
  }
}

/** Calls that the rest of the plan does not speak of. */
function plannedCalls(instructions: readonly LowLevelInstruction[]): readonly PlannedCall[] {
  const ponr = instructions.findIndex(({ op }) => op === 'point_of_no_return')
  return instructions.flatMap((one, index): PlannedCall[] => {
    if (one.op !== 'apply' || childCall(one.mfa) !== undefined) return []
    const [module, fun, args] = one.mfa
    if (moduleIdOf(module) === 'kernel/application' && hasInverse(one.mfa)) return []
    const when = index < ponr ? 'check' : 'upgrade'
    return [
      { call: `${module}:${fun}(${args.map((arg) => format(arg)).join(', ')})`, when, undone: hasInverse(one.mfa) },
    ]
  })
}

function verdictOf(source: PlanSource, applications: readonly ApplicationChange[], runtime: RuntimeChange): Verdict {
  if (runtime.restart !== null) return { kind: 'needs_restart', because: restartReasons(runtime, applications) }
  const because = refusals(source)
  if (because.length > 0) return { kind: 'refused', because }
  const what = [
    ...applications.filter(({ change }) => change === 'restarted').map(({ application }) => application),
    ...applications.flatMap(({ modules }) => modules.flatMap(restartedBy)),
  ]
  return what.length === 0 ? { kind: 'hot' } : { kind: 'restarts', what }
}

const restartedBy = (module: ModuleChange): readonly string[] =>
  module.change === 'restart'
    ? [`the processes of ${module.id}`]
    : module.change === 'supervisor'
      ? module.restarts.map((child) => `child "${child}" of ${module.id}`)
      : []

function restartReasons(
  { node, restart }: RuntimeChange,
  applications: readonly ApplicationChange[],
): readonly string[] {
  const own = applications.filter(({ application }) => RUNTIME_APPLICATIONS.has(application))
  const named = own.map(({ application, from, to }) => `${application} ${from} -> ${to}`).join(', ')
  const reasons = [
    ...(node === null
      ? []
      : [`the node binary changes from ${node.from} to ${node.to}, and a running process cannot change its own`]),
    ...(own.length === 0
      ? []
      : [`what everything stands on changes, and is never replaced in a running node: ${named}`]),
  ]
  return reasons.length > 0
    ? reasons
    : [`the relup asks for it (${restart === 'before' ? 'restart_new_emulator' : 'restart_emulator'})`]
}

/** What a node would refuse, as far as it shows in the files. */
function refusals({ from, to, script }: PlanSource): readonly string[] {
  const starts = ({ type }: PlannedApplication): boolean => type !== 'load' && type !== 'none'
  const old = applicationsOf(from.resources, from.rel)
  const included = new Set(old.flatMap((one) => one.included))
  return checkPlan({
    from: from.rel.vsn,
    to: to.rel.vsn,
    script,
    erts: [from.rel.erts, to.rel.erts],
    oldLibs: from.libs,
    newLibs: to.libs,
    newApplications: applicationsOf(to.resources, to.rel),
    running: new Set(old.filter((one) => starts(one) && !included.has(one.name)).map(({ name }) => name)),
    oldChecksums: from.checksums,
    newChecksums: to.checksums,
  }).map(formatReleaseError)
}
