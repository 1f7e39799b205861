/**
 * The import and export statements of a module: taken out of its text and into its metadata.
 *
 * Lines never move: what is removed leaves its line breaks behind.
 */
import type { ExportDefaultDeclaration, ImportAttribute, ImportDeclaration, Literal, Node, Program } from 'acorn'
import type MagicString from 'magic-string'
import type { BuiltImport, ImportTarget } from '../../runtime/erts/linker/meta.js'
import type { TransformError, TransformProblem } from './transform_error.js'
import { parameterName } from './transform_names.js'
import { nameOf, patternNames } from './transform_scope.js'

/** A local name that stands for an import: which one, and its name there; `*` is the namespace. */
export interface ImportedName {
  readonly index: number
  readonly name: string
}

/** An exported name: a binding of the module, or one of an import. */
export type ExportedName =
  | { readonly name: string; readonly local: string }
  | { readonly name: string; readonly from: ImportedName }

export interface Declarations {
  readonly imports: BuiltImport[]
  /** Wrapper parameters, one per import. */
  readonly params: readonly string[]
  readonly stars: readonly number[]
  /** By local name. */
  readonly imported: ReadonlyMap<string, ImportedName>
  readonly exported: readonly ExportedName[]
  /** Bindings made for anonymous default functions, which shall be called "default". */
  readonly unnamed: readonly string[]
}

export interface DeclarationContext {
  readonly code: string
  readonly text: MagicString
  readonly fresh: (base: string) => string
  /** Resolves a specifier that stands at `node`. */
  resolve(specifier: string, attributes: Readonly<Record<string, string>>, node: Node): ImportTarget
  /** The error for a place. */
  fail(node: Node, problem: DistributiveOmit<TransformProblem, 'place'>): TransformError
  /** Line in the source, from 1. */
  lineOf(node: Node): number
}

export type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never

/** Optional white space and comments between two tokens. */
const GAP = String.raw`(?:\s|/\*[^]*?\*/|//[^\n\r]*)*`
const EXPORT_DEFAULT = new RegExp(`^export${GAP}default`)
const FUNCTION_HEAD = new RegExp(`^(?:async${GAP})?function(?:${GAP}\\*)?`)

