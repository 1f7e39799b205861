/**
 * Ready-made filters. OTP: kernel's logger_filters.erl.
 *
 * Each is given as `[fun, arg]`; the first element of the argument says what to do with an event that matches, `log`
 * or `stop`. An event that does not match is `ignore`d: another filter, or the default, decides.
 */
import type { FilterResult, LogEvent } from './logger_event.js'
import { compareLevels, type Level } from './logger_level.js'

type Action = 'log' | 'stop'

const act = (action: Action, event: LogEvent): FilterResult => (action === 'log' ? event : 'stop')

/** How an event's domain stands to the filter's: above or equal, below or equal, the same, not the same, none. */
export type DomainRelation = 'super' | 'sub' | 'equal' | 'not_equal' | 'undefined'

/** By domain: `['log', 'super', ['otp', 'sasl']]` lets `['otp']` and `['otp', 'sasl']` pass. */
export function domain(
  event: LogEvent,
  [action, relation, compared]: readonly [Action, DomainRelation, readonly string[]],
): FilterResult {
  const own = event.meta.domain
  return relates(own, relation, compared) ? act(action, event) : 'ignore'
}

function relates(own: readonly string[] | undefined, relation: DomainRelation, compared: readonly string[]): boolean {
  if (relation === 'undefined') return own === undefined
  if (relation === 'not_equal') return own === undefined || !startsWith(own, compared) || !startsWith(compared, own)
  if (own === undefined) return false
  switch (relation) {
    case 'super':
      return startsWith(compared, own)
    case 'sub':
      return startsWith(own, compared)
    case 'equal':
      return startsWith(own, compared) && own.length === compared.length
  }
}

const startsWith = (whole: readonly string[], start: readonly string[]): boolean =>
  start.length <= whole.length && start.every((part, i) => part === whole[i])

/** By level: `['stop', 'lt', 'error']` drops what is less severe than error. */
export function level(
  event: LogEvent,
  [action, operator, compared]: readonly [Action, 'eq' | 'neq' | 'lt' | 'gt' | 'lteq' | 'gteq', Level],
): FilterResult {
  const found = compareLevels(event.level, compared)
  const matches =
    operator === 'neq' ? found !== 'eq' : operator.startsWith(found) || (found === 'eq' && operator.endsWith('eq'))
  return matches ? act(action, event) : 'ignore'
}

/** Progress reports of supervisors and of the application controller: `'log'` or `'stop'`. */
export function progress(event: LogEvent, action: Action): FilterResult {
  const { msg } = event
  if (!('report' in msg) || typeof msg.report !== 'object' || msg.report === null) return 'ignore'
  const label = 'label' in msg.report ? msg.report.label : undefined
  return Array.isArray(label) && label[1] === 'progress' ? act(action, event) : 'ignore'
}

/** Events from processes whose group leader is on another node. Without distribution there are none. */
export function remoteGl(_event: LogEvent, _action: Action): FilterResult {
  return 'ignore'
}
