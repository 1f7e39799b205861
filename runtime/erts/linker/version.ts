/**
 * The objects of the linker: one `Module` per module id for ever, a `Unit` per compiled text, a
 * `Version` per evaluation of one, and the `Instance` that every function of a version keeps alive.
 *
 *     Module --view--> Version --instance (weakly)--> Instance <-- every closure of that version
 *       | facade                \--unit--> Unit (metadata, wrapper, script)
 *       \--old--> VersionInfo   (weak: an old version lives only as long as its code runs)
 *
 * OTP: export entries and module instances of the emulator (`current` and `old` code).
 */
import type { ImportTarget, ModuleMeta, Namespace, Place, Wrapper } from './meta.js'
import type { Script } from './stacks.js'

/** A native namespace or a module by its id: what parameter i of a wrapper stands for. */
export type Dependency = { readonly native: Namespace } | { readonly id: string }

/** A compiled module that may run any number of times (once in a trial, once for good). */
export interface Unit {
  readonly id: string
  readonly place: Place
  readonly meta: ModuleMeta
  readonly wrapper: Wrapper
  /** In the order of `meta.imports`. */
  readonly deps: readonly Dependency[]
  /** Its script, for stack traces; JSON has none. */
  readonly script: Script | undefined
}

/** What may be known about a version without keeping its code alive. Compared by identity. */
export interface VersionInfo {
  readonly id: string
  /** Counts the evaluations of this module in this node, from 1; trials do not count. */
  readonly serial: number
  /** The built file it came from. */
  readonly file: string
  /** Its application's folder. */
  readonly dir: string
  /** Dereferences to undefined when no code of this version can run any more. */
  readonly token: WeakRef<object>
}

/** What the code of a version asks the linker for at run time. */
export interface Host {
  importMeta(unit: Unit): object
  dynamicImport(specifier: unknown, options: ImportCallOptions | undefined, unit: Unit): Promise<Namespace>
}

/** `$m` of a wrapper: reachable exactly as long as some code of its version is. */
export class Instance {
  /** Set by the wrapper; the closure puts this object into the context of every function of the module. */
  token: (() => Instance) | null = null
  readonly #host: Host
  readonly #unit: Unit
  #meta: object | undefined

  constructor(host: Host, unit: Unit) {
    this.#host = host
    this.#unit = unit
  }

  /** `import.meta` */
  get meta(): object {
    this.#meta ??= this.#host.importMeta(this.#unit)
    return this.#meta
  }

  /** `import(specifier, options)` */
  import(specifier: unknown, options?: ImportCallOptions): Promise<Namespace> {
    return this.#host.dynamicImport(specifier, options, this.#unit)
  }

  /** Stands for an import that is assigned to. */
  readonly(name: string): never {
    throw new TypeError(`Assignment to constant variable '${name}'.`)
  }
}

/** One evaluation of a unit. */
export interface Version {
  readonly unit: Unit
  readonly info: VersionInfo
  /** The live view while the module evaluates, its final namespace afterwards. */
  namespace: Namespace
  /** True once the module has evaluated. */
  done: boolean
}

/** Where a name of a facade comes from; name `*` is the whole namespace of the owner. */
export interface Origin {
  readonly owner: Module | Namespace
  readonly name: string
}

/** An accessor of a facade and what it reads at present; made once per name. */
export interface Cell {
  origin: Origin
  readonly get: () => unknown
}

/** A module id with its facade. */
export class Module {
  readonly id: string
  /** What importers hold, for ever. */
  readonly facade: Namespace
  /** True for modules of the preloaded runtime: the facade is all there is. */
  readonly preloaded: boolean
  /** The version that references reach: `current`, or one being loaded for the first time. */
  view: Version | undefined
  current: Version | undefined
  old: VersionInfo | undefined
  /** True once the facade shows `view`; a barrel not evaluated yet need not follow its members. */
  shown = false
  serial = 0
  /** The names of the facade and where each comes from. */
  bound = new Map<string, Origin>()
  /** Modules whose facade has bindings of this one. May name modules that no longer do. */
  readonly users = new Set<Module>()
  /** Modules that re-export from this one by name or star. May name modules that no longer do. */
  readonly reexporters = new Set<Module>()
  readonly cells = new Map<string, Cell>()

  constructor(id: string, facade: Namespace, preloaded = false) {
    this.id = id
    this.facade = facade
    this.preloaded = preloaded
  }
}

/** The modules that ids mean: the running ones, or a scratch space over them. */
export interface Space {
  /** The module of that id, made where there is none. */
  module(id: string): Module
  /** True when the module belongs to this space itself, so that it may be changed by it. */
  owns(module: Module): boolean
}

/** The target a static or literal dynamic import was resolved to by the build. */
export function builtTarget(meta: ModuleMeta, specifier: string): ImportTarget | undefined {
  const dynamic = meta.dynamic
  if (dynamic !== undefined && Object.hasOwn(dynamic, specifier)) return dynamic[specifier]
  return meta.imports.find((entry) => entry.s === specifier)
}