/** Reads and removes the import and export statements of `program`. */
export function takeDeclarations(program: Program, context: DeclarationContext): Declarations {
  const { code, text, fresh } = context
  const imports: (BuiltImport & { n?: string[] })[] = []
  const params: string[] = []
  const stars: number[] = []
  const imported = new Map<string, ImportedName>()
  const exported: ExportedName[] = []
  const unnamed: string[] = []
  const requests = new Map<string, number>()

  /** One wrapper parameter per specifier and import type. */
  function request(source: Literal, list: readonly ImportAttribute[]): number {
    const specifier = String(source.value)
    const attributes = attributesOf(list)
    const key = `${specifier}\0${attributes.type ?? ''}`
    const known = requests.get(key)
    if (known !== undefined) return known
    const target = context.resolve(specifier, attributes, source)
    const type = attributes.type === undefined ? {} : { type: attributes.type }
    imports.push({ s: specifier, ...target, ...type, l: context.lineOf(source) })
    params.push(fresh(parameterName(specifier)))
    requests.set(key, imports.length - 1)
    return imports.length - 1
  }

  function take(index: number, name: string): void {
    const entry = imports[index]
    if (entry === undefined || name === '*') return
    entry.n ??= []
    if (!entry.n.includes(name)) entry.n.push(name)
  }

  const drop = (node: Node) => text.update(node.start, node.end, `;${lineBreaks(code, node.start, node.end)}`)
  const cut = (start: number, end: number) => {
    if (end > start) text.update(start, end, lineBreaks(code, start, end) || ' ')
  }

  function takeImport(statement: ImportDeclaration): void {
    const index = request(statement.source, statement.attributes)
    for (const specifier of statement.specifiers) {
      const name =
        specifier.type === 'ImportNamespaceSpecifier'
          ? '*'
          : specifier.type === 'ImportDefaultSpecifier'
            ? 'default'
            : nameOf(specifier.imported)
      imported.set(specifier.local.name, { index, name })
      take(index, name)
    }
    drop(statement)
  }

  function takeDefault(statement: ExportDefaultDeclaration): void {
    const { declaration } = statement
    const named = declaration.type === 'FunctionDeclaration' || declaration.type === 'ClassDeclaration'
    if (named && declaration.id) {
      cut(statement.start, declaration.start)
      exported.push({ name: 'default', local: declaration.id.name })
      return
    }
    const local = fresh('$default')
    exported.push({ name: 'default', local })
    if (declaration.type === 'FunctionDeclaration') {
      // Anonymous but hoisted: it needs a binding, and gets its name back afterwards.
      cut(statement.start, declaration.start)
      const head = FUNCTION_HEAD.exec(code.slice(declaration.start))
      text.appendLeft(declaration.start + (head?.[0].length ?? 0), ` ${local}`)
      unnamed.push(local)
      return
    }
    // The property gives anonymous classes and arrow functions the name "default".
    const keyword = EXPORT_DEFAULT.exec(code.slice(statement.start))?.[0].length ?? 0
    const breaks = lineBreaks(code, statement.start, statement.start + keyword)
    text.update(statement.start, statement.start + keyword, `const {default:${local}}={default:${breaks}`)
    if (code[statement.end - 1] === ';') text.update(statement.end - 1, statement.end, '};')
    else text.appendLeft(statement.end, '};')
  }

  for (const statement of program.body) {
    refusePhase(statement, context)
    switch (statement.type) {
      case 'ImportDeclaration':
        takeImport(statement)
        break
      case 'ExportAllDeclaration': {
        const index = request(statement.source, statement.attributes)
        if (statement.exported) exported.push({ name: nameOf(statement.exported), from: { index, name: '*' } })
        else stars.push(index)
        drop(statement)
        break
      }
      case 'ExportNamedDeclaration': {
        const { declaration, source } = statement
        if (declaration) {
          cut(statement.start, declaration.start)
          const names =
            declaration.type === 'VariableDeclaration'
              ? declaration.declarations.flatMap(({ id }) => patternNames(id))
              : [declaration.id.name]
          for (const name of names) exported.push({ name, local: name })
          break
        }
        const index = source ? request(source, statement.attributes) : undefined
        for (const specifier of statement.specifiers) {
          const name = nameOf(specifier.exported)
          const local = nameOf(specifier.local)
          if (index === undefined) exported.push({ name, local })
          else {
            exported.push({ name, from: { index, name: local } })
            take(index, local)
          }
        }
        drop(statement)
        break
      }
      case 'ExportDefaultDeclaration':
        takeDefault(statement)
    }
  }
  return { imports, params, stars, imported, exported: exported.map((entry) => passedOn(entry, imported)), unnamed }
}

/** `import {f}` with `export {f}` is a re-export. */
function passedOn(entry: ExportedName, imported: ReadonlyMap<string, ImportedName>): ExportedName {
  const from = 'local' in entry ? imported.get(entry.local) : undefined
  return from ? { name: entry.name, from } : entry
}

/** The attributes of an import statement, by name. */
export function attributesOf(list: readonly ImportAttribute[]): Record<string, string> {
  return Object.fromEntries(list.map((attribute) => [nameOf(attribute.key), String(attribute.value.value)]))
}

/** Refuses `import defer` and the like, which newer parsers accept. */
export function refusePhase(node: Node, context: Pick<DeclarationContext, 'fail'>): void {
  const phase: unknown = Reflect.get(node, 'phase')
  if (typeof phase === 'string') throw context.fail(node, { tag: 'import_phase', phase })
}

function lineBreaks(code: string, start: number, end: number): string {
  return code.slice(start, end).replace(/[^\n\r]/g, '')
}
