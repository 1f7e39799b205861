/** Which class of failure each refusal of a node is, and its way out. */
import type { ExitClass } from '../render/exit_codes.js'
import type { Failure } from '../render/failure.js'
import { record } from '../render/record.js'
import { formatTerm } from '../render/term.js'
import { textOf } from './answer.js'
import type { CallError, NodeError } from './client.js'
import { clientFailure } from './client_error.js'

/**
 * The class of each tag that the release handler and the kernel answer with; a tag not listed is `refused`.
 * OTP: reasons of release_handler, and of rpc.
 */
const EXITS: Readonly<Record<string, ExitClass>> = {
  install_failed: 'upgrade_undone',
  unhealthy: 'upgrade_undone',
  no_such_file: 'bad_package',
  bad_file: 'bad_package',
  bad_entry: 'bad_package',
  bad_package: 'bad_package',
  bad_signature: 'bad_package',
  checksum_mismatch: 'bad_package',
  version_reused: 'bad_package',
  no_space: 'system',
  io: 'system',
  cancelled: 'interrupted',
  // The control socket's own: what was called threw or exited, or is no JavaScript.
  error: 'remote_error',
  exit: 'remote_error',
  syntax_error: 'remote_error',
}

/** The failure to show for a call that has no result. */
export function callFailure(error: CallError, program: string): Failure {
  if (error.tag !== 'answered') return clientFailure(error, program)
  const { tag, message, ...facts } = error.error
  const undef = undefOf(facts)
  if (undef !== undefined) return { exit: 'remote_error', tag: 'undef', message: undef, facts }
  // The node's own words for why a process ended show each error with its stack, and the stack once more.
  const ended = tag === 'exit' && facts.reason !== undefined
  const said = ended
    ? `${endedWords(facts.reason)}${formatTerm(facts.reason, false)}`
    : tag === 'syntax_error'
      ? `${placeOf(facts)}this is no JavaScript: ${message}`
      : message
  return {
    exit: exitOf(error.error),
    tag,
    message: said,
    hints: [...markOf(facts), ...stackOf(facts), ...hints(error.error, program)],
    facts,
  }
}

/**
 * Why a call failed, in words before the term. OTP: a caller exits with `{Reason, {Module, Function, [Server | Rest]}}`,
 * which says it to who knows OTP.
 */
function endedWords(reason: unknown): string {
  const [why, called, ...more]: readonly unknown[] = Array.isArray(reason) ? reason : []
  if (more.length > 0 || !Array.isArray(called)) return ''
  const [module, fun, args]: readonly unknown[] = called
  if (typeof module !== 'string' || typeof fun !== 'string' || !Array.isArray(args)) return ''
  const server = typeof args[0] === 'string' ? `"${args[0]}"` : formatTerm(args[0], false)
  switch (why) {
    case 'noproc':
      return `there is no process ${server}: `
    case 'timeout':
      return `${server} did not answer in time: `
    case 'calling_self':
      return `${server} called itself: `
    default:
      if (Array.isArray(why) && why[0] === 'nodedown') return `${server} is on a node that cannot be reached: `
      return `${server} ended before it answered: `
  }
}

/** The class of failure of a tag. */
export const exitOfTag = (tag: string): ExitClass => EXITS[tag] ?? 'refused'

/** The words for a function that is not there. OTP: `{'EXIT', {undef, [{M, F, A}]}}`. */
function undefOf(facts: Readonly<Record<string, unknown>>): string | undefined {
  const { error, missing, near } = facts
  const reason = record(record(error)?.$error)?.reason
  if (!Array.isArray(reason) || reason[0] !== 'undef') return undefined
  const mfa: unknown = reason[1]
  if (!Array.isArray(mfa)) return undefined
  const [module, fun] = mfa
  const meant = typeof near === 'string' ? `; did you mean "${near}"?` : ''
  if (missing === 'module')
    return `there is no module "${String(module)}" on this node: a module is APPLICATION/MODULE${meant}`
  if (missing === 'function') return `"${String(module)}" exports no function "${String(fun)}"${meant}`
  return `there is no function "${String(fun)}" in "${String(module)}" on this node: a module is APPLICATION/MODULE, and the function must be exported`
}

/** Where an expression is no JavaScript, as the beginning of a message. */
const placeOf = ({ line, column }: Readonly<Record<string, unknown>>): string =>
  typeof line === 'number' && typeof column === 'number' ? `eval:${line}:${column}: ` : ''

/** The line of the expression, and below it a mark at the place. */
const markOf = ({ text, column }: Readonly<Record<string, unknown>>): string[] =>
  typeof text === 'string' && typeof column === 'number' ? [text, `${' '.repeat(column - 1)}^`] : []

/** Where on the node an error was thrown: its frames, but for those of Node and of the runtime that called. */
function stackOf({ error, reason }: Readonly<Record<string, unknown>>): string[] {
  const stack = textOf(thrownIn(error) ?? thrownIn(reason), 'stack') ?? ''
  return stack
    .split('\n')
    .map((line) => line.trim())
    .filter(
      (line) => line.startsWith('at ') && !/node:|AsyncLocalStorage|[\\/]lib[\\/](kernel|stdlib|sasl)-/.test(line),
    )
}

/** The first error in a term. */
function thrownIn(term: unknown): unknown {
  if (Array.isArray(term)) {
    for (const item of term) {
      const found = thrownIn(item)
      if (found !== undefined) return found
    }
    return undefined
  }
  return record(term)?.$error
}

function exitOf(error: NodeError): ExitClass {
  if (
    (error.tag === 'install_failed' || error.tag === 'unhealthy') &&
    Array.isArray(error.notUndone) &&
    error.notUndone.length > 0
  ) {
    return 'upgrade_not_undone'
  }
  return exitOfTag(error.tag)
}

/** Only what the node cannot know: how this program is called. */
function hints(error: NodeError, program: string): string[] {
  const { tag, message } = error
  if (exitOf(error) === 'upgrade_not_undone') {
    return [
      `see what runs and what does not: ${program} status`,
      `boot the permanent release, which loses what is in memory: ${program} restart`,
      'an upgrade with "--error-action restart" does so by itself',
    ]
  }
  switch (tag) {
    case 'bad_config':
      return message.includes('environment variable')
        ? [
            'set it where the node gets its environment (unit file, env.sh): without it this version does not boot',
            `the node that runs is given it by: ${program} eval 'process.env.NAME = "..."', which ends with its process`,
          ]
        : []
    case 'no_such_release':
    case 'existing_release':
    case 'already_installed':
    case 'permanent':
    case 'current':
    case 'bad_status':
      return [`see what the node has with "${program} versions"`]
    case 'no_matching_relup':
    case 'runtime_changed':
      return [`or boot it, without keeping states: ${program} upgrade VSN --restart`]
    case 'bad_build':
      return ['correct it and build it anew, or insist with --again']
    case 'unhealthy':
      return [`"${program} history" keeps what it answered; this build is not installed again without --again`]
    case 'busy':
      return [`wait for it to end; "${program} history" shows what was done before`]
    case 'unknown_method':
      return ['call the bin/NAME of the release that runs there: it speaks the version of its node']
    default:
      return []
  }
}
