/**
 * Facades: the one object per module that all importers hold, old and new.
 *
 * A facade has no prototype and own, non-writable data properties for bindings that are constant
 * within a version, so that V8 inlines through it as through a native import; accessors only for
 * exports that really change. A swap defines new values with unchanged attributes: same hidden
 * class, no allocation. When the names change it is rebuilt and made fast again.
 *
 * OTP: the export table; each use of an import is a fully qualified call.
 */
import type { Namespace } from './meta.js'
import { depAt, resolveExports, sameOrigin } from './resolve_export.js'
import { type Cell, Module, type Origin, type Space, type Version } from './version.js'

const define = Object.defineProperty
const descriptorOf = Object.getOwnPropertyDescriptor

/** Above so many names V8 may keep an object as a dictionary even when they are only ever added. */
const MANY_NAMES = 100

/**
 * An empty facade, a dictionary: names are added to that at half the price. It is made fast as soon as it has its first
 * names.
 */
export function emptyFacade(): Namespace {
  return define(Object.create(null), Symbol.toStringTag, { value: 'Module' })
}

/** A facade with the values of a namespace as constants, for good: modules of the preloaded runtime. */
export function fixedFacade(namespace: Readonly<Namespace>): Namespace {
  const facade = emptyFacade()
  for (const name of Object.keys(namespace).sort()) facade[name] = namespace[name]
  toFast(Object.freeze(facade))
  return facade
}

/**
 * A facade in front of a module that waits: reading any name of it makes the module, whose own values then take the
 * place of these accessors.
 *
 * @param names in the order of a namespace
 * @param make  gives the module, made
 */
export function stubFacade(names: readonly string[], make: () => Module | undefined): Namespace {
  const facade = emptyFacade()
  const accessor: PropertyDescriptor = { enumerable: true, configurable: true }
  for (const name of names) {
    const get = (): unknown => {
      const module = make()
      // Still the accessor: the module is being evaluated, and what reads it here does not import it.
      return descriptorOf(facade, name)?.get === get ? module?.view?.namespace[name] : facade[name]
    }
    accessor.get = get
    define(facade, name, accessor)
  }
  return facade
}

/** Lets references to the module reach `version`, in its own facade and in those that re-export from it. */
export function show(space: Space, module: Module, version: Version | undefined): void {
  const before = module.bound
  const seen = module.view === version // evaluated for the first time: others resolved through it already
  module.view = version
  if (version !== undefined && !seen) registerReexports(space, module, version)
  sync(space, module)
  // Resolving all re-exporting modules anew at each evaluation would make a cyclic barrel quadratic.
  if (seen || sameBindings(before, module.bound)) refreshUsers(module)
  else for (const dependent of reexportersOf([module])) if (dependent !== module) sync(space, dependent)
}

/** Brings a facade in line with what is in view. */
export function sync(space: Space, module: Module): void {
  const { facade } = module
  const wanted = resolveExports(space, module)
  const had = module.bound
  module.bound = wanted
  module.shown = module.view !== undefined
  if (had.size === 0 && bindFirst(module, wanted)) return
  let slow = dropNames(facade, [...had.keys()], [...wanted.keys()]) || had.size === 0
  for (const [name, origin] of wanted) {
    const { owner } = origin
    if (owner instanceof Module && owner !== module && space.owns(owner)) owner.users.add(module)
    slow = bind(module, name, origin) || slow
  }
  if (slow || wanted.size > MANY_NAMES) toFast(facade)
}

/**
 * The names of a module that has evaluated and is shown for the first time: what {@link bind} would do, for the case
 * that a boot consists of. Returns false where there is more to it: names of other modules, or some that change.
 */
function bindFirst({ facade, view }: Module, wanted: ReadonlyMap<string, Origin>): boolean {
  if (view?.done !== true || view.unit.meta.re !== undefined || view.unit.meta.stars.length > 0) return false
  for (const name of wanted.keys()) {
    const descriptor = descriptorOf(view.namespace, name)
    if (descriptor === undefined || descriptor.get !== undefined) return false
    descriptor.configurable = true
    define(facade, name, descriptor)
  }
  toFast(facade)
  return true
}

/**
 * Deletes the names that go, and those that would stand in front of one that comes, since the
 * names of a namespace are in order. V8 makes an object that is a prototype fast again after each
 * deletion, which is quadratic; so a facade of many names loses only those that go, and new ones
 * come last. Returns whether the names change.
 */
