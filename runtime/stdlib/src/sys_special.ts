/**
 * System messages of processes without a behaviour ("special processes").
 *
 * Their receive loop passes each `['system', from, request]` here and ends with it:
 * `return Sys.handleSystemMsg(request, from, parent, module, debug, state)`. Here it waits while it is suspended; then
 * the loop goes on in `systemContinue` of the module's current version, which is where new code takes over.
 *
 * OTP: `handle_system_msg/6,7` and `suspend_loop/6` in stdlib's sys.erl.
 */
import { applyMfa, exportedFunction, type ModuleRef, moduleName } from '../../erts/modules.js'
import { enterVersion, type Pid, receive, self } from '../../erts/process.js'
import { isThenable } from '../../erts/spawn.js'
import type { Debug } from './sys_debug.js'
import { shownDebug } from './sys_debug.js'
import { Converted, handleSystemRequest, type SystemHost } from './sys_msg.js'

/** Who sent a system message; opaque. */
interface Sender {
  reply(answer: unknown): void
}

/** Callbacks of a special process's module. */
const CALLBACKS = {
  goOn: 'systemContinue',
  end: 'systemTerminate',
  convert: 'systemCodeChange',
  get: 'systemGetState',
  replace: 'systemReplaceState',
  show: 'formatStatus',
} as const

/**
 * Answers a system message and, while the process is suspended, those that follow; then calls `systemContinue(parent,
 * debug, state)` or `systemTerminate(reason, parent, debug, state)` of the module. Callbacks may be async.
 *
 * @param from   second element of the system message
 * @param parent the parent process: its exit ends the process also while it is suspended
 * @param module the module with the callbacks
 * @param debug  see `debugOptions`; null is off
 * @param state  state of the process, anything
 * @returns what the callback returns: return it from the loop
 */
export async function handleSystemMsg(
  request: unknown,
  from: Sender,
  parent: Pid,
  module: ModuleRef,
  debug: Debug | null,
  state: unknown,
): Promise<unknown> {
  const host = new SpecialProcess(module, parent, debug, state)
  // From here on the process runs no code of its module, whatever version it came from.
  enterVersion('stdlib/sys')
  await answer(host, request, from)
  while (host.suspended && host.ending === undefined) {
    waiting.set(self(), host)
    const message = await receive((next) => isSystem(next) || isExitOf(next, parent))
    waiting.delete(self())
    if (isSystem(message)) await answer(host, message[2], message[1])
    else if (isExitOf(message, parent)) host.terminate(message[2])
  }
  enterVersion(module)
  return host.ending === undefined
    ? applyMfa([module, CALLBACKS.goOn, [parent, host.debug, host.state]])
    : applyMfa([module, CALLBACKS.end, [host.ending.reason, parent, host.debug, host.state]])
}

/** Processes that stand still and wait for the next system message. */
const waiting = new WeakMap<Pid, SpecialProcess>()

/**
 * A special process that stands still and is in none of its callbacks: its state can be converted beside it. Undefined
 * for any other process.
 */
export const standingStill = (pid: Pid): SystemHost | undefined => waiting.get(pid)

async function answer(host: SpecialProcess, request: unknown, from: Sender): Promise<void> {
  from.reply(await handleSystemRequest(host, request))
}

const isSystem = (message: unknown): message is readonly ['system', Sender, unknown] =>
  Array.isArray(message) && message.length === 3 && message[0] === 'system'

const isExitOf = (message: unknown, parent: Pid): message is readonly ['EXIT', Pid, unknown] =>
  Array.isArray(message) && message.length === 3 && message[0] === 'EXIT' && message[1] === parent

/** A special process as its system messages see it. */
class SpecialProcess implements SystemHost {
  readonly module: string
  readonly #callbacks: ModuleRef
  readonly #parent: Pid
  suspended = false
  debug: Debug | null
  state: unknown
  ending: { readonly reason: unknown } | undefined = undefined

  constructor(callbacks: ModuleRef, parent: Pid, debug: Debug | null, state: unknown) {
    this.module = moduleName(callbacks)
    this.#callbacks = callbacks
    this.#parent = parent
    this.debug = debug
    this.state = state
  }

  name(): string {
    return self().toString()
  }

  parent(): Pid {
    return this.#parent
  }

  getState(): unknown {
    if (!this.#has(CALLBACKS.get)) return this.state
    return after(this.#call(CALLBACKS.get, [this.state]), (result) => okPart(result, 1))
  }

  replaceState(fun: (state: unknown) => unknown): unknown {
    if (!this.#has(CALLBACKS.replace)) return after(fun(this.state), (state) => this.#install(state, state))
    return after(this.#call(CALLBACKS.replace, [fun, this.state]), (result) =>
      this.#install(okPart(result, 2), okPart(result, 1)),
    )
  }

  #install(state: unknown, shown: unknown): unknown {
    this.state = state
    return shown
  }

  getStatus(): unknown {
    if (!this.#has(CALLBACKS.show)) return this.state
    const sysState = this.suspended ? 'suspended' : 'running'
    const facts = [[], sysState, this.#parent, shownDebug(this.debug), this.state]
    return this.#call(CALLBACKS.show, ['normal', facts])
  }

  codeChange(module: unknown, oldVsn: unknown, extra: unknown): unknown {
    const changed = this.#call(CALLBACKS.convert, [this.state, module, oldVsn, extra])
    return after(changed, (result) => {
      if (!Array.isArray(result) || result[0] !== 'ok' || result.length !== 2) return result
      return new Converted(() => {
        this.state = result[1]
        return 'ok'
      })
    })
  }

  terminate(reason: unknown): void {
    this.ending = { reason }
  }

  #has(callback: string): boolean {
    return exportedFunction(this.#callbacks, callback) !== undefined
  }

  #call(callback: string, args: readonly unknown[]): unknown {
    return applyMfa([this.#callbacks, callback, args])
  }
}

/** `then` over a value that may be a promise. */
function after(value: unknown, then: (value: unknown) => unknown): unknown {
  return isThenable(value) ? value.then(then) : then(value)
}

/** An element of `['ok', ...]`. @throws the value itself when it is none: a callback has answered nonsense */
function okPart(result: unknown, index: number): unknown {
  if (Array.isArray(result) && result[0] === 'ok' && index < result.length) return result[index]
  throw result
}
