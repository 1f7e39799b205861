/**
 * What the transform refuses, with the place in the source.
 */

import type { SourcePlace } from './place_in_text.js'

export type TransformProblem =
  /** Not a valid ES module. */
  | { readonly tag: 'syntax_error'; readonly place: SourcePlace; readonly text: string }
  /** `import defer`, `import source`: stages of the language that no built module can have yet. */
  | { readonly tag: 'import_phase'; readonly place: SourcePlace; readonly phase: string }
  /** The resolver refused a specifier. */
  | {
      readonly tag: 'unresolved_import'
      readonly place: SourcePlace
      readonly specifier: string
      readonly text: string
      readonly cause: unknown
    }
  /** A re-exported name that metadata cannot carry. */
  | { readonly tag: 'unsupported_name'; readonly place: SourcePlace; readonly name: string }

/** Thrown by `transform`, a SyntaxError as for any module that cannot be one; names file, line and column. */
export class TransformError extends SyntaxError {
  readonly problem: TransformProblem

  constructor(problem: TransformProblem) {
    super(formatTransformProblem(problem), problem.tag === 'unresolved_import' ? { cause: problem.cause } : {})
    this.name = 'TransformError'
    this.problem = problem
  }
}

/** One sentence for a problem, its place first. */
export function formatTransformProblem(problem: TransformProblem): string {
  const { file, line, column } = problem.place
  const at = `${file}:${line}:${column}: `
  switch (problem.tag) {
    case 'syntax_error':
      return `${at}${problem.text}`
    case 'import_phase':
      return `${at}"import ${problem.phase}" cannot be built; use a plain import, or import() where it is needed`
    case 'unresolved_import':
      return `${at}"${problem.specifier}" cannot be resolved: ${problem.text}`
    case 'unsupported_name':
      return `${at}a re-exported name cannot be "${problem.name}"; give it another name`
  }
}
