/** Severities of log events. OTP: kernel's logger_config.erl and `logger:compare_levels/2`. */

/** Severities, most severe first: a level's place is its number. */
export const LEVELS = ['emergency', 'alert', 'critical', 'error', 'warning', 'notice', 'info', 'debug'] as const

/** A severity. */
export type Level = (typeof LEVELS)[number]

/** What passes: events of this level and more severe ones, everything, or nothing. */
export type Threshold = Level | 'all' | 'none'

const RANK: ReadonlyMap<string, number> = new Map<string, number>([
  ['none', -1],
  ...LEVELS.map((level, rank) => [level, rank] as const),
  ['all', LEVELS.length],
])

/** Whether a value is a severity. */
export const isLevel = (value: unknown): value is Level =>
  typeof value === 'string' && RANK.has(value) && !isLimit(value)

const isLimit = (value: string): boolean => value === 'all' || value === 'none'

/** Whether a value is a threshold. */
export const isThreshold = (value: unknown): value is Threshold => typeof value === 'string' && RANK.has(value)

/** Number of a threshold: 0 is the most severe, `none` -1, `all` beyond the last. */
export const rank = (level: Threshold): number => RANK.get(level) ?? LEVELS.length

/** Whether an event of a level passes a threshold. */
export const passes = (level: Level, threshold: Threshold): boolean => rank(level) <= rank(threshold)

/** Compares two levels: `gt` when the first is more severe. */
export function compareLevels(a: Threshold, b: Threshold): 'gt' | 'eq' | 'lt' {
  const difference = rank(b) - rank(a)
  return difference > 0 ? 'gt' : difference < 0 ? 'lt' : 'eq'
}
