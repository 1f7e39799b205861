/** What compiling gives: built modules, and what is known of each. */
import type { ImportTarget, ModuleMeta } from '../../runtime/erts/linker/meta.js'
import type { BehaviourFacts } from './behaviour_facts.js'
import type { SourcePlace } from './place_in_text.js'

/** A built module. */
export interface CompiledModule {
  readonly application: string
  /** Name inside the application. */
  readonly name: string
  /** `APPLICATION/NAME`. */
  readonly id: string
  /** Its source file, absolute. */
  readonly source: string
  /** Its file below `ebin`. */
  readonly file: string
  /** Text of the built module, or of the JSON file. */
  readonly code: string
  /** Its source map as JSON; a JSON module has none. */
  readonly map: string | undefined
  /** A JSON module has none. */
  readonly meta: ModuleMeta | undefined
  /** Its imports from npm packages. */
  readonly packages: readonly PackageUse[]
  /** What its text says of behaviours; a JSON module says nothing. */
  readonly behaviour?: BehaviourFacts | undefined
}

/** An import from an npm package. */
export interface PackageUse extends SourcePlace {
  readonly specifier: string
  /** Only imported dynamically. */
  readonly optional: boolean
}

/** An application and its built modules, by name. */
export interface CompiledApplication {
  readonly name: string
  readonly vsn: string
  readonly modules: readonly CompiledModule[]
}

/** Where the imports of a module lead, static and dynamic. */
export function targets(meta: ModuleMeta | undefined): readonly ImportTarget[] {
  return meta === undefined ? [] : [...meta.imports, ...Object.values(meta.dynamic ?? {})]
}
