/**
 * Module ids -> modules: the running space, and scratch spaces laid over it for trials.
 */
import { emptyFacade, fixedFacade, registerReexports, stubFacade, sync } from './facade.js'
import type { Namespace } from './meta.js'
import { Module, type Space } from './version.js'

/** A module that is not made before it is used. */
export interface Waiting {
  /** Makes it, at once. */
  make(): void
  /** Its exports, sorted, where importers may hold its facade before it is made. */
  readonly names?: readonly string[]
}

/** The modules of the node. */
export class RunningSpace implements Space {
  readonly #modules = new Map<string, Module>()
  /** A facade's module, without keeping either. */
  readonly #byFacade = new WeakMap<object, Module>()
  readonly #waiting = new Map<string, Waiting>()
  readonly #onStub: (module: Module) => void

  /** @param onStub told of each module whose facade is there before itself */
  constructor(onStub: (module: Module) => void) {
    this.#onStub = onStub
  }

  /** The module that an import refers to. One that waits goes on waiting, until a name of its facade is read. */
  module(id: string): Module {
    return this.#modules.get(id) ?? this.#stub(id) ?? this.#add(new Module(id, emptyFacade()))
  }

  /** The module of that id where there is one. One that waits is made. */
  known(id: string): Module | undefined {
    const waiting = this.#waiting.get(id)
    if (waiting !== undefined) {
      this.#waiting.delete(id)
      try {
        waiting.make()
      } catch (failure) {
        this.#waiting.set(id, waiting)
        throw failure
      }
    }
    return this.#modules.get(id)
  }

  /** Whether there is a module of that id that can be imported without being made. */
  waits(id: string): boolean {
    return this.#waiting.get(id)?.names !== undefined
  }

  wait(id: string, waiting: Waiting): void {
    if (!this.#modules.has(id)) this.#waiting.set(id, waiting)
  }

  /** A module that comes in with another one waits no longer. */
  arrives(id: string): void {
    this.#waiting.delete(id)
  }

  /** A module of the preloaded runtime, with the values of its namespace as they are now. */
  addPreloaded(id: string, namespace: Readonly<Namespace>): void {
    this.#add(new Module(id, fixedFacade(namespace), true))
  }

  /** The module of a facade. One that waits is made. */
  ofFacade(facade: object): Module | undefined {
    const module = this.#byFacade.get(facade)
    return module === undefined || module.view !== undefined ? module : this.known(module.id)
  }

  owns(): boolean {
    return true
  }

  all(): Iterable<Module> {
    for (const id of [...this.#waiting.keys()]) this.known(id)
    return this.#modules.values()
  }

  #stub(id: string): Module | undefined {
    const waiting = this.#waiting.get(id)
    if (waiting?.names === undefined) return waiting && this.known(id)
    const module: Module = new Module(
      id,
      stubFacade(waiting.names, () => this.known(id)),
    )
    this.#onStub(this.#add(module))
    return module
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
