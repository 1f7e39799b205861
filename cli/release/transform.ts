/**
 * An ES module in JavaScript -> the text of a built module.
 *
 *     return {m:META,f:(function*($m,$dep,…){"use strict";…live view…;…the module…;return{…}})}
 *
 * References to imports become reads of facades at each use; everything else stays as it was, on
 * its line. The wrapper is a generator, so that instantiating and evaluating are two steps as in
 * ES modules: its first yield is a live view of the exports, what it returns their final values.
 *
 * OTP: the compiler's distinction of local and fully qualified calls.
 */

import { SourceMap, type SourceMapPayload } from 'node:module'
import { basename } from 'node:path'
import remapping, { type EncodedSourceMap } from '@jridgewell/remapping'
import { type Node, type Program, parse } from 'acorn'
import MagicString from 'magic-string'
import type { ImportTarget, ModuleMeta } from '../../runtime/erts/linker/meta.js'
import type { SourcePlace } from './place_in_text.js'
import { type DeclarationContext, type Declarations, takeDeclarations } from './transform_declarations.js'
import { TransformError } from './transform_error.js'
import { freshNames, isPlain, keyText } from './transform_names.js'
import { type References, rewriteReferences } from './transform_references.js'

export { TransformError } from './transform_error.js'

/** A specifier as it stands in the source. */
export interface ImportSite {
  /** Whether it is an `import(…)` of a literal. */
  readonly dynamic: boolean
  /** Where it stands in the source. */
  readonly place: SourcePlace
}

export interface TransformOptions {
  /** The source's name, for messages and maps. */
  readonly filename: string
  /** The compiler's map from `code` to the source, as an object or as JSON. */
  readonly inputMap?: EncodedSourceMap | string | undefined
  /** Name of the map file in the `sourceMappingURL`; default: the base name of `filename` with `.js.map`. */
  readonly mapUrl?: string
  /**
   * Says where a specifier leads. What it throws becomes a TransformError at the import.
   * For a dynamic import undefined leaves the specifier to the run time.
   */
  resolve(specifier: string, attributes: Readonly<Record<string, string>>, site: ImportSite): ImportTarget | undefined
}

export interface Transformed {
  /** The text of the built module, with its `sourceMappingURL`. */
  readonly code: string
  /** From `code` to the source. */
  readonly map: EncodedSourceMap
  readonly meta: ModuleMeta
}

/** Transforms one module. @throws TransformError that names line and column of the source */
export function transform(code: string, options: TransformOptions): Transformed {
  const text = new MagicString(code)
  const places = placeFinder(code, options)
  const fail: DeclarationContext['fail'] = (node, problem) =>
    new TransformError({ ...problem, place: places(node.start) })
  const { program, splits } = parseModule(code, places)
  for (const at of splits) text.appendLeft(at, ' ')
  const fresh = freshNames(code)
  const instance = fresh('$m')

  const ask = (specifier: string, attributes: Readonly<Record<string, string>>, node: Node, dynamic: boolean) => {
    try {
      return options.resolve(specifier, attributes, { dynamic, place: places(node.start) })
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw fail(node, { tag: 'unresolved_import', specifier, text: reason, cause })
    }
  }
  const declarations = takeDeclarations(program, {
    code,
    text,
    fresh,
    fail,
    lineOf: (node) => places(node.start).line,
    resolve(specifier, attributes, node) {
      const target = ask(specifier, attributes, node, false)
      if (target !== undefined) return target
      throw fail(node, { tag: 'unresolved_import', specifier, text: 'it leads nowhere', cause: undefined })
    },
  })
  const references = rewriteReferences(program, declarations, {
    text,
    instance,
    fail,
    resolveDynamic: (specifier, attributes, node) => ask(specifier, attributes, node, true),
  })

  const acts = program.body.some(({ type }) => !DECLARATION.test(type))
  const meta = metaOf(declarations, references, acts, (name) => fail(program, { tag: 'unsupported_name', name }))
  wrap(text, code, instance, meta, declarations, references)
  text.append(`\n//# sourceMappingURL=${options.mapUrl ?? defaultMapUrl(options.filename)}`)
  return { code: text.toString(), map: mapOf(text, options), meta }
}

/**
 * Parses, and finds where `<!--` and `-->` are made of operators: in a function body they would
 * start a comment, so a space goes in between.
 */
function parseModule(code: string, places: (offset: number) => SourcePlace): { program: Program; splits: number[] } {
  const splits: number[] = []
  let last: { start: number; end: number } | undefined
  const onToken = (token: { start: number; end: number }) => {
    if (token.end - token.start === 1 && code.startsWith('<!--', token.start)) splits.push(token.end)
    const touches = last !== undefined && last.end === token.start && last.end - last.start === 2
    if (touches && last !== undefined && code.startsWith('-->', last.start)) splits.push(token.start)
    last = token
  }
  try {
    const program = parse(code, {
      ecmaVersion: 'latest',
      sourceType: 'module',
      allowHashBang: true,
      ...(/<!--|-->/.test(code) ? { onToken } : {}),
    })
    return { program, splits }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    const pos: unknown = Reflect.get(error, 'pos')
    const words = error.message.replace(/ \(\d+:\d+\)$/, '')
    throw new TransformError({ tag: 'syntax_error', place: places(typeof pos === 'number' ? pos : 0), text: words })
  }
}

