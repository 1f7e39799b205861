/** The words for a rehearsal: per module what became of the copies of its processes' states. */
import type { Failure } from './failure.js'
import { record } from './record.js'
import { count, formatMs } from './steps.js'
import type { Style } from './style.js'

/** A process as the node tells of it. */
type Process = Readonly<Record<string, unknown>>

/** Characters up to which a state is shown whole; of a longer one what differs. */
const SHORT = 200
/** Places that are shown of those that differ. */
const PLACES = 10

/** States of one kind that are shown; the others are like them. */
const SHOWN = 1

const processesOf = (data: unknown): readonly Process[] => {
  const list = record(data)?.processes
  return Array.isArray(list)
    ? list.flatMap((one: unknown): Process[] => {
        const found = record(one)
        return found === undefined ? [] : [found]
      })
    : []
}

/** Of a state that has to be seen whole; the rest with `--json`. */
const cut = (text: string): string => (text.length > 600 ? `${text.slice(0, 600)}... (the whole with --json)` : text)

const said = (one: Process, key: string): string => String(one[key] ?? '')

/** `<0.17.0> cart`: a process as logs name it. */
const nameOf = (one: Process): string => [one.pid, one.name, one.handler].filter((part) => part !== undefined).join(' ')

/** The lines of a rehearsal in which nothing failed. */
export function rehearsalLines(data: unknown, name: string, program: string, style: Style): string[] {
  const { from, to, longest_ms: longest } = record(data) ?? {}
  const processes = processesOf(data)
  const modules = [...new Set(processes.map((one) => said(one, 'module')))]
  const next = `Do it:         ${program} upgrade ${String(to)}`
  if (processes.length === 0) {
    return [`${style.bold(`${name} ${from} -> ${to}`)}   no process has a state to convert`, next]
  }
  const head = `${style.bold(`${name} ${from} -> ${to}`)}   rehearsed with copies of ${count(processes.length, 'state')}, longest conversion ${formatMs(Number(longest ?? 0))}; nothing was changed`
  return [
    head,
    ...modules.flatMap((module) =>
      moduleLines(
        module,
        processes.filter((one) => one.module === module),
        style,
      ),
    ),
    next,
  ]
}

function moduleLines(module: string, processes: readonly Process[], style: Style): string[] {
  const converted = processes.filter(({ outcome }) => outcome === 'converted')
  const missing = processes.filter(({ outcome }) => outcome === 'not copied')
  const changed = converted.filter(({ back }) => back === 'different' || back === 'failed')
  const lines = [
    `  ${style.bold(module)}   ${count(converted.length, 'state')} converted${converted.length > 0 && changed.length === 0 ? ', and back to what they were' : ''}`,
  ]
  for (const one of converted.slice(0, SHOWN)) {
    lines.push(...conversionLines(one, style))
  }
  for (const one of changed.slice(0, SHOWN)) {
    const what = one.back === 'failed' ? 'cannot be converted back' : 'is another one after the way there and back'
    const places = differences(one.back_changes)
    const isLong = places.length > 0 && said(one, 'back_text').length > SHORT
    const text = isLong ? '' : `: ${said(one, 'back_text')}`
    lines.push(`    ${style.yellow('the state')} of ${nameOf(one)} ${what}${text}`, ...(isLong ? places : []))
  }
  if (changed.length > SHOWN)
    lines.push(`    the same for ${count(changed.length - SHOWN, 'other process', 'other processes')}`)
  for (const one of missing.slice(0, SHOWN)) {
    lines.push(`    ${style.yellow('not rehearsed')}: ${nameOf(one)}: ${said(one, 'why')}`)
  }
  if (missing.length > SHOWN)
    lines.push(`    nor ${count(missing.length - SHOWN, 'other process', 'other processes')} of the module`)
  return lines
}

/** A state before and after, whole or as far as they differ. */
function conversionLines(one: Process, style: Style): string[] {
  const [before, after] = [said(one, 'before'), said(one, 'after')]
  const isShort = before.length <= SHORT && after.length <= SHORT
  // a node of before did not say what differs
  if (isShort || !Array.isArray(one.changes)) {
    return [`    ${nameOf(one)}  ${style.dim(before)}`, `      -> ${after}`]
  }
  const places = differences(one.changes)
  return [`    ${nameOf(one)}  ${style.dim('what differs, the whole with --json:')}`].concat(
    places.length === 0 ? ['      nothing'] : places,
  )
}

/** `+` came, `-` went, `~` became another. */
function differences(changes: unknown): string[] {
  const places: readonly unknown[] = Array.isArray(changes) ? changes : []
  const lines = places.slice(0, PLACES).map((place) => {
    const { path, before, after } = record(place) ?? {}
    const at = path === '' ? 'the state' : String(path)
    if (before === undefined) return `      + ${at}: ${String(after)}`
    return after === undefined
      ? `      - ${at}: ${String(before)}`
      : `      ~ ${at}: ${String(before)} -> ${String(after)}`
  })
  return places.length > PLACES ? [...lines, '      ... and more, see --json'] : lines
}

/** What a rehearsal with failures ends a command with. */
export function rehearsalFailure(data: unknown, name: string): Failure {
  const { from, to } = record(data) ?? {}
  const failed = processesOf(data).filter(({ outcome }) => outcome === 'failed')
  const shown = failed
    .slice(0, 3)
    .map(
      (one) => `${said(one, 'module')}, ${nameOf(one)}: ${said(one, 'why')}\n  its state: ${cut(said(one, 'before'))}`,
    )
  const more =
    failed.length > shown.length
      ? `\n...and ${count(failed.length - shown.length, 'other process', 'other processes')}`
      : ''
  return {
    exit: 'refused',
    tag: 'rehearsal_failed',
    message: `${name} ${String(from)} -> ${String(to)} would fail: ${count(failed.length, 'state')} cannot be converted; nothing was changed\n${shown.join('\n')}${more}`,
    hints: ['mend codeChange of the newer version, build, and rehearse again'],
    facts: record(data) ?? {},
  }
}
