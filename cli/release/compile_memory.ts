/**
 * What compiling remembers within one program: source files that were read, and modules that were built. Whoever compiles
 * the same applications again and again, and knows which files have changed, pays for these alone.
 */
import { existsSync } from 'node:fs'
import type { ImportTarget, ModuleMeta } from '../../runtime/erts/linker/meta.js'
import type { BehaviourFacts } from './behaviour_facts.js'
import type { CompileFault } from './compile_fault.js'
import type { CompiledModule } from './compiled.js'
import type { ImportWorld } from './module_import.js'
import type { ModuleSource } from './module_source.js'

/** A source file as it was read. */
export interface SourceText {
  readonly text: string
  /** Stands for everything its module depends on but what its imports lead to. */
  readonly key: string
}

/** Which source files there are, and what imports may lead to. */
export interface SourceWorld {
  readonly world: ImportWorld
  /** Modules of each application. */
  readonly wanted: ReadonlyMap<string, readonly ModuleSource[]>
  readonly faults: readonly CompileFault[]
}

/** A module as the cache keeps it: what was built, and what every specifier led to when it was. */
export interface CacheEntry {
  readonly code: string
  readonly map: string
  readonly meta: ModuleMeta
  readonly requests: readonly (readonly [specifier: string, target: ImportTarget])[]
  readonly behaviour: BehaviourFacts
}

/** A module that was built, from what, and in which world its imports were followed. */
export interface BuiltModule {
  readonly key: string
  readonly entry: CacheEntry
  /** The same object as long as nothing of it changes. */
  readonly module: CompiledModule
  readonly world: ImportWorld
}

/** See the head of this file. */
export class CompileMemory {
  /** By id. */
  readonly built = new Map<string, BuiltModule>()
  readonly #texts = new Map<string, SourceText>()
  #sources: SourceWorld | undefined

  /** What there is, read where that is not known. */
  async sources(read: () => Promise<SourceWorld>): Promise<SourceWorld> {
    this.#sources ??= await read()
    return this.#sources
  }

  /** The text of a file, read where it is not known. */
  async text(file: string, read: () => Promise<SourceText>): Promise<SourceText> {
    const known = this.#texts.get(file) ?? (await read())
    this.#texts.set(file, known)
    return known
  }

  /** The text of a file as it was compiled; undefined where it is not known. */
  textOf(file: string): string | undefined {
    return this.#texts.get(file)?.text
  }

  /**
   * Files have changed, come or gone: they are read again; folders only where some came or went.
   *
   * @returns whether some did
   */
  forget(files: readonly string[]): boolean {
    const others = files.filter((file) => !this.#texts.delete(file) || !existsSync(file))
    if (others.length > 0) this.#sources = undefined
    return others.length > 0
  }
}
