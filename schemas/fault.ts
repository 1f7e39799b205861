/**
 * What is wrong with a file, and where: the one shape of complaint that every reader and every later check places in
 * a file's text.
 *
 * A fault's message says what was found, what is allowed and the way out; the place stands apart, so that the same
 * words go to the terminal and into `--json`.
 */

/** One fault of a file. Beside the fields named here it carries the facts of its tag (`found`, `allowed`, `nearest`). */
export interface Fault {
  /** Class of the fault, for programs: `unknown_key`, `bad_value`, `missing_key`, `parse_error` ... */
  readonly tag: string
  /** A warning leaves the value usable. */
  readonly severity: 'error' | 'warning'
  /** One sentence without full stop and without the place. */
  readonly message: string
  /** The file, as the caller named it. */
  readonly file?: string
  /** Line of the fault, from 1. */
  readonly line?: number
  /** Column of the fault, from 1, in UTF-16 units. */
  readonly column?: number
  /** Where in the value: `applications[2].vsn`; empty for the whole. */
  readonly path?: string
  /** Facts, for programs. */
  readonly [fact: string]: unknown
}

/** Where something stands. */
export type Place = Pick<Fault, 'file' | 'line' | 'column' | 'path'>

/** `file:line:column path: message`, as much of the place as is known. */
export function formatFault(fault: Fault): string {
  const place = formatPlace(fault)
  return place === '' ? fault.message : `${place}: ${fault.message}`
}

/** `file:line:column path`, as much as is known; empty where nothing is. */
export function formatPlace({ file, line, column, path }: Place): string {
  const position = [file, line, column].filter((part) => part !== undefined).join(':')
  return [position, path].filter((part) => part !== undefined && part !== '').join(' ')
}
