/**
 * Metadata of a built module: what the build's transform writes and the linker reads.
 *
 * A built module is a function body, `return {m: META, f: (function*($m, …){…})}`. META says
 * what the module imports, already resolved by the build, and what it exports. Nothing is
 * resolved on the node but specifiers computed at run time (`import(x)`).
 *
 * OTP: the import, export and attribute chunks of a .beam file, `Mod:module_info/0`.
 */
import { sep } from 'node:path'

/** A module's namespace: its exports by name. */
export type Namespace = Record<string, unknown>

/** Where an import specifier leads, decided by the build. */
export type ImportTarget =
  /** A module of the release, as `application/module`; JSON modules keep their `.json`. */
  | { readonly m: string }
  /** A module that Node brings along, with its `node:` prefix. */
  | { readonly b: string }
  /** A specifier inside an npm package, as Node resolves it from the application's folder. */
  | { readonly p: string }

/** One static import of a module: a specifier, once per import type. */
export type BuiltImport = ImportTarget & {
  /** The specifier as written. */
  readonly s: string
  /** The import attribute `type`, where there is one. */
  readonly type?: string
  /** Names taken from it, `import {n}` and `export {n} from` alike; never `*`. */
  readonly n?: readonly string[]
  /** Line of the first import of it in the source, from 1. */
  readonly l?: number
}

/** What the linker has to know about a module before it runs. */
export interface ModuleMeta {
  /** Static imports, in source order; parameter `i + 1` of the wrapper is import `i`. */
  readonly imports: readonly BuiltImport[]
  /** `export * from`: indexes of `imports`. */
  readonly stars: readonly number[]
  /** Every exported name but those that come through `stars`, in source order. */
  readonly exports: readonly string[]
  /** Exports that belong to an import: name -> index of `imports` and its name there, `*` for the namespace. */
  readonly re?: Readonly<Record<string, readonly [index: number, name: string]>>
  /** Dynamic imports of a literal specifier: specifier -> target. */
  readonly dynamic?: Readonly<Record<string, ImportTarget>>
  /** True when the module awaits at its top level; its evaluation is then asynchronous. */
  readonly tla: boolean
  /** True when its top level has statements that are no declarations, so that when it runs may matter to others. */
  readonly acts?: true
}

/** The wrapper: yields a live view of the own exports, then returns their final values. */
export type Wrapper = (
  instance: object,
  ...imports: readonly unknown[]
) => Generator<Namespace, Namespace> | AsyncGenerator<Namespace, Namespace>

/** What the text of a built module evaluates to. */
export interface BuiltModule {
  readonly m: ModuleMeta
  readonly f: Wrapper
}

/** The file of a module, and its application's folder. */
export interface Place {
  /** Absolute path of the built module. */
  readonly file: string
  /** Absolute path of the application's folder, `lib/APP-VSN`. */
  readonly dir: string
}

/** The application of a module id: what stands before the first slash. */
export function applicationOf(id: string): string {
  const slash = id.indexOf('/')
  return slash < 0 ? id : id.slice(0, slash)
}

/** Where the built module `id` lies in its application's folder `dir`: `ebin/NAME.js`, JSON modules as they are. */
export function placeIn(dir: string, id: string): Place {
  const name = id.slice(applicationOf(id).length + 1)
  // Not `join`: a boot asks for every module, and neither part has anything to normalise.
  return { file: `${dir}${sep}ebin${sep}${name}${name.endsWith('.json') ? '' : '.js'}`, dir }
}
