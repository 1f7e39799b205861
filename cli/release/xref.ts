/**
 * Checks between built modules: names that nobody exports, and top-level awaits.
 *
 * Both are warnings: a missing name is an error of the call, not of the link, as in Erlang. OTP: xref.
 */
import type { BuiltImport } from '../../runtime/erts/linker/meta.js'
import type { CompiledModule } from './compiled.js'
import { placeOf, type SourcePlace } from './place_in_text.js'

/** The imported module does not export the name (OTP xref: `undefined_function_calls`). */
export interface UndefinedExport extends SourcePlace {
  readonly tag: 'undefined_export'
  readonly name: string
  readonly module: string
}

/** Top-level await: its upgrade is not one step for the rest of the node. */
export interface TopLevelAwait {
  readonly tag: 'top_level_await'
  readonly file: string
}

/** Looks up the exported names of a module; undefined where they are not known: preloaded, JSON, or through such a one. */
export function exportNames(built: ReadonlyMap<string, CompiledModule>): (id: string) => Set<string> | undefined {
  const known = new Map<string, Set<string> | undefined>()
  const exportsOf = (id: string, seen: ReadonlySet<string> = new Set()): Set<string> | undefined => {
    const { meta } = built.get(id) ?? {}
    if (meta === undefined) return undefined
    const names = new Set([...meta.exports, ...Object.keys(meta.re ?? {})])
    for (const star of meta.stars) {
      const { m } = { m: undefined, ...meta.imports[star] }
      if (m !== undefined && seen.has(m)) continue
      const more = m === undefined ? undefined : exportsOf(m, new Set([...seen, id]))
      if (more === undefined) return undefined
      for (const name of more) if (name !== 'default') names.add(name)
    }
    return names
  }
  return (id) => {
    if (!known.has(id)) known.set(id, exportsOf(id))
    return known.get(id)
  }
}

/** Imports of names that the imported module of an application does not have. */
export function undefinedExports(
  built: ReadonlyMap<string, CompiledModule>,
  texts: ReadonlyMap<string, string>,
): UndefinedExport[] {
  const exportsOf = exportNames(built)
  const check = (module: CompiledModule, found: BuiltImport): UndefinedExport[] => {
    if (!('m' in found)) return []
    const names = exportsOf(found.m)
    const missing = names === undefined ? [] : (found.n ?? []).filter((name) => !names.has(name))
    if (missing.length === 0) return []
    const place = placeOf(found.s, texts.get(module.id) ?? '')
    return missing.map((name) => ({ tag: 'undefined_export', file: module.source, ...place, name, module: found.m }))
  }
  return [...built.values()].flatMap((module) => (module.meta?.imports ?? []).flatMap((found) => check(module, found)))
}

/** Modules that await at their top level. */
export function topLevelAwaits(built: ReadonlyMap<string, CompiledModule>): TopLevelAwait[] {
  const awaiting = [...built.values()].filter(({ meta }) => meta?.tla === true)
  return awaiting.map(({ source }) => ({ tag: 'top_level_await', file: source }))
}
