/**
 * The uses of imports in a module: rewritten to reads of the facade at each use.
 *
 * A walk with scopes over the whole syntax tree, one case per node type that declares, assigns or
 * hides names; longer than other files because every such case belongs together.
 */
import type {
  AnyNode,
  AssignmentProperty,
  Class,
  Expression,
  ForInStatement,
  ForOfStatement,
  ForStatement,
  Function as FunctionNode,
  Identifier,
  ImportExpression,
  ModuleDeclaration,
  Node,
  Pattern,
  Program,
  Property,
  Statement,
  SwitchStatement,
} from 'acorn'
import type MagicString from 'magic-string'
import type { ImportTarget } from '../../runtime/erts/linker/meta.js'
import { type DeclarationContext, type Declarations, type ImportedName, refusePhase } from './transform_declarations.js'
import { memberText } from './transform_names.js'
import { childrenOf, isField, isOuter, lexicalNames, patternNames, type Scope, varNames } from './transform_scope.js'

/** What the walk found out. */
export interface References {
  /** Bindings of the module's own scope that are assigned to after their declaration. */
  readonly written: ReadonlySet<string>
  /** Whether the module awaits outside functions. */
  readonly awaits: boolean
  /** Literal dynamic imports with their targets. */
  readonly dynamic: Readonly<Record<string, ImportTarget>>
}

interface ReferenceContext extends Pick<DeclarationContext, 'fail'> {
  readonly text: MagicString
  /** Name of the wrapper's first parameter. */
  readonly instance: string
  /** Resolves a literal dynamic import; undefined leaves it to the run time. */
  resolveDynamic(specifier: string, attributes: Readonly<Record<string, string>>, node: Node): ImportTarget | undefined
}

/** Where a statement starts a line of its own, so that a rewritten call needs a semicolon before it. */
const LISTS: ReadonlySet<string> = new Set(['Program', 'BlockStatement', 'StaticBlock', 'SwitchCase'])

