/**
 * What the loops of all behaviours share: whose process it is, and its system messages. OTP: what gen_server.erl,
 * gen_statem.erl and gen_event.erl each do with `sys` (`system_continue`, `system_terminate` and the like).
 */
import { KIND, type Kind } from '../../erts/mailbox.js'
import type { ModuleRef } from '../../erts/modules.js'
import type { Loop, Process } from '../../erts/proc.js'
import { isThenable } from '../../erts/spawn.js'
import type { Pid } from '../../erts/term.js'
import type { Call, ServerName } from './gen_call.js'
import { serverName } from './gen_server_status.js'
import { type Debug, type FormatFun, handleDebug } from './sys_debug.js'
import { handleSystemRequest, type SystemHost } from './sys_msg.js'

/** What handling a message gives: nothing, or a promise to wait for before the next one. */
export type Pending = undefined | PromiseLike<void>

/** The loop of one process of a behaviour, which traces events of a shape. */
export abstract class GenLoop<Traced extends readonly unknown[] = readonly unknown[]> implements Loop, SystemHost {
  abstract readonly code: ModuleRef
  abstract readonly module: string
  readonly proc: Process
  debug: Debug | null
  /** While suspended: only system messages and the parent's exit are let through. */
  accepts: ((kind: Kind, payload: unknown) => boolean) | undefined = undefined
  /** Whose exit ends it; the process itself where it has no parent. */
  protected readonly parentPid: Pid
  /** The name it was started with. */
  protected readonly givenName: ServerName | undefined
  /** Set by a system message that ends the process, done when it has been answered. */
  #stopping: { readonly reason: unknown } | null = null

  constructor(proc: Process, parent: Pid, name: ServerName | undefined, debug: Debug | null) {
    this.proc = proc
    this.debug = debug
    this.parentPid = parent
    this.givenName = name
  }

  abstract handle(kind: Kind, payload: unknown): Pending
  abstract ended(reason: unknown): void
  abstract getState(): unknown
  abstract replaceState(fun: (state: unknown) => unknown): unknown
  abstract getStatus(): unknown
  abstract codeChange(module: ModuleRef, oldVsn: unknown, extra: unknown): unknown
  /** Ends the process as the behaviour ends: its callback is told. */
  protected abstract stop(reason: unknown): Pending
  /** The line of a traced event. */
  protected abstract readonly line: FormatFun

  /** Answers a system message. */
  protected system(call: Call): Pending {
    const answered = (answer: unknown): Pending => {
      call.reply(answer)
      return this.#stopping === null ? this.goesOn() : this.stop(this.#stopping.reason)
    }
    const answer = handleSystemRequest(this, call.request)
    return isThenable(answer) ? answer.then(answered) : answered(answer)
  }

  /** A system message has been answered, and the process lives on. */
  protected goesOn(): Pending {
    return undefined
  }

  get suspended(): boolean {
    return this.accepts !== undefined
  }

  set suspended(value: boolean) {
    // Made when it is needed: most processes are never suspended.
    this.accepts = value
      ? (kind, payload) => kind === KIND.system || (kind === KIND.info && this.isParentExit(payload))
      : undefined
  }

  /** Whether a message is the exit of the parent. */
  protected isParentExit(message: unknown): message is readonly ['EXIT', Pid, unknown] {
    return Array.isArray(message) && message[0] === 'EXIT' && message[1] === this.parentPid && message.length === 3
  }

  name(): string {
    return serverName(this.givenName, this.proc)
  }

  parent(): Pid | undefined {
    return this.parentPid === this.proc.pid ? undefined : this.parentPid
  }

  terminate(reason: unknown): void {
    this.#stopping = { reason }
  }

  /** Traces an event, where anybody wants that. Ask for `debug` before, so that events are made only then. */
  protected trace(event: Traced): void {
    if (this.debug !== null) this.debug = handleDebug(this.debug, this.line, this.name(), event)
  }
}
