/**
 * The handlers of an event manager: their names, and what a callback's result does to one. A handler that fails is
 * removed; the manager and the other handlers go on. OTP: `server_update/4`, `do_terminate/7`, `do_swap/7` and
 * `report_terminate/7` in stdlib's gen_event.erl.
 */
import { type ModuleRef, moduleName, resolveModule, sameModule } from '../../erts/modules.js'
import { current } from '../../erts/proc.js'
import { report } from '../../erts/report.js'
import { send } from '../../erts/signal.js'
import { isThenable } from '../../erts/spawn.js'
import { equal, type Pid } from '../../erts/term.js'
import { warnAtStart } from './behaviour.js'
import { type HandlerName, isState } from './gen_event_returns.js'
import { statusOf } from './gen_server_status.js'
import { undefFunction } from './gen_statem_events.js'
import { caught } from './sys_msg.js'

/** The callbacks of a handler's module. Presence is looked at each time: an upgrade may add one. */
export interface HandlerCallbacks {
  init?(arg: unknown): unknown
  handleEvent?(event: unknown, state: unknown): unknown
  handleCall?(request: unknown, state: unknown): unknown
  handleInfo?(message: unknown, state: unknown): unknown
  terminate?(arg: unknown, state: unknown): unknown
  codeChange?(oldVsn: unknown, state: unknown, extra: unknown): unknown
  formatStatus?(status: Readonly<Record<string, unknown>>): unknown
}

/** One installed handler. */
export interface Handler {
  readonly module: ModuleRef
  /** False where the module alone is the name. */
  readonly id: unknown
  readonly callbacks: HandlerCallbacks
  state: unknown
  /** Process that is told when the handler goes, and whose end removes it. */
  readonly supervisor: Pid | undefined
}

/** Why a handler goes: `crash` stands for what its callback did wrong. */
export type Leaving = 'normal' | 'shutdown' | 'crash' | readonly ['swapped', HandlerName, Pid | undefined]

/** Module and id of a name. */
export const splitName = (name: HandlerName): readonly [module: ModuleRef, id: unknown] =>
  // Neither a module's id nor its namespace is an array.
  Array.isArray(name) ? [name[0] as ModuleRef, name[1]] : [name as ModuleRef, false]

/** The name of an installed handler. */
export const nameOf = ({ module, id }: Handler): HandlerName => (id === false ? module : [module, id])

/** Whether a handler goes by this name. */
export function isNamed(handler: Handler, name: HandlerName): boolean {
  const [module, id] = splitName(name)
  return sameModule(handler.module, module) && (handler.id === id || equal(handler.id, id))
}

/** The name for people. */
export function shownName(name: HandlerName): unknown {
  const [module, id] = splitName(name)
  return id === false ? moduleName(module) : [moduleName(module), id]
}

/** A handler that has not been initialised yet. */
export function newHandler(name: HandlerName, supervisor: Pid | undefined): Handler {
  const [module, id] = splitName(name)
  let callbacks: HandlerCallbacks = {}
  try {
    // A handler's module is used by what it exports; each use checks that the callback is there.
    callbacks = resolveModule(module) as HandlerCallbacks
    warnAtStart('gen_event', module)
  } catch {
    // An unknown module has no callbacks: its init fails as a function that is not there.
  }
  return { module, id, callbacks, state: undefined, supervisor }
}

/** What a callback gives, as Erlang's `catch` has it: what it throws counts as returned, errors and exits tagged. */
export function attempt(code: () => unknown): unknown {
  let given: unknown
  try {
    given = code()
  } catch (thrown) {
    return caught(thrown)
  }
  return isThenable(given) ? given.then((value) => value, caught) : given
}

/** `then` over a value that may be a promise. */
export function after<A, B>(value: A | PromiseLike<A>, then: (value: A) => B | PromiseLike<B>): B | PromiseLike<B> {
  // Promises are told from values by their `then`, which the type does not know.
  return isThenable(value) ? (value as PromiseLike<A>).then(then) : then(value as A)
}

/** What init gave that is no state. */
export interface Refusal {
  readonly refused: unknown
}

/** Initialises a handler. @returns undefined when it is ready */
export function initHandler(handler: Handler, arg: unknown): Refusal | undefined | PromiseLike<Refusal | undefined> {
  const given = attempt(() => {
    if (handler.callbacks.init === undefined) throw undefFunction(handler.module, 'init', 1)
    return handler.callbacks.init(arg)
  })
  return after(given, (result) => {
    if (!isState(result)) return { refused: result }
    handler.state = result[1]
    return undefined
  })
}

/** What is known about a handler that goes. */
export interface Departing {
  readonly leaving: Leaving
  /** The manager's name. */
  readonly manager: unknown
  /** The event in hand, or what was done. */
  readonly last: unknown
  readonly fault?: unknown
}

/**
 * Lets a handler terminate, reports a failure, and tells its supervising process.
 *
 * @param arg what terminate is told: the cause
 * @returns what terminate gave
 */
export function terminateHandler(handler: Handler, arg: unknown, departing: Departing): unknown {
  const { callbacks } = handler
  const given = callbacks.terminate === undefined ? 'ok' : attempt(() => callbacks.terminate?.(arg, handler.state))
  return after(given, (result) => {
    tellDeparture(handler, departing)
    return result
  })
}

/** Reports that a handler has failed, and tells its supervising process why it has gone. */
export function tellDeparture(handler: Handler, departing: Departing): void {
  if (current()?.dead === true) return
  const { leaving, fault } = departing
  const reason = leaving === 'crash' ? fault : leaving
  if (leaving === 'crash' && fault !== 'normal' && fault !== 'shutdown') reportHandler(handler, fault, departing)
  if (handler.supervisor !== undefined) send(handler.supervisor, ['gen_event_EXIT', nameOf(handler), reason])
}

function reportHandler(handler: Handler, reason: unknown, { manager, last }: Departing): void {
  const shown = shownHandler(handler, { message: last, reason, log: [] })
  const facts = {
    handler: shownName(nameOf(handler)),
    name: manager,
    last_message: shown.message,
    state: shown.state,
    log: shown.log,
    reason: shown.reason,
  }
  report('error', { label: ['gen_event', 'terminate'], report: facts }, { domain: ['otp'] })
}

/** State and other facts of a handler as its `formatStatus` shows them. */
export const shownHandler = (handler: Handler, more: Record<string, unknown>): Record<string, unknown> =>
  statusOf(handler.callbacks, moduleName(handler.module), { state: handler.state, ...more })
