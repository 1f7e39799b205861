/**
 * The appup of an application between two versions, from what differs: one piece for each module and each child of a
 * supervisor, both ways, each with its reason. Pure and deterministic; OTP leaves it to people (appup cookbook).
 *
 * Upwards: children that go are stopped; new and changed modules come, what is imported first; children that come are
 * started; modules that go are removed. Downwards the mirror. Dependencies are the imports of the newer version.
 *
 * Longer than a file should be: each rule is small, and their order is what the reader wants to see.
 */
import type { AppupInstruction } from '../../schemas/types.js'
import { type ChildFact, type ModuleFacts, moduleFacts } from './module_facts.js'
import { conversionOf, type Role, roleOf } from './module_role.js'
import { diffApplication } from './release_diff.js'
import type { AppSide } from './release_side.js'

/** What is done about one change. */
export interface Piece {
  /** The module, bare; of a child: its supervisor's. */
  readonly module: string
  /** `NAME` of a child where the piece is about one. */
  readonly child?: string
  readonly up: readonly AppupInstruction[]
  readonly down: readonly AppupInstruction[]
  /** Why, in words. */
  readonly reason: string
  readonly note?: string
}

/** What is generated for an application from one older version. */
export interface GeneratedAppup {
  readonly application: string
  readonly from: string
  readonly to: string
  readonly up: readonly AppupInstruction[]
  readonly down: readonly AppupInstruction[]
  /** In the order of `up`. */
  readonly pieces: readonly Piece[]
  /** What changed and needs no instruction, and what a person should look at. */
  readonly notes: readonly string[]
}

/** Generates the entries for one application; both sides have it, with different versions. */
export function generateAppup(old: AppSide, next: AppSide): GeneratedAppup {
  const [diff] = diffApplication(old, next)
  const world = worldOf(old, next)
  const base = { application: next.name, from: old.vsn, to: next.vsn }
  const notes = [...fieldNotes(diff)]
  const restart = strategyChange(world)
  if (restart !== undefined) {
    const instructions: AppupInstruction[] = [{ op: 'restart_application', application: next.name }]
    const piece: Piece = {
      module: restart,
      up: instructions,
      down: instructions,
      reason: 'its strategy changes to or from simple_one_for_one, which no running supervisor can',
    }
    return { ...base, up: instructions, down: instructions, pieces: [piece], notes }
  }
  const touched = touchedModules(diff, world)
  const order = dependencyOrder(
    [...touched].filter(([, what]) => what !== 'removed').map(([module]) => module),
    (module) => world.imports(next, module),
  )
  const here = new Set(order)
  const deps = (module: string) =>
    world
      .imports(next, module)
      .filter((one) => here.has(one) && one !== module)
      .sort()
  const coming = order.map((module): Piece => {
    const what = touched.get(module)
    return what === 'added'
      ? {
          module,
          up: [withDeps({ op: 'add_module', module }, deps(module))],
          down: [withDeps({ op: 'delete_module', module }, deps(module))],
          reason: 'new module',
        }
      : changedPiece(module, what ?? 'its code differs', deps(module), world)
  })
  const going = [...touched]
    .filter(([, what]) => what === 'removed')
    .map(
      ([module]): Piece => ({
        module,
        up: [{ op: 'delete_module', module }],
        down: [{ op: 'add_module', module }],
        reason: 'removed module',
      }),
    )
  const children = order.flatMap((module) => (touched.get(module) === 'added' ? [] : childPieces(module, world)))
  const stops = children.flatMap(({ up }) => up.filter((one) => !isRestart(one)))
  const starts = (of: 'up' | 'down') => children.flatMap((piece) => piece[of].filter(isRestart))
  const added = coming.filter(({ module }) => touched.get(module) === 'added')
  const changed = coming.filter(({ module }) => touched.get(module) !== 'added')
  for (const { module, note } of [...coming, ...children]) if (note !== undefined) notes.push(`${module}: ${note}`)
  return {
    ...base,
    up: [...stops, ...coming.flatMap(({ up }) => up), ...starts('up'), ...going.flatMap(({ up }) => up)],
    down: [
      ...children.toReversed().flatMap(({ down }) => down.filter((one) => !isRestart(one))),
      ...going.flatMap(({ down }) => down),
      ...changed.toReversed().flatMap(({ down }) => down),
      ...starts('down'),
      ...added.toReversed().flatMap(({ down }) => down),
    ],
    pieces: [...coming, ...children, ...going],
    notes,
  }
}

const SUPERVISOR = 'stdlib/supervisor'
const call = (fun: string, name: string, id: string): AppupInstruction => ({
  op: 'apply',
  mfa: [SUPERVISOR, fun, [name, id]],
})
const isRestart = (one: AppupInstruction): boolean => one.op === 'apply' && one.mfa[1] === 'restartChild'

