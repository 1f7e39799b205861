/** What a page of `otp-rel explain` says. */

/** One page, each part one or two sentences without the code itself. */
export interface Page {
  /** What was found. */
  readonly means: string
  /** Why this is an error, or a class of its own. */
  readonly why: string
  /** What to do. */
  readonly way: string
  /** A piece of a file, a command line or a message; lines are kept. */
  readonly example: string
}

/** Pages by code. */
export type Pages = Readonly<Record<string, Page>>

/** A page from its four parts, in their order. */
export const page = (means: string, why: string, way: string, example: string): Page => ({ means, why, way, example })
