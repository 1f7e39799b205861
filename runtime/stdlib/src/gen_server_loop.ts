/**
 * The loop of a gen_server: one message, one callback, its return. It never throws: what callbacks do wrong ends the
 * server in the way OTP's `gen_server.erl` does (`loop`, `handle_msg`, `handle_common_reply`, `terminate`).
 *
 * Longer than a file should be: each step of a message may have to wait for an async callback, and goes on in the next.
 */
import { ErlangError, exitReason, isNormalish } from '../../erts/exit.js'
import { KIND, type Kind } from '../../erts/mailbox.js'
import { type ModuleRef, moduleName, resolveModule } from '../../erts/modules.js'
import type { Process } from '../../erts/proc.js'
import { report } from '../../erts/report.js'
import { deliver } from '../../erts/scheduler.js'
import { endItself } from '../../erts/signal.js'
import { isThenable } from '../../erts/spawn.js'
import { format, Pid } from '../../erts/term.js'
import { arm, Deadline, disarm } from '../../erts/timer.js'
import type { Call, From, ServerName } from './gen_call.js'
import { GenLoop, type Pending } from './gen_loop.js'
import { badReturn, isOption, type Option, type Thrown } from './gen_server_returns.js'
import { isOlder, olderStatus, statusOf } from './gen_server_status.js'
import { type Debug, type FormatFun, getLog } from './sys_debug.js'
import { Converted } from './sys_msg.js'

/** What a callback module may export. Presence is looked at each time: an upgrade may add one. */
interface Callbacks {
  init?(arg: unknown): unknown
  handleCall?(request: unknown, from: From, state: unknown): unknown
  handleCast?(request: unknown, state: unknown): unknown
  handleInfo?(message: unknown, state: unknown): unknown
  handleContinue?(continuation: unknown, state: unknown): unknown
  terminate?(reason: unknown, state: unknown): unknown
  codeChange?(oldVsn: unknown, state: unknown, extra: unknown): unknown
  formatStatus?(status: Readonly<Record<string, unknown>>): unknown
}

/** No time-out is asked for. */
const NO_LIMIT = -1

/** Fires when a server has been idle for the time it asked for. */
class IdleTimer extends Deadline {
  readonly proc: Process
  /** Milliseconds of waiting asked for by the last return. */
  ms = NO_LIMIT

  constructor(proc: Process) {
    super()
    this.proc = proc
  }

  fire(): void {
    // A message that has come meanwhile has cancelled the time-out.
    if (this.proc.count === 0 && !this.proc.busy) deliver(this.proc, KIND.info, 'timeout')
  }
}

function cancel(idle: IdleTimer): void {
  idle.ms = NO_LIMIT
  disarm(idle)
}

/** One gen_server. */
export class ServerLoop extends GenLoop {
  readonly code: ModuleRef
  readonly #mod: Callbacks
  #state: unknown = undefined
  /** Made when a return first asks for a time-out. */
  #idle: IdleTimer | null = null

  constructor(proc: Process, parent: Pid, name: ServerName | undefined, module: ModuleRef, debug: Debug | null) {
    super(proc, parent, name, debug)
    this.code = module
    // A callback module is used by what it exports; each use checks that the callback is there.
    this.#mod = resolveModule(module) as Callbacks
  }

  // ---- start

  /** Runs the callback's init. */
  init(arg: unknown): unknown {
    const { init } = this.#mod
    if (init === undefined) throw this.#undef('init', [arg])
    return this.#mod.init?.(arg)
  }

  /** Sets the first state. */
  ready(state: unknown, _option: Option | undefined): this {
    this.#state = state
    return this
  }

  /** The option of init's return, once the process is a server. */
  armAfterInit(option: Option): undefined {
    if (typeof option === 'number') this.#armIdle(option)
    return undefined
  }

  // ---- messages

