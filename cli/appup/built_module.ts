/**
 * The text of a built module, taken apart: what it imports and exports, and its code without what says nothing about
 * what it does. The form is that of cli/release/transform.ts.
 */
import type { ModuleMeta } from '../../runtime/erts/linker/meta.js'

/** A built module. A JSON module has no meta. */
export interface BuiltText {
  /** Without the comment that names the source map. */
  readonly code: string
  readonly meta: ModuleMeta | undefined
  /** `code` without the line numbers of imports: equal where only lines moved. */
  readonly essence: string
}

/** Takes the text of a module apart. */
export function builtText(text: string): BuiltText {
  const code = text.replace(/\n\/\/# sourceMappingURL=[^\n]*\s*$/, '').trimEnd()
  const head = /^return \{m:(\{.*?\}),f:\((?:async )?function/s.exec(code)?.[1]
  if (head === undefined) return { code, meta: undefined, essence: code }
  let meta: ModuleMeta
  try {
    // Written by the build, as its own type.
    meta = JSON.parse(head) as ModuleMeta
  } catch {
    return { code, meta: undefined, essence: code }
  }
  const imports = meta.imports.map(({ l: _line, ...one }) => one)
  // Each import statement leaves an empty one, which moves with the comments around it.
  const body = code.slice(code.indexOf(head) + head.length).replace(/^\s*;?\s*$\n?/gm, '')
  return { code, meta, essence: JSON.stringify({ ...meta, imports }) + body }
}
