/** What an installation would do, what it did, and what to type next: the words of `upgrade` and `downgrade`. */

import type { Fault } from '../../../schemas/fault.js'
import { record } from '../../render/record.js'
import { count, formatMs } from '../../render/steps.js'
import type { Style } from '../../render/style.js'
import { planLines } from '../../render/upgrade_plan.js'
import { listOf, numberOf, textOf } from '../answer.js'
import { planOf } from './plan.js'

/** The lines of a check that was passed: the plan, and what was tried. */
export function checkLines(answer: unknown, name: string, asked: string, style: Style): readonly string[] {
  const vsn = textOf(answer, 'vsn') ?? asked
  const from = textOf(answer, 'from')
  const plan = planOf(record(answer)?.plan)
  if (plan === undefined && record(answer)?.restart !== undefined) {
    return [
      style.bold(`${name} ${from} -> ${vsn}`),
      `It can be booted: the node is restarted, states are new. ${vsn} is on the node; nothing that runs was changed.`,
    ]
  }
  const head =
    plan === undefined
      ? [style.bold(from === undefined ? `${name} ${vsn}` : `${name} ${from} -> ${vsn}`)]
      : planLines(plan, style)
  return [
    ...head,
    `It can be installed: files, configuration and every new module were tried. ${vsn} is on the node; nothing that runs was changed.`,
  ]
}

/**
 * The lines of an installation.
 *
 * @param permanent the version that boots, where the node said it
 * @param program   how the user calls this program
 */
export function installLines(
  answer: unknown,
  name: string,
  asked: string,
  permanent: string | undefined,
  program: string,
): string[] {
  const vsn = textOf(answer, 'to') ?? asked
  const from = textOf(answer, 'from')
  const ms = numberOf(answer, 'duration_ms')
  const pauseMs = numberOf(answer, 'longest_pause_ms')
  const restarted = numberOf(answer, 'restarted')
  const migrated = numberOf(answer, 'migrated')
  const facts = [
    ms === undefined ? '' : formatMs(ms),
    pauseMs === undefined ? '' : `longest pause of a process ${formatMs(pauseMs)}`,
    restarted === undefined ? '' : `${restarted} restarted`,
    migrated === undefined ? '' : `${count(migrated, 'state')} converted`,
  ].filter((fact) => fact !== '')
  const head = `${name} is ${vsn}${facts.length === 0 ? '' : `: ${facts.join(', ')}`}.`
  const back =
    from === undefined || from === vsn
      ? ''
      : `go back with "${program} ${textOf(answer, 'direction') === 'down' ? 'upgrade' : 'downgrade'} ${from}"`
  const proved = textOf(answer, 'probation')
  if (proved === 'committed') return [`${head} It proved itself and is permanent: it is what boots from now on.`]
  if (proved === 'superseded')
    return [`${head} Its probation ended: something else was installed or committed meanwhile.`]
  if (proved === 'goes on')
    return [`${head} Its probation goes on without you; see how it stands with "${program} versions".`]
  if (permanent === vsn) return [`${head} It is what boots.`]
  return [
    `${head} Not permanent yet:`,
    [`make it so with "${program} commit"`, back].filter((part) => part !== '').join('; '),
    ...leftLines(answer),
  ]
}

/** The lines of an installation that restarted the node; as {@link installLines}. */
export function restartLines(
  answer: unknown,
  name: string,
  asked: string,
  permanent: string | undefined,
  program: string,
): string[] {
  const vsn = textOf(answer, 'to') ?? asked
  const from = textOf(answer, 'from')
  const ms = numberOf(answer, 'duration_ms')
  const took = ms === undefined ? '' : ` in ${formatMs(ms)}`
  const head = `${name} is ${vsn}: restarted${took}, process ${numberOf(answer, 'pid')} on Node ${textOf(answer, 'node')}. States are new.`
  if (permanent === vsn) return [`${head} It is what boots.`]
  const back = from === undefined ? '' : `; go back with "${program} downgrade ${from}", which restarts it, too`
  return [`${head} Not permanent yet:`, `make it so with "${program} commit"${back}`]
}

/** What a version needs that the node's next start would not find: one warning for all. */
export function startWarnings(answer: unknown, vsn: string): readonly Fault[] {
  const names = listOf(answer, 'unset_at_start').map(String)
  if (names.length === 0) return []
  const [are, them, this_] = names.length === 1 ? ['is', 'it', 'variable'] : ['are', 'them', 'variables']
  const named = names.map((name) => `"${name}"`).join(', ')
  const message = `${vsn} needs the environment ${this_} ${named}, which ${are} set in this process only; set ${them} where the node gets its environment (unit file, env.sh), or ${vsn} will not boot`
  return [{ tag: 'unset_at_start', severity: 'warning', message, names }]
}

/** What was not as usual. */
export function leftLines(answer: unknown): string[] {
  const skipped = listOf(answer, 'skipped').map(String)
  const onOldCode = Object.entries(record(record(answer)?.on_old_code) ?? {})
  const started = listOf(answer, 'children_started').map(String)
  const stopped = listOf(answer, 'children_stopped').map(String)
  return [
    ...(stopped.length === 0 ? [] : [`stopped: ${stopped.join(', ')}`]),
    ...(started.length === 0 ? [] : [`started: ${started.join(', ')}`]),
    ...processLines(answer, 'killed', 'not suspended in time and killed; their supervisors start them again'),
    ...processLines(answer, 'died', 'ended by themselves meanwhile'),
    ...processLines(answer, 'ended', 'ended because they ran code that is dropped'),
    ...(skipped.length === 0 ? [] : [`not suspended in time and left out: ${skipped.join(', ')}`]),
    ...onOldCode.map(
      ([module, pids]) =>
        `still on the code of before, in a callback that has not returned: ${module} (${Array.isArray(pids) ? pids.join(', ') : ''})`,
    ),
  ]
}

/** Processes named, at most ten of them. */
function processLines(answer: unknown, kind: string, what: string): string[] {
  const names = listOf(answer, kind).map(String)
  const more = names.length > 10 ? ` and ${names.length - 10} more` : ''
  return names.length === 0 ? [] : [`${what}: ${names.slice(0, 10).join(', ')}${more}`]
}
