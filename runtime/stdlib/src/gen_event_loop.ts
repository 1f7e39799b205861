/**
 * The loop of an event manager: each event goes to all handlers, newest first, one after another, since they share
 * the manager's process. It never throws: what a handler does wrong removes the handler. OTP: `handle_msg`,
 * `server_notify`, `server_call` and the `system_` functions of stdlib's gen_event.erl.
 *
 * Longer than a file should be: all of it changes the one list of handlers, and nothing else may.
 */
import { ErlangError } from '../../erts/exit.js'
import { KIND, type Kind } from '../../erts/mailbox.js'
import { currentVersion, type ModuleRef, moduleName, sameModule } from '../../erts/modules.js'
import type { Process } from '../../erts/proc.js'
import { report } from '../../erts/report.js'
import { endItself, link, unlink } from '../../erts/signal.js'
import { isThenable } from '../../erts/spawn.js'
import { Pid } from '../../erts/term.js'
import type { Call, ServerName } from './gen_call.js'
import {
  after,
  attempt,
  type Handler,
  initHandler,
  isNamed,
  nameOf,
  newHandler,
  type Refusal,
  shownHandler,
  shownName,
  tellDeparture,
  terminateHandler,
} from './gen_event_handlers.js'
import { callOutcome, eventOutcome, type HandlerName, isState, type Outcome } from './gen_event_returns.js'
import { GenLoop, type Pending } from './gen_loop.js'
import { shown, undefFunction } from './gen_statem_events.js'
import { type Debug, type Device, type FormatFun, getLog } from './sys_debug.js'
import { Converted, caught } from './sys_msg.js'

/** Callbacks that take an event or a message. */
type Taking = 'handleEvent' | 'handleInfo'

/** What is asked of a manager. */
export type Request =
  | readonly ['add_handler', HandlerName, arg: unknown]
  | readonly ['add_sup_handler', HandlerName, arg: unknown, Pid]
  | readonly ['delete_handler', HandlerName, arg: unknown]
  | readonly ['swap_handler', HandlerName, unknown, HandlerName, unknown]
  | readonly ['swap_sup_handler', HandlerName, unknown, HandlerName, unknown, Pid]
  | readonly ['sync_notify', event: unknown]
  | readonly ['call', HandlerName, request: unknown]
  | 'which_handlers'
  | 'get_modules'

/** One event manager. */
export class ManagerLoop extends GenLoop {
  readonly code: ModuleRef
  readonly module = 'stdlib/gen_event'
  /** Newest first. */
  #handlers: Handler[] = []
  /** What `getState` gave last: the same list as long as nothing changes. */
  #shown: readonly (readonly [ModuleRef, unknown, unknown])[] = []

  /** @param code gen_event's own module: a manager has no callback module */
  constructor(proc: Process, parent: Pid, name: ServerName | undefined, code: ModuleRef, debug: Debug | null) {
    super(proc, parent, name, debug)
    this.code = code
    proc.trapExit = true
  }

  // ---- messages

  handle(kind: Kind, payload: unknown): Pending {
    if (kind === KIND.system) return this.system(payload as Call) // system messages carry calls
    if (kind === KIND.cast) {
      if (this.debug !== null) this.trace(['in', ['notify', payload]])
      return this.#give('handleEvent', payload, 0)
    }
    if (kind === KIND.call) return this.#request(payload as Call) // calls carry calls
    if (Array.isArray(payload) && payload[0] === 'EXIT' && payload.length === 3 && payload[1] instanceof Pid) {
      if (payload[1] === this.parentPid) return this.#terminate(payload[2])
      if (this.debug !== null) this.trace(['in', payload])
      return this.#exited(payload[1], payload[2], payload)
    }
    if (this.debug !== null) this.trace(['in', payload])
    return this.#give('handleInfo', payload, 0)
  }

  ended(_reason: unknown): void {}

