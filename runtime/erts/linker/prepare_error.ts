/**
 * What the linker refuses, and in which words.
 *
 * OTP: the `{error, What}` of code:load_file/1 and code:prepare_loading/1 (`badfile`, `nofile`,
 * `on_load_failure`, `not_purged`, `sticky_directory`).
 */

/** Who imports, for problems of an import. */
export interface Importer {
  readonly module: string
  readonly file: string
  /** The specifier as written. */
  readonly specifier: string
  /** Line in the source, from 1. */
  readonly line?: number
}

export type PrepareProblem =
  /** There is no such file, or no application of that name. */
  | { readonly tag: 'module_not_found'; readonly module: string; readonly file?: string; readonly importer?: Importer }
  /** The file is there but cannot be read. */
  | { readonly tag: 'unreadable'; readonly module: string; readonly file: string; readonly cause: unknown }
  /** The file does not compile; line and column of the built file, from 1. */
  | {
      readonly tag: 'syntax_error'
      readonly module: string
      readonly file: string
      readonly line?: number
      readonly text: string
      readonly cause: unknown
    }
  /** The file compiles but was not made by `otp-rel build`. */
  | { readonly tag: 'not_a_built_module'; readonly module: string; readonly file: string }
  /** A built-in or npm package cannot be imported. */
  | { readonly tag: 'native_import_failed'; readonly importer: Importer; readonly cause: unknown }
  /** A built-in, npm package or module of the runtime lacks a name that is imported. */
  | { readonly tag: 'missing_export'; readonly importer: Importer; readonly name: string }
  /** The module's top-level code threw; `at` is where, as `FILE:LINE:COLUMN`, when the error tells. */
  | {
      readonly tag: 'evaluation_failed'
      readonly module: string
      readonly file: string
      readonly at?: string
      readonly cause: unknown
    }
  /** The module still has an old version. */
  | { readonly tag: 'not_purged'; readonly module: string }
  /** `swap` of a module that the prepared upgrade does not hold. */
  | { readonly tag: 'not_prepared'; readonly module: string }
  /** A module of the preloaded runtime cannot be changed. */
  | { readonly tag: 'preloaded'; readonly module: string }

/** Thrown by every step of the linker; `cause` is the error of the first problem that has one. */
export class PrepareError extends Error {
  /** Everything found, at least one. */
  readonly problems: readonly PrepareProblem[]
  /** Node's own code for a module that is not there, as a failed `import()` has it. */
  readonly code: string | undefined

  constructor(problems: readonly PrepareProblem[]) {
    const caused = problems.find((problem) => 'cause' in problem)
    super(problems.map(formatPrepareProblem).join('\n'), caused && 'cause' in caused ? { cause: caused.cause } : {})
    this.name = 'PrepareError'
    this.problems = problems
    this.code = problems[0]?.tag === 'module_not_found' ? 'ERR_MODULE_NOT_FOUND' : undefined
  }
}

/** One sentence for a problem, its place first. */
export function formatPrepareProblem(problem: PrepareProblem): string {
  switch (problem.tag) {
    case 'module_not_found': {
      const from = problem.importer ? `${place(problem.importer)}imports "${problem.importer.specifier}": ` : ''
      return `${from}there is no module "${problem.module}"${problem.file === undefined ? '' : ` (looked for ${problem.file})`}`
    }
    case 'unreadable':
      return `${problem.file}: module "${problem.module}" cannot be read: ${textOf(problem.cause)}`
    case 'syntax_error':
      return `${problem.file}${problem.line === undefined ? '' : `:${problem.line}`}: module "${problem.module}" does not compile: ${oneLine(problem.text)}`
    case 'not_a_built_module':
      return `${problem.file}: "${problem.module}" is not a built module; make it with "otp-rel build"`
    case 'native_import_failed':
      return `${place(problem.importer)}"${problem.importer.specifier}" cannot be imported by "${problem.importer.module}": ${textOf(problem.cause)}`
    case 'missing_export':
      return `${place(problem.importer)}"${problem.importer.specifier}" does not provide an export named "${problem.name}", which "${problem.importer.module}" imports`
    case 'evaluation_failed':
      return `${problem.at ?? problem.file}: the top-level code of "${problem.module}" threw: ${textOf(problem.cause)}`
    case 'not_purged':
      return `"${problem.module}" still has an old version; purge it first`
    case 'not_prepared':
      return `"${problem.module}" is not in the prepared upgrade`
    case 'preloaded':
      return `"${problem.module}" belongs to the preloaded runtime and changes only with a restart of the node`
  }
}

/** A module's own error, with the place of its first stack frame. */
export function evaluationFailed(module: string, file: string, cause: unknown): PrepareProblem {
  const frame = cause instanceof Error ? /\n {4}at (?:.*\()?(.+?:\d+:\d+)\)?/.exec(String(cause.stack)) : null
  return { tag: 'evaluation_failed', module, file, ...(frame?.[1] === undefined ? {} : { at: frame[1] }), cause }
}

function place(importer: Importer): string {
  return `${importer.file}${importer.line === undefined ? '' : `:${importer.line}`}: `
}

function textOf(cause: unknown): string {
  return oneLine(cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause))
}

function oneLine(text: string): string {
  return text.replace(/\s*[\n\r]\s*/g, ' ')
}