/** What generating looks at. */
interface World {
  readonly old: AppSide
  readonly next: AppSide
  readonly facts: (side: AppSide, module: string) => ModuleFacts | undefined
  readonly role: (module: string) => Role
  /** Modules of the same application that a module imports, bare. */
  readonly imports: (side: AppSide, module: string) => readonly string[]
  /** The local name that a supervisor is started with. */
  readonly nameOf: (module: string) => string | undefined
}

function worldOf(old: AppSide, next: AppSide): World {
  const read = new Map<string, ModuleFacts>()
  const facts = (side: AppSide, module: string): ModuleFacts | undefined => {
    const built = side.modules.get(module)
    if (built === undefined) return undefined
    const key = `${side === old ? 'old' : 'new'} ${module}`
    const found = read.get(key) ?? moduleFacts(built)
    read.set(key, found)
    return found
  }
  const starts = (side: AppSide) => [...side.modules.keys()].flatMap((module) => facts(side, module)?.starts ?? [])
  const all = [...starts(next), ...starts(old)]
  const id = (module: string) => `${next.name}/${module}`
  return {
    old,
    next,
    facts,
    role(module) {
      const known = facts(next, module) ?? facts(old, module)
      if (known === undefined) return { kind: 'plain' }
      const started = all.filter((one) => one.module === id(module)).map(({ behaviour }) => behaviour)
      return roleOf(known, started)
    },
    imports(side, module) {
      const meta = side.modules.get(module)?.meta
      if (meta === undefined) return []
      const targets = [...meta.imports, ...Object.values(meta.dynamic ?? {})]
      const prefix = `${next.name}/`
      const own = targets.flatMap((one) => ('m' in one && one.m.startsWith(prefix) ? [one.m.slice(prefix.length)] : []))
      return [...new Set(own)]
    },
    nameOf: (module) =>
      all.find((one) => one.module === id(module) && one.behaviour === 'supervisor' && one.name !== undefined)?.name,
  }
}

type Diff = ReturnType<typeof diffApplication>[number] | undefined

/** Modules to do something about, sorted, each with what became of it: `added`, `removed`, or why it is replaced. */
function touchedModules(diff: Diff, { old, next }: World): ReadonlyMap<string, string> {
  const touched = new Map<string, string>()
  for (const { module, change, moved } of diff?.modules ?? [])
    touched.set(module, change === 'changed' ? (moved ? MOVED : 'its code differs') : change)
  for (const { name, importers, old: before, new: after } of diff?.packages ?? []) {
    for (const module of importers) {
      if (touched.has(module) || !old.modules.has(module)) continue
      const versions =
        before === after ? `${name} ${after}, with other content` : `${name} ${before ?? 'none'} -> ${after ?? 'none'}`
      touched.set(module, `imports npm package ${versions}`)
    }
  }
  return new Map([...touched].filter(([module]) => old.modules.has(module) || next.modules.has(module)).sort(byKey))
}

const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1)

const MOVED = 'only comments or lines moved'

function changedPiece(module: string, why: string, deps: readonly string[], world: World): Piece {
  const [old, next] = [world.facts(world.old, module), world.facts(world.next, module)]
  const role = world.role(module)
  const both = (instruction: AppupInstruction, reason: string, note?: string): Piece => ({
    module,
    up: [instruction],
    down: [instruction],
    reason,
    ...(note === undefined ? {} : { note }),
  })
  const plain = (reason: string) => both(withDeps({ op: 'load_module', module }, deps), reason)
  if (old === undefined || next === undefined || role.kind === 'plain')
    return plain(`${why}; no process keeps a state in it`)
  if (why === MOVED) return plain(MOVED)
  if (role.kind === 'supervisor') {
    if (why !== 'its code differs') return plain(why)
    return both(withDeps({ op: 'update', module, change: 'supervisor' }, deps), 'supervisor: init is asked again')
  }
  if (why !== 'its code differs') {
    return both(withDeps({ op: 'update', module }, deps), `${why}; its code is the same, and so are its states`)
  }
  const { converts, reason, note } = conversionOf(role, old, next)
  const unnamed = unnamedBy(module, world)
  const update: AppupInstruction = converts
    ? { op: 'update', module, change: { advanced: [] } }
    : { op: 'update', module }
  return both(
    withDeps(update, deps),
    reason,
    [note, unnamed].filter((one) => one !== undefined).join('; ') || undefined,
  )
}

/** A process is found by its child specification: what is said where none names its module. */
function unnamedBy(module: string, { old, next, facts, role }: World): string | undefined {
  const supervisors = [...next.modules.keys()].filter((one) => role(one).kind === 'supervisor')
  const specs = supervisors.flatMap((one) => [facts(next, one)?.supervisor, facts(old, one)?.supervisor])
  const known = specs.filter((one) => one !== undefined)
  if (known.length === 0 || known.some(({ complete }) => !complete)) return undefined
  const own = `${next.name}/${module}`
  const names = (child: ChildFact) => child.modules === 'dynamic' || child.modules.includes(own)
  if (known.some(({ children }) => children.some(names))) return undefined
  return `no child specification of ${next.name} names it: processes that run it are found only where "modules" lists it`
}

