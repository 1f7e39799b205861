/**
 * Calls: a request to a server and its one answer. Who waits is told the answer, that the server has ended, or that
 * the time is up; whichever comes first counts, later ones are dropped, so that no late answer can turn up. OTP:
 * `gen:call/3,4` with its monitor and alias, which here are fields of the call.
 *
 * A call to an idle server of this node is served at once, on the caller's stack: order of signals is kept, because
 * the server's mailbox is empty. Otherwise it goes through the mailbox.
 */

import { inspect } from 'node:util'
import { ErlangError, Exit, error, exitReason } from '../../erts/exit.js'
import { fenced, isFenced } from '../../erts/fence.js'
import { KIND, type Kind } from '../../erts/mailbox.js'
import { applyMfa, type ModuleRef } from '../../erts/modules.js'
import { current, enter, type Process, type Unanswered, type Wait, withMember, withoutMember } from '../../erts/proc.js'
import { isTimeout, type Timeout } from '../../erts/receive.js'
import { lookup, whereisGlobal } from '../../erts/registry.js'
import { charge, deliver, dispatch, schedule, soon } from '../../erts/scheduler.js'
import { NODE } from '../../erts/signal.js'
import { Pid } from '../../erts/term.js'
import { arm, Deadline, disarm } from '../../erts/timer.js'

/** A name under which a server can be registered. */
export type ServerName =
  | { readonly local: string }
  | { readonly global: unknown }
  | { readonly via: ModuleRef; readonly name: unknown }

/** How a server can be named in a call. */
export type ServerRef =
  | Pid
  | string
  | { readonly global: unknown }
  | { readonly via: ModuleRef; readonly name: unknown }
  | readonly [name: string, node: string]

/** Who called: give it to `reply`. Opaque but for the calling process. */
export interface From {
  /** The calling process; undefined when the call came from outside any. */
  readonly pid: Pid | undefined
  /** Answers; the first answer counts. @internal */
  reply(answer: unknown): void
}

/** What a call says of itself when it fails: behaviour and function, as in `[cause, ['gen_server', 'call', args]]`. */
export type CallSite = readonly [behaviour: string, fun: string]

const PENDING = 0
const ANSWERED = 1
const FAILED = 2

/** Servers served on one stack; deeper ones go through their mailboxes. */
const DEEPEST = 64
let depth = 0

let takenResolve: ((answer: unknown) => void) | null = null
let takenReject: ((failure: Exit) => void) | null = null

/** The executor of every call's promise: one function for all instead of a new one for each. */
function takeSettlers(resolve: (answer: unknown) => void, reject: (failure: Exit) => void): void {
  takenResolve = resolve
  takenReject = reject
}

/** One request and its answer. */
export class Call extends Deadline implements From, Unanswered, Wait {
  readonly request: unknown
  readonly caller: Process | null
  older: Unanswered | null = null
  newer: Unanswered | null = null
  #state: typeof PENDING | typeof ANSWERED | typeof FAILED = PENDING
  /** The answer, or the cause of the failure. */
  #value: unknown = undefined
  server: Process | null = null
  #resolve: ((answer: unknown) => void) | null = null
  #reject: ((failure: Exit) => void) | null = null
  readonly #site: CallSite
  /** What the client wrote; null when that was just the server and the request, as mostly: no list for each call. */
  readonly #args: readonly unknown[] | null
  readonly #ref: ServerRef | null

  constructor(
    request: unknown,
    caller: Process | null,
    site: CallSite,
    args: readonly unknown[] | null,
    ref: ServerRef | null = null,
  ) {
    super()
    this.request = request
    this.caller = caller
    this.#site = site
    this.#args = args
    this.#ref = ref
  }

  get pid(): Pid | undefined {
    return this.caller?.pid
  }

  get done(): boolean {
    return this.#state !== PENDING
  }

