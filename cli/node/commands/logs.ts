/**
 * `logs`: what the node has logged, chosen and in order of time, from all its log files. It needs no node that runs.
 * OTP: the report browser, sasl's rb.erl.
 */
import { err, ok } from '../../../schemas/result.js'
import { type Outcome, usage } from '../../render/failure.js'
import type { Style } from '../../render/style.js'
import { type Arguments, flag, list, type NodeCommand, type NodeContext } from '../command.js'
import type { LogEntry, LogLevel } from '../logs_entry.js'
import { LogFollower, untilAborted } from '../logs_follow.js'
import { readLogs } from '../logs_read.js'
import { type Choice, readChoice } from '../logs_select.js'

/** Shows the entries of the logs; with `--follow` until Ctrl-C. */
export const logs: NodeCommand = async (args, context) => {
  const { target } = context
  const choice = readChoice(args, Date.now())
  if (!choice.ok) return choice
  if (flag(args, 'follow')) return follow(args, choice.value, context)
  const read = readLogs(target, list(args, 'files'))
  if (!read.ok) return read
  const { entries, faults } = read.value
  const chosen = choice.value(entries)
  return ok({
    data: { entries: chosen, faults },
    lines: (style) => [
      ...chosen.flatMap((entry) => entryLines(entry, style)),
      ...faults.map((fault) => style.yellow(`warning: ${fault}`)),
      ...(chosen.length === 0 ? [style.dim(nothing(entries.length))] : []),
    ],
  })
}

/** Entries shown first where nothing says how many. */
const FIRST = 10

async function follow(args: Arguments, choose: Choice, { target, signal, show }: NodeContext): Promise<Outcome> {
  if (args.until !== undefined) return err(usage('bad_option', '"--until" has no meaning with "--follow"'))
  const follower = new LogFollower(target, list(args, 'files'))
  const first = follower.look()
  if (!first.ok) return first
  const print = (entries: readonly LogEntry[]): void => {
    for (const entry of entries) show({ data: entry, lines: (style) => entryLines(entry, style) })
  }
  const chosen = choose(first.value)
  print(args.max === undefined && args.since === undefined ? chosen.slice(-FIRST) : chosen)
  await untilAborted(signal, () => {
    const more = follower.look()
    if (more.ok) print(choose(more.value))
  })
  return err({ exit: 'interrupted', tag: 'interrupted', message: 'interrupted', quiet: true })
}

const nothing = (count: number): string =>
  count === 0 ? 'nothing was logged yet' : `none of ${count} entries is as asked for`

const TITLES: Readonly<Record<string, string>> = {
  crash_report: 'CRASH REPORT',
  supervisor_report: 'SUPERVISOR REPORT',
  progress: 'PROGRESS REPORT',
}

/** A line for what fits on one; else a heading, and the text as it was logged. */
function entryLines({ time, level, type, text, pid }: LogEntry, style: Style): string[] {
  const title = TITLES[type]
  const lines = text.split('\n')
  const heading = [
    style.dim(time === undefined ? '-' : time.replace('T', ' ').replace('Z', ' UTC')),
    level === undefined ? style.dim('output') : paint(level, style)(level),
    ...(title === undefined ? [] : [style.bold(title)]),
    ...(pid === undefined ? [] : [style.dim(pid)]),
  ].join(' ')
  return title === undefined && lines.length === 1 ? [`${heading} ${text.trim()}`] : [heading, ...lines]
}

function paint(level: LogLevel, style: Style): (text: string) => string {
  if (level === 'warning') return style.yellow
  return level === 'notice' || level === 'info' || level === 'debug' ? style.cyan : style.red
}
