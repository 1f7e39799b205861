/**
 * What is wrong with a template of the project, all of it: handlebars ends with the first unknown variable, so the
 * statement that names it is taken out and the rest is rendered again. A module of its own, loaded by templates that
 * have faults.
 */
import handlebars from 'handlebars'
import { didYouMean } from '../../schemas/nearest.js'

/** A fault of a template, and its place as far as it is known, both counted from 1. */
export interface TemplateFault {
  readonly message: string
  readonly line?: number
  readonly column?: number
}

/** Every fault of a text that does not render with `data`, in the order in which they are met. */
export function templateFaults(text: string, data: Readonly<Record<string, unknown>>): readonly TemplateFault[] {
  const faults: TemplateFault[] = []
  let tree: hbs.AST.Program | undefined
  for (;;) {
    try {
      tree ??= handlebars.parse(text)
      handlebars.compile(tree, { noEscape: true, strict: true })(data)
      return faults
    } catch (thrown) {
      const said = thrown instanceof Error ? thrown.message : String(thrown)
      const path = tree === undefined ? undefined : takenOut(tree, isUnknown(said, data))
      if (path === undefined) return [...faults, other(said)]
      const { line, column } = path.loc.start
      const message = `there is no variable "${path.original}"${didYouMean(path.original, namesIn(data))}`
      faults.push({ message, line, column: column + 1 })
    }
  }
}

/** Which path handlebars means; of a name inside of what is not there it does not say the place. */
function isUnknown(said: string, data: object): (path: hbs.AST.PathExpression) => boolean {
  const [, line, column] = /^".*" not defined in .* - (\d+):(\d+)$/s.exec(said) ?? []
  if (line !== undefined) return ({ loc }) => loc.start.line === Number(line) && loc.start.column === Number(column)
  const [, inside] = /^Cannot read properties of (?:undefined|null) \(reading '(.*)'\)$/.exec(said) ?? []
  return ({ parts }) =>
    inside !== undefined && parts.some((part, at) => at > 0 && part === inside && !has(parts.slice(0, at), data))
}

function has(parts: readonly string[], data: unknown): boolean {
  const [first, ...rest] = parts
  if (first === undefined) return data !== undefined && data !== null
  return typeof data === 'object' && data !== null && has(rest, new Map(Object.entries(data)).get(first))
}

/** Takes the innermost statement with the first such path out of a template. @returns the path */
function takenOut(
  tree: hbs.AST.Program,
  isMeant: (path: hbs.AST.PathExpression) => boolean,
): hbs.AST.PathExpression | undefined {
  let found: hbs.AST.PathExpression | undefined
  let out = false
  /** Looks into a statement. @returns false, "remove this" for a mutating visitor, where the path is its own */
  const look = (into: () => void): false | undefined => {
    const before = found
    into()
    if (out || found === before) return undefined
    out = true
    return false
  }
  class Visitor extends handlebars.Visitor {
    readonly mutating = true
    override PathExpression(path: hbs.AST.PathExpression): void {
      if (found === undefined && isMeant(path)) found = path
    }
    override MustacheStatement(statement: hbs.AST.MustacheStatement): false | undefined {
      return look(() => super.MustacheStatement(statement))
    }
    override BlockStatement(statement: hbs.AST.BlockStatement): false | undefined {
      return look(() => super.BlockStatement(statement))
    }
  }
  new Visitor().accept(tree)
  return out ? found : undefined
}

function other(said: string): TemplateFault {
  const [, at] = /^Parse error on line (\d+):/.exec(said) ?? []
  const message = said.split('\n').at(-1) ?? said
  return { message: `is no template: ${message}`, ...(at === undefined ? {} : { line: Number(at) }) }
}

/** `release.name`, `release` and so on: what a template can name, of two as near the longer first. */
function namesIn(data: object): string[] {
  return Object.entries(data).flatMap(([name, value]: [string, unknown]) =>
    typeof value !== 'object' || value === null || Array.isArray(value)
      ? [name]
      : [...namesIn(value).map((inside) => `${name}.${inside}`), name],
  )
}
