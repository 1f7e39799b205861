/**
 * The children of a supervisor: found by id and by pid in constant time, walked in start order.
 *
 * OTP: `children`, `dynamics` and `children_map/2` in stdlib's supervisor.erl.
 *
 * The containers are changed in place: with 100,000 children a copy for each change would cost more than the change. A
 * code change makes new ones, so that the ones before it can be put back.
 */
import type { Pid } from '../../erts/term.js'
import { idKey } from './child_id.js'
import type { CheckedSpec } from './child_spec.js'

/** A child with an id of its own. */
export interface Child {
  readonly spec: CheckedSpec
  /** The running process; undefined while it is stopped or could not be restarted yet. */
  pid: Pid | undefined
  /** Its start failed in a restart and is about to be tried again. */
  restarting: boolean
  /** Its start arguments were not kept: a temporary child that `startChild` added. */
  readonly argsForgotten: boolean
}

/** Children with ids, as every strategy but simple_one_for_one has them. */
export class StaticChildren {
  /** In start order. */
  readonly byId = new Map<unknown, Child>()
  readonly byPid = new Map<Pid, Child>()
  /** Keys of the ids that `init` named last, whether the children are still there or not. */
  named: ReadonlySet<unknown> = new Set()

  find(id: unknown): Child | undefined {
    return this.byId.get(idKey(id))
  }

  /** Adds a child as the one started last. */
  add(spec: CheckedSpec, pid: Pid | undefined, argsForgotten = false): Child {
    const child: Child = { spec, pid, restarting: false, argsForgotten }
    this.byId.set(idKey(spec.id), child)
    if (pid !== undefined) this.byPid.set(pid, child)
    return child
  }

  remove(child: Child): void {
    if (child.pid !== undefined) this.byPid.delete(child.pid)
    this.byId.delete(idKey(child.spec.id))
  }

  /** The child runs as `pid` now, or has stopped. */
  setPid(child: Child, pid: Pid | undefined): void {
    if (child.pid !== undefined) this.byPid.delete(child.pid)
    if (pid !== undefined) this.byPid.set(pid, child)
    child.pid = pid
    child.restarting = false
  }

  /** The child has ended for now: a temporary one is forgotten, of another the specification stays. */
  stopped(child: Child): void {
    if (child.spec.restart === 'temporary') this.remove(child)
    else this.setPid(child, undefined)
  }

  /** The child could not be restarted; it will be tried again. */
  retrying(child: Child): void {
    this.setPid(child, undefined)
    child.restarting = true
  }

  inStartOrder(): Child[] {
    return [...this.byId.values()]
  }

  /** Those started after `child`, and itself, in start order. */
  from(child: Child): Child[] {
    const all = this.inStartOrder()
    return all.slice(all.indexOf(child))
  }

  /** Whether a significant child runs, or is about to. */
  anySignificantLeft(): boolean {
    for (const { spec, pid, restarting } of this.byId.values()) {
      if (spec.significant && (pid !== undefined || restarting)) return true
    }
    return false
  }
}

/** Children of a simple_one_for_one supervisor: any number of processes of one specification. */
export interface SimpleChildren {
  readonly template: CheckedSpec
  /** The running ones with all their start arguments, in start order; temporary ones are never restarted: undefined. */
  readonly running: Map<Pid, readonly unknown[] | undefined>
  /** Those whose restart failed and is about to be tried again, by the pid they had. */
  readonly restarting: Map<Pid, readonly unknown[]>
}

/**
 * The children after a code change: specifications of ids that stay are replaced and their processes kept, new ones
 * are added without being started, and those that are no longer named are kept as if started last.
 *
 * Departure: a temporary child that has ended is not added again.
 */
export function updateChildren(old: StaticChildren, specs: readonly CheckedSpec[]): StaticChildren {
  const next = new StaticChildren()
  next.named = new Set(specs.map(({ id }) => idKey(id)))
  for (const spec of specs) {
    const before = old.find(spec.id)
    if (before === undefined && spec.restart === 'temporary' && old.named.has(idKey(spec.id))) continue
    const child = next.add(spec, before?.pid)
    child.restarting = before?.restarting ?? false
  }
  for (const child of old.inStartOrder()) {
    if (next.find(child.spec.id) !== undefined) continue
    next.add(child.spec, child.pid, child.argsForgotten).restarting = child.restarting
  }
  return next
}

/** What a code change has to do with the children besides: the ids to start and to stop, in start order. */
export interface ChildChanges {
  readonly added: readonly unknown[]
  readonly removed: readonly unknown[]
}

/**
 * Which children `init` names that it did not name before, and the other way round. Children that `startChild` added
 * are neither, nor is one that somebody has deleted.
 */
export function childChanges(before: StaticChildren, after: StaticChildren): ChildChanges {
  const ids = (children: readonly Child[]): readonly unknown[] => children.map(({ spec }) => spec.id)
  const isNew = ({ spec }: Child): boolean => {
    const key = idKey(spec.id)
    return after.named.has(key) && !before.named.has(key) && before.find(spec.id) === undefined
  }
  const isGone = ({ spec }: Child): boolean => {
    const key = idKey(spec.id)
    return before.named.has(key) && !after.named.has(key)
  }
  return { added: ids(after.inStartOrder().filter(isNew)), removed: ids(before.inStartOrder().filter(isGone)) }
}