  handle(kind: Kind, payload: unknown): Pending {
    if (kind === KIND.system) return this.system(payload as Call) // system messages carry calls
    if (this.#idle !== null && this.#idle.ms !== NO_LIMIT) cancel(this.#idle)
    if (kind === KIND.cast) return this.#cast(payload)
    if (kind === KIND.call) return this.#call(payload as Call) // calls carry calls
    if (kind === KIND.continue) return this.goOn(payload)
    return this.#info(payload)
  }

  ended(_reason: unknown): void {
    if (this.#idle !== null) disarm(this.#idle)
  }

  #call(call: Call): Pending {
    if (this.debug !== null) this.trace(['in', ['$gen_call', call, call.request]])
    let returned: unknown
    try {
      if (this.#mod.handleCall === undefined) throw this.#undef('handleCall', [call.request, call, this.#state])
      returned = this.#mod.handleCall(call.request, call, this.#state)
    } catch (thrown) {
      return this.#threw(thrown, call.request, call)
    }
    if (Array.isArray(returned) && returned[0] === 'reply' && returned.length === 3) {
      this.#state = returned[2]
      if (this.debug !== null) this.trace(['out', returned[1], call.pid, returned[2]])
      call.reply(returned[1])
      return undefined
    }
    if (isThenable(returned)) {
      return Promise.resolve(returned).then(
        (value) => this.#callReturned(value, call),
        (thrown: unknown) => this.#threw(thrown, call.request, call),
      )
    }
    return this.#callReturned(returned, call)
  }

  #callReturned(returned: unknown, call: Call): Pending {
    if (this.proc.dead) return undefined
    if (Array.isArray(returned) && returned[0] === 'reply') {
      const [, answer, state, option] = returned
      if (returned.length === 3 || (returned.length === 4 && isOption(option))) {
        this.#state = state
        if (this.debug !== null) this.trace(['out', answer, call.pid, state])
        call.reply(answer)
        return this.#option(option)
      }
    }
    if (Array.isArray(returned) && returned[0] === 'stop' && returned.length === 4) {
      this.#state = returned[3]
      return this.#terminate(returned[1], call.request, call, { answer: returned[2] })
    }
    return this.#returned(returned, call.request, call)
  }

  #cast(request: unknown): Pending {
    if (this.debug !== null) this.trace(['in', ['$gen_cast', request]])
    let returned: unknown
    try {
      if (this.#mod.handleCast === undefined) throw this.#undef('handleCast', [request, this.#state])
      returned = this.#mod.handleCast(request, this.#state)
    } catch (thrown) {
      return this.#threw(thrown, request, undefined)
    }
    if (Array.isArray(returned) && returned[0] === 'noreply' && returned.length === 2) {
      this.#state = returned[1]
      if (this.debug !== null) this.trace(['noreply', returned[1]])
      return undefined
    }
    return this.#later(returned, request)
  }

  #info(message: unknown): Pending {
    if (Array.isArray(message) && typeof message[0] === 'string') {
      if (this.isParentExit(message)) return this.#terminate(message[2], message, undefined, undefined)
      if (message[0] === '$gen_cast' && message.length === 2) return this.#cast(message[1])
    }
    if (this.debug !== null) this.trace(['in', message])
    if (this.#mod.handleInfo === undefined) {
      const facts = { name: this.name(), module: moduleName(this.code), message }
      report('warning', { label: ['gen_server', 'no_handle_info'], report: facts }, { domain: ['otp'] })
      return undefined
    }
    let returned: unknown
    try {
      returned = this.#mod.handleInfo(message, this.#state)
    } catch (thrown) {
      return this.#threw(thrown, message, undefined)
    }
    return this.#later(returned, message)
  }

  /** Runs handleContinue. */
  goOn(continuation: unknown): Pending {
    if (this.debug !== null) this.trace(['in', ['continue', continuation]])
    let returned: unknown
    try {
      if (this.#mod.handleContinue === undefined) throw this.#undef('handleContinue', [continuation, this.#state])
      returned = this.#mod.handleContinue(continuation, this.#state)
    } catch (thrown) {
      return this.#threw(thrown, ['continue', continuation], undefined)
    }
    return this.#later(returned, ['continue', continuation])
  }

  #later(returned: unknown, message: unknown): Pending {
    if (!isThenable(returned)) return this.#returned(returned, message, undefined)
    return Promise.resolve(returned).then(
      (value) => this.#returned(value, message, undefined),
      (thrown: unknown) => this.#threw(thrown, message, undefined),
    )
  }

