/**
 * Finding the processes that run a module: a walk over the supervision trees of all running applications.
 *
 * A process is found through its supervisor, and uses the modules of its child specification; for `dynamic` the
 * process itself is asked. Siblings are found before the descendants of any of them. A process that ends during the
 * walk is not an error. OTP: release_handler_1.erl, `get_supervised_procs/0`; release reference 8.8.
 */
import { type ModuleRef, moduleName } from '../../erts/modules.js'
import type { Pid } from '../../erts/term.js'

/** A process of a supervision tree. */
export interface FoundProcess {
  readonly pid: Pid
  /** Its application. */
  readonly application: string
  /** Its supervisor and its id there; undefined for the top process of an application. */
  readonly child: { readonly supervisor: Pid; readonly id: unknown } | undefined
  /** Names of the modules whose code it runs. */
  readonly modules: readonly string[]
  readonly kind: 'worker' | 'supervisor'
  /** Its modules were asked of it: an event manager, whose state is that of its handlers. */
  readonly dynamic: boolean
}

/** One entry of `Supervisor.whichChildren`. */
export type ChildEntry = readonly [
  id: unknown,
  child: unknown,
  type: 'worker' | 'supervisor',
  modules: readonly ModuleRef[] | 'dynamic',
]

/** The top process of a running application. */
export interface WalkTop {
  readonly name: string
  readonly top: Pid
}

/** What a walk asks. */
export interface WalkSource {
  /** Top processes of the running applications, in start order. */
  tops(): readonly WalkTop[]
  /** Whether a process is a supervisor, whatever its child specification says. */
  isSupervisor(pid: Pid): boolean
  /** Children of a supervisor, in its order. Rejects when it does not answer in time or has ended. */
  children(supervisor: Pid): Promise<readonly ChildEntry[]>
  /** The module that a process itself names as its own: a supervisor's or server's callback module. Never rejects. */
  callbackModule(pid: Pid): Promise<ModuleRef | undefined>
  /** Modules a process with `modules: 'dynamic'` runs. Rejects when it does not answer in time. */
  dynamicModules(pid: Pid): Promise<readonly ModuleRef[]>
  isProcess(value: unknown): value is Pid
  isAlive(pid: Pid): boolean
}

/** Why a walk failed: a living supervisor or event manager did not answer. */
export class WalkFailure extends Error {
  /** Who did not answer. */
  readonly pid: Pid

  constructor(pid: Pid, application: string, failure: unknown) {
    super(
      `${pid} of "${application}" did not say what it supervises or runs: ${failure instanceof Error ? failure.message : String(failure)}`,
    )
    this.name = 'WalkFailure'
    this.pid = pid
  }
}

/**
 * Walks all trees.
 *
 * Departures: branches are walked at the same time; a supervisor whose child specification says `worker` is entered;
 * a top process or a server that is no event manager is never waited for; a supervisor may be `dynamic`.
 *
 * @param known what an earlier walk found; the children of a process for which `suspended` holds are taken from it
 *              since a suspended supervisor does not answer (and starts nothing)
 * @throws WalkFailure
 */
export async function walkProcesses(
  source: WalkSource,
  known: readonly FoundProcess[] = [],
  suspended: (pid: Pid) => boolean = () => false,
): Promise<readonly FoundProcess[]> {
  const before = new Map(known.map((one) => [one.pid, one]))
  const childrenBefore = new Map<Pid, FoundProcess[]>()
  for (const one of known) {
    if (one.child === undefined || !suspended(one.child.supervisor)) continue
    const { supervisor } = one.child
    const siblings = childrenBefore.get(supervisor)
    if (siblings === undefined) childrenBefore.set(supervisor, [one])
    else siblings.push(one)
  }

  /** What a process with `modules: 'dynamic'` runs, and whether it is an event manager. */
  const dynamicOf = async (pid: Pid, application: string): Promise<Pick<FoundProcess, 'modules' | 'dynamic'>> => {
    if (suspended(pid)) return before.get(pid) ?? { modules: [], dynamic: true }
    const own = await source.callbackModule(pid)
    if (own !== undefined) return { modules: [moduleName(own)], dynamic: false }
    try {
      return { modules: (await source.dynamicModules(pid)).map(moduleName), dynamic: true }
    } catch (failure) {
      if (!source.isAlive(pid)) return { modules: [], dynamic: true }
      throw new WalkFailure(pid, application, failure)
    }
  }

  const below = async (supervisor: Pid, application: string): Promise<readonly FoundProcess[]> => {
    if (suspended(supervisor)) return withDeeper(childrenBefore.get(supervisor) ?? [])
    let entries: readonly ChildEntry[]
    try {
      entries = await source.children(supervisor)
    } catch (failure) {
      if (!source.isAlive(supervisor)) return []
      throw new WalkFailure(supervisor, application, failure)
    }
    const siblings: FoundProcess[] = []
    const namesOf = shared((modules: readonly ModuleRef[]) => modules.map(moduleName))
    for (const [id, pid, , modules] of entries) {
      // Stopped, or about to be restarted: it starts on the code that is current then.
      if (!source.isProcess(pid)) continue
      const kind = source.isSupervisor(pid) ? 'supervisor' : 'worker'
      const runs =
        modules === 'dynamic' ? await dynamicOf(pid, application) : { modules: namesOf(modules), dynamic: false }
      siblings.push({ pid, application, child: { supervisor, id }, kind, modules: runs.modules, dynamic: runs.dynamic })
    }
    return withDeeper(siblings)
  }

  const withDeeper = async (siblings: readonly FoundProcess[]): Promise<readonly FoundProcess[]> => {
    const supervisors = siblings.filter((one) => one.kind === 'supervisor')
    const deeper = await Promise.all(supervisors.map((one) => below(one.pid, one.application)))
    return [...siblings, ...deeper.flat()]
  }

  const trees = await Promise.all(
    source.tops().map(async ({ name, top }) => {
      const kind = source.isSupervisor(top) ? 'supervisor' : 'worker'
      const root = suspended(top) ? before.get(top) : undefined
      const own = root === undefined ? await source.callbackModule(top) : undefined
      const modules = root?.modules ?? (own === undefined ? [] : [moduleName(own)])
      const found: FoundProcess = { pid: top, application: name, child: undefined, modules, kind, dynamic: false }
      return [...(kind === 'supervisor' ? await below(top, name) : []), found]
    }),
  )
  return trees.flat()
}

/** A function that gives the same answer for the same argument as just before: siblings of one kind share what they run. */
function shared<A, R>(make: (argument: A) => R): (argument: A) => R {
  let last: { readonly argument: A; readonly made: R } | undefined
  return (argument) => {
    if (last === undefined || last.argument !== argument) last = { argument, made: make(argument) }
    return last.made
  }
}

/** Those that run a module, by module, in the order given. */
export function byModule<T extends { readonly modules: readonly string[] }>(
  processes: Iterable<T>,
): ReadonlyMap<string, readonly T[]> {
  const users = new Map<string, T[]>()
  for (const one of processes) {
    for (const module of one.modules) {
      const known = users.get(module)
      if (known === undefined) users.set(module, [one])
      else if (known.at(-1) !== one) known.push(one) // one may name a module twice
    }
  }
  return users
}
