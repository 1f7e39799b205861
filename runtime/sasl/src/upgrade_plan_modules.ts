/**
 * What becomes of each module: from the instructions of a relup, and what is known of both versions. Pure.
 *
 * Low-level instructions have forgotten which high-level one they come from; the groups are recognised again:
 * suspend, load, code_change, resume of one module is an `update` of OTP's appup(4), a bare load is `load_module`.
 */
import type { LowLevelInstruction, Mfa } from '../../../schemas/types.js'
import { moduleIdOf } from './apply_step.js'
import { applicationOf } from './upgrade_plan.js'
import type { ModuleChange } from './upgrade_plan_types.js'

/** What is known of the modules of both releases. */
export interface ModuleFacts {
  /** Modules of the old release, by id. */
  readonly old: ReadonlySet<string>
  /** Modules whose built code is the same in both. */
  readonly same: ReadonlySet<string>
  /** Modules of changed applications whose code differs, or that are new. */
  readonly differ: readonly string[]
  /** Exported names of the modules that are loaded, by id. */
  readonly exports: ReadonlyMap<string, readonly string[]>
  /** Children that supervisors name in both releases, by id of the module, as far as their code shows it. */
  readonly children: ReadonlyMap<string, NamedChildren>
}

/** The children that a supervisor's code names. */
export interface NamedChildren {
  readonly old: readonly string[]
  readonly new: readonly string[]
}

/** A change of a supervisor's children by a call. */
interface ChildCall {
  readonly supervisor: string
  readonly child: string
  readonly does: 'start' | 'stop' | 'delete'
}

/** @returns what becomes of every module that is touched, or should be, in the order of the instructions */
export function moduleChanges(
  instructions: readonly LowLevelInstruction[],
  facts: ModuleFacts,
): readonly ModuleChange[] {
  const named = (op: LowLevelInstruction['op']): ReadonlySet<string> => new Set(instructions.flatMap(modulesOf(op)))
  const [loaded, removed, suspended, converted] = [
    named('load'),
    named('remove'),
    named('suspend'),
    named('code_change'),
  ]
  const restarted = named('stop')
  const children = instructions.flatMap((one) => (one.op === 'apply' ? (childCall(one.mfa) ?? []) : []))
  const touched = new Set(
    instructions.flatMap((one) => (['load', 'remove', 'suspend', 'stop'] as const).flatMap((op) => modulesOf(op)(one))),
  )
  const supervisors = new Set([...touched, ...facts.exports.keys()].filter((id) => isSupervisor(facts.exports.get(id))))
  // A supervisor whose children change by a call alone is touched as well.
  for (const { supervisor } of children) {
    const id = byName(supervisors, supervisor)
    if (id !== undefined) touched.add(id)
  }
  const change = (id: string): ModuleChange => {
    if (!loaded.has(id)) {
      if (removed.has(id)) return { id, change: 'removed' }
      if (restarted.has(id)) return { id, change: 'restart' }
      return supervisors.has(id)
        ? { id, change: 'supervisor', ...childrenOf(id, children, undefined) }
        : { id, change: 'suspended' }
    }
    if (!facts.old.has(id)) return { id, change: 'new' }
    if (restarted.has(id)) return { id, change: 'restart' }
    const same = facts.same.has(id)
    if (supervisors.has(id) && (converted.has(id) || hasChildCalls(id, children))) {
      const named = converted.has(id) ? facts.children.get(id) : undefined
      return { id, change: 'supervisor', ...childrenOf(id, children, named) }
    }
    return suspended.has(id)
      ? { id, change: 'update', migrated: converted.has(id), same }
      : { id, change: 'load', same }
  }
  const leftOut = facts.differ.filter((id) => !loaded.has(id))
  return [
    ...inOrder(touched, suspended).map(change),
    ...leftOut.map((id): ModuleChange => ({ id, change: 'left_out' })),
  ]
}

/** Updates before what is only loaded for them, removals last; otherwise as the instructions have it. */
function inOrder(touched: ReadonlySet<string>, suspended: ReadonlySet<string>): readonly string[] {
  return [...touched].sort((a, b) => Number(suspended.has(b)) - Number(suspended.has(a)))
}

const modulesOf =
  (op: LowLevelInstruction['op']) =>
  (one: LowLevelInstruction): readonly string[] => {
    if (one.op !== op) return []
    if ('module' in one) return [one.module]
    if (!('modules' in one)) return []
    return one.modules.map((entry) => (typeof entry === 'string' ? entry : entry.module))
  }

/** Callbacks that tell other behaviours from a supervisor, which has `init` alone. */
const OTHERS = ['handleCall', 'handleCast', 'handleInfo', 'handleEvent', 'callbackMode', 'codeChange', 'terminate']

const isSupervisor = (exports: readonly string[] | undefined): boolean =>
  exports?.includes('init') === true && !OTHERS.some((name) => exports.includes(name))

/** A supervisor is called by its registered name, which is that of its module as a rule. */
const byName = (ids: ReadonlySet<string>, name: string): string | undefined =>
  [...ids].find((id) => id.slice(applicationOf(id).length + 1) === name)

const isOf = (id: string, { supervisor }: ChildCall): boolean => byName(new Set([id]), supervisor) === id

const hasChildCalls = (id: string, children: readonly ChildCall[]): boolean => children.some((one) => isOf(id, one))

/** Those that calls start and stop, and those that its new `init` does by itself. */
function childrenOf(id: string, all: readonly ChildCall[], named: NamedChildren | undefined) {
  const own = all.filter((one) => isOf(id, one))
  const does = (what: ChildCall['does']): readonly string[] => [
    ...new Set(own.filter((one) => one.does === what).map(({ child }) => child)),
  ]
  const [starts, stops] = [does('start'), does('stop')]
  const come = named?.new.filter((child) => !named.old.includes(child)) ?? []
  const go = named?.old.filter((child) => !named.new.includes(child)) ?? []
  return {
    starts: [...new Set([...starts.filter((child) => !stops.includes(child)), ...come])],
    stops: [...new Set([...stops.filter((child) => !starts.includes(child)), ...go])],
    restarts: stops.filter((child) => starts.includes(child)),
  }
}

const CHILD_CALLS: { readonly [fun: string]: ChildCall['does'] } = {
  startChild: 'start',
  restartChild: 'start',
  terminateChild: 'stop',
  deleteChild: 'delete',
}

/** The children of a supervisor that a call changes; undefined for any other call. */
export function childCall([module, fun, [supervisor, what]]: Mfa): ChildCall | undefined {
  const does = Object.hasOwn(CHILD_CALLS, fun) ? CHILD_CALLS[fun] : undefined
  if (moduleIdOf(module) !== 'stdlib/supervisor' || does === undefined || typeof supervisor !== 'string')
    return undefined
  const id: unknown = typeof what === 'object' && what !== null && 'id' in what ? what.id : what
  return { supervisor, child: typeof id === 'string' ? id : JSON.stringify(id), does }
}

/** The ids of the children in the text of a built supervisor; none of one whose children are made while it runs. */
export function childrenIn(text: string): readonly string[] {
  if (text.includes('simple_one_for_one')) return []
  const specs = /\bid:\s*"([^"\\]+)"[^}]{0,300}?\bstart:|\bstart:[^}]{0,300}?\bid:\s*"([^"\\]+)"/g
  return [...new Set([...text.matchAll(specs)].map(([, before, after]) => before ?? after ?? ''))]
}
