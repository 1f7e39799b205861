/**
 * gen_server: the generic part of a server. A callback module keeps a state and answers requests one at a time;
 * its callbacks may be async, the next message waits for them. OTP: stdlib `gen_server.erl`.
 *
 * Departure: outside any process (a script's top level, a test) `startLink` starts the server unlinked and its own
 * parent, since there is nobody to link with.
 */

import { exitReason } from '../../erts/exit.js'
import { fenced } from '../../erts/fence.js'
import { KIND } from '../../erts/mailbox.js'
import type { ModuleRef } from '../../erts/modules.js'
import type { Process } from '../../erts/proc.js'
import type { Timeout } from '../../erts/receive.js'
import { NODE } from '../../erts/signal.js'
import { isThenable } from '../../erts/spawn.js'
import type { Pid } from '../../erts/term.js'
import { warnAtStart } from './behaviour.js'
import {
  type CallSite,
  type From,
  call as genCall,
  cast as genCast,
  type ServerName,
  type ServerRef,
} from './gen_call.js'
import { checkEntering, enterProcess } from './gen_enter.js'
import { ServerLoop } from './gen_server_loop.js'
import { badReturn, isOption, type Option, type Thrown } from './gen_server_returns.js'
import {
  type InitOutcome,
  type Relation,
  type StartMonitorResult,
  type StartOptions,
  type StartResult,
  startProcess,
} from './gen_start.js'
import { stopProcess } from './gen_stop.js'
import { debugOptions } from './sys_debug.js'

export type { From, ServerName, ServerRef } from './gen_call.js'
export {
  checkResponse,
  type LabelledResponse,
  type RequestId,
  type RequestIds,
  type Response,
  receiveResponse,
  reqidsAdd,
  reqidsNew,
  reqidsSize,
  reqidsToList,
  sendRequest,
  type WaitTime,
  waitResponse,
} from './gen_request.js'
export type {
  Callbacks,
  CallOf,
  CallReturn,
  CastOf,
  CastReturn,
  CodeChange,
  FormatStatus,
  HandleCall,
  HandleCast,
  HandleContinue,
  HandleInfo,
  Init,
  ReplyTo,
  Request,
  Terminate,
} from './gen_server_callbacks.js'
export { type Client, client } from './gen_server_client.js'
export type { Option } from './gen_server_returns.js'
export type { StartMonitorResult, StartOptions, StartResult } from './gen_start.js'

const CALL: CallSite = ['gen_server', 'call']

/** A server's name may be left out. */
type StartArguments = [name: ServerName | undefined, mod: ModuleRef, arg?: unknown, options?: StartOptions]

/** Whether a value is a server name rather than a callback module, which exports `init`. @internal */
export function isName(value: unknown): value is ServerName {
  if (typeof value !== 'object' || value === null || 'init' in value) return false
  return 'local' in value || 'global' in value || ('via' in value && 'name' in value)
}

/**
 * Starts a server linked with the caller, and waits until its init is over.
 *
 * @param name    `{ local }`, `{ global }` or `{ via, name }`; may be left out
 * @param mod     the callback module
 * @param arg     given to `init`
 * @returns `['ok', pid]`, `['error', reason]` or `'ignore'`; `['error', ['already_started', pid]]` when the name is taken
 */
export function startLink(
  name: ServerName | undefined,
  mod: ModuleRef,
  arg?: unknown,
  options?: StartOptions,
): Promise<StartResult>
export function startLink(mod: ModuleRef, arg?: unknown, options?: StartOptions): Promise<StartResult>
export function startLink(...args: unknown[]): Promise<StartResult> {
  return startAs('link', args)
}

/** As {@link startLink} without a link; the server is its own parent. */
export function start(
  name: ServerName | undefined,
  mod: ModuleRef,
  arg?: unknown,
  options?: StartOptions,
): Promise<StartResult>
export function start(mod: ModuleRef, arg?: unknown, options?: StartOptions): Promise<StartResult>
export function start(...args: unknown[]): Promise<StartResult> {
  return startAs('nolink', args)
}

/** As {@link startLink} with a monitor instead of a link. @returns `['ok', [pid, ref]]` */
export function startMonitor(
  name: ServerName | undefined,
  mod: ModuleRef,
  arg?: unknown,
  options?: StartOptions,
): Promise<StartMonitorResult>
export function startMonitor(mod: ModuleRef, arg?: unknown, options?: StartOptions): Promise<StartMonitorResult>
export function startMonitor(...args: unknown[]): Promise<StartMonitorResult> {
  const [name, mod, arg, options = {}] = startArguments(args)
  return startProcess('monitor', name, initialCall(mod), initialise(mod, arg, options), options)
}

function startAs(relation: Exclude<Relation, 'monitor'>, args: unknown[]): Promise<StartResult> {
  const [name, mod, arg, options = {}] = startArguments(args)
  return startProcess(relation, name, initialCall(mod), initialise(mod, arg, options), options)
}

function startArguments(args: unknown[]): StartArguments {
  // The overloads above are what callers can write.
  return (args[0] === undefined || isName(args[0]) ? args : [undefined, ...args]) as StartArguments
}

let lastInitialCall: readonly [ModuleRef, string, number] = ['', 'init', 1]

/** Servers started one after the other are mostly of one module: they share it. */
function initialCall(mod: ModuleRef): readonly [ModuleRef, string, number] {
  if (lastInitialCall[0] !== mod) {
    lastInitialCall = [mod, 'init', 1]
    warnAtStart('gen_server', mod)
  }
  return lastInitialCall
}

