/** Choosing log entries: by level, type, time and text. Pure. */
import { didYouMean } from '../../schemas/nearest.js'
import { err, ok, type Result } from '../../schemas/result.js'
import { type Failure, usage } from '../render/failure.js'
import { type Arguments, number, text } from './command.js'
import { LEVELS, type LogEntry, TYPES } from './logs_entry.js'

const BY_RANK: readonly string[] = LEVELS

/** Which entries are shown. */
export type Choice = (entries: readonly LogEntry[]) => readonly LogEntry[]

/** Reads the options of `logs`. @param nowMs the present, for times that count back from it */
export function readChoice(args: Arguments, nowMs: number): Result<Choice, Failure> {
  const tests: ((entry: LogEntry) => boolean)[] = []
  const level = text(args, 'level')
  if (level !== undefined) {
    const rank = BY_RANK.indexOf(level)
    if (rank < 0) return refuse('level', level, BY_RANK)
    tests.push((entry) => entry.level !== undefined && BY_RANK.indexOf(entry.level) <= rank)
  }
  const types = text(args, 'type')?.split(',')
  if (types !== undefined) {
    const unknown = types.find((type) => !TYPES.some((one) => one === type))
    if (unknown !== undefined) return refuse('type', unknown, TYPES)
    tests.push((entry) => types.includes(entry.type))
  }
  for (const [name, isInTime] of [
    ['since', (ms: number, limit: number): boolean => ms >= limit],
    ['until', (ms: number, limit: number): boolean => ms <= limit],
  ] as const) {
    const given = text(args, name)
    if (given === undefined) continue
    const limit = moment(given, nowMs)
    if (limit === undefined) return refuseTime(name, given)
    tests.push((entry) => entry.time !== undefined && isInTime(Date.parse(entry.time), limit))
  }
  const pattern = text(args, 'grep')
  if (pattern !== undefined) {
    const expression = compile(pattern)
    if (expression === undefined) return err(usage('bad_option', `"--grep" is no regular expression: "${pattern}"`))
    tests.push((entry) => expression.test(entry.text))
  }
  const max = number(args, 'max')
  return ok((entries) => {
    const chosen = entries.filter((entry) => tests.every((test) => test(entry)))
    return max === undefined ? chosen : chosen.slice(Math.max(0, chosen.length - max))
  })
}

function refuse(name: string, given: string, known: readonly string[]): Result<never, Failure> {
  const message = `"--${name}" is one of ${known.join(', ')}; got "${given}"${didYouMean(given, known)}`
  return err(usage('bad_option', message))
}

const refuseTime = (name: string, given: string): Result<never, Failure> =>
  err(usage('bad_option', `"--${name}" is a time (2026-01-31T12:00) or as long ago (10m, 2h, 1d); got "${given}"`))

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `10m`, `2h`, or a moment: ISO 8601, in local time unless it says otherwise. In ms since 1970. */
export function moment(given: string, nowMs: number): number | undefined {
  const ago = /^(\d+(?:\.\d+)?)([smhd])$/.exec(given)
  if (ago !== null) return nowMs - Number(ago[1]) * (UNITS[ago[2] ?? ''] ?? 0)
  if (!/^\d{4}-\d\d/.test(given)) return undefined
  // A date alone would be UTC for JavaScript, a date with a time local.
  const ms = Date.parse(/^\d{4}-\d\d-\d\d$/.test(given) ? `${given}T00:00` : given.replace(' ', 'T'))
  return Number.isNaN(ms) ? undefined : ms
}

function compile(pattern: string): RegExp | undefined {
  try {
    return new RegExp(pattern, 'u')
  } catch {
    return undefined
  }
}
