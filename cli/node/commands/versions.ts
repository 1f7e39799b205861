/** `versions`: the releases the node knows, newest first. OTP: `release_handler:which_releases/0`. */
import { ok } from '../../../schemas/result.js'
import { record } from '../../render/record.js'
import { count, formatMs } from '../../render/steps.js'
import type { Style } from '../../render/style.js'
import { table } from '../../render/table.js'
import { listOf, numberOf, releases, textOf } from '../answer.js'
import { ask } from '../ask.js'
import type { NodeCommand } from '../command.js'

/** What each status means, for people who do not know OTP's words. */
const MEANS: Readonly<Record<string, string>> = {
  permanent: 'boots',
  current: 'runs, does not boot: not committed',
  tmp_current: 'boots on trial',
  old: 'ran before',
  unpacked: 'ready to be installed',
}

/** Lists the releases with their statuses. */
export const versions: NodeCommand = async (_args, context) => {
  const answer = await ask(context, 'releases')
  if (!answer.ok) return answer
  const all = releases(answer.value)
  return ok({
    data: answer.value,
    lines: (style) => [
      ...table(
        [{ title: 'VERSION' }, { title: 'STATUS' }, { title: 'NODE' }, { title: '' }],
        all.map(({ vsn, status, erts }) => {
          const running =
            status === 'current' || (status === 'permanent' && !all.some((one) => one.status === 'current'))
          const means = status === 'permanent' && running ? 'runs and boots' : (MEANS[status] ?? '')
          return [running ? style.green(vsn) : vsn, status, erts, style.dim(means)]
        }),
        style,
      ),
      ...probationLines(record(answer.value)?.probation),
    ],
  })
}

/** Where a probation stands, if there is one. */
function probationLines(probation: unknown): string[] {
  const [vsn, elapsed, of] = [textOf(probation, 'vsn'), numberOf(probation, 'elapsed_ms'), numberOf(probation, 'of_ms')]
  if (vsn === undefined || elapsed === undefined || of === undefined) return []
  const failures = numberOf(probation, 'failures') ?? 0
  const state = failures === 0 ? '' : `, ${count(failures, 'bad answer')} in a row`
  const left = formatMs(Math.max(0, of - elapsed))
  return ['', `${vsn} is on probation: ${left} to go${state}, ${textOf(probation, 'answer') ?? ''}`]
}

/** The facts of an entry that fit into a line, with their titles. */
const HISTORY = [
  ['at', 'AT'],
  ['who', 'WHO'],
  ['action', 'ACTION'],
  ['from', 'FROM'],
  ['to', 'TO'],
  ['outcome', 'OUTCOME'],
] as const

/** Lists what was installed, committed and removed, when and by whom, oldest first. */
export const history: NodeCommand = async (_args, context) => {
  const answer = await ask(context, 'history')
  if (!answer.ok) return answer
  const entries = listOf(answer.value, 'history')
  const columns = [...HISTORY.map(([, title]) => ({ title })), { title: 'TOOK', align: 'right' as const }]
  const rows = entries.map((entry) => {
    const ms = numberOf(entry, 'duration_ms')
    return [...HISTORY.map(([key]) => textOf(entry, key) ?? ''), ms === undefined ? '' : formatMs(ms)]
  })
  const none = 'nothing was unpacked, installed or committed since the first start'
  const lines = (style: Style): string[] => {
    const [head = '', ...shown] = table(columns, rows, style)
    // A table has one line for each row; what went wrong stands below its own.
    return [head, ...shown.flatMap((line, index) => [line, ...reasonLines(entries[index], style)])]
  }
  return ok({ data: answer.value, lines: (style) => (rows.length === 0 ? [none] : lines(style)) })
}

/** Why something failed, and which processes were not as usual. */
function reasonLines(entry: unknown, style: Style): string[] {
  const message = textOf(entry, 'message')
  const processes = record(record(entry)?.processes) ?? {}
  const unusual = Object.entries(processes).flatMap(([kind, names]) =>
    Array.isArray(names) ? [`${kind}: ${names.join(', ')}`] : [],
  )
  return [...(message === undefined ? [] : message.split('\n')), ...unusual].map((line) => style.dim(`  ${line}`))
}