/** Rewrites every use of an import, `import()` and `import.meta` in `program`. */
export function rewriteReferences(
  program: Program,
  declarations: Declarations,
  { text, instance, resolveDynamic, fail }: ReferenceContext,
): References {
  const { imported, params } = declarations
  const written = new Set<string>()
  const dynamic: Record<string, ImportTarget> = {}
  /** Nodes a statement of a list starts with. */
  const leading = new Set<AnyNode>()
  let awaits = false
  let functionDepth = 0

  const read = ({ index, name }: ImportedName): string =>
    name === '*' ? String(params[index]) : memberText(String(params[index]), name)
  const locked = (name: string): string => `${instance}.readonly(${JSON.stringify(name)}).x`
  const importOf = (name: string, scope: Scope | undefined): ImportedName | undefined =>
    isOuter(name, scope) ? imported.get(name) : undefined

  function reference(node: Identifier, scope: Scope | undefined, parent: AnyNode): void {
    const found = importOf(node.name, scope)
    if (!found) return
    const called =
      found.name !== '*' &&
      ((parent.type === 'CallExpression' && isField(parent, 'callee', node)) ||
        (parent.type === 'TaggedTemplateExpression' && isField(parent, 'tag', node)))
    // The semicolon keeps the parenthesis from calling what the line before ends with.
    const written = called ? `${leading.has(node) ? ';' : ''}(0, ${read(found)})` : read(found)
    text.update(node.start, node.end, written)
  }

  /** What an assignment writes to. */
  function target(pattern: Pattern | Expression | null, scope: Scope | undefined): void {
    if (!pattern) return
    switch (pattern.type) {
      case 'Identifier':
        if (!isOuter(pattern.name, scope)) return
        if (imported.has(pattern.name)) text.update(pattern.start, pattern.end, locked(pattern.name))
        else written.add(pattern.name)
        return
      case 'ObjectPattern':
        for (const property of pattern.properties) {
          if (property.type === 'RestElement') {
            target(property.argument, scope)
            continue
          }
          if (property.computed) visit(property.key, scope, property)
          const { value } = property
          const name = value.type === 'AssignmentPattern' ? value.left : value
          if (property.shorthand && name.type === 'Identifier' && importOf(name.name, scope)) {
            text.appendLeft(name.start, `${name.name}: `)
          }
          target(value, scope)
        }
        return
      case 'ArrayPattern':
        for (const element of pattern.elements) target(element, scope)
        return
      case 'RestElement':
        target(pattern.argument, scope)
        return
      case 'AssignmentPattern':
        target(pattern.left, scope)
        visit(pattern.right, scope, pattern)
        return
      case 'ParenthesizedExpression':
        target(pattern.expression, scope)
        return
      default:
        visit(pattern, scope, pattern)
    }
  }

  /** What a declaration binds: only defaults and computed keys are expressions. */
  function binding(pattern: Pattern | null | undefined, scope: Scope | undefined): void {
    switch (pattern?.type) {
      case 'ObjectPattern':
        for (const property of pattern.properties) {
          if (property.type === 'RestElement') {
            binding(property.argument, scope)
            continue
          }
          if (property.computed) visit(property.key, scope, property)
          binding(property.value, scope)
        }
        return
      case 'ArrayPattern':
        for (const element of pattern.elements) binding(element, scope)
        return
      case 'RestElement':
        binding(pattern.argument, scope)
        return
      case 'AssignmentPattern':
        binding(pattern.left, scope)
        visit(pattern.right, scope, pattern)
        return
    }
  }

  function block(list: readonly Statement[], scope: Scope | undefined, parent: AnyNode, names = new Set<string>()) {
    const inner: Scope = { names: lexicalNames(list, names), up: scope }
    for (const statement of list) visit(statement, inner, parent)
  }

  function visitFunction(node: FunctionNode & AnyNode, scope: Scope | undefined): void {
    const names = new Set(node.params.flatMap((param) => patternNames(param)))
    if (node.type === 'FunctionExpression' && node.id) names.add(node.id.name)
    const inner: Scope = { names, up: scope }
    functionDepth++
    for (const param of node.params) binding(param, inner)
    if (node.body.type === 'BlockStatement') block(node.body.body, inner, node.body, varNames(node.body.body))
    else visit(node.body, inner, node)
    functionDepth--
  }

  function visitClass(node: Class & AnyNode, scope: Scope | undefined): void {
    const inner: Scope | undefined = node.id ? { names: new Set([node.id.name]), up: scope } : scope
    visit(node.superClass, inner, node)
    for (const member of node.body.body) {
      if (member.type !== 'StaticBlock' && member.computed) visit(member.key, inner, member)
      functionDepth++
      if (member.type === 'StaticBlock') block(member.body, inner, member, varNames(member.body))
      else visit(member.value, inner, member)
      functionDepth--
    }
  }

  /** The head of a loop has a scope of its own. */
  function visitFor(node: ForStatement | ForInStatement | ForOfStatement, scope: Scope | undefined): void {
    const head = node.type === 'ForStatement' ? node.init : node.left
    const inner: Scope = { names: lexicalNames(head?.type === 'VariableDeclaration' ? [head] : []), up: scope }
    if (node.type === 'ForStatement') {
      visit(node.init, inner, node)
      visit(node.test, inner, node)
      visit(node.update, inner, node)
    } else {
      if (node.left.type === 'VariableDeclaration') visit(node.left, inner, node)
      else target(node.left, inner)
      visit(node.right, inner, node)
    }
    visit(node.body, inner, node)
  }

  function visitSwitch(node: SwitchStatement, scope: Scope | undefined): void {
    visit(node.discriminant, scope, node)
    const inner: Scope = { names: lexicalNames(node.cases.flatMap((part) => part.consequent)), up: scope }
    for (const part of node.cases) {
      visit(part.test, inner, part)
      for (const statement of part.consequent) visit(statement, inner, part)
    }
  }

  function visitProperty(node: Property | AssignmentProperty, scope: Scope | undefined): void {
    if (node.computed) visit(node.key, scope, node)
    if (!node.shorthand) {
      visit(node.value, scope, node)
      return
    }
    const found = node.value.type === 'Identifier' ? importOf(node.value.name, scope) : undefined
    if (found) text.appendLeft(node.end, `: ${read(found)}`)
  }

  function visitImport(node: ImportExpression, scope: Scope | undefined): void {
    refusePhase(node, { fail })
    text.update(node.start, node.start + 'import'.length, `${instance}.import`)
    const { source, options } = node
    if (source.type === 'Literal' && typeof source.value === 'string') {
      const resolved = resolveDynamic(source.value, literalAttributes(options), source)
      if (resolved) dynamic[source.value] = resolved
    }
    visit(source, scope, node)
    visit(options, scope, node)
  }

  function visit(
    node: AnyNode | Statement | ModuleDeclaration | null | undefined,
    scope: Scope | undefined,
    parent: AnyNode,
  ): void {
    if (!node) return
    switch (node.type) {
      case 'ImportDeclaration':
      case 'ExportAllDeclaration':
      case 'BreakStatement':
      case 'ContinueStatement':
        return
      case 'ExportNamedDeclaration':
      case 'ExportDefaultDeclaration':
        visit(node.declaration, scope, node)
        return
      case 'LabeledStatement':
        visit(node.body, scope, node)
        return
      case 'Identifier':
        reference(node, scope, parent)
        return
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        visitFunction(node, scope)
        return
      case 'ClassDeclaration':
      case 'ClassExpression':
        visitClass(node, scope)
        return
      case 'BlockStatement':
        block(node.body, scope, node)
        return
      case 'SwitchStatement':
        visitSwitch(node, scope)
        return
      case 'ForOfStatement':
        if (node.await && functionDepth === 0) awaits = true
        visitFor(node, scope)
        return
      case 'ForStatement':
      case 'ForInStatement':
        visitFor(node, scope)
        return
      case 'CatchClause': {
        const inner: Scope = { names: new Set(patternNames(node.param)), up: scope }
        binding(node.param, inner)
        visit(node.body, inner, node)
        return
      }
      case 'VariableDeclaration':
        if (node.kind === 'await using' && functionDepth === 0) awaits = true
        for (const declarator of node.declarations) {
          binding(declarator.id, scope)
          visit(declarator.init, scope, declarator)
        }
        return
      case 'AssignmentExpression':
        target(node.left, scope)
        visit(node.right, scope, node)
        return
      case 'UpdateExpression':
        target(node.argument, scope)
        return
      case 'AwaitExpression':
        if (functionDepth === 0) awaits = true
        visit(node.argument, scope, node)
        return
      case 'MemberExpression':
        visit(node.object, scope, node)
        if (node.computed) visit(node.property, scope, node)
        return
      case 'Property':
        visitProperty(node, scope)
        return
      case 'MetaProperty':
        if (node.meta.name === 'import') text.update(node.start, node.end, `${instance}.meta`)
        return
      case 'ImportExpression':
        visitImport(node, scope)
        return
      case 'ExpressionStatement':
        if (LISTS.has(parent.type)) markLeading(node.expression, node.start, leading)
    }
    for (const child of childrenOf(node)) visit(child, scope, node)
  }

  for (const statement of program.body) visit(statement, undefined, program)
  return { written, awaits, dynamic }
}

