/**
 * The linker: loads modules, swaps them while the node runs, and takes a swap back.
 *
 * Each module id has one facade for ever; references reach the current version through it at
 * every use. At most two versions of a module exist, `current` and `old`; the linker keeps old
 * code alive no longer than it runs. An upgrade is `prepare` (may take time, touches nothing),
 * `trial` (evaluates everything aside), then one `swap`, `remove` or `purge` per instruction, and
 * `restore` of a snapshot when something goes wrong on the way. This file is the table of contents
 * of its folder, and longer than others for the documentation of its methods.
 *
 * OTP: the loader of the emulator (`beam_bif_load.c`) under the code server.
 */
import type { Archives } from './archive.js'
import { collect, collectAlone, loadOrder, type Source } from './collect.js'
import { drive, evaluate, type Stage, type Steps } from './evaluate.js'
import { show } from './facade.js'
import { hostOf } from './host.js'
import { applicationOf, type Namespace, type Place, placeIn } from './meta.js'
import { anchoredImports, type NativeImports } from './native.js'
import { PrepareError } from './prepare_error.js'
import { type Change, Prepared } from './prepared.js'
import { restoreSnapshot, type Snapshot, takeSnapshot } from './snapshot.js'
import { RunningSpace, ScratchSpace } from './space.js'
import { installStackTraces, type ReadMap, readMapBeside } from './stacks.js'
import type { Host, Module, Unit, VersionInfo } from './version.js'

export type { Namespace, Place } from './meta.js'
export { PrepareError } from './prepare_error.js'
export type { Change, Prepared } from './prepared.js'
export type { Snapshot } from './snapshot.js'
export type { VersionInfo } from './version.js'

export interface LinkerOptions {
  /** Where a module lies at present; undefined when no application has it. */
  fileOf(id: string): Place | undefined
  /** How built-ins and npm packages are imported; default through the anchors of the applications. */
  readonly native?: NativeImports
  /** Finds source maps by the built file; default `FILE.map` beside it. */
  readonly readMap?: ReadMap
  /** Called once per module, before its code first runs. */
  readonly onFacade?: (id: string, facade: Namespace) => void
  /** Called when no code of a version is left; never for trials. */
  readonly onFinalised?: (info: VersionInfo) => void
}

/** The first load of a module with all it needs. */
interface FirstLoad {
  readonly ended: Promise<void>
  /** True when it ended well. */
  done: boolean
}

export class Linker {
  readonly #options: LinkerOptions
  readonly #native: NativeImports
  readonly #space = new RunningSpace((module) => this.#announce(module.id))
  /** First loads under way, by module. */
  readonly #loading = new Map<string, FirstLoad>()
  readonly #announced = new Set<string>()
  readonly #stage: Stage

