/**
 * Callback modules against their behaviours: what is missing, misspelt, of a wrong arity or claimed twice.
 *
 * A module is of a behaviour when it says so (`export const behaviour = 'gen_server'`), when it is handed as a module to
 * a start function (`GenServer.startLink({ local: 'x' }, self)`), or as the `mod` of an application. All are warnings,
 * as the compiler's are in OTP: a callback that is absent fails when it is needed, if ever.
 * OTP: `check_behaviours` in stdlib's erl_lint.erl.
 */
import {
  type Behaviour,
  type BehaviourFault,
  conflicts,
  faultsOf,
  formatBehaviourFault,
  OTP_BEHAVIOURS,
} from '../../runtime/stdlib/src/behaviour.js'
import { didYouMean, nearest } from '../../schemas/nearest.js'
import type { BehaviourFacts, Spot } from './behaviour_facts.js'
import type { CompiledModule } from './compiled.js'
import { exportNames } from './xref.js'

/** Where a module is said to be of a behaviour: in a source file, or in `mod` of an app.json. */
type Place = { readonly file: string } & (Spot | { readonly path: string })

/** A callback module that is none, or not quite. */
export type BehaviourWarning = Place &
  (
    | { readonly tag: 'behaviour'; readonly fault: BehaviourFault }
    /** A behaviour has an optional callback that is none of its callbacks; defining it would throw. */
    | {
        readonly tag: 'undeclared_callback'
        readonly behaviour: string
        readonly callback: string
        readonly known: readonly string[]
      }
  )

/** An application and the module that starts it. */
export interface ApplicationModule {
  readonly name: string
  readonly appFile: string
  /** The callback module within the application; undefined for a library application. */
  readonly module: string | undefined
}

/**
 * Checks the callback modules of a release.
 *
 * @param built every module, by id
 * @param facts what each says; a module without facts is JSON
 * @returns in order of the modules' ids
 */
export function behaviourWarnings(
  built: ReadonlyMap<string, CompiledModule>,
  facts: ReadonlyMap<string, BehaviourFacts>,
  applications: readonly ApplicationModule[],
): BehaviourWarning[] {
  const known = new Map(OTP_BEHAVIOURS)
  const warnings: BehaviourWarning[] = []
  for (const [id, { declares }] of inOrder(facts)) {
    const file = built.get(id)?.source ?? ''
    for (const { line, column, ...behaviour } of declares) {
      known.set(behaviour.name, behaviour)
      const callbacks = Object.keys(behaviour.callbacks)
      for (const callback of behaviour.optional.filter((name) => !callbacks.includes(name))) {
        const about = { behaviour: behaviour.name, callback, known: callbacks }
        warnings.push({ tag: 'undeclared_callback', file, line, column, ...about })
      }
    }
  }
  const names = exportNames(built)
  for (const [id, claims] of inOrder(claimsByModule(built, facts, applications))) {
    const exported = names(id)
    // What comes through an unknown `export *` cannot be judged.
    if (exported === undefined) continue
    const exports = new Map([...exported].map((name) => [name, facts.get(id)?.arities[name]]))
    const found = new Map<string, Behaviour>()
    for (const [behaviour, place] of claims) {
      const declared = known.get(behaviour)
      if (declared !== undefined) found.set(behaviour, declared)
      const faults: BehaviourFault[] =
        declared === undefined
          ? [{ tag: 'undefined_behaviour', module: id, behaviour, nearest: nearest(behaviour, known.keys()) }]
          : faultsOf(declared, id, exports)
      for (const fault of faults) warnings.push({ tag: 'behaviour', ...place, fault })
    }
    const [first] = claims.values()
    if (first === undefined) continue
    for (const fault of conflicts([...found.values()], id)) warnings.push({ tag: 'behaviour', ...first, fault })
  }
  return warnings
}

/** Behaviours of each module, with the first place that says so. */
function claimsByModule(
  built: ReadonlyMap<string, CompiledModule>,
  facts: ReadonlyMap<string, BehaviourFacts>,
  applications: readonly ApplicationModule[],
): Map<string, Map<string, Place>> {
  const all = new Map<string, Map<string, Place>>()
  const claim = (id: string, behaviour: string, place: Place) => {
    const claims = all.get(id) ?? new Map<string, Place>()
    if (!claims.has(behaviour)) claims.set(behaviour, place)
    all.set(id, claims)
  }
  for (const [id, { claims }] of facts) {
    const file = built.get(id)?.source ?? ''
    for (const { behaviour, line, column } of claims) claim(id, behaviour, { file, line, column })
  }
  for (const [id, { starts }] of facts) {
    const { source: file = '', meta } = built.get(id) ?? {}
    for (const { behaviour, specifier, line, column } of starts) {
      const target = meta?.imports.find(({ s }) => s === specifier)
      if (target !== undefined && 'm' in target && built.has(target.m)) {
        claim(target.m, behaviour, { file, line, column })
      }
    }
  }
  for (const { name, appFile, module } of applications) {
    const id = `${name}/${module}`
    if (module !== undefined && built.has(id)) claim(id, 'application', { file: appFile, path: 'mod' })
  }
  return all
}

const inOrder = <T>(map: ReadonlyMap<string, T>): [string, T][] => [...map].sort(([a], [b]) => (a < b ? -1 : 1))

/** The warning as one sentence, without its place. */
export function formatBehaviourWarning(warning: BehaviourWarning): string {
  switch (warning.tag) {
    case 'behaviour':
      return formatBehaviourFault(warning.fault)
    case 'undeclared_callback': {
      const { behaviour, callback, known } = warning
      return `behaviour "${behaviour}" has the optional callback "${callback}", which is none of its callbacks; define would throw${didYouMean(callback, known)}`
    }
  }
}
