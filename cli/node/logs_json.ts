/**
 * Lines of other loggers that print JSON: pino, bunyan, winston and those like them. Pure.
 *
 * Each is whole on its line. What is not its message, level or time is shown behind the message, stacks below it.
 */
import { record } from '../render/record.js'
import type { LogLevel } from './logs_entry.js'

/** What such a line says. */
export interface JsonLine {
  readonly level: LogLevel
  /** ISO 8601 in UTC; undefined where the line has no time. */
  readonly time?: string
  readonly lines: string[]
}

/** Words of pino, bunyan, winston and syslog that are not OTP's. */
const WORDS: Readonly<Record<string, LogLevel>> = {
  emergency: 'emergency',
  emerg: 'emergency',
  alert: 'alert',
  critical: 'critical',
  crit: 'critical',
  fatal: 'critical',
  error: 'error',
  err: 'error',
  warning: 'warning',
  warn: 'warning',
  notice: 'notice',
  info: 'info',
  http: 'info',
  debug: 'debug',
  verbose: 'debug',
  trace: 'debug',
  silly: 'debug',
}

/** Numbers of pino and bunyan, 10 to 60; one between two is the lower of them. */
const NUMBERS: readonly (readonly [number, LogLevel])[] = [
  [60, 'critical'],
  [50, 'error'],
  [40, 'warning'],
  [30, 'info'],
  [0, 'debug'],
]

/** @returns undefined where the line is no JSON object with a level that is known */
export function jsonLine(line: string): JsonLine | undefined {
  const { level, time, timestamp, msg, message, pid, hostname, v, ...facts } = record(parsed(line)) ?? {}
  const severity = levelOf(level)
  if (severity === undefined) return undefined
  const at = timeOf(time ?? timestamp)
  const stacks: string[] = []
  const others = Object.entries(facts).map(([key, value]) => [key, withoutStack(value, key, stacks)] as const)
  const rest = Object.fromEntries(others.filter(([, value]) => value !== undefined))
  const said = [msg, message].filter((text) => text !== undefined).map(String)
  if (Object.keys(rest).length > 0) said.push(JSON.stringify(rest))
  return {
    level: severity,
    ...(at === undefined ? {} : { time: at }),
    lines: [said.join(' '), ...stacks].flatMap((text) => text.split('\n')),
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function levelOf(level: unknown): LogLevel | undefined {
  if (typeof level === 'string')
    return Object.hasOwn(WORDS, level.toLowerCase()) ? WORDS[level.toLowerCase()] : undefined
  return typeof level === 'number' ? NUMBERS.find(([least]) => level >= least)?.[1] : undefined
}

/** A text that is a date, or ms since 1970; seconds, where as ms it would be before 1973. */
function timeOf(value: unknown): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined
  const at = new Date(typeof value === 'number' && value < 1e11 ? value * 1000 : value)
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString()
}

/** An error without its stack, which goes to `stacks`, since it has lines. */
function withoutStack(value: unknown, key: string, stacks: string[]): unknown {
  if (key === 'stack' && typeof value === 'string') {
    stacks.push(value)
    return undefined
  }
  const { stack, ...others } = record(value) ?? {}
  if (typeof stack !== 'string') return value
  stacks.push(stack)
  return others
}