  #request(call: Call): Pending {
    // Whatever somebody calls with; what is none of these is a message like any other.
    const request = call.request as Request
    if (this.debug !== null) this.trace(['in', ['$gen_call', call, request]])
    const word: unknown = Array.isArray(request) ? request[0] : request
    switch (word) {
      case 'which_handlers':
        return this.#answer(call, this.#handlers.map(nameOf))
      case 'get_modules':
        return this.#answer(call, this.#modules())
    }
    if (!Array.isArray(request)) return this.#give('handleInfo', ['$gen_call', call, request], 0)
    const asked = request as Exclude<Request, string> // so far an array
    switch (asked[0]) {
      case 'sync_notify': {
        const pending = this.#give('handleEvent', asked[1], 0)
        return pending === undefined ? this.#answer(call, 'ok') : pending.then(() => this.#answer(call, 'ok'))
      }
      case 'call':
        return this.#call(call, asked[1], asked[2])
      case 'add_handler':
        return this.#later(call, this.#add(asked[1], asked[2], undefined))
      case 'add_sup_handler':
        return this.#later(call, this.#add(asked[1], asked[2], asked[3]))
      case 'delete_handler':
        return this.#later(call, this.#delete(asked[1], asked[2]))
      case 'swap_handler':
        return this.#later(call, this.#swap(asked[1], asked[2], asked[3], asked[4], undefined))
      case 'swap_sup_handler':
        return this.#later(call, this.#swap(asked[1], asked[2], asked[3], asked[4], asked[5]))
      default:
        return this.#give('handleInfo', ['$gen_call', call, request], 0)
    }
  }

  #answer(call: Call, answer: unknown): undefined {
    if (!this.proc.dead) call.reply(answer)
    return undefined
  }

  #later(call: Call, answer: unknown): Pending {
    return isThenable(answer) ? answer.then((value) => this.#answer(call, value)) : this.#answer(call, answer)
  }

  // ---- events

  /** Gives an event to the handlers from the i-th on. */
  #give(fun: Taking, event: unknown, from: number): Pending {
    let i = from
    while (i < this.#handlers.length && !this.proc.dead) {
      const handler = this.#handlers[i]
      if (handler === undefined) break
      const given = this.#offer(handler, fun, event)
      if (!isState(given)) {
        const at = i
        return this.#slowly(handler, given, event, (fate) => this.#give(fun, event, this.#settle(at, handler, fate)))
      }
      handler.state = given[1]
      i++
    }
    return undefined
  }

  /** Calls a handler's callback. @returns what it gives, as `catch` has it */
  #offer(handler: Handler, fun: Taking, event: unknown): unknown {
    const { callbacks, state } = handler
    try {
      if (fun === 'handleEvent' && callbacks.handleEvent !== undefined) return callbacks.handleEvent(event, state)
      if (fun === 'handleInfo' && callbacks.handleInfo !== undefined) return callbacks.handleInfo(event, state)
    } catch (thrown) {
      return caught(thrown)
    }
    if (fun === 'handleEvent') return caught(undefFunction(handler.module, fun, 2))
    const facts = { module: moduleName(handler.module), message: event }
    report('warning', { label: ['gen_event', 'no_handle_info'], report: facts }, { domain: ['otp'] })
    return ['ok', state]
  }

  /** The rare ways: a callback that is awaited, and one that gives anything but a state. */
  async #slowly(
    handler: Handler,
    given: unknown,
    event: unknown,
    goOn: (successor: Handler | undefined) => Pending,
  ): Promise<void> {
    const result = isThenable(given) ? await this.#awaited(handler, given) : given
    if (this.proc.dead) return
    const successor = await this.#fate(handler, eventOutcome(result), event)
    if (!this.proc.dead) await goOn(successor)
  }

  /** Meanwhile the process counts as one that runs the handler's code. */
  async #awaited(handler: Handler, given: PromiseLike<unknown>): Promise<unknown> {
    const { module } = handler
    const token = currentVersion(module)
    const result = given.then((value) => value, caught)
    // The scheduler has marked the process with the manager's own module by then.
    await undefined
    if (!this.proc.dead) this.proc.running = { module, token }
    return result
  }

  /** Puts what has become of the i-th handler in its place. @returns where the next one stands */
  #settle(i: number, handler: Handler, successor: Handler | undefined): number {
    const at = this.#handlers.indexOf(handler)
    if (at >= 0) this.#handlers.splice(at, 1, ...(successor === undefined ? [] : [successor]))
    return successor === undefined ? i : i + 1
  }

  /** Carries out what a callback's result means. @returns who stands in the handler's place now */
  async #fate(handler: Handler, outcome: Outcome, event: unknown): Promise<Handler | undefined> {
    const manager = this.name()
    switch (outcome.do) {
      case 'keep':
        handler.state = outcome.state
        return handler
      case 'remove':
        await terminateHandler(handler, 'remove_handler', { leaving: 'normal', manager, last: 'remove' })
        return undefined
      case 'fail': {
        const { result } = outcome
        await terminateHandler(handler, ['error', result], { leaving: 'crash', fault: result, manager, last: event })
        return undefined
      }
      case 'swap': {
        handler.state = outcome.state
        const leaving = ['swapped', outcome.name, handler.supervisor] as const
        const value = await terminateHandler(handler, outcome.arg1, { leaving, manager, last: 'swapped' })
        if (this.proc.dead) return undefined
        const successor = newHandler(outcome.name, handler.supervisor)
        const refusal = await initHandler(successor, [outcome.arg2, value])
        if (refusal === undefined) return successor
        tellDeparture(successor, { leaving: 'crash', fault: refusal.refused, manager, last: 'swapped' })
        return undefined
      }
    }
  }

  // ---- requests

  #call(call: Call, name: HandlerName, request: unknown): Pending {
    const handler = this.#find(name)
    if (handler === undefined) return this.#answer(call, ['error', 'bad_module'])
    const given = attempt(() => {
      if (handler.callbacks.handleCall === undefined) throw undefFunction(handler.module, 'handleCall', 2)
      return handler.callbacks.handleCall(request, handler.state)
    })
    if (Array.isArray(given) && given[0] === 'ok' && given.length === 3) {
      handler.state = given[2]
      return this.#answer(call, given[1])
    }
    return this.#callSlowly(call, handler, given, request)
  }

  async #callSlowly(call: Call, handler: Handler, given: unknown, request: unknown): Promise<void> {
    const result = isThenable(given) ? await this.#awaited(handler, given) : given
    if (this.proc.dead) return
    const { answer, outcome } = callOutcome(result)
    const fate = await this.#fate(handler, outcome, request)
    if (this.proc.dead) return
    this.#settle(0, handler, fate)
    call.reply(answer)
  }

  #find(name: HandlerName): Handler | undefined {
    return this.#handlers.find((handler) => isNamed(handler, name))
  }

  #add(name: HandlerName, arg: unknown, supervisor: Pid | undefined): unknown {
    if (supervisor !== undefined) link(supervisor)
    const handler = newHandler(name, supervisor)
    return after<Refusal | undefined, unknown>(initHandler(handler, arg), (refusal) => {
      if (refusal !== undefined) return refusal.refused
      this.#handlers.unshift(handler)
      return 'ok'
    })
  }

  #delete(name: HandlerName, arg: unknown): unknown {
    const handler = this.#find(name)
    if (handler === undefined) return ['error', 'module_not_found']
    this.#settle(0, handler, undefined)
    return terminateHandler(handler, arg, { leaving: 'normal', manager: this.name(), last: 'delete' })
  }

  #swap(name1: HandlerName, arg1: unknown, name2: HandlerName, arg2: unknown, newSupervisor: Pid | undefined): unknown {
    const handler = this.#find(name1)
    if (handler === undefined) return this.#successor(name2, [arg2, 'error'], newSupervisor)
    this.#settle(0, handler, undefined)
    const supervisor = newSupervisor ?? handler.supervisor
    const leaving = ['swapped', name2, supervisor] as const
    const given = terminateHandler(handler, arg1, { leaving, manager: this.name(), last: 'swapped' })
    return after(given, (value) => this.#successor(name2, [arg2, value], supervisor))
  }

  #successor(name: HandlerName, arg: readonly unknown[], supervisor: Pid | undefined): unknown {
    if (this.proc.dead) return undefined
    return after(this.#add(name, arg, supervisor), (result) => (result === 'ok' ? result : ['error', result]))
  }

  #modules(): ModuleRef[] {
    const modules: ModuleRef[] = []
    for (const { module } of this.#handlers) {
      if (!modules.some((other) => sameModule(other, module))) modules.push(module)
    }
    return modules.sort((a, b) => (moduleName(a) < moduleName(b) ? -1 : moduleName(a) > moduleName(b) ? 1 : 0))
  }

  // ---- ends

  /** A linked process has ended: handlers it supervises go, the others are told as of any message. */
  #exited(pid: Pid, reason: unknown, message: unknown): Pending {
    const supervised = this.#handlers.filter((handler) => handler.supervisor === pid)
    return supervised.length === 0
      ? this.#give('handleInfo', message, 0)
      : this.#removeSupervised(supervised, reason, message)
  }

  async #removeSupervised(supervised: readonly Handler[], reason: unknown, message: unknown): Promise<void> {
    for (const handler of supervised) {
      if (this.proc.dead) return
      this.#settle(0, handler, undefined)
      const departing = { leaving: 'shutdown', manager: this.name(), last: message } as const
      await terminateHandler(handler, ['stop', reason], departing)
    }
    if (!this.proc.dead) await this.#give('handleInfo', message, 0)
  }

  async #terminate(reason: unknown): Promise<void> {
    for (const handler of this.#handlers) {
      if (this.proc.dead) return
      await terminateHandler(handler, 'stop', { leaving: 'shutdown', manager: this.name(), last: 'stop' })
    }
    if (this.proc.dead) return
    // Who only supervises handlers has been told, and must not get the manager's exit besides.
    for (const { supervisor } of this.#handlers) {
      if (supervisor !== undefined && supervisor !== this.parentPid) unlink(supervisor)
    }
    endItself(this.proc, reason)
  }

  // ---- system messages

  protected get line(): FormatFun {
    return traceLine
  }

  protected stop(reason: unknown): Pending {
    return this.#terminate(reason)
  }

  /** `[module, id, state]` of each handler, newest first; the id is false where there is none. */
  getState(): readonly (readonly [ModuleRef, unknown, unknown])[] {
    const handlers = this.#handlers
    const before = this.#shown
    const changed = (handler: Handler, i: number): boolean => {
      const entry = before[i]
      return entry === undefined || entry[0] !== handler.module || entry[1] !== handler.id || entry[2] !== handler.state
    }
    if (before.length !== handlers.length || handlers.some(changed)) {
      this.#shown = handlers.map(({ module, id, state }) => [module, id, state])
    }
    return this.#shown
  }

  /** `fun` is given each handler's triple; one that fails or gives another handler's leaves that state as it is. */
  replaceState(fun: (state: unknown) => unknown): unknown {
    return this.#replaceAll(fun)
  }

  async #replaceAll(fun: (state: unknown) => unknown): Promise<unknown> {
    for (const handler of this.#handlers) {
      try {
        const { module, id, state } = handler
        const next: unknown = await fun([module, id, state])
        if (Array.isArray(next) && next.length === 3 && isNamed(handler, [next[0], next[1]])) handler.state = next[2]
      } catch {
        // As in OTP the entry is kept, and nobody is told.
      }
    }
    return this.getState()
  }

  getStatus(): unknown[] {
    const handlers = this.#handlers.map((handler) => [
      shownName(nameOf(handler)),
      shownHandler(handler, { log: getLog(this.debug) }).state,
      handler.supervisor,
    ])
    return [
      ['header', `Status for event handler ${this.name()}`],
      [
        'data',
        [
          ['Status', this.suspended ? 'suspended' : 'running'],
          ['Parent', this.parentPid],
          ['Logged Events', getLog(this.debug)],
        ],
      ],
      ['items', ['Installed handlers', handlers]],
    ]
  }

  /** Converts the states of all handlers of a module; if one refuses, all stay as they were. */
  async codeChange(module: ModuleRef, oldVsn: unknown, extra: unknown): Promise<unknown> {
    const converted = new Map<Handler, unknown>()
    for (const handler of this.#handlers) {
      if (!sameModule(handler.module, module)) continue
      if (handler.callbacks.codeChange === undefined) throw undefFunction(handler.module, 'codeChange', 3)
      const result: unknown = await handler.callbacks.codeChange(oldVsn, handler.state, extra)
      if (!Array.isArray(result) || result[0] !== 'ok' || result.length !== 2) {
        throw new ErlangError(['badmatch', result])
      }
      converted.set(handler, result[1])
    }
    return new Converted(() => {
      for (const [handler, state] of converted) handler.state = state
      return 'ok'
    })
  }
}

/** The line of one traced event, in OTP's words. */
function traceLine(device: Device, event: unknown, name: unknown): void {
  const [, message] = event as readonly ['in', unknown] // the loop traces nothing else
  device.write(`*DBG* ${String(name)}${traceText(message)}\n`)
}

function traceText(message: unknown): string {
  const [word, event, request] = Array.isArray(message) ? message : []
  if (word === 'notify') return ` got event ${shown(event)}`
  if (word !== '$gen_call') return ` got ${shown(message)}`
  const [what, handler, question] = Array.isArray(request) ? request : []
  return what === 'call' ? `(${shown(shownName(handler))}) got call ${shown(question)}` : ` got ${shown(request)}`
}