function dropNames(facade: Namespace, had: readonly string[], wanted: readonly string[]): boolean {
  if (had.length === 0) return false
  let same = 0
  while (same < had.length && had[same] === wanted[same]) same++
  if (same === had.length && same === wanted.length) return false
  const stay = wanted.length > MANY_NAMES || had.length > MANY_NAMES ? new Set(wanted) : undefined
  for (const name of had.slice(same)) if (!stay?.has(name)) delete facade[name]
  return true
}

/** Modules that re-export from one of `modules`, at any distance, and whose facade is in use; those themselves first. */
export function reexportersOf(modules: Iterable<Module>): Set<Module> {
  const found = new Set<Module>(modules)
  // A set grows while it is iterated over, and the new members are visited.
  for (const module of found) {
    for (const dependent of module.reexporters) if (dependent.shown) found.add(dependent)
  }
  return found
}

/** Tells the modules a version re-exports from that it does. */
export function registerReexports(space: Space, module: Module, version: Version): void {
  const { meta } = version.unit
  if (meta.stars.length === 0 && meta.re === undefined) return
  for (const id of reexportedIds(version)) {
    const target = space.module(id)
    if (space.owns(target)) target.reexporters.add(module)
  }
}

/** The modules a version re-exports from. */
export function reexportedIds(version: Version): Set<string> {
  const { meta, deps } = version.unit
  const indexes = [...meta.stars, ...Object.values(meta.re ?? {}).map(([index]) => index)]
  const ids = new Set<string>()
  for (const index of indexes) {
    const dep = depAt(deps, index)
    if ('id' in dep) ids.add(dep.id)
  }
  return ids
}

/** Gives the facades that use bindings of the module their values anew. */
function refreshUsers(module: Module): void {
  for (const user of module.users) {
    let slow = false
    for (const [name, origin] of user.bound) if (origin.owner === module) slow = bind(user, name, origin) || slow
    if (slow) toFast(user.facade)
  }
}

/** One name of one facade. Returns true when the facade may have left fast mode. */
function bind(module: Module, name: string, origin: Origin): boolean {
  const { facade } = module
  const had = descriptorOf(facade, name)
  const constant = constantOf(origin)
  if (constant !== undefined) {
    if (had !== undefined && 'value' in had) {
      define(facade, name, constant) // the usual swap: same shape, new value
      return false
    }
    define(facade, name, { value: constant.value, writable: false, enumerable: true, configurable: true })
    return had !== undefined
  }
  const cell = cellOf(module, name, origin)
  if (had?.get === cell.get) return false
  define(facade, name, { get: cell.get, enumerable: true, configurable: true })
  return had !== undefined
}

/** The value of a binding that does not change while its version is in view; undefined for one that may. */
function constantOf({ owner, name }: Origin): { readonly value: unknown } | undefined {
  if (!(owner instanceof Module)) return name === '*' ? { value: owner } : undefined // npm packages may change theirs
  if (name === '*') return { value: owner.facade }
  if (owner.preloaded) return { value: owner.facade[name] }
  if (owner.view === undefined || !owner.view.done) return undefined // a cycle: read through the live view
  const descriptor = descriptorOf(owner.view.namespace, name)
  return descriptor !== undefined && 'value' in descriptor ? { value: descriptor.value } : undefined
}

/** The accessor for a live binding: `export let`, npm packages, modules of a cycle that evaluate. */
function cellOf(module: Module, name: string, origin: Origin): Cell {
  const known = module.cells.get(name)
  if (known !== undefined) {
    known.origin = origin
    return known
  }
  const cell: Cell = {
    origin,
    get: () => {
      const { owner, name: inner } = cell.origin
      return (owner instanceof Module ? owner.view?.namespace : owner)?.[inner]
    },
  }
  module.cells.set(name, cell)
  return cell
}

function sameBindings(a: ReadonlyMap<string, Origin>, b: ReadonlyMap<string, Origin>): boolean {
  if (a.size !== b.size) return false
  for (const [name, origin] of a) {
    const other = b.get(name)
    if (other === undefined || !sameOrigin(origin, other)) return false
  }
  return true
}

/**
 * Makes an object in dictionary mode fast again: V8 optimises what serves as a prototype. That
 * happens in an inline cache, which must be warm; hence the rounds on dummies below.
 */
function toFast(object: object): void {
  function Empty() {}
  // A class has a prototype that cannot be replaced, and a function is typed without constructor.
  const Shape = Empty as unknown as { new (): Namespace; prototype: object }
  Shape.prototype = object
  const instance = new Shape()
  void instance.x
  new Shape()
}
for (let round = 0; round < 64; round++) toFast({ a: 1 })
