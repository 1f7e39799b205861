/**
 * What a budget is: data. The folder bench/budgets has one file an idea, each a list of these; bench/run.ts measures
 * them and bench/judge.ts says what was found.
 */

/**
 * A program measured in a process of its own. Its last line on standard output that begins with `{` is a JSON object
 * of figures: a number, or a list of numbers where the program repeats by itself. Other members are left alone.
 */
export interface Program {
  /** A file of bench/ run by Node, or the arguments of `erl +S 1` with bench/erlang compiled. */
  readonly node?: string
  readonly erlang?: readonly string[]
  readonly args?: readonly string[]
  /**
   * Runs as one bundled file, as the runtime does in a release. A loader of TypeScript would name each closure as it is
   * made, which makes starting a process a half dearer.
   */
  readonly bundled?: boolean
  /** Flags of Node, for example `--expose-gc`. */
  readonly flags?: readonly string[]
  /** Run in the first round only: it is dear, or repeats by itself. */
  readonly once?: boolean
  /** A Node program that itself needs `erl` and `erlc`, or `mix`; one with `erlang` always needs the first. */
  readonly needs?: 'erlang' | 'mix'
}

/** One figure of a program. */
export interface Measure {
  readonly program: Program
  readonly figure: string
  /** The same work by processor time, where there is one: the ratio is taken of it, for it hardly drifts. */
  readonly cpu?: string
}

/** What ours is held against. */
export interface Baseline {
  /** Named in the table, for example `Erlang/OTP, erl +S 1`. */
  readonly what: string
  readonly measure?: Measure
  /** Read once elsewhere, used and labelled as such when there is no measure or its tools are not installed. */
  readonly recorded?: number
}

/** How a figure is printed: amounts a second, milliseconds, nanoseconds, bytes, megabytes, or a count. */
export type Unit = '/s' | 'ms' | 'ns' | 'B' | 'MB' | 'count'

/** One promise that can be measured. */
export interface Budget {
  /** Given on the command line; budgets of one idea share a beginning, `pause_1`, `pause_100`. */
  readonly name: string
  readonly what: string
  readonly unit: Unit
  /** Which way is good; the target is the least (`more`) or the most (`less`). */
  readonly better: 'more' | 'less'
  readonly target: number
  /** What the target binds: our figure by the baseline's, or our figure itself. */
  readonly targetOf: 'ratio' | 'ours'
  readonly measure: Measure
  readonly baseline: Baseline
}