  constructor(options: LinkerOptions) {
    this.#options = options
    this.#native = options.native ?? anchoredImports()
    const { onFinalised } = options
    const finalised = onFinalised && new FinalizationRegistry(onFinalised)
    this.#stage = {
      space: this.#space,
      host: this.#host((id) => this.#space.known(id)),
      born: (instance, info) => {
        finalised?.register(instance, info)
        this.#announce(info.id)
      },
    }
    installStackTraces()
  }

  /** Makes a module of the preloaded runtime importable. Its values are copied at its first use; it never changes. */
  registerPreloaded(id: string, namespace: () => Readonly<Namespace>): void {
    const make = (): void => {
      this.#space.addPreloaded(id, namespace())
      this.#announce(id)
    }
    this.#space.wait(id, { make })
  }

  /**
   * Loads modules for the first time, with everything they import, in the order given. Those
   * loaded already are left as they are; concurrent loads of one module share one evaluation.
   *
   * @throws PrepareError; what was loaded before the failing module stays loaded.
   */
  async load(ids: readonly string[]): Promise<void> {
    const reading: Promise<void>[] = []
    const ready = Promise.resolve().then(() => Promise.allSettled(reading))
    const loads: FirstLoad[] = []
    for (const id of ids) {
      if (!this.isLoaded(id)) loads.push(this.#loading.get(id) ?? this.#begin(id, reading, ready))
    }
    await Promise.all(loads.map((load) => load.ended))
  }

  /**
   * As {@link load}, for a boot, when nobody else loads anything: all modules are read before the first of them runs,
   * and they come from archives where there are any.
   *
   * A module that `waits` is loaded as far as anybody can tell: its code is here, and it is evaluated as soon as one of
   * its names is read or the linker is asked anything about it; being imported alone is no reason. For modules
   * whose initial values have no effects; what the build can tell (statements, awaits, packages) it tells.
   *
   * @throws PrepareError with everything that is wrong with any of them
   */
  async loadAll(
    ids: readonly string[],
    archives?: Archives,
    waits: (id: string) => boolean = () => false,
  ): Promise<void> {
    // As they are now: what waits stays what was booted, wherever its application's folder is by then.
    const places = new Map(ids.map((id) => [id, this.#options.fileOf(id)]))
    const place = (id: string): Place | undefined => places.get(id) ?? this.#options.fileOf(id)
    const now: string[] = []
    for (const id of ids) {
      const at = place(id)
      const names = at !== undefined && waits(id) ? archives?.names(id, at) : undefined
      if (archives === undefined || names === undefined) now.push(id)
      else this.#space.wait(id, { make: () => this.#wake(id, place, archives), names })
    }
    const collection = collect(
      now.filter((id) => !this.isLoaded(id)),
      this.#source(place, (id) => this.#isThere(id), archives),
    )
    await collection.settled()
    for (const id of now) {
      const units = this.isLoaded(id) ? [] : this.#order(collection.units, id)
      const installed = units.length > 0 ? drive(this.#install(units)) : undefined
      if (installed !== undefined) await installed
    }
  }

  /**
   * Reads and compiles an upgrade, with the npm packages and new modules it needs. Nothing that
   * runs is touched, so it can be dropped at any time.
   *
   * @param changes in the order they will be swapped
   * @param dirs folders of applications by name, for new modules of applications without a change;
   *   default: as in `changes`, else where `fileOf` says
   * @throws PrepareError with all problems, each with its module and file
   */
  async prepare(changes: readonly Change[], dirs: Readonly<Record<string, string>> = {}): Promise<Prepared> {
    this.#refuse(
      changes.filter((change) => this.#space.known(change.id)?.preloaded).map((change) => change.id),
      'preloaded',
    )
    const byId = new Map(changes.map((change) => [change.id, change.dir]))
    const byApplication = new Map(Object.entries(dirs))
    for (const { id, dir } of changes)
      if (!byApplication.has(applicationOf(id))) byApplication.set(applicationOf(id), dir)
    const place = (id: string): Place | undefined => {
      const dir = byId.get(id) ?? byApplication.get(applicationOf(id))
      return dir === undefined ? this.#options.fileOf(id) : placeIn(dir, id)
    }
    const collection = collect(
      [...byId.keys()],
      this.#source(place, (id) => this.#space.known(id)?.view !== undefined),
    )
    await collection.settled()
    return new Prepared([...byId.keys()], collection.units)
  }

  /**
   * Evaluates a prepared upgrade aside, in the order of its swaps: the modules of the batch see
   * each other as they will, everything else as it runs. Side effects of top-level code happen.
   *
   * @returns how to reach a module of the trial, for as long as it is held; undefined for all others
   * @throws PrepareError `evaluation_failed` for the first module that throws
   */
  async trial(prepared: Prepared): Promise<(id: string) => Namespace | undefined> {
    const space = new ScratchSpace(this.#space, prepared.ids)
    const stage: Stage = { space, host: this.#host((id) => space.own(id) ?? this.#space.known(id)), born: () => {} }
    const done = new Set<string>()
    for (const id of prepared.changes) {
      if (done.has(id)) continue
      const units = loadOrder(prepared.units, id, (dep) => space.module(dep).view !== undefined)
      await drive(evaluate(stage, units))
      for (const unit of units) done.add(unit.id)
    }
    return (id) => space.own(id)?.facade
  }

  /**
   * Makes the prepared version of a module current, its present one old; new modules it imports
   * are loaded with it. References reach the new version when this returns. Nothing is left to do
   * when the module came in with an earlier swap.
   *
   * @returns a promise only when top-level await is involved
   * @throws PrepareError: `not_purged`, `not_prepared`, `evaluation_failed`; then nothing has changed
   */
  swap(prepared: Prepared, id: string): void | Promise<void> {
    if (!prepared.units.has(id)) throw new PrepareError([{ tag: 'not_prepared', module: id }])
    if (prepared.isInstalled(id, this.current(id))) return
    const loading = this.#loading.get(id)
    if (loading !== undefined) return loading.ended.then(() => this.swap(prepared, id))
    const units = this.#order(prepared.units, id)
    const unpurged = units.map((unit) => unit.id).filter((unit) => this.#space.known(unit)?.old !== undefined)
    this.#refuse(unpurged, 'not_purged')
    return drive(this.#install(units, prepared))
  }

  /**
   * Takes a module away: its current version becomes old and its facade loses all names.
   *
   * @returns false when it was not loaded
   * @throws PrepareError `not_purged`, `preloaded`
   */
  remove(id: string): boolean {
    const module = this.#space.known(id)
    if (module?.preloaded) this.#refuse([id], 'preloaded')
    if (module?.current === undefined) return false
    if (module.old !== undefined) this.#refuse([id], 'not_purged')
    module.old = module.current.info
    module.current = undefined
    show(this.#space, module, undefined)
    return true
  }

  /** Forgets the old version of a module. What still runs of it runs on. Returns whether there was one. */
  purge(id: string): boolean {
    const module = this.#space.known(id)
    if (module?.old === undefined) return false
    module.old = undefined
    return true
  }

  /** Keeps the versions of `ids` as they are, those not loaded as not loaded. For `restore`. */
  snapshot(ids: Iterable<string>): Snapshot {
    return takeSnapshot(this.#space, ids)
  }

  /** Makes current and old versions what they were at the snapshot, and facades with them. Runs no code. */
  restore(snapshot: Snapshot): void {
    restoreSnapshot(this.#space, snapshot)
  }

  /** Whether a module is there and has run. */
  isLoaded(id: string): boolean {
    const module = this.#space.known(id)
    return module !== undefined && (module.preloaded || module.view?.done === true)
  }

  /** What importers of a module hold; undefined when it is not loaded. */
  facade(id: string): Namespace | undefined {
    const module = this.#space.known(id)
    return module !== undefined && (module.preloaded || module.view !== undefined) ? module.facade : undefined
  }

  /** The version that calls reach. Compare by identity; it does not keep the code alive. */
  current(id: string): VersionInfo | undefined {
    return this.#space.known(id)?.current?.info
  }

  /** The version before, until it is purged. */
  old(id: string): VersionInfo | undefined {
    return this.#space.known(id)?.old
  }

  hasOld(id: string): boolean {
    return this.old(id) !== undefined
  }

  /** The version a facade leads to: for the process table, which notes what a callback entered. */
  versionOf(facade: object): VersionInfo | undefined {
    return this.#space.ofFacade(facade)?.current?.info
  }

  /** Dead when no code of the version can run any more, which only a garbage collection tells. */
  versionToken(id: string, which: 'current' | 'old' = 'current'): WeakRef<object> | undefined {
    return (which === 'old' ? this.old(id) : this.current(id))?.token
  }

  /** Ids of all loaded modules, in the order in which they were first heard of. */
  loaded(): string[] {
    return [...this.#space.all()].filter((module) => this.isLoaded(module.id)).map((module) => module.id)
  }

  /**
   * Claims a module with all it needs, then runs it when everything is read and its dependencies
   * have run. Loads of one call go by the same steps, so without top-level await they run in order.
   */
  #begin(id: string, reading: Promise<void>[], ready: Promise<readonly PromiseSettledResult<void>[]>): FirstLoad {
    const others = new Set<FirstLoad>()
    const satisfied = (dep: string): boolean => {
      const loading = this.#loading.get(dep)
      if (loading !== undefined) others.add(loading)
      return loading !== undefined || this.#isThere(dep)
    }
    const collection = collect(
      [id],
      this.#source((dep) => this.#options.fileOf(dep), satisfied),
    )
    const index = reading.push(collection.settled()) - 1
    const run = async (): Promise<void> => {
      const outcome = (await ready)[index]
      if (outcome?.status === 'rejected') throw outcome.reason
      const waits = [...others].filter((other) => !other.done)
      if (waits.length > 0) await Promise.all(waits.map((other) => other.ended))
      const installed = this.#isThere(id) ? undefined : drive(this.#install(this.#order(collection.units, id)))
      if (installed !== undefined) await installed
      load.done = true
    }
    const load: FirstLoad = { ended: run(), done: false }
    const forget = () => {
      for (const unit of collection.units.keys()) this.#loading.delete(unit)
    }
    load.ended.then(forget, forget)
    for (const unit of collection.units.keys()) this.#loading.set(unit, load)
    return load
  }

  /** Evaluates a module that waited. What it imports and waits as well goes on waiting. */
  #wake(id: string, place: Source['place'], archives: Archives): void {
    const source = this.#source(place, (dep) => this.#isThere(dep), archives)
    const alone = collectAlone(id, source)
    if (alone !== undefined) {
      drive(this.#install([alone]))
      return
    }
    const collection = collect([id], source)
    collection.check()
    // Evaluated by now where something that it passes on imports it in turn.
    if (!this.#isThere(id)) drive(this.#install(this.#order(collection.units, id)))
  }

  /** Whether an import of a module needs nothing more. */
  #isThere(id: string): boolean {
    return this.#space.waits(id) || this.#space.known(id)?.view !== undefined
  }

  #order(units: ReadonlyMap<string, Unit>, id: string): Unit[] {
    return loadOrder(units, id, (dep) => (this.#space.waits(dep) ? !units.has(dep) : this.#isThere(dep)))
  }

  /** Evaluates units and makes them current. */
  *#install(units: readonly Unit[], prepared?: Prepared): Steps<void> {
    for (const unit of units) this.#space.arrives(unit.id)
    const versions = yield* evaluate(this.#stage, units)
    for (const version of versions) {
      const module = this.#space.module(version.unit.id)
      module.old = module.current?.info
      module.current = version
      prepared?.markInstalled(version.info)
    }
  }

  #source(place: Source['place'], satisfied: Source['satisfied'], archives?: Archives): Source {
    return {
      place,
      satisfied,
      archives,
      waits: (id) => this.#space.waits(id),
      known: (id) => this.#space.known(id),
      native: this.#native,
      readMap: this.#options.readMap ?? readMapBeside,
    }
  }

  /** What running code may ask for. `find` tells which modules it sees: in a trial, those of the trial. */
  #host(find: (id: string) => Module | undefined): Host {
    return hostOf({
      find,
      exists: (id) => this.#space.known(id) !== undefined || this.#options.fileOf(id) !== undefined,
      fileOf: (id) => this.#options.fileOf(id)?.file,
      native: this.#native,
      load: async (id) => {
        await this.load([id])
        return this.#space.module(id).facade
      },
    })
  }

  #announce(id: string): void {
    if (this.#announced.has(id)) return
    this.#announced.add(id)
    this.#options.onFacade?.(id, this.#space.module(id).facade)
  }

  #refuse(ids: readonly string[], tag: 'not_purged' | 'preloaded'): void {
    if (ids.length > 0) throw new PrepareError(ids.map((module) => ({ tag, module })))
  }
}
