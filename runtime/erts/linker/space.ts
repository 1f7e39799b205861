/**
 * Module ids -> modules: the running space, and scratch spaces laid over it for trials.
 */
import { emptyFacade, fixedFacade, registerReexports, sync } from './facade.js'
import type { Namespace } from './meta.js'
import { Module, type Space } from './version.js'

/** The modules of the node. */
export class RunningSpace implements Space {
  readonly #modules = new Map<string, Module>()
  /** A facade's module, without keeping either. */
  readonly #byFacade = new WeakMap<object, Module>()

  module(id: string): Module {
    return this.#modules.get(id) ?? this.#add(new Module(id, emptyFacade()))
  }

  /** The module of that id where there is one already. */
  known(id: string): Module | undefined {
    return this.#modules.get(id)
  }

  /** A module of the preloaded runtime, with the values of its namespace as they are now. */
  addPreloaded(id: string, namespace: Readonly<Namespace>): Module {
    return this.#add(new Module(id, fixedFacade(namespace), true))
  }

  ofFacade(facade: object): Module | undefined {
    return this.#byFacade.get(facade)
  }

  owns(): boolean {
    return true
  }

  all(): Iterable<Module> {
    return this.#modules.values()
  }

  #add(module: Module): Module {
    this.#modules.set(module.id, module)
    this.#byFacade.set(module.facade, module)
    return module
  }
}

/**
 * A scratch space: facades of its own for some modules, the running ones for the rest. It shares
 * the versions that run, and no running module ever learns of it.
 */
export class ScratchSpace implements Space {
  readonly #base: RunningSpace
  readonly #modules = new Map<string, Module>()

  /** A scratch over `base` in which `ids` and everything that re-exports from them may change. */
  constructor(base: RunningSpace, ids: Iterable<string>) {
    this.#base = base
    const wanted = new Set(ids)
    // A set grows while it is iterated over: barrels of barrels are found too.
    for (const id of wanted) {
      for (const dependent of base.known(id)?.reexporters ?? []) wanted.add(dependent.id)
    }
    for (const id of wanted) this.#modules.set(id, new Module(id, emptyFacade()))
    for (const module of this.#modules.values()) {
      module.view = base.known(module.id)?.view
      if (module.view !== undefined) registerReexports(this, module, module.view)
    }
    for (const module of this.#modules.values()) sync(this, module)
  }

  module(id: string): Module {
    const own = this.#modules.get(id) ?? this.#base.known(id)
    if (own !== undefined) return own
    const made = new Module(id, emptyFacade())
    this.#modules.set(id, made)
    return made
  }

  owns(module: Module): boolean {
    return this.#modules.get(module.id) === module
  }

  /** The scratch module of that id; undefined where the running one is meant. */
  own(id: string): Module | undefined {
    return this.#modules.get(id)
  }
}