/** The supervisor whose kind of children changes, if any does. */
function strategyChange({ old, next, facts }: World): string | undefined {
  return [...next.modules.keys()].find((module) => {
    const [before, after] = [facts(old, module)?.supervisor?.strategy, facts(next, module)?.supervisor?.strategy]
    if (before === undefined || after === undefined) return false
    return (before === 'simple_one_for_one') !== (after === 'simple_one_for_one')
  })
}

/** The children of a changed supervisor that come, go, or are started by another module. */
function childPieces(module: string, world: World): Piece[] {
  const [before, after] = [world.facts(world.old, module)?.supervisor, world.facts(world.next, module)?.supervisor]
  if (world.role(module).kind !== 'supervisor') return []
  if (before === undefined || after === undefined || !before.complete || !after.complete) {
    const note = 'its children cannot be read from init; the ones that come and go need instructions by hand'
    return world.old.modules.get(module)?.code === world.next.modules.get(module)?.code
      ? []
      : [{ module, up: [], down: [], reason: '', note }]
  }
  if (after.strategy === 'simple_one_for_one') return []
  const old = new Map(before.children.map((child) => [child.id, child]))
  const now = new Map(after.children.map((child) => [child.id, child]))
  const ids = [...now.keys(), ...[...old.keys()].filter((id) => !now.has(id))]
  const differing = ids.filter((id) => old.get(id)?.module !== now.get(id)?.module)
  const name = world.nameOf(module)
  if (differing.length > 0 && name === undefined) {
    const note = `it has no local name to reach it by: ${differing.map((id) => `"${id}"`).join(', ')} cannot be started or stopped by the appup`
    return [{ module, up: [], down: [], reason: '', note }]
  }
  const argued = ids.filter(
    (id) => old.get(id)?.module === now.get(id)?.module && old.get(id)?.text !== now.get(id)?.text,
  )
  const told = argued.map((id): Piece => {
    const note = `the specification of child "${id}" differs: it counts when the child is started the next time`
    return { module, child: id, up: [], down: [], reason: '', note }
  })
  return [...differing.map((id) => childPiece(module, name ?? '', id, old.has(id), now.has(id))), ...told]
}

function childPiece(module: string, name: string, id: string, was: boolean, is: boolean): Piece {
  const start = [call('restartChild', name, id)]
  const end = [call('terminateChild', name, id), call('deleteChild', name, id)]
  if (!was) return { module, child: id, up: start, down: end, reason: `starts child "${id}"` }
  if (!is) return { module, child: id, up: end, down: start, reason: `stops child "${id}"` }
  const again = [call('terminateChild', name, id), ...start]
  return {
    module,
    child: id,
    up: again,
    down: again,
    reason: `child "${id}" is started by another module: it is restarted`,
  }
}

type WithDeps = Extract<AppupInstruction, { readonly mod_deps?: readonly string[] }>

const withDeps = (instruction: WithDeps, deps: readonly string[]): AppupInstruction =>
  deps.length === 0 ? instruction : { ...instruction, mod_deps: deps }

/** Modules with what they import before them; modules of a circle in the order of their names. */
function dependencyOrder(modules: readonly string[], imports: (module: string) => readonly string[]): string[] {
  const wanted = new Set(modules)
  const done = new Set<string>()
  const order: string[] = []
  // A walk with a stack of its own: chains of imports may be longer than the machine's.
  for (const first of [...modules].sort()) {
    const stack: { readonly module: string; readonly left: string[] }[] = []
    const enter = (module: string): void => {
      if (done.has(module)) return
      done.add(module)
      stack.push({
        module,
        left: imports(module)
          .filter((one) => wanted.has(one))
          .sort(),
      })
    }
    enter(first)
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const dependency = top.left.shift()
      if (dependency !== undefined) enter(dependency)
      else {
        order.push(top.module)
        stack.pop()
      }
    }
  }
  return order
}

function fieldNotes(diff: Diff): string[] {
  if (diff === undefined) return []
  const fields = diff.fields
    .filter(({ field }) => ['mod', 'start_phases', 'applications', 'included_applications', 'maxT'].includes(field))
    .map(({ field }) =>
      field === 'mod' || field === 'start_phases'
        ? `app.json: "${field}" differs: it counts when the application is started the next time`
        : `app.json: "${field}" differs: the release sees to it`,
    )
  const priv = diff.priv.map(
    ({ file, change }) =>
      `priv/${file} is ${change === 'changed' ? 'another' : change}: who has read it reads it again by itself`,
  )
  return [...fields, ...priv]
}
