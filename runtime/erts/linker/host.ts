/**
 * What the code of a module asks its linker for: `import()` and `import.meta`.
 *
 * Literal specifiers were resolved by the build. What a program computes is resolved here, by
 * the same rules as far as a node knows them: relative to the module, a built-in, a module of an
 * application, or else an npm package seen from the application's folder.
 */
import { isBuiltin } from 'node:module'
import { dirname, posix } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { ImportTarget, Namespace } from './meta.js'
import type { NativeImports } from './native.js'
import { PrepareError } from './prepare_error.js'
import { builtTarget, type Host, type Module, type Unit } from './version.js'

/** The linker, as far as running code sees it. */
export interface Surroundings {
  /** The module of that id, if there is one: in a trial, that of the trial. */
  find(id: string): Module | undefined
  /** Whether there is a module of that id, loaded or on disk. */
  exists(id: string): boolean
  /** The file a module would be loaded from. */
  fileOf(id: string): string | undefined
  readonly native: NativeImports
  /** Loads a module for the first time and gives its facade. */
  load(id: string): Promise<Namespace>
}

/** The host of modules in these surroundings. */
export function hostOf(around: Surroundings): Host {
  return {
    importMeta: (unit) => importMetaOf(unit, around),
    async dynamicImport(specifier, options, unit) {
      const target = resolveAtRun(String(specifier), unit, around)
      if (!('m' in target)) return around.native.load('b' in target ? target.b : target.p, unit.place.dir, options)
      const found = around.find(target.m)
      if (found !== undefined && (found.preloaded || found.view?.done)) return found.facade
      try {
        return await around.load(target.m)
      } catch (error) {
        // import() rejects with what the module itself threw.
        const problem = error instanceof PrepareError ? error.problems[0] : undefined
        throw problem?.tag === 'evaluation_failed' ? problem.cause : error
      }
    },
  }
}

/** Where `specifier` leads when the code of `unit` imports it at run time. */
function resolveAtRun(specifier: string, unit: Unit, around: Surroundings): ImportTarget {
  const built = builtTarget(unit.meta, specifier)
  if (built !== undefined) return built
  if (specifier.startsWith('.')) return { m: withoutEnding(posix.join(posix.dirname(unit.id), specifier)) }
  if (isBuiltin(specifier)) return { b: specifier.startsWith('node:') ? specifier : `node:${specifier}` }
  const id = withoutEnding(specifier.includes('/') ? specifier : `${specifier}/${specifier}`)
  return around.exists(id) ? { m: id } : { p: specifier }
}

/** `import.meta`: everything in it is of the version's own file. */
function importMetaOf(unit: Unit, around: Surroundings): object {
  const { file, dir } = unit.place
  const meta = {
    url: pathToFileURL(file).href,
    filename: file,
    dirname: dirname(file),
    main: false,
    resolve(specifier: string): string {
      const target = resolveAtRun(String(specifier), unit, around)
      if (!('m' in target)) return around.native.resolve('b' in target ? target.b : target.p, dir)
      const found = around.find(target.m)?.view?.info.file ?? around.fileOf(target.m)
      if (found === undefined) throw new Error(`Cannot find module '${specifier}' imported from ${file}`)
      return pathToFileURL(found).href
    },
  }
  return Object.setPrototypeOf(meta, null)
}

function withoutEnding(path: string): string {
  return path.replace(/\.[cm]?[jt]s$/, '')
}
