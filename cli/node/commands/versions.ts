/** `versions`: the releases the node knows, newest first, or what the disk says. OTP: `release_handler:which_releases/0`. */
import { offlineReleases } from '../../../runtime/sasl/src/offline.js'
import { permanentRelease } from '../../../runtime/sasl/src/releases_file.js'
import { err, ok } from '../../../schemas/result.js'
import type { Failure, Outcome } from '../../render/failure.js'
import { record } from '../../render/record.js'
import { count, formatMs } from '../../render/steps.js'
import type { Style } from '../../render/style.js'
import { table } from '../../render/table.js'
import { listOf, numberOf, type ReleaseFacts, releases, running, textOf } from '../answer.js'
import { ask } from '../ask.js'
import type { NodeCommand, NodeContext } from '../command.js'

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
  if (!answer.ok) return answer.error.exit === 'not_running' ? versionsOffline(context, answer.error) : answer
  const all = releases(answer.value)
  const runs = running(all)?.vsn
  return ok({
    data: answer.value,
    lines: (style) => [...versionLines(all, runs, style), ...probationLines(record(answer.value)?.probation)],
  })
}

/** The same from the disk, where no node runs. */
async function versionsOffline({ target }: NodeContext, failure: Failure): Promise<Outcome> {
  const found = await offlineReleases(target.root)
  // Before its first start there is nothing to tell.
  if (!found.ok) return err(failure)
  const all = releases(found.value)
  const permanent = permanentRelease(found.value)?.vsn ?? null
  return ok({
    data: { releases: found.value, running: null, permanent },
    lines: (style) => [...versionLines(all, undefined, style), '', failure.message],
  })
}

/** A line for each release. @param runs the version that runs */
function versionLines(all: readonly ReleaseFacts[], runs: string | undefined, style: Style): readonly string[] {
  const rows = all.map(({ vsn, status, erts }) => {
    const means = status === 'permanent' && vsn === runs ? 'runs and boots' : (MEANS[status] ?? '')
    return [vsn === runs ? style.green(vsn) : vsn, status, erts, style.dim(means)]
  })
  return table([{ title: 'VERSION' }, { title: 'STATUS' }, { title: 'NODE' }, { title: '' }], rows, style)
}

/** Where a probation stands, if there is one. */
function probationLines(probation: unknown): string[] {
  const [vsn, elapsed, of] = [textOf(probation, 'vsn'), numberOf(probation, 'elapsed_ms'), numberOf(probation, 'of_ms')]
  if (vsn === undefined || elapsed === undefined || of === undefined) return []
  const failures = numberOf(probation, 'failures') ?? 0
  const state = failures === 0 ? '' : `, ${count(failures, 'bad answer')}${failures === 1 ? '' : ' in a row'}`
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
