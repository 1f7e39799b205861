/**
 * Reads modules with everything they need that is not there yet; touches nothing that runs.
 *
 * Reading and compiling are synchronous, so the whole closure is known (and can be claimed by one
 * load) before anything else happens; only native imports take time. All problems are gathered.
 *
 * OTP: code:prepare_loading/1.
 */
import type { Archives } from './archive.js'
import { readModule } from './compile.js'
import type { BuiltImport, BuiltModule, ModuleMeta, Place } from './meta.js'
import type { NativeImports } from './native.js'
import { type Importer, PrepareError, type PrepareProblem } from './prepare_error.js'
import { newScript, type ReadMap, type Script, sourceOf } from './stacks.js'
import type { Dependency, Module, Unit } from './version.js'

/** Where modules come from, and which are there already. */
export interface Source {
  /** The file a module is to be read from; undefined when no application has it. */
  place(id: string): Place | undefined
  /** Whether a dependency need not be read: it is loaded, or another load has it. */
  satisfied(id: string): boolean
  /** The module where it is known: to check names of preloaded ones. */
  known(id: string): Module | undefined
  readonly native: NativeImports
  readonly readMap: ReadMap
  /** Whether a module is there that need not run before its facade is used. */
  waits(id: string): boolean
  /** Modules that need not be read from their files. */
  readonly archives?: Archives | undefined
}

/** What was read. */
export interface Collection {
  /** By id: the modules asked for first, in that order, each followed by what it needs. */
  readonly units: ReadonlyMap<string, Unit>
  /** Waits for native imports. @throws PrepareError with everything that is wrong */
  settled(): Promise<void>
  /** For modules that import nothing to wait for. @throws as {@link settled} */
  check(): void
}

/** Reads `ids`, whether they are there already or not, and their dependencies that are not. */
export function collect(ids: readonly string[], source: Source): Collection {
  const units = new Map<string, Unit>()
  const problems: PrepareProblem[] = []
  const waits: Promise<void>[] = []
  const wanted = new Set(ids)

  function read(id: string, importer?: () => Importer): void {
    if (units.has(id)) return
    const place = source.place(id)
    if (place === undefined) {
      problems.push({ tag: 'module_not_found', module: id, ...(importer ? { importer: importer() } : {}) })
      return
    }
    let built: BuiltModule
    let script: Script | undefined
    try {
      const archived = source.archives?.take(id, place, source.readMap)
      script = archived?.script ?? (place.file.endsWith('.json') ? undefined : newScript(place.file, source.readMap))
      built = archived?.built ?? readModule(id, place.file, script?.name)
    } catch (error) {
      if (!(error instanceof PrepareError)) throw error
      for (const problem of error.problems) {
        problems.push(problem.tag === 'module_not_found' && importer ? { ...problem, importer: importer() } : problem)
      }
      return
    }
    const deps: Dependency[] = []
    units.set(id, { id, place, meta: built.m, wrapper: built.f, deps, script })
    for (const [index, entry] of built.m.imports.entries())
      deps[index] = dependency(entry, deps, index, id, place, built.m)
  }

  function dependency(
    entry: BuiltImport,
    deps: Dependency[],
    index: number,
    id: string,
    place: Place,
    meta: ModuleMeta,
  ): Dependency {
    if ('m' in entry) {
      if (units.has(entry.m)) return { id: entry.m }
      if (source.waits(entry.m)) {
        // Only names that are passed on must be there when the module that passes them on has run.
        if (!passesOn(meta, index)) return { id: entry.m }
        if (source.archives !== undefined) {
          read(entry.m, () => importerOf(entry, id, place))
          return { id: entry.m }
        }
      }
      const known = source.known(entry.m)
      if (known?.preloaded) checkNames(known.facade, entry, id, place)
      else if (!wanted.has(entry.m) && !source.satisfied(entry.m)) read(entry.m, () => importerOf(entry, id, place))
      return { id: entry.m }
    }
    const options = entry.type === undefined ? undefined : { with: { type: entry.type } }
    const specifier = 'b' in entry ? entry.b : entry.p
    const builtin = 'b' in entry ? source.native.builtin(specifier) : undefined
    if (builtin !== undefined) {
      checkNames(builtin, entry, id, place)
      return { native: builtin }
    }
    waits.push(
      source.native.load(specifier, place.dir, options).then(
        (native) => {
          checkNames(native, entry, id, place)
          deps[index] = { native }
        },
        (cause: unknown) => {
          problems.push({ tag: 'native_import_failed', importer: importerOf(entry, id, place), cause })
        },
      ),
    )
    return { native: {} } // stands in until the import above has settled; nothing runs before
  }

  /** Names of what never changes are checked as Node checks them: when linking. */
  function checkNames(namespace: object, entry: BuiltImport, id: string, place: Place): void {
    for (const name of entry.n ?? []) {
      if (!(name in namespace)) problems.push({ tag: 'missing_export', importer: importerOf(entry, id, place), name })
    }
  }

  function importerOf(entry: BuiltImport, id: string, place: Place): Importer {
    const file = sourceOf(place.file, source.readMap)
    return { module: id, file, specifier: entry.s, ...(entry.l === undefined ? {} : { line: entry.l }) }
  }

  function check(): void {
    if (problems.length > 0) throw new PrepareError(problems)
  }

  for (const id of wanted) read(id)
  return {
    units,
    check,
    async settled() {
      await Promise.all(waits)
      check()
    },
  }
}

/**
 * A module out of an archive, where nothing that it imports has to be read or to run before it: the usual case when a
 * module that waited is used, in a third of the time that `collect` takes.
 *
 * @returns undefined in every other case, and where something is wrong
 */
export function collectAlone(id: string, source: Source): Unit | undefined {
  const place = source.place(id)
  const found = place && source.archives?.take(id, place, source.readMap)
  if (place === undefined || found === undefined) return undefined
  const { m: meta, f: wrapper } = found.built
  const deps: Dependency[] = []
  for (const [index, entry] of meta.imports.entries()) {
    const native = 'b' in entry ? source.native.builtin(entry.b) : undefined
    if (native !== undefined) deps.push({ native })
    else if (!('m' in entry)) return undefined
    else {
      const waits = source.waits(entry.m)
      if (waits ? passesOn(meta, index) : !source.known(entry.m)?.preloaded && !source.satisfied(entry.m))
        return undefined
      deps.push({ id: entry.m })
    }
  }
  return { id, place, meta, wrapper, deps, script: found.script }
}

/** Whether a module exports names of its import `index` as its own, other than the whole namespace. */
function passesOn({ stars, re = {} }: ModuleMeta, index: number): boolean {
  return stars.includes(index) || Object.values(re).some(([from, name]) => from === index && name !== '*')
}

/**
 * The units a load of `id` has to run, dependencies first: itself, and those of its dependencies
 * that are not loaded.
 */
export function loadOrder(units: ReadonlyMap<string, Unit>, id: string, loaded: (id: string) => boolean): Unit[] {
  const order: Unit[] = []
  const seen = new Set<string>()
  const visit = (unit: Unit): void => {
    seen.add(unit.id)
    for (const dep of unit.deps) {
      if ('native' in dep || seen.has(dep.id) || loaded(dep.id)) continue
      const next = units.get(dep.id)
      if (next !== undefined) visit(next)
    }
    order.push(unit)
  }
  const root = units.get(id)
  if (root !== undefined) visit(root)
  return order
}
