/**
 * The loop of a state machine: one event, its callback, the actions, perhaps an enter call, the transition; then the
 * events that wait, and only then the mailbox. It never throws: what callbacks do wrong ends the machine in the way
 * of OTP's `gen_statem.erl` (`loop_event`, `loop_state_transition`, `loop_timeouts`, `terminate`).
 *
 * Longer than a file should be: the steps of one event share the machine's state, and each may have to wait for an
 * async callback, so that they call each other instead of returning.
 */
import { ErlangError, exitReason, isNormalish } from '../../erts/exit.js'
import { KIND, type Kind } from '../../erts/mailbox.js'
import { type ModuleRef, moduleName, resolveModule, sameModule } from '../../erts/modules.js'
import type { Process } from '../../erts/proc.js'
import { charge, soon } from '../../erts/scheduler.js'
import { endItself } from '../../erts/signal.js'
import { isThenable } from '../../erts/spawn.js'
import { equal, type Pid } from '../../erts/term.js'
import type { Call, From, ServerName } from './gen_call.js'
import { GenLoop, type Pending } from './gen_loop.js'
import { type Effects, Transition, takeActions, takeReplies } from './gen_statem_actions.js'
import {
  type Event,
  type EventType,
  exitReasonOf,
  type Fault,
  faultOf,
  stopFault,
  undefFunction,
} from './gen_statem_events.js'
import { badAction, badReturn, checkMode, type Mode } from './gen_statem_returns.js'
import { type Machine, machineStatus, reportMachine, type TraceEvent, traceLine } from './gen_statem_status.js'
import { StatemTimer, Timeouts } from './gen_statem_timeouts.js'
import type { Debug, FormatFun } from './sys_debug.js'
import { Converted } from './sys_msg.js'

/** What a callback module may export, besides its state functions. */
export interface Callbacks {
  init?(arg: unknown): unknown
  callbackMode?(): unknown
  handleEvent?(type: EventType | 'enter', content: unknown, state: unknown, data: unknown): unknown
  terminate?(reason: unknown, state: unknown, data: unknown): unknown
  codeChange?(oldVsn: unknown, state: unknown, data: unknown, extra: unknown): unknown
  formatStatus?(status: Readonly<Record<string, unknown>>): unknown
}

type StateFunctions = Readonly<Record<string, unknown>>

/** What tells a behaviour built on this loop from gen_statem itself. */
export interface Dialect {
  /** Name of its module, as in `stdlib/gen_statem`. */
  readonly module: string
  /** Its name in reports. */
  readonly behaviour: string
  /** Begins the header of a status. */
  readonly title: string
  readonly line: FormatFun
  /** The callbacks of a callback module, in gen_statem's terms. @throws ErlangError `undef` for an unknown module */
  callbacks(module: ModuleRef): Callbacks
}

/** gen_statem itself. */
export const STATEM: Dialect = {
  module: 'stdlib/gen_statem',
  behaviour: 'gen_statem',
  title: 'Status for state machine',
  line: traceLine,
  // A callback module is used by what it exports; each use checks that the callback is there.
  callbacks: (module) => resolveModule(module) as Callbacks,
}

/** One state machine. */
export class StatemLoop extends GenLoop<TraceEvent> implements Effects {
  code: ModuleRef
  readonly module: string
  readonly #dialect: Dialect
  #mod: Callbacks
  /** Callback modules below the one in use, newest first. */
  #below: readonly ModuleRef[] = []
  /** Undefined until it is read, and after a change of module. */
  #mode: Mode | undefined = undefined
  #stateEnter = false
  #state: unknown = undefined
  #data: unknown = undefined
  /** What `getState` gave last: the same pair as long as nothing changes. */
  #pair: readonly [unknown, unknown] = [undefined, undefined]
  /** The event in hand, when there is one. */
  #inHand = false
  #type: EventType = 'internal'
  #content: unknown = undefined
  /** State before the event in hand, and whether it was left. */
  #before: unknown = undefined
  #changed = false
  readonly #transition = new Transition()
  /** Events that wait, next one last. */
  #queue: Event[] = []
  /** Oldest first. */
  #postponed: Event[] = []
  #timeouts: Timeouts | null = null

  constructor(
    proc: Process,
    parent: Pid,
    name: ServerName | undefined,
    module: ModuleRef,
    debug: Debug | null,
    dialect: Dialect,
  ) {
    super(proc, parent, name, debug)
    this.code = module
    this.module = dialect.module
    this.#dialect = dialect
    this.#mod = dialect.callbacks(module)
  }

  // ---- start