  #returned(returned: unknown, message: unknown, call: Call | undefined): Pending {
    if (this.proc.dead) return undefined
    if (Array.isArray(returned)) {
      const [word, second, third] = returned
      if (word === 'noreply' && (returned.length === 2 || (returned.length === 3 && isOption(third)))) {
        this.#state = second
        if (this.debug !== null) this.trace(['noreply', second])
        return this.#option(third)
      }
      if (word === 'stop' && returned.length === 3) {
        this.#state = third
        return this.#terminate(second, message, call, undefined)
      }
    }
    return this.#terminate(badReturn(returned), message, call, undefined)
  }

  #threw(thrown: Thrown, message: unknown, call: Call | undefined): Pending {
    if (this.proc.dead) return undefined
    // As in OTP, a thrown value counts as returned.
    if (!(thrown instanceof Error)) {
      return call === undefined ? this.#returned(thrown, message, undefined) : this.#callReturned(thrown, call)
    }
    return this.#terminate(exitReason(thrown), message, call, undefined)
  }

  #option(option: Option | undefined): Pending {
    if (option === undefined) return undefined
    if (typeof option === 'number') this.#armIdle(option)
    // Through the mailbox, so that a server that keeps going on leaves others their turn; before all that waits there.
    else if (typeof option === 'object') this.proc.unshift(KIND.continue, option.continue)
    return undefined
  }

  #armIdle(ms: number): void {
    const { proc } = this
    if (ms === 0 && proc.count === 0) {
      deliver(proc, KIND.info, 'timeout')
      return
    }
    this.#idle ??= new IdleTimer(proc)
    this.#idle.ms = ms
    if (ms > 0) arm(this.#idle, ms)
  }

  // ---- end

  #terminate(
    reason: unknown,
    message: unknown,
    call: Call | undefined,
    reply: { readonly answer: unknown } | undefined,
  ): Pending {
    if (this.proc.dead) return undefined
    let pending: unknown
    try {
      pending = this.#mod.terminate?.(reason, this.#state)
    } catch (thrown) {
      if (thrown instanceof Error) return this.#end(exitReason(thrown), message, call, reply)
    }
    if (isThenable(pending)) {
      return Promise.resolve(pending).then(
        () => this.#end(reason, message, call, reply),
        (thrown: unknown) => this.#end(thrown instanceof Error ? exitReason(thrown) : reason, message, call, reply),
      )
    }
    return this.#end(reason, message, call, reply)
  }

  /** The reply of a stop is sent after terminate has run, also when terminate crashed. */
  #end(
    reason: unknown,
    message: unknown,
    call: Call | undefined,
    reply: { readonly answer: unknown } | undefined,
  ): undefined {
    if (this.proc.dead) return undefined
    if (reply !== undefined) call?.reply(reply.answer)
    if (!isNormalish(reason)) this.#reportEnd(reason, message, call)
    endItself(this.proc, reason)
    return undefined
  }

  #reportEnd(reason: unknown, message: unknown, call: Call | undefined): void {
    const shown = this.#format({ state: this.#state, message, reason, log: getLog(this.debug) })
    const client = call?.pid
    const facts = {
      name: this.givenName === undefined ? this.proc.pid : this.name(),
      last_message: shown.message,
      state: shown.state,
      log: shown.log,
      reason: shown.reason,
      client_info:
        client === undefined
          ? undefined
          : client.proc === null
            ? [client, 'dead']
            : [client, client.proc.name ?? client],
    }
    report('error', { label: ['gen_server', 'terminate'], report: facts }, { domain: ['otp'] })
  }

  /** What formatStatus makes of the facts; a callback that fails must not show the state it was to hide. */
  #format(status: Record<string, unknown>): Record<string, unknown> {
    return statusOf(this.#mod, moduleName(this.code), status)
  }

  #undef(fun: string, args: readonly unknown[]): ErlangError {
    return new ErlangError(['undef', [moduleName(this.code), fun, args]])
  }

  // ---- system messages

  get module(): string {
    return 'stdlib/gen_server'
  }

  protected get line(): FormatFun {
    return traceLine
  }

  protected stop(reason: unknown): Pending {
    return this.#terminate(reason, undefined, undefined, undefined)
  }

  /** A system message is no event, but the waiting begins anew; a suspended server does not wait. */
  protected override goesOn(): undefined {
    const idle = this.#idle
    if (idle === null || idle.ms === NO_LIMIT) return
    if (this.suspended) disarm(idle)
    else this.#armIdle(idle.ms)
  }

  getState(): unknown {
    return this.#state
  }

  replaceState(fun: (state: unknown) => unknown): unknown {
    const next = fun(this.#state)
    if (isThenable(next)) return next.then((value) => this.#replace(value))
    return this.#replace(next)
  }

  #replace(state: unknown): unknown {
    this.#state = state
    return state
  }

  getStatus(): unknown[] {
    const older = isOlder(this.#mod) ? olderStatus(this.#mod, moduleName(this.code), 'normal', this.#state) : undefined
    const log = getLog(this.debug)
    const shown = older === undefined ? this.#format({ state: this.#state, log }) : { log }
    return [
      ['header', `Status for generic server ${this.name()}`],
      [
        'data',
        [
          ['Status', this.suspended ? 'suspended' : 'running'],
          ['Parent', this.parentPid],
          ['Logged events', shown.log],
        ],
      ],
      ...(older === undefined ? [['data', [['State', shown.state]]]] : elements(older)),
    ]
  }

  codeChange(_mod: ModuleRef, oldVsn: unknown, extra: unknown): unknown {
    let returned: unknown
    try {
      if (this.#mod.codeChange === undefined) throw this.#undef('codeChange', [oldVsn, this.#state, extra])
      returned = this.#mod.codeChange(oldVsn, this.#state, extra)
    } catch (thrown) {
      return this.#changed(thrown instanceof Error ? ['EXIT', exitReason(thrown)] : thrown)
    }
    if (!isThenable(returned)) return this.#changed(returned)
    return Promise.resolve(returned).then(
      (value) => this.#changed(value),
      (thrown: unknown) => this.#changed(thrown instanceof Error ? ['EXIT', exitReason(thrown)] : thrown),
    )
  }

  #changed(returned: unknown): unknown {
    if (!Array.isArray(returned) || returned[0] !== 'ok' || returned.length !== 2) return returned
    return new Converted(() => {
      this.#state = returned[1]
      return 'ok'
    })
  }
}

/** What the older form of formatStatus gives: one element of a status, which begins with its word, or several. */
const elements = (given: unknown): readonly unknown[] =>
  Array.isArray(given) && Array.isArray(given[0]) ? given : [given]

/** The line of one traced event, exactly OTP's. */
function traceLine(device: { write(text: string): unknown }, event: unknown, name: unknown): void {
  device.write(`*DBG* ${String(name)} ${traceText(event)}\n`)
}

function traceText(event: unknown): string {
  if (!Array.isArray(event)) return format(event)
  const [word, first, second, third] = event
  if (word === 'in' && Array.isArray(first) && first[0] === '$gen_call') {
    return `got call ${format(first[2])} from ${callerOf(first[1])}`
  }
  if (word === 'in' && Array.isArray(first) && first[0] === '$gen_cast') return `got cast ${format(first[1])}`
  if (word === 'in') return `got ${format(first)}`
  if (word === 'out')
    return `sent ${format(first)} to ${second instanceof Pid ? second : 'nobody'}, new state ${format(third)}`
  return `new state ${format(first)}`
}

function callerOf(from: unknown): string {
  const pid = typeof from === 'object' && from !== null && 'pid' in from ? from.pid : undefined
  return pid instanceof Pid ? pid.toString() : 'nobody'
}