  reply(answer: unknown): void {
    if (this.#state === PENDING) this.#settle(ANSWERED, answer)
  }

  /** In logs: a server that keeps whom to answer keeps no more than that in sight. */
  [inspect.custom](): string {
    return `#From${this.pid ?? '<outside>'}`
  }

  /** Over the node's socket, as in logs. */
  toJSON(): { readonly $from: string } {
    return { $from: `${this.pid ?? '<outside>'}` }
  }

  /** The call succeeds, whatever {@link reply} makes of answers. */
  protected succeed(value: unknown): void {
    if (this.#state === PENDING) this.#settle(ANSWERED, value)
  }

  /** The call fails with a cause. */
  fail(cause: unknown): void {
    if (this.#state === PENDING) this.#settle(FAILED, cause)
  }

  serverEnded(reason: unknown): void {
    this.fail(reason)
  }

  fire(): void {
    this.fail('timeout')
  }

  /** The caller has ended: an answer would reach nobody. */
  giveUp(): void {
    this.fail('noproc')
  }

  /** The promise of the answer; the time runs from now on. It never settles once the caller has ended. */
  wait(timeout: Timeout): Promise<unknown> {
    const { caller } = this
    // Serving the call may have been the caller's end.
    if (caller?.dead === true) {
      this.giveUp()
      return new Promise(() => {})
    }
    if (this.#state === ANSWERED) return Promise.resolve(this.#value)
    // A client that asks again and again for who is not there must not hold up the event loop.
    if (this.#state === FAILED && charge()) return Promise.reject(this.failure(this.#value))
    const promise = new Promise(takeSettlers)
    this.#resolve = takenResolve
    this.#reject = takenReject
    if (this.#state === FAILED) {
      soon(() => this.#tell())
      return promise
    }
    if (caller !== null) caller.waits = withMember(caller.waits, this)
    if (timeout !== 'infinity') arm(this, timeout)
    return promise
  }

  /** From now on the end of the server fails the call. */
  watch(server: Process): void {
    this.server = server
    this.older = server.unanswered
    if (server.unanswered !== null) server.unanswered.newer = this
    server.unanswered = this
  }

  #settle(state: typeof ANSWERED | typeof FAILED, value: unknown): void {
    this.#state = state
    this.#value = value
    if (this.list !== null) disarm(this)
    const server = this.server
    if (server !== null) {
      if (this.newer === null) server.unanswered = this.older
      else this.newer.older = this.older
      if (this.older !== null) this.older.newer = this.newer
      this.older = this.newer = this.server = null
    }
    if (this.#resolve === null) return
    const { caller } = this
    if (caller !== null) {
      caller.waits = withoutMember<Wait>(caller.waits, this)
      if (caller.dead) return
    }
    if (charge()) this.#tell()
    else soon(() => this.#tell())
  }

  #tell(): void {
    if (this.caller?.dead === true) return
    if (this.#state === ANSWERED) this.#resolve?.(this.#value)
    else this.#reject?.(this.failure(this.#value))
  }

  /** What the waiting client is thrown for a cause. */
  protected failure(cause: unknown): Exit {
    return new Exit([cause, [this.#site[0], this.#site[1], this.#args ?? [this.#ref, this.request]]])
  }
}

/** The process that a reference names: the process, null when there is none, or why it cannot be reached. */
export function find(ref: ServerRef): Process | null | { readonly nodedown: string } {
  if (ref instanceof Pid) return ref.proc
  if (typeof ref === 'string') return lookup(ref) ?? null
  if (Array.isArray(ref)) return ref[1] === NODE ? (lookup(String(ref[0])) ?? null) : { nodedown: String(ref[1]) }
  if (typeof ref === 'object' && ref !== null && 'global' in ref) return whereisGlobal(ref.global)?.proc ?? null
  if (typeof ref === 'object' && ref !== null && 'via' in ref) {
    const pid = askRegistry(ref.via, 'whereisName', ref.name)
    return pid instanceof Pid ? pid.proc : null
  }
  throw new ErlangError('function_clause')
}

/** Asks a registry module: `registerName`, `unregisterName` or `whereisName`, with OTP's results. */
export const askRegistry = (module: ModuleRef, fun: string, ...args: readonly unknown[]): unknown =>
  applyMfa([module, fun, args])

/**
 * Sends a request and waits for the answer.
 *
 * @param kind KIND.call, or KIND.system for a system message
 * @param args what the client wrote, for the failure; null: just server and request
 * @returns the answer; rejects with an Exit of reason `[cause, [behaviour, fun, args]]`
 */
export function call(
  kind: Kind,
  ref: ServerRef,
  request: unknown,
  timeout: Timeout,
  site: CallSite,
  args: readonly unknown[] | null,
): Promise<unknown> {
  const caller = current()
  if (isFenced(caller, 'call')) return new Promise(() => {})
  const one = new Call(request, caller, site, args, ref)
  let server: ReturnType<typeof find>
  try {
    if (!isTimeout(timeout)) error('function_clause')
    server = ref instanceof Pid ? ref.proc : find(ref)
  } catch (thrown) {
    one.fail(exitReason(thrown))
    return one.wait('infinity')
  }
  if (server === null || 'nodedown' in server || server.dead || server === caller) {
    one.fail(
      server === null || (!('nodedown' in server) && server.dead)
        ? 'noproc'
        : server === caller
          ? 'calling_self'
          : ['nodedown', 'nodedown' in server ? server.nodedown : NODE],
    )
    return one.wait(timeout)
  }
  serve(server, kind, one)
  return one.wait(timeout)
}

/** Hands a call to a server: at once when it is idle and the budget allows, else through its mailbox. */
export function serve(server: Process, kind: Kind, one: Call): void {
  one.watch(server)
  const { loop } = server
  if (
    loop !== null &&
    !server.busy &&
    server.count === 0 &&
    depth < DEEPEST &&
    loop.accepts === undefined &&
    charge()
  ) {
    depth++
    try {
      enter(server, dispatch, loop, kind, one)
    } finally {
      depth--
    }
    if (server.count > 0 && !server.busy && !server.scheduled && !server.dead) schedule(server)
  } else deliver(server, kind, one)
}

/** Puts a request into a server's mailbox without waiting. To nobody: nothing. */
export function cast(ref: ServerRef, request: unknown): void {
  if (fenced('cast')) return
  const server = ref instanceof Pid ? ref.proc : find(ref)
  if (server !== null && !('nodedown' in server)) deliver(server, KIND.cast, request)
}
