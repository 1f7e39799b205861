/**
 * Which names a piece of source declares: the part of scope analysis that needs no scope.
 *
 * ECMAScript: BoundNames, LexicallyDeclaredNames and VarDeclaredNames.
 */
import type { AnyNode, Identifier, Literal, Pattern, Statement } from 'acorn'

/** Names of one scope and the scope around it; the module's own scope is `undefined`. */
export interface Scope {
  readonly names: ReadonlySet<string>
  readonly up: Scope | undefined
}

/** True when `name` means the module's own binding: no scope in between declares it. */
export function isOuter(name: string, scope: Scope | undefined): boolean {
  for (let at = scope; at; at = at.up) if (at.names.has(name)) return false
  return true
}

/** The names a pattern binds, in source order. */
export function patternNames(pattern: Pattern | null | undefined, out: string[] = []): string[] {
  switch (pattern?.type) {
    case 'Identifier':
      out.push(pattern.name)
      break
    case 'ObjectPattern':
      for (const property of pattern.properties) {
        patternNames(property.type === 'RestElement' ? property.argument : property.value, out)
      }
      break
    case 'ArrayPattern':
      for (const element of pattern.elements) patternNames(element, out)
      break
    case 'RestElement':
      patternNames(pattern.argument, out)
      break
    case 'AssignmentPattern':
      patternNames(pattern.left, out)
      break
  }
  return out
}

/** `let`, `const`, `using`, class and function names of one block. */
export function lexicalNames(statements: Iterable<AnyNode>, out = new Set<string>()): Set<string> {
  for (const statement of statements) {
    if (statement.type === 'FunctionDeclaration' || statement.type === 'ClassDeclaration') {
      if (statement.id) out.add(statement.id.name)
    } else if (statement.type === 'VariableDeclaration' && statement.kind !== 'var') {
      for (const { id } of statement.declarations) for (const name of patternNames(id)) out.add(name)
    }
  }
  return out
}

/** `var` names of a function body, wherever they stand in it, but not in functions and classes inside. */
export function varNames(node: AnyNode | readonly Statement[], out = new Set<string>()): Set<string> {
  if (isList(node)) {
    for (const statement of node) varNames(statement, out)
    return out
  }
  if (isFunction(node) || node.type === 'ClassDeclaration' || node.type === 'ClassExpression') return out
  if (node.type === 'VariableDeclaration' && node.kind === 'var') {
    for (const { id } of node.declarations) for (const name of patternNames(id)) out.add(name)
  }
  for (const child of childrenOf(node)) varNames(child, out)
  return out
}

export function isFunction(node: AnyNode): boolean {
  return (
    node.type === 'FunctionDeclaration' || node.type === 'FunctionExpression' || node.type === 'ArrowFunctionExpression'
  )
}

/** The nodes directly below a node, in source order of its fields. */
export function* childrenOf(node: AnyNode): Iterable<AnyNode> {
  for (const value of Object.values(node)) {
    if (Array.isArray(value)) {
      for (const item of value) if (isNode(item)) yield item
    } else if (isNode(value)) {
      yield value
    }
  }
}

/** Whether two nodes stand in the relation parent.key = child. */
export function isField(parent: AnyNode, key: string, child: AnyNode): boolean {
  return Reflect.get(parent, key) === child
}

/** What an import or export specifier calls something: an identifier or a string. */
export function nameOf(node: Identifier | Literal): string {
  return node.type === 'Literal' ? String(node.value) : node.name
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
}

function isList(value: AnyNode | readonly Statement[]): value is readonly Statement[] {
  return Array.isArray(value)
}
