/** Where an import specifier stands in a source file: faults about imports are few, so nobody keeps their places. */

/** Where something was found in a source file; line and column from 1. */
export interface SourcePlace {
  readonly file: string
  readonly line: number
  readonly column: number
}

/**
 * Line and column (from 1) of the first import of a specifier; the beginning of the file where it is not found.
 *
 * A text search is enough: the compiler has seen the import, so only comments and strings that look like it could
 * mislead, and those on lines that begin as comments are passed over.
 */
export function placeOf(specifier: string, text: string): { readonly line: number; readonly column: number } {
  const quoted = specifier.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const uses = new RegExp(`(?:\\bfrom|\\bimport)\\s*\\(?\\s*(?=(['"\`])${quoted}\\1)`, 'g')
  for (const use of text.matchAll(uses)) {
    const at = use.index + use[0].length
    const before = text.slice(0, at)
    const start = before.lastIndexOf('\n') + 1
    if (/^\s*(\/\/|\*|\/\*)/.test(before.slice(start))) continue
    return { line: before.split('\n').length, column: at - start + 1 }
  }
  return { line: 1, column: 1 }
}
