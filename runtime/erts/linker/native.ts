/**
 * What stays with Node's own loader: built-in modules and npm packages.
 *
 * A package is imported by the anchor of its application, a two-line ES module in
 * `lib/APP-VSN/ebin`, so that Node resolves it from there: with `import` conditions, for
 * ESM-only and dual packages and native addons alike. One instance per real path lives as long
 * as the node; it is never unloaded.
 */
import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Namespace } from './meta.js'

/** The text of `ebin/anchor.mjs`, which the build writes where an application has npm dependencies. */
export const ANCHOR_TEXT =
  'export const imp = (specifier, options) => import(specifier, options)\n' +
  'export const res = (specifier) => import.meta.resolve(specifier)\n'

/** Imports what Node loads; `dir` is the application's folder. */
export interface NativeImports {
  /** A module that Node brings along, at once; undefined for any other specifier. */
  builtin(specifier: string): Namespace | undefined
  load(specifier: string, dir: string, options?: ImportCallOptions): Promise<Namespace>
  /** The URL of a specifier. An application's first import must have settled before; throws as Node does. */
  resolve(specifier: string, dir: string): string
}

/** What means the same from everywhere, so that no anchor is needed. */
const IS_URL = /^(?:file:|data:|\/)/

interface Anchor {
  imp(specifier: string, options?: ImportCallOptions): Promise<Namespace>
  res(specifier: string): string
}

const builtins = new Map<string, Namespace>()

/**
 * A built-in as an ES module sees it: its exports of this moment, and all of them as `default`. Node's own namespace is
 * only to be had from its ES loader, which a node need not start for anything else. Departure: what is changed later in
 * the exports is seen through `default` only, also after `syncBuiltinESMExports`.
 */
function builtinNamespace(specifier: string): Namespace | undefined {
  if (!isBuiltin(specifier)) return undefined
  let namespace = builtins.get(specifier)
  if (namespace === undefined) {
    const exports: unknown = process.getBuiltinModule(specifier)
    namespace = namespaceOf(Object(exports))
    builtins.set(specifier, namespace)
  }
  return namespace
}

function namespaceOf(exports: object): Namespace {
  const namespace: Namespace = {}
  for (const name of Object.keys(exports)) {
    // Getters stay getters: much of Node is loaded only when they are read.
    if (Object.getOwnPropertyDescriptor(exports, name)?.get === undefined) namespace[name] = Reflect.get(exports, name)
    else Object.defineProperty(namespace, name, { get: () => Reflect.get(exports, name), enumerable: true })
  }
  namespace.default = exports
  return Object.freeze(Object.setPrototypeOf(namespace, null))
}

/** Node's `import()`, which only code that Node loaded itself has. */
export type NodeImport = (specifier: string, options?: ImportCallOptions) => Promise<Namespace>

/** That of this module: for a program that Node has loaded. */
export const importHere: NodeImport = (specifier, options) => import(specifier, options)

/** Native imports through anchors, each loaded at the first package its application needs. */
export function anchoredImports(nodeImport: NodeImport = importHere): NativeImports {
  const anchors = new Map<string, Promise<Anchor>>()
  const loaded = new Map<string, Anchor>()

  async function anchorOf(dir: string): Promise<Anchor> {
    let anchor = anchors.get(dir)
    if (anchor === undefined) {
      // The build writes the anchor from ANCHOR_TEXT, so its shape is known.
      anchor = nodeImport(pathToFileURL(join(dir, 'ebin', 'anchor.mjs')).href) as Promise<unknown> as Promise<Anchor>
      anchors.set(dir, anchor)
      anchor.then(
        (value) => loaded.set(dir, value),
        () => anchors.delete(dir),
      )
    }
    return anchor
  }

  return {
    builtin: builtinNamespace,
    async load(specifier, dir, options) {
      const builtin = builtinNamespace(specifier)
      if (builtin !== undefined) return builtin
      if (IS_URL.test(specifier)) return nodeImport(specifier)
      return (await anchorOf(dir)).imp(specifier, options)
    },
    resolve(specifier, dir) {
      if (isBuiltin(specifier)) return specifier.startsWith('node:') ? specifier : `node:${specifier}`
      const anchor = loaded.get(dir)
      if (anchor === undefined) throw new Error(`cannot resolve "${specifier}": no npm package of ${dir} was imported`)
      return anchor.res(specifier)
    },
  }
}