  /** Runs the callback's init. */
  init(arg: unknown): unknown {
    if (this.#mod.init === undefined) throw undefFunction(this.code, 'init', 1)
    return this.#mod.init(arg)
  }

  /** Enters the first state: as after a transition into it, with `actions`. The starter has been told already. */
  enter(state: unknown, data: unknown, actions: unknown): Pending {
    this.#state = this.#before = state
    this.#data = data
    if (this.debug !== null) this.trace(['enter', moduleName(this.code), state])
    const refused = this.#readMode()
    return refused === undefined ? this.#then(this.#acted(actions, true, false)) : this.#terminate(refused)
  }

  // ---- messages

  handle(kind: Kind, payload: unknown): Pending {
    if (kind === KIND.cast) return this.#event('cast', payload)
    if (kind === KIND.call) return this.#event(['call', payload as Call], (payload as Call).request) // calls carry calls
    if (kind === KIND.system) return this.system(payload as Call) // system messages carry calls
    if (payload instanceof StatemTimer) {
      // A time-out that was cancelled when its message was already on its way is none.
      return this.#timeouts?.take(payload) === true ? this.#event(payload.type, payload.content) : undefined
    }
    if (Array.isArray(payload)) {
      if (this.isParentExit(payload)) return this.#terminate(stopFault(payload[2]))
      if (payload[0] === '$gen_cast' && payload.length === 2) return this.#event('cast', payload[1])
    }
    return this.#event('info', payload)
  }

  ended(_reason: unknown): void {
    this.#timeouts?.stopAll()
  }

  #event(type: EventType, content: unknown): Pending {
    if (this.debug !== null) this.trace(['in', [type, content], this.#state])
    return this.#then(this.#step(type, content))
  }

  /** Goes on with the events that wait, once what is pending is done. */
  #then(pending: Pending): Pending {
    if (pending !== undefined) return pending.then(this.#next)
    // Nothing waits: the common case.
    return this.#queue.length === 0 && this.#timeouts === null ? undefined : this.#next()
  }

  readonly #next = (): Pending => {
    while (!this.proc.dead) {
      const event = this.#queue.pop() ?? this.#timeouts?.takeZero()
      if (event === undefined) return undefined
      if (event instanceof StatemTimer && this.debug !== null) {
        this.trace(['in', [event.type, event.content], this.#state])
      }
      // A machine that keeps giving itself events must not keep timers and sockets waiting.
      const pending = charge()
        ? this.#step(event.type, event.content)
        : new Promise<void>(soon).then(() => this.#step(event.type, event.content))
      if (pending !== undefined) return pending.then(this.#next)
    }
    return undefined
  }

  // ---- one event

  #step(type: EventType, content: unknown): Pending {
    if (this.proc.dead) return undefined
    this.#inHand = true
    this.#type = type
    this.#content = content
    this.#before = this.#state
    this.#changed = false
    return this.#call(type, content, false)
  }

  /** Calls the callback of the state the machine is in. */
  #call(type: EventType | 'enter', content: unknown, entering: boolean): Pending {
    let returned: unknown
    try {
      if (this.#mode === 'state_functions') {
        const name = this.#state
        const states = this.#mod as StateFunctions // its exports by name
        if (typeof name !== 'string' || typeof states[name] !== 'function') throw undefFunction(this.code, name, 3)
        returned = states[name](type, content, this.#data)
      } else {
        if (this.#mod.handleEvent === undefined) throw undefFunction(this.code, 'handleEvent', 4)
        returned = this.#mod.handleEvent(type, content, this.#state, this.#data)
      }
    } catch (thrown) {
      return this.#threw(thrown, entering)
    }
    if (Array.isArray(returned) || !isThenable(returned)) return this.#returned(returned, entering)
    return returned.then(
      (value) => this.#returned(value, entering),
      (thrown: unknown) => this.#threw(thrown, entering),
    )
  }

  #threw(thrown: unknown, entering: boolean): Pending {
    // As in OTP, a thrown value counts as returned.
    return thrown instanceof Error ? this.#terminate(faultOf(thrown)) : this.#returned(thrown, entering)
  }

  #returned(returned: unknown, entering: boolean): Pending {
    if (this.proc.dead) return undefined
    if (!Array.isArray(returned)) {
      if (returned === 'keep_state_and_data') return this.#acted(undefined, false, entering)
      if (returned === 'repeat_state_and_data') return this.#acted(undefined, true, entering)
      if (returned === 'stop') return this.#terminate(stopFault('normal'))
      return this.#fail(badReturn(returned, entering))
    }
    const { length } = returned
    const [word, second, third, fourth] = returned
    switch (word) {
      case 'next_state':
        if (length === 3 || length === 4) {
          const same = second === this.#state || equal(second, this.#state)
          if (entering && !same) break
          if (!same) {
            this.#state = second
            this.#changed = true
          }
          this.#data = third
          return this.#acted(fourth, !same, entering)
        }
        break
      case 'keep_state':
      case 'repeat_state':
        if (length === 2 || length === 3) {
          this.#data = second
          return this.#acted(third, word === 'repeat_state', entering)
        }
        break
      case 'keep_state_and_data':
      case 'repeat_state_and_data':
        if (length === 2) return this.#acted(second, word === 'repeat_state_and_data', entering)
        break
      case 'stop':
        if (length === 2 || length === 3) {
          if (length === 3) this.#data = third
          return this.#terminate(stopFault(second))
        }
        break
      case 'stop_and_reply':
        if (length === 3 || length === 4) {
          if (length === 4) this.#data = fourth
          const bad = takeReplies(third, this)
          return bad === undefined
            ? this.#terminate(stopFault(second))
            : this.#fail(['bad_reply_action_from_state_function', bad.action])
        }
    }
    return this.#fail(badReturn(returned, entering))
  }

  /**
   * The state is the new one: actions, enter call, transition.
   *
   * @param enter the state is entered: it changed, is repeated, or is the first
   */
  #acted(actions: unknown, enter: boolean, entering: boolean): Pending {
    const bad = actions === undefined ? undefined : takeActions(actions, this.#transition, this, entering)
    if (bad !== undefined) return this.#fail(badAction(bad.action, entering))
    if (this.#mode === undefined) {
      const refused = this.#readMode()
      if (refused !== undefined) return this.#terminate(refused)
    }
    if (enter && this.#stateEnter) return this.#call('enter', entering ? this.#state : this.#before, true)
    this.#transit()
    return undefined
  }

  /** Carries out what the event and its enter calls asked for. */
  #transit(): void {
    const transition = this.#transition
    const queue = this.#queue
    // At the start there is no event: nothing to postpone.
    if (this.#inHand) {
      if (this.debug !== null) {
        const event = [this.#type, this.#content] as const
        this.trace([transition.postpone ? 'postpone' : 'consume', event, this.#before, this.#state])
      }
      if (transition.postpone) this.#postponed.push({ type: this.#type, content: this.#content })
      this.#inHand = false
      this.#type = 'internal'
      this.#content = undefined
    }
    const timeouts = this.#timeouts
    if (timeouts !== null) {
      timeouts.cancelEvent()
      if (this.#changed) timeouts.cancelState()
    }
    if (this.#changed && this.#postponed.length > 0) {
      for (let event = this.#postponed.pop(); event !== undefined; event = this.#postponed.pop()) queue.push(event)
    }
    if (transition.timeouts !== null) {
      this.#timeouts ??= new Timeouts(this.proc)
      this.#timeouts.apply(transition.timeouts, this.debug === null ? undefined : this.#traceTimeout)
    }
    const { nextEvents } = transition
    if (nextEvents !== null) {
      for (let event = nextEvents.pop(); event !== undefined; event = nextEvents.pop()) queue.push(event)
    }
    transition.reset()
  }

  /** Asks the callback module how it wants to be called. @returns why that cannot be; the mode is as before then */
  #readMode(): Fault | undefined {
    let given: unknown
    try {
      if (this.#mod.callbackMode === undefined) throw undefFunction(this.code, 'callbackMode', 0)
      given = this.#mod.callbackMode()
    } catch (thrown) {
      if (thrown instanceof Error) return faultOf(thrown)
      given = thrown
    }
    const checked = checkMode(given)
    if (checked === undefined) return faultOf(new ErlangError(['bad_return_from_callback_mode', given]))
    this.#mode = checked.mode
    this.#stateEnter = checked.stateEnter
    return undefined
  }

  // ---- effects of actions

  reply(from: From, answer: unknown): void {
    if (this.debug !== null) this.trace(['out', answer, from.pid])
    from.reply(answer)
  }

  inserted(event: Event): void {
    if (this.debug !== null) this.trace(['in', [event.type, event.content], this.#state])
  }

  change(module: ModuleRef): void {
    if (sameModule(module, this.code)) return
    this.code = module
    // An unknown module fails where its callbacks are asked for, as a function that is not there.
    try {
      this.#mod = this.#dialect.callbacks(module)
    } catch {
      this.#mod = {}
    }
    this.#mode = undefined
    if (this.debug !== null) this.trace(['module', moduleName(module), this.#state])
  }

  push(module: ModuleRef): void {
    this.#below = [this.code, ...this.#below]
    this.change(module)
  }

  pop(): boolean {
    const [module, ...below] = this.#below
    if (module === undefined) return false
    this.#below = below
    this.change(module)
    return true
  }

  // ---- end

  /** The machine itself finds fault with what a callback gave. */
  #fail(reason: unknown): Pending {
    return this.#terminate(faultOf(new ErlangError(reason)))
  }

  #terminate(fault: Fault): Pending {
    if (this.proc.dead) return undefined
    let pending: unknown
    try {
      pending = this.#mod.terminate?.(fault.reason, this.#state, this.#data)
    } catch (thrown) {
      return this.#end(thrown instanceof Error ? faultOf(thrown) : fault)
    }
    if (!isThenable(pending)) return this.#end(fault)
    return pending.then(
      () => this.#end(fault),
      (thrown: unknown) => this.#end(thrown instanceof Error ? faultOf(thrown) : fault),
    )
  }

  #end(fault: Fault): undefined {
    if (this.proc.dead) return undefined
    if (!isNormalish(fault.reason)) {
      reportMachine(this.#machine(), this.proc, this.#dialect.behaviour, fault)
    } else if (this.debug !== null) this.trace(['terminate', fault.reason, this.#state])
    endItself(this.proc, exitReasonOf(fault))
    return undefined
  }

  // ---- system messages

  protected get line(): FormatFun {
    return this.#dialect.line
  }

  protected stop(reason: unknown): Pending {
    return this.#terminate(stopFault(reason))
  }

  getState(): readonly [unknown, unknown] {
    const [state, data] = this.#pair
    if (state !== this.#state || data !== this.#data) this.#pair = [this.#state, this.#data]
    return this.#pair
  }

  replaceState(fun: (state: unknown) => unknown): unknown {
    const next = fun(this.getState())
    return isThenable(next) ? next.then((pair) => this.#replace(pair)) : this.#replace(next)
  }

  #replace(pair: unknown): unknown {
    if (!Array.isArray(pair) || pair.length !== 2) throw new ErlangError(['badmatch', pair])
    this.#state = pair[0]
    this.#data = pair[1]
    return this.getState()
  }

  getStatus(): unknown[] {
    return machineStatus(this.#machine(), this.#dialect.title, this.suspended, this.parentPid)
  }

  codeChange(_mod: ModuleRef, oldVsn: unknown, extra: unknown): unknown {
    if (this.#mod.codeChange === undefined) throw undefFunction(this.code, 'codeChange', 4)
    let returned: unknown
    try {
      returned = this.#mod.codeChange(oldVsn, this.#state, this.#data, extra)
    } catch (thrown) {
      if (thrown instanceof Error) return ['EXIT', exitReason(thrown)]
      returned = thrown
    }
    if (!isThenable(returned)) return this.#converted(returned)
    return returned.then(
      (value) => this.#converted(value),
      (thrown: unknown) => (thrown instanceof Error ? ['EXIT', exitReason(thrown)] : this.#converted(thrown)),
    )
  }

  /** No enter call is made: the machine is where it was, only the form has changed. */
  #converted(returned: unknown): unknown {
    if (!Array.isArray(returned) || returned[0] !== 'ok' || returned.length !== 3) return returned
    return new Converted(() => {
      const refused = this.#readMode()
      if (refused !== undefined) return ['EXIT', exitReasonOf(refused)]
      this.#state = returned[1]
      this.#data = returned[2]
      return 'ok'
    })
  }

  /** The machine as it is shown. */
  #machine(): Machine {
    const inHand: readonly Event[] = this.#inHand ? [{ type: this.#type, content: this.#content }] : []
    return {
      name: this.name(),
      named: this.givenName !== undefined,
      callbacks: this.#mod,
      modules: [this.code, ...this.#below].map(moduleName),
      mode: this.#mode,
      stateEnter: this.#stateEnter,
      state: this.#state,
      data: this.#data,
      queue: [...inHand, ...this.#queue.toReversed()],
      postponed: this.#postponed,
      timeouts: this.#timeouts?.list() ?? [],
      debug: this.debug,
    }
  }

  readonly #traceTimeout = (
    word: 'start_timer' | 'insert_timeout',
    { type, time, content, abs }: { type: unknown; time: unknown; content: unknown; abs: boolean },
  ): void => {
    const what = word === 'start_timer' ? [type, time, content, abs ? [['abs', true]] : []] : [type, content]
    this.trace([word, what, this.#state])
  }
}
