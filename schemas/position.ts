/**
 * Places in the text of a JSON file: where the value at a path stands, as line and column.
 *
 * jsonc-parser is CommonJS behind its `main` entry and ES modules behind `module`. Node takes the first and sees only a
 * default export; esbuild has to be told `mainFields: ['module', 'main']`, since the first cannot be bundled, and then
 * sees only named exports. Hence the import of a namespace.
 */
import * as jsonc from 'jsonc-parser'

export type { Node as JsonNode, ParseError as JsonParseError } from 'jsonc-parser'

// The two shapes of one namespace, see above; the types describe the second only. Name by name, so that a bundle keeps
// nothing else of it: the whole would cost each start of a node half a millisecond.
const cjs = (jsonc as typeof jsonc & { readonly default?: typeof jsonc }).default
const parseTree = cjs?.parseTree ?? jsonc.parseTree
const printParseErrorCode = cjs?.printParseErrorCode ?? jsonc.printParseErrorCode

/** Keys and indexes that lead from the whole to a part. */
export type JsonPath = readonly (string | number)[]

/** Line and column, both from 1; columns in UTF-16 units. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** The syntax tree of a JSONC text, and what is wrong with it; undefined for an empty text. */
export function parseJsonTree(text: string): {
  readonly root: jsonc.Node | undefined
  readonly errors: readonly jsonc.ParseError[]
} {
  const errors: jsonc.ParseError[] = []
  const root = parseTree(text, errors, { allowTrailingComma: true, disallowComments: false })
  return { root, errors }
}

/** jsonc-parser's name of a syntax fault, `CommaExpected`. */
export const parseErrorName = (error: jsonc.ParseError): string => printParseErrorCode(error.error)

/** Line and column of an offset. */
export function positionAt(text: string, offset: number): Position {
  let line = 1
  let start = 0
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) {
    line++
    start = at + 1
  }
  return { line, column: offset - start + 1 }
}

/**
 * Where the value at a path stands, in JSON or JSONC.
 *
 * @param at 'key' for the place of the property's name instead of its value
 * @returns the place of the nearest existing ancestor where the path leads nowhere; undefined for an empty text
 */
export function positionOf(text: string, path: JsonPath, at: 'value' | 'key' = 'value'): Position | undefined {
  const { root } = parseJsonTree(text)
  return root === undefined ? undefined : positionInTree(text, root, path, at)
}

/** As {@link positionOf}, in a tree parsed before. */
export function positionInTree(
  text: string,
  root: jsonc.Node,
  path: JsonPath,
  at: 'value' | 'key' = 'value',
): Position {
  let node = root
  for (const step of path) {
    const next = childOf(node, step)
    if (next === undefined) break
    node = next
  }
  const key = at === 'key' && node.parent?.type === 'property' ? node.parent.children?.[0] : undefined
  return positionAt(text, (key ?? node).offset)
}

function childOf(node: jsonc.Node, step: string | number): jsonc.Node | undefined {
  if (node.type === 'array') return typeof step === 'number' ? node.children?.[step] : undefined
  return node.children?.find((property) => property.children?.[0]?.value === step)?.children?.[1]
}

/** `applications[2].vsn`; a key that is no identifier in brackets: `env["log-file"]`. */
export function formatPath(path: JsonPath): string {
  let text = ''
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`
    else if (/^[A-Za-z_$][\w$]*$/.test(step)) text += text === '' ? step : `.${step}`
    else text += `[${JSON.stringify(step)}]`
  }
  return text
}
