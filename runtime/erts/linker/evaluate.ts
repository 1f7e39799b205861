/**
 * Runs compiled modules: instantiate all, then evaluate dependencies first, as ES modules do.
 *
 * Everything here is synchronous unless a module awaits at its top level; then, and only then,
 * the steps yield a promise. When anything throws, references reach what they reached before;
 * side effects of top-level code cannot be taken back.
 *
 * OTP: `-on_load`, whose failure also leaves the old code current.
 */
import { sealNamespace } from './compile.js'
import { reexportersOf, registerReexports, show, sync } from './facade.js'
import type { Namespace } from './meta.js'
import { evaluationFailed, PrepareError } from './prepare_error.js'
import { importedValue } from './resolve_export.js'
import { type Host, Instance, type Module, type Space, type Unit, type Version, type VersionInfo } from './version.js'

/** Steps that yield only where a module awaits at its top level. */
export type Steps<T> = Generator<Promise<unknown>, T, unknown>

/** Where units run: for good, or in a trial. */
export interface Stage {
  readonly space: Space
  readonly host: Host
  /** Called for each instance as it is made. */
  born(instance: Instance, info: VersionInfo): void
}

type Running = { readonly module: Module; readonly version: Version; readonly run: Run }
type Run = ReturnType<Unit['wrapper']>

/**
 * Evaluates `units`, which are in dependency order, and shows each as soon as it is done.
 *
 * @returns the versions, in the order given; the caller makes them current.
 * @throws PrepareError `evaluation_failed` with what the module threw as its cause.
 */
export function* evaluate(stage: Stage, units: readonly Unit[]): Steps<Version[]> {
  const { space } = stage
  const before = units.map((unit) => ({ module: space.module(unit.id), view: space.module(unit.id).view }))
  const late = new Set<Module>()
  let running: Unit | undefined
  try {
    const batch: Running[] = []
    for (const unit of units) {
      running = unit
      const { module, version, run } = instantiate(stage, unit)
      const first = run.next()
      version.namespace = first instanceof Promise ? yield* settled(first) : first.value
      if (module.view === undefined) appear(space, module, version, late)
      batch.push({ module, version, run })
    }
    for (const { module, version, run } of batch) {
      running = version.unit
      showCycle(space, version)
      const last = run.next()
      version.namespace = sealNamespace(last instanceof Promise ? yield* settled(last) : last.value)
      version.done = true
      show(space, module, version)
    }
    for (const module of reexportersOf(late)) sync(space, module)
    return batch.map((entry) => entry.version)
  } catch (cause) {
    for (const { module, view } of before.reverse()) if (module.view !== view) show(space, module, view)
    if (running === undefined) throw cause
    throw new PrepareError([evaluationFailed(running.id, running.place.file, cause)])
  }
}

/** Calls the wrapper, which runs nothing of the module yet. */
function instantiate(stage: Stage, unit: Unit): Running {
  const { space, host } = stage
  const module = space.module(unit.id)
  const instance = new Instance(host, unit)
  module.serial += 1
  const info: VersionInfo = {
    id: unit.id,
    serial: module.serial,
    file: unit.place.file,
    dir: unit.place.dir,
    token: new WeakRef(instance),
  }
  stage.born(instance, info)
  const { wrapper } = unit // called without a receiver: `this` is undefined at the top of a module
  const run = wrapper(instance, ...unit.deps.map((dep) => importedValue(space, dep)))
  return { module, version: { unit, info, namespace: NOTHING, done: false }, run }
}

const NOTHING: Namespace = {}

/** A module seen for the first time is in view as soon as it has a live view. */
function appear(space: Space, module: Module, version: Version, late: Set<Module>): void {
  module.view = version
  registerReexports(space, module, version)
  // A module that was removed and comes back: who re-exports from it resolves anew at the end.
  for (const dependent of module.reexporters) if (dependent.shown) late.add(module)
}

/** The value of a step that a module takes its time for. */
function* settled(step: Promise<unknown>): Steps<Namespace> {
  // What is sent back for a yielded promise is its value, and this one is a result of the wrapper.
  return ((yield step) as IteratorResult<Namespace, Namespace>).value
}

/** Dependencies that are not evaluated yet stand in a cycle: their live view is shown before it is needed. */
function showCycle(space: Space, version: Version): void {
  for (const dep of version.unit.deps) {
    if ('native' in dep) continue
    const module = space.module(dep.id)
    if (module.view !== undefined && !module.view.done && !module.shown) sync(space, module)
  }
}

/** Runs steps: at once where none waits, else as a promise. */
export function drive<T>(steps: Steps<T>): T | Promise<T> {
  const first = steps.next()
  return first.done ? first.value : finish(steps, first.value)
}

async function finish<T>(steps: Steps<T>, first: Promise<unknown>): Promise<T> {
  let pending = first
  for (;;) {
    let next: IteratorResult<Promise<unknown>, T>
    try {
      const value = await pending
      next = steps.next(value)
    } catch (error) {
      next = steps.throw(error)
    }
    if (next.done) return next.value
    pending = next.value
  }
}
