/**
 * What a module is to the processes that run it, and so how it is replaced: from its text, from who starts it, and from
 * what it exports. Pure.
 */
import { closure, type ModuleFacts } from './module_facts.js'

/** What a module is. */
export type Role =
  /** Processes wait in its supervisor, whose children `init` names. */
  | { readonly kind: 'supervisor' }
  /** A callback module: its functions are given and give back a state. */
  | { readonly kind: 'callbacks'; readonly behaviour: string }
  /** Processes loop in it by themselves and answer system messages. */
  | { readonly kind: 'special' }
  /** Functions. */
  | { readonly kind: 'plain' }

/** Behaviours whose processes wait as supervisors do. */
const SUPERVISORS = new Set(['supervisor'])
/** What a supervisor does not export, however its `init` looks. */
const HANDLERS = ['handleCall', 'handleCast', 'handleEvent', 'callbackMode']
/** Whose callback modules have no state that a process keeps. */
const STATELESS = new Set(['application'])

/**
 * The role of a module.
 *
 * @param started what other modules of the application, or it itself, start it as
 */
export function roleOf(facts: ModuleFacts, started: readonly string[]): Role {
  const { exports, claims, supervisor } = facts
  const named = [...claims, ...started].filter((one) => !STATELESS.has(one))
  if (named.some((one) => SUPERVISORS.has(one))) return { kind: 'supervisor' }
  const [behaviour] = named
  if (behaviour !== undefined) return { kind: 'callbacks', behaviour }
  if (supervisor !== undefined && !HANDLERS.some((one) => exports.has(one))) return { kind: 'supervisor' }
  if (exports.has('systemContinue') || exports.has('systemCodeChange')) return { kind: 'special' }
  if (exports.has('callbackMode')) return { kind: 'callbacks', behaviour: 'gen_statem' }
  if (exports.has('init') && (exports.has('handleCall') || exports.has('handleCast')))
    return { kind: 'callbacks', behaviour: 'gen_server' }
  if (exports.has('init') && exports.has('handleEvent')) return { kind: 'callbacks', behaviour: 'gen_event' }
  return exports.has('codeChange') ? { kind: 'callbacks', behaviour: 'its own' } : { kind: 'plain' }
}

/** Whether states are converted, and by which rule. */
export interface Conversion {
  readonly converts: boolean
  readonly reason: string
  /** Something a person should look at. */
  readonly note?: string
}

/**
 * Whether the processes of a module convert their states. It is the newer version's function that is asked in both
 * directions, so that it decides.
 */
export function conversionOf(role: Role, old: ModuleFacts, next: ModuleFacts): Conversion {
  const name = role.kind === 'special' ? 'systemCodeChange' : 'codeChange'
  const what = role.kind === 'callbacks' ? role.behaviour : role.kind
  // What a callback made by init calls by the module's name is current anyway.
  const init = closure(old, 'init', false) !== closure(next, 'init', false)
  const differs = 'init, or what it uses, differs: processes that run do not call it again, and'
  if (!next.exports.has(name)) {
    const reason = `${what} without ${name}: states stay as they are`
    return init
      ? { converts: false, reason, note: `${differs} there is no ${name} to convert their states` }
      : { converts: false, reason }
  }
  const now = closure(next, name)
  if (now === undefined) return { converts: true, reason: `${what} with ${name}` }
  if (closure(old, name) !== now) return { converts: true, reason: `${what} whose ${name} is new or differs` }
  const reason = `${what} whose ${name} is the same in both: it knows of no other state`
  return init
    ? { converts: false, reason, note: `${differs} ${name}, which converts their states, is as it was` }
    : { converts: false, reason }
}
