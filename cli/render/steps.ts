/**
 * Lines of progress: what a command is doing, while it does it.
 *
 * A build says verbs (`* compiling    6 modules in 1 application`), an upgrade counts (`  1/7 checked the plan    18 ms`).
 */
import { padEnd, padStart, type Style } from './style.js'

/** One step of a command, as it is shown and as `--json` prints it. */
export type Step =
  /** Something is being done, or was done: `verb` is a participle. */
  | { readonly verb: string; readonly text: string }
  /** Part `step` of `of` is done and took `ms` milliseconds. */
  | { readonly step: number; readonly of: number; readonly text: string; readonly ms?: number }

/** Column at which the milliseconds of counted steps end, after the count. */
const MS_COLUMN = 68

/** A step as one line. */
export function stepLine(step: Step, style: Style): string {
  if ('verb' in step) return `${style.green('*')} ${padEnd(step.verb, 12)} ${step.text}`
  const count = padStart(`${step.step}/${step.of}`, `${step.of}/${step.of}`.length)
  if (step.ms === undefined) return `  ${style.dim(count)} ${step.text}`
  const took = formatMs(step.ms)
  return `  ${style.dim(count)} ${padEnd(step.text, MS_COLUMN - took.length - 1)} ${style.dim(took)}`
}

/** Milliseconds for people: whole up to a second (`<1 ms` below one), then seconds with one digit, then minutes. */
export function formatMs(ms: number): string {
  if (ms < 1) return ms <= 0 ? '0 ms' : '<1 ms'
  if (Math.round(ms) < 1_000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`
  const seconds = Math.round(ms / 1_000)
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
  return `${Math.floor(minutes / (24 * 60))} d ${Math.floor((minutes % (24 * 60)) / 60)} h`
}

const UNITS_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const

/** A time as people write it (`500ms`, `60s`, `1.5m`, `1h`; a bare number is seconds) in whole ms; undefined: it is none. */
export function parseMs(text: string): number | undefined {
  const [, amount, unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text.trim()) ?? []
  // the expression lets no other unit through
  const ms = Math.round(Number(amount) * UNITS_MS[unit as keyof typeof UNITS_MS])
  return ms > 0 ? ms : undefined
}

/** `1 module`, `2 modules`; irregular plurals are given. */
export function count(amount: number, one: string, many = `${one}s`): string {
  return `${amount} ${amount === 1 ? one : many}`
}