function metaOf(
  { imports, stars, exported }: Declarations,
  { awaits, dynamic }: References,
  acts: boolean,
  unsupported: (name: string) => TransformError,
): ModuleMeta {
  const re: Record<string, readonly [number, string]> = {}
  for (const entry of exported) {
    if ('local' in entry) continue
    if (entry.name === '__proto__') throw unsupported(entry.name) // in an object literal it is no key
    re[entry.name] = [entry.from.index, entry.from.name]
  }
  return {
    imports,
    stars,
    exports: exported.map((entry) => entry.name),
    ...(Object.keys(re).length > 0 ? { re } : {}),
    ...(Object.keys(dynamic).length > 0 ? { dynamic } : {}),
    tla: awaits,
    ...(acts ? { acts } : {}),
  }
}

/** A statement at the top of a module that makes a binding of its own. */
const DECLARATION = /^(Import|Export|Function|Class|Variable)\w*Declaration$/

/** Puts the rewritten text into its wrapper. Re-exports are not in it; the linker binds them. */
function wrap(
  text: MagicString,
  code: string,
  instance: string,
  meta: ModuleMeta,
  { params, exported, unnamed }: Declarations,
  { written }: References,
): void {
  const live: string[] = []
  const final: string[] = []
  for (const entry of exported) {
    if (!('local' in entry)) continue
    const getter = `get ${keyText(entry.name)}(){return ${entry.local}}`
    live.push(getter)
    if (written.has(entry.local)) final.push(getter)
    else if (entry.name === entry.local && isPlain(entry.name) && entry.name !== '__proto__') final.push(entry.name)
    else final.push(`${keyText(entry.name)}:${entry.local}`)
  }
  const rename = unnamed
    .map((local) => `Object.defineProperty(${local},"name",{value:"default",configurable:true});`)
    .join('')
  if (code.startsWith('#!')) text.update(0, 2, '//')
  const head = `${meta.tla ? 'async ' : ''}function*(${[instance, ...params].join(',')})`
  text.prepend(
    `return {m:${JSON.stringify(meta)},f:(${head}{"use strict";${rename}${instance}.token=()=>${instance};yield{${live.join(',')}};`,
  )
  text.append(`\n;return{${final.join(',')}}})}`)
}

function mapOf(text: MagicString, { filename, inputMap }: TransformOptions): EncodedSourceMap {
  const own = text.generateMap({ source: filename, hires: 'boundary', includeContent: inputMap === undefined })
  const { sources, names, mappings, sourcesContent } = own
  const map: EncodedSourceMap = { version: 3, sources, names, mappings, ...(sourcesContent ? { sourcesContent } : {}) }
  if (inputMap === undefined) return map
  // Without `decodedMappings` the result is the encoded form; its class covers both.
  return { ...(remapping([map, inputMap], () => null) as EncodedSourceMap) }
}

/** Offsets in `code` -> places in the source, through the compiler's map where there is one. */
function placeFinder(code: string, { filename, inputMap }: TransformOptions): (offset: number) => SourcePlace {
  let map: SourceMap | undefined
  let starts: number[] | undefined
  return (offset) => {
    starts ??= lineStarts(code)
    const line = lastAtMost(starts, offset)
    const column = offset - (starts[line] ?? 0)
    if (inputMap !== undefined) {
      // Node's type wants fields that the format leaves optional.
      map ??= new SourceMap((typeof inputMap === 'string' ? JSON.parse(inputMap) : inputMap) as SourceMapPayload)
      const entry = map.findEntry(line, column)
      if ('originalLine' in entry) {
        return { file: filename, line: entry.originalLine + 1, column: entry.originalColumn + 1 }
      }
    }
    return { file: filename, line: line + 1, column: column + 1 }
  }
}

function lineStarts(code: string): number[] {
  const starts = [0]
  for (const found of code.matchAll(/\r\n|[\n\r\u2028\u2029]/g)) starts.push(found.index + found[0].length)
  return starts
}

/** Index of the last number that is at most `value`, in an ascending list that starts with 0. */
function lastAtMost(ascending: readonly number[], value: number): number {
  let low = 0
  let high = ascending.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((ascending[middle] ?? 0) <= value) low = middle
    else high = middle - 1
  }
  return low
}

function defaultMapUrl(filename: string): string {
  return `${basename(filename).replace(/\.[^.]*$/, '')}.js.map`
}
