/**
 * `logs`: what the node has logged, chosen and in order of time, from all its log files. It needs no node that runs.
 * OTP: the report browser, sasl's rb.erl.
 */
import { ok } from '../../../schemas/result.js'
import type { Style } from '../../render/style.js'
import { list, type NodeCommand } from '../command.js'
import type { LogEntry, LogLevel } from '../logs_entry.js'
import { readLogs } from '../logs_read.js'
import { readChoice } from '../logs_select.js'

/** Shows the entries of the logs. */
export const logs: NodeCommand = async (args, { target }) => {
  const choice = readChoice(args, Date.now())
  if (!choice.ok) return choice
  const read = readLogs(target.root, list(args, 'files'))
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
