/**
 * Which names a module exports, and where each really comes from.
 *
 * ECMAScript: GetExportedNames and ResolveExport, over the versions in view. A name that cannot
 * be resolved, or only ambiguously, is absent (at a call: `undef`, not a link error).
 */
import type { Namespace } from './meta.js'
import type { Dependency, Module, Origin, Space } from './version.js'

/** The names of a module in code unit order, each with its origin. */
export function resolveExports(space: Space, module: Module): Map<string, Origin> {
  const resolved = new Map<string, Origin>()
  const view = module.view
  if (view === undefined) return resolved
  const { exports, stars, re } = view.unit.meta
  const names = stars.length === 0 ? [...exports] : [...exportedNames(space, module)]
  const own = stars.length === 0 && re === undefined
  for (const name of names.sort()) {
    const origin = own ? { owner: module, name } : resolveExport(space, module, name)
    if (origin !== undefined && origin !== 'ambiguous') resolved.set(name, origin)
  }
  return resolved
}

/** The origin of one name; undefined when there is none. `seen` holds what was asked on the way here. */
export function resolveExport(
  space: Space,
  module: Module,
  name: string,
  seen = new Set<string>(),
): Origin | 'ambiguous' | undefined {
  const key = `${module.id}\0${name}`
  if (seen.has(key)) return undefined
  seen.add(key)
  if (module.preloaded) return Object.hasOwn(module.facade, name) ? { owner: module, name } : undefined
  const view = module.view
  if (view === undefined) return undefined
  const { meta, deps } = view.unit
  const re = meta.re !== undefined && Object.hasOwn(meta.re, name) ? meta.re[name] : undefined
  if (re !== undefined) {
    const dep = depAt(deps, re[0])
    if ('native' in dep) return { owner: dep.native, name: re[1] }
    const target = space.module(dep.id)
    return re[1] === '*' ? { owner: target, name: '*' } : resolveExport(space, target, re[1], seen)
  }
  if (meta.exports.includes(name)) return { owner: module, name }
  if (name === 'default') return undefined
  let hit: Origin | undefined
  for (const index of meta.stars) {
    const found = resolveIn(space, depAt(deps, index), name, seen)
    if (found === undefined) continue
    if (found === 'ambiguous') return 'ambiguous'
    if (hit !== undefined && !sameOrigin(hit, found)) return 'ambiguous'
    hit ??= found
  }
  return hit
}

/** Whether two names are one binding. */
export function sameOrigin(a: Origin, b: Origin): boolean {
  return a.owner === b.owner && a.name === b.name
}

function resolveIn(space: Space, dep: Dependency, name: string, seen: Set<string>): Origin | 'ambiguous' | undefined {
  if ('native' in dep) return name in dep.native ? { owner: dep.native, name } : undefined
  return resolveExport(space, space.module(dep.id), name, seen)
}

/** Every name with those through `export *`, which leaves out `default`. */
function exportedNames(space: Space, module: Module, names = new Set<string>(), seen = new Set<Module>()) {
  const view = module.view
  if (seen.has(module)) return names
  const first = seen.size === 0
  seen.add(module)
  if (module.preloaded) addNames(names, Object.keys(module.facade))
  if (view === undefined) return names
  for (const name of view.unit.meta.exports) if (first || name !== 'default') names.add(name)
  for (const index of view.unit.meta.stars) {
    const dep = depAt(view.unit.deps, index)
    if ('native' in dep) addNames(names, Object.keys(dep.native))
    else exportedNames(space, space.module(dep.id), names, seen)
  }
  return names
}

function addNames(names: Set<string>, more: readonly string[]): void {
  for (const name of more) if (name !== 'default') names.add(name)
}

/** Import i of a unit. The metadata numbers its own imports, so one that is absent is our bug. */
export function depAt(deps: readonly Dependency[], index: number): Dependency {
  const dep = deps[index]
  if (dep === undefined) throw new Error(`import ${index} of ${deps.length} does not exist`)
  return dep
}

/** What a wrapper gets for an import: the native namespace, or the facade. */
export function importedValue(space: Space, dep: Dependency): Namespace {
  return 'native' in dep ? dep.native : space.module(dep.id).facade
}
