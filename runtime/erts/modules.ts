/**
 * Names of modules. In a release every module has an id `APPLICATION/MODULE` and one facade; without a release (under
 * tsx or as a plain library) modules are namespaces nobody named. Both can be used wherever a module is asked for.
 */
import { ErlangError } from './exit.js'

/** A module's exports: an ES namespace, or the facade of a module in a release. */
export type ModuleNamespace = object

/** A module: by its namespace, or by its id in a release. OTP: an atom. */
export type ModuleRef = ModuleNamespace | string

/** Module, function, arguments. `function` is the name of an export. */
export type Mfa = readonly [module: ModuleRef, fun: string, args: readonly unknown[]]

const byId = new Map<string, ModuleNamespace>()
const names = new WeakMap<ModuleNamespace, string>()
let find: (id: string) => ModuleNamespace | undefined = () => undefined
let versionOf: (module: ModuleNamespace) => object | undefined = () => undefined

/** Makes a module known under an id. A later registration of the same id replaces the earlier one. */
export function registerModule(id: string, namespace: ModuleNamespace): void {
  byId.set(id, namespace)
  names.set(namespace, id)
}

/** Tells how a module is found that nobody has registered yet: the linker's part. */
export function setModuleLookup(lookup: (id: string) => ModuleNamespace | undefined): void {
  find = lookup
}

const named = (id: string): ModuleNamespace | undefined => byId.get(id) ?? find(id)

/** Tells how the current version of a module is found: the code server's part. */
export function setVersionLookup(lookup: (module: ModuleNamespace) => object | undefined): void {
  versionOf = lookup
}

/** The version of a module that a call would reach now; undefined where modules have no versions. */
export function currentVersion(module: ModuleRef): object | undefined {
  const namespace = typeof module === 'string' ? named(module) : module
  return namespace === undefined ? undefined : versionOf(namespace)
}

/** The id of a module; for an unnamed namespace `module`. */
export function moduleName(module: ModuleRef): string {
  return typeof module === 'string' ? module : (names.get(module) ?? 'module')
}

/** Whether there is a module of that id. */
export const isModule = (id: string): boolean => named(id) !== undefined

/** The exports of a module. @throws ErlangError `['undef', [id]]` when no module has that id. */
export function resolveModule(module: ModuleRef): ModuleNamespace {
  if (typeof module !== 'string') return module
  const namespace = named(module)
  if (namespace === undefined) throw new ErlangError(['undef', [module]])
  return namespace
}

/** Whether two references mean the same module. */
export function sameModule(a: ModuleRef, b: ModuleRef): boolean {
  return a === b || (typeof a === 'string' ? named(a) === b : typeof b === 'string' && named(b) === a)
}

/** A function of a module, or undefined when it exports none of that name. OTP: `function_exported/3`. */
export function exportedFunction(module: ModuleRef, fun: string): ((...args: never[]) => unknown) | undefined {
  const value = Reflect.get(resolveModule(module), fun)
  return typeof value === 'function' ? value : undefined
}

/**
 * Calls a module's function, in the version that is current now. OTP: `apply/3`.
 *
 * @throws ErlangError `['undef', [module, fun, args]]` when there is no such module or function
 */
export function applyMfa([module, fun, args]: Mfa): unknown {
  const namespace = typeof module === 'string' ? named(module) : module
  const value = namespace === undefined ? undefined : Reflect.get(namespace, fun)
  if (typeof value !== 'function') throw new ErlangError(['undef', [moduleName(module), fun, args]])
  return Reflect.apply(value, namespace, args)
}
