/** `status`, `ping`, `pid`: what the node says of itself. */
import { err, ok } from '../../../schemas/result.js'
import { type Failure, type Report, report } from '../../render/failure.js'
import { record } from '../../render/record.js'
import { formatMs } from '../../render/steps.js'
import { padEnd } from '../../render/style.js'
import { type ApplicationFacts, applications, listOf, numberOf, textOf } from '../answer.js'
import { withNode } from '../ask.js'
import { flag, type NodeCommand } from '../command.js'

/** Shows what runs: release, process, applications, memory; ends with a failure where an application is down. */
export const status: NodeCommand = (args, context) =>
  withNode(context, async ({ status, node }) => {
    const facts = { name: node.name, vsn: node.vsn, pid: node.pid, node: node.node, ...status }
    const state = textOf(facts, 'status') ?? 'running'
    const uptimeMs = numberOf(facts, 'uptime_ms') ?? sinceMs(node.started)
    const down = listOf(facts, 'not_running').map(String)
    const rows: (readonly [string, string])[] = [
      ['process', [String(node.pid), uptimeMs === undefined ? '' : `, for ${formatMs(uptimeMs)}`].join('')],
      ['node', node.node === '' ? '' : `Node ${node.node}`],
      [
        'applications',
        applicationsOf(facts)
          .map(({ name, vsn }) => `${name} ${vsn}`)
          .join(', '),
      ],
      ['not running', down.join(', ')],
      ['processes', String(numberOf(facts, 'processes') ?? '')],
      ['memory', memory(facts)],
    ]
    const shown: Report = {
      data: facts,
      lines: (style) => [
        `${style.bold(`${facts.name} ${facts.vsn}`)} is ${state}`,
        ...rows
          .filter(([, value]) => value !== '')
          .map(([label, value]) => `  ${style.dim(padEnd(label, 13))}${value}`),
      ],
    }
    if (down.length === 0) return ok(shown)
    // In JSON there is one document: what runs is in the failure.
    if (!flag(args, 'json')) context.show(shown)
    return err(applicationDown(down, facts, context.program))
  })

/** The failure of a node that does not run all that its release starts permanently. */
function applicationDown(down: readonly string[], facts: Report['data'], program: string): Failure {
  const named = down.map((name) => `"${name}"`).join(', ')
  return {
    exit: 'application_down',
    tag: 'application_down',
    message: `the release starts ${named} permanently, and ${down.length === 1 ? 'it does' : 'they do'} not run`,
    hints: [
      `boot the node again, which loses what is in memory: ${program} restart`,
      `or start it alone, or see why it does not start: ${program} eval 'Application.start("${down[0]}")'`,
    ],
    facts: { ...record(facts) },
  }
}

/** Asks whether the node answers: `pong`. */
export const ping: NodeCommand = (_args, context) =>
  withNode(context, async ({ node }) => ok(report({ pong: true, name: node.name, pid: node.pid }, ['pong'])))

/** Prints the process id of the node. */
export const pid: NodeCommand = (_args, context) =>
  withNode(context, async ({ node }) =>
    node.pid > 0
      ? ok(report({ pid: node.pid }, [String(node.pid)]))
      : err({ exit: 'not_answering', tag: 'no_pid', message: 'the node did not say its process id' }),
  )

/** In start order; the node lists them as OTP does, the last started first. */
function applicationsOf(facts: unknown): ApplicationFacts[] {
  return applications(listOf(facts, 'applications')).reverse()
}

/** Resident memory, where the node says it as `memory.rss` or `rss` in bytes. */
function memory(facts: Readonly<Record<string, unknown>>): string {
  const bytes = numberOf(facts.memory, 'rss') ?? numberOf(facts, 'rss') ?? numberOf(facts, 'memory')
  return bytes === undefined ? '' : `${(bytes / 1_048_576).toFixed(1)} MB`
}

function sinceMs(started: string): number | undefined {
  const atMs = /^\d+$/.test(started) ? Number(started) : Date.parse(started)
  return Number.isNaN(atMs) ? undefined : Math.max(0, Date.now() - atMs)
}