function initialise(mod: ModuleRef, arg: unknown, options: StartOptions) {
  return (proc: Process, parent: Pid, name: ServerName | undefined): InitOutcome | PromiseLike<InitOutcome> => {
    const loop = new ServerLoop(proc, parent, name, mod, debugOptions(options.debug ?? []))
    let returned: unknown
    try {
      returned = loop.init(arg)
    } catch (thrown) {
      return thrownByInit(loop, thrown)
    }
    if (!isThenable(returned)) return initOutcome(loop, returned)
    return Promise.resolve(returned).then(
      (value) => initOutcome(loop, value),
      (thrown: unknown) => thrownByInit(loop, thrown),
    )
  }
}

function thrownByInit(loop: ServerLoop, thrown: Thrown): InitOutcome {
  if (!(thrown instanceof Error)) return initOutcome(loop, thrown)
  const reason = exitReason(thrown)
  return { result: ['error', reason], reason }
}

function initOutcome(loop: ServerLoop, returned: unknown): InitOutcome {
  if (returned === 'ignore') return { result: 'ignore', reason: 'normal' }
  if (Array.isArray(returned)) {
    if (returned[0] === 'ok' && returned.length === 2) return { loop: loop.ready(returned[1], undefined) }
    if (returned[0] === 'ok' && returned.length === 3 && isOption(returned[2])) {
      const option = returned[2]
      loop.ready(returned[1], option)
      if (typeof option !== 'object') return { loop, first: () => loop.armAfterInit(option) }
      return { loop, first: () => loop.goOn(option.continue) }
    }
    if (returned[0] === 'stop' && returned.length === 2) return { result: ['error', returned[1]], reason: returned[1] }
  }
  const reason = badReturn(returned)
  return { result: ['error', reason], reason }
}

/**
 * Sends a request and waits for the answer.
 *
 * @param timeoutMs milliseconds, 5000 by default. When it is over the server may still handle the request; its
 *                  answer is dropped
 * @returns the answer. Rejects with an Exit of reason `[cause, ['gen_server', 'call', args]]`; causes: `noproc`,
 *          `timeout`, `calling_self`, `['nodedown', node]`, or the reason with which the server ended
 */
export function call<Reply = unknown>(ref: ServerRef, request: unknown, timeoutMs?: Timeout): Promise<Reply> {
  const args = timeoutMs === undefined ? null : [ref, request, timeoutMs]
  // The type of the answer is the callback module's promise.
  return genCall(KIND.call, ref, request, timeoutMs ?? 5000, CALL, args) as Promise<Reply>
}

/** Sends a request that wants no answer. @returns `'ok'` always, also when there is no such server */
export function cast(ref: ServerRef, request: unknown): 'ok' {
  genCast(ref, request)
  return 'ok'
}

/** Answers a call; any process may do it, and the first answer counts. */
export function reply(from: From, answer: unknown): 'ok' {
  if (!fenced('reply')) from.reply(answer)
  return 'ok'
}

/** Sends a cast to the servers of that name on some nodes; by default on all, without distribution this one. */
export function abcast(name: string, request: unknown): 'abcast'
export function abcast(nodes: readonly string[], name: string, request: unknown): 'abcast'
export function abcast(...args: [string, unknown] | [readonly string[], string, unknown]): 'abcast' {
  const [nodes, name, request] = args.length === 3 ? args : [[NODE], ...args]
  for (const node of nodes) genCast([name, node], request)
  return 'abcast'
}

/** What {@link multiCall} gives: answers by node, and the nodes that did not answer. */
export type MultiReplies<Reply = unknown> = [replies: [node: string, reply: Reply][], badNodes: string[]]

/** Calls the servers of that name on some nodes, by default on all, and waits for all of them; by default for ever. */
export function multiCall<Reply = unknown>(name: string, request: unknown): Promise<MultiReplies<Reply>>
export function multiCall<Reply = unknown>(
  nodes: readonly string[],
  name: string,
  request: unknown,
  timeoutMs?: Timeout,
): Promise<MultiReplies<Reply>>
export async function multiCall(
  ...args: [string, unknown] | [readonly string[], string, unknown, (Timeout | undefined)?]
): Promise<unknown> {
  const [nodes, name, request, timeoutMs = 'infinity'] = args.length === 2 ? [[NODE], ...args] : args
  const replies: [string, unknown][] = []
  const badNodes: string[] = []
  const ask = async (node: string): Promise<void> => {
    try {
      replies.push([node, await call([String(name), node], request, timeoutMs)])
    } catch {
      badNodes.push(node)
    }
  }
  await Promise.all(nodes.map(ask))
  return [replies, badNodes]
}

/**
 * Stops a server: it terminates with `reason` and is gone afterwards.
 *
 * @returns `'ok'`; rejects with an Exit: `noproc`, `timeout` (the server may still end later), or the reason with
 *          which it ended instead
 */
export function stop(ref: ServerRef, reason: unknown = 'normal', timeoutMs: Timeout = 'infinity'): Promise<'ok'> {
  return stopProcess(ref, reason, timeoutMs, ['gen_server', 'stop'])
}

/**
 * Makes the calling process, started by proc_lib, a gen_server with this state; never settles. Its name, if it is
 * given, must be its own.
 *
 * @throws Exit `process_was_not_started_by_proc_lib`, `process_not_registered`, `process_not_registered_globally`,
 *         `['process_not_registered_via', module]`
 */
export function enterLoop(
  mod: ModuleRef,
  options: StartOptions,
  state: unknown,
  name?: ServerName | Pid,
  option?: Option,
): Promise<never> {
  const { proc, parent, name: own } = checkEntering(name)
  const loop = new ServerLoop(proc, parent, own, mod, debugOptions(options.debug ?? [])).ready(state, option)
  return enterProcess(proc, loop, () => {
    if (option === undefined) return undefined
    return typeof option === 'object' ? loop.goOn(option.continue) : loop.armAfterInit(option)
  })
}
