/** From samples to results: medians, spreads, ratios, and whether a budget is met. Pure. */
import type { Budget, Measure, Unit } from './budget.js'

/** What a program told: samples by the name of the figure. */
export type Figures = Readonly<Record<string, readonly number[]>>

/** One round of a budget; a side that was not measured in this round is absent. */
export interface Round {
  readonly ours?: Figures
  readonly baseline?: Figures
}

/** One object of bench/results.json. */
export interface Found {
  readonly name: string
  readonly what: string
  readonly unit: Unit
  readonly ours: number
  /** Least and most of ours. */
  readonly spread: readonly [number, number]
  readonly baseline: number | null
  readonly baseline_is: string
  readonly baseline_from: 'same run' | 'recorded' | 'none'
  /** Ours by the baseline: the median over rounds. */
  readonly ratio: number | null
  readonly ratio_spread: readonly [number, number] | null
  readonly ratio_by: 'cpu time' | 'figure'
  readonly target: number
  readonly target_of: 'ratio' | 'ours'
  readonly better: 'more' | 'less'
  /** Null when there is nothing to hold it against. */
  readonly met: boolean | null
  readonly rounds: number
  /** Figures of ours in all rounds together: a program may repeat by itself. */
  readonly samples: number
  /** Rounds in which ours failed; 0 when all went well. */
  readonly failed: number
  readonly node: string
}

/** @returns the median, of an even count the mean of the middle two; NaN of none */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length >> 1
  const upper = sorted[half] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? Number.NaN) + upper) / 2
}

const spreadOf = (values: readonly number[]): readonly [number, number] => [Math.min(...values), Math.max(...values)]

/** Reads the last line that is a JSON object; members that are no numbers are left out. */
export function figuresOf(output: string): Figures {
  const line = output
    .trim()
    .split('\n')
    .findLast((one) => one.startsWith('{'))
  if (line === undefined) throw new Error('the program printed no figures')
  const told: unknown = JSON.parse(line)
  const figures: Record<string, readonly number[]> = {}
  for (const [name, value] of Object.entries(told ?? {})) {
    const samples: readonly unknown[] = Array.isArray(value) ? value : [value]
    const numbers = samples.filter((one): one is number => typeof one === 'number' && Number.isFinite(one))
    if (numbers.length > 0 && numbers.length === samples.length) figures[name] = numbers
  }
  return figures
}

/** The ratios of one round: by sample where both sides have as many and were taken side by side, else of medians. */
function ratios(ours: readonly number[], theirs: readonly number[], paired: boolean): readonly number[] {
  if (paired && ours.length === theirs.length) return ours.map((value, i) => value / (theirs[i] ?? Number.NaN))
  return [median(ours) / median(theirs)]
}

/**
 * Judges one budget.
 *
 * @param rounds a side that ran once (`once`) is absent in later rounds and stands for all of them
 * @param node the version of Node, `v20.20.2`
 * @returns undefined when ours gave no figure in any round
 */
export function judge(budget: Budget, rounds: readonly Round[], node: string): Found | undefined {
  const { measure, baseline, better, target, targetOf } = budget
  const mine = rounds.flatMap(({ ours }) => ours?.[measure.figure] ?? [])
  if (mine.length === 0) return undefined
  const theirs = rounds.flatMap((round) => round.baseline?.[baseline.measure?.figure ?? ''] ?? [])
  const measured = theirs.length > 0
  const against = measured ? median(theirs) : baseline.recorded
  const byCpu = measured && measure.cpu !== undefined && baseline.measure?.cpu !== undefined
  const name = (of: Measure | undefined): string => (byCpu ? of?.cpu : of?.figure) ?? ''
  const first = (side: 'ours' | 'baseline'): Figures | undefined =>
    rounds.find((round) => round[side] !== undefined)?.[side]
  const sideOf = (round: Round, side: 'ours' | 'baseline', once: boolean | undefined): Figures | undefined =>
    round[side] ?? (once === true ? first(side) : undefined)
  const all = rounds.flatMap((round) => {
    const left = sideOf(round, 'ours', measure.program.once)?.[name(measure)]
    const right = sideOf(round, 'baseline', baseline.measure?.program.once)?.[name(baseline.measure)]
    if (left === undefined) return []
    if (measured) return right === undefined ? [] : ratios(left, right, measure.program === baseline.measure?.program)
    return against === undefined ? [] : [median(left) / against]
  })
  const finite = all.filter(Number.isFinite)
  const ratio = finite.length > 0 ? median(finite) : null
  const ours = median(mine)
  const held = targetOf === 'ours' ? ours : ratio
  return {
    name: budget.name,
    what: budget.what,
    unit: budget.unit,
    ours,
    spread: spreadOf(mine),
    baseline: against ?? null,
    baseline_is: baseline.what,
    baseline_from: measured ? 'same run' : against === undefined ? 'none' : 'recorded',
    ratio,
    ratio_spread: finite.length > 0 ? spreadOf(finite) : null,
    ratio_by: byCpu ? 'cpu time' : 'figure',
    target,
    target_of: targetOf,
    better,
    met: held === null ? null : better === 'more' ? held >= target : held <= target,
    rounds: rounds.length,
    samples: mine.length,
    failed: measure.program.once === true ? 0 : rounds.filter(({ ours }) => ours === undefined).length,
    node,
  }
}

/** Lays new results over those of earlier runs, in the order of `names`; what is no budget any more goes. */
export function merge(before: readonly Found[], now: readonly Found[], names: readonly string[]): readonly Found[] {
  const byName = new Map([...before, ...now].map((found) => [found.name, found]))
  return names.flatMap((name) => byName.get(name) ?? [])
}