/** Marks the expressions that begin where their statement begins. */
function markLeading(expression: AnyNode, start: number, leading: Set<AnyNode>): void {
  let node: AnyNode | undefined = expression
  while (node && node.start === start) {
    leading.add(node)
    node = firstOf(node)
  }
}

/** The sub-expression an expression may begin with. */
function firstOf(node: AnyNode): AnyNode | undefined {
  switch (node.type) {
    case 'CallExpression':
      return node.callee
    case 'TaggedTemplateExpression':
      return node.tag
    case 'MemberExpression':
      return node.object
    case 'BinaryExpression':
    case 'LogicalExpression':
    case 'AssignmentExpression':
      return node.left
    case 'ConditionalExpression':
      return node.test
    case 'UpdateExpression':
      return node.prefix ? undefined : node.argument
    case 'ChainExpression':
      return node.expression
    case 'SequenceExpression':
      return node.expressions[0]
    default:
      return undefined
  }
}

/** The `type` of `import(x, { with: { type: 'json' } })` where it is written out. */
function literalAttributes(options: Expression | null | undefined): Record<string, string> {
  const written = fieldOf(options, 'with')
  const type = fieldOf(written, 'type')
  return type?.type === 'Literal' && typeof type.value === 'string' ? { type: type.value } : {}
}

function fieldOf(node: AnyNode | null | undefined, key: string): AnyNode | undefined {
  if (node?.type !== 'ObjectExpression') return undefined
  for (const property of node.properties) {
    if (property.type !== 'Property' || property.computed) continue
    if (property.key.type === 'Identifier' ? property.key.name === key : false) return property.value
  }
  return undefined
}
