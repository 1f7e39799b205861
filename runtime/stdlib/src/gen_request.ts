/**
 * Requests whose answer is looked for later. The answer arrives as a message of the process that asked, in order with
 * all else that the server sends it; outside any process it is kept in the request. OTP: `gen_server:send_request/2`
 * and its family.
 */

import { clock } from '../../erts/clock.js'
import { isFenced } from '../../erts/fence.js'
import { KIND } from '../../erts/mailbox.js'
import { current, type Process, type Wait, withMember, withoutMember } from '../../erts/proc.js'
import { receive, type Timeout } from '../../erts/receive.js'
import { deliver } from '../../erts/scheduler.js'
import { arm, Deadline, disarm } from '../../erts/timer.js'
import { Call, type CallSite, find, type ServerRef } from './gen_call.js'

/** The answer to a request, or why there is none. */
export type Response<Reply = unknown> = ['reply', Reply] | ['error', [reason: unknown, server: ServerRef]]

/** An answer to one of a collection: it, the label of its request, and the collection to go on with. */
export type LabelledResponse<Reply = unknown> = [Response<Reply>, label: unknown, RequestIds]

/** How long to wait: milliseconds, for ever, or until a moment on the monotonic clock. */
export type WaitTime = Timeout | readonly ['abs', monotonicMs: number]

/** Requests and their labels: an immutable list. */
export type RequestIds = readonly (readonly [id: RequestId, label: unknown])[]

/** The message by which an answer arrives. */
class ResponseMessage {
  readonly id: RequestId
  readonly response: Response

  constructor(id: RequestId, response: Response) {
    this.id = id
    this.response = response
  }
}

/** A request under way. Opaque. */
export class RequestId {
  readonly #server: ServerRef
  /** Who asked; null outside any process. */
  readonly #caller: Process | null = current()
  #call: RequestCall | null = null
  #abandoned = false
  /** The answer, where there is no process whose mailbox could hold it. @internal */
  kept: ResponseMessage | undefined = undefined
  /** Called when `kept` is there. @internal */
  arrived: (() => void) | undefined = undefined

  constructor(server: ServerRef, request: unknown) {
    this.#server = server
    const found = find(server)
    const caller = this.#caller
    if (isFenced(caller, 'request')) return
    if (found === null || 'nodedown' in found || found.dead) {
      this.#arrive(['error', [found !== null && 'nodedown' in found ? 'noconnection' : 'noproc', server]])
      return
    }
    const call = new RequestCall(request, caller, SITE, null, server)
    call.id = this
    this.#call = call
    if (caller !== null) caller.waits = withMember(caller.waits, call)
    call.watch(found)
    deliver(found, KIND.call, call)
  }

  /** @internal */
  replied(answer: unknown): void {
    this.#arrive(['reply', answer])
  }

  /** @internal */
  failed(reason: unknown): void {
    this.#arrive(['error', [reason, this.#server]])
  }

  #arrive(response: Response): void {
    this.#over()
    if (this.#abandoned) return
    const message = new ResponseMessage(this, response)
    if (this.#caller !== null) deliver(this.#caller, KIND.info, message)
    else {
      this.kept = message
      this.arrived?.()
    }
  }

  /** A later answer is dropped. @internal */
  abandon(): void {
    this.#abandoned = true
    this.#call?.giveUp()
    this.#over()
  }

  #over(): void {
    if (this.#call !== null && this.#caller !== null) {
      this.#caller.waits = withoutMember<Wait>(this.#caller.waits, this.#call)
    }
    this.#call = null
  }
}

const SITE: CallSite = ['gen_server', 'send_request']

/** The call of a request. Nobody awaits it: what becomes of it is told at once, and so in order. */
class RequestCall extends Call {
  id: RequestId | undefined = undefined

  override reply(answer: unknown): void {
    if (this.done) return
    super.reply(answer)
    this.id?.replied(answer)
  }

  override serverEnded(reason: unknown): void {
    super.serverEnded(reason)
    this.id?.failed(reason)
  }
}

/**
 * Sends a request. Never fails for a server that is not there: that shows when the answer is looked for.
 *
 * @returns the request's id, or with `label` and `collection` the collection with it
 */
export function sendRequest(server: ServerRef, request: unknown): RequestId
export function sendRequest(server: ServerRef, request: unknown, label: unknown, collection: RequestIds): RequestIds
export function sendRequest(
  server: ServerRef,
  request: unknown,
  label?: unknown,
  collection?: RequestIds,
): RequestId | RequestIds {
  const id = new RequestId(server, request)
  return collection === undefined ? id : reqidsAdd(id, label, collection)
}

/**
 * Waits for the answer to a request, or to any of a collection. After `timeout` they stay open and can be waited for
 * again. Of a collection it is also told whether the request that is answered is taken out of it.
 *
 * @param time how long; by default for ever
 * @returns the answer, or `'timeout'`; of a collection `[answer, label, collection]`, `'no_request'` when it is empty
 */
export function waitResponse<Reply = unknown>(id: RequestId, time?: WaitTime): Promise<Response<Reply> | 'timeout'>
export function waitResponse<Reply = unknown>(
  ids: RequestIds,
  time: WaitTime,
  remove: boolean,
): Promise<LabelledResponse<Reply> | 'timeout' | 'no_request'>
export function waitResponse(
  which: RequestId | RequestIds,
  time: WaitTime = 'infinity',
  remove = false,
): Promise<unknown> {
  return waitFor(which, time, remove, false)
}

/** As {@link waitResponse}, but after `timeout` the requests are given up: later answers are dropped. */
export function receiveResponse<Reply = unknown>(id: RequestId, time?: WaitTime): Promise<Response<Reply> | 'timeout'>
export function receiveResponse<Reply = unknown>(
  ids: RequestIds,
  time: WaitTime,
  remove: boolean,
): Promise<LabelledResponse<Reply> | 'timeout' | 'no_request'>
export function receiveResponse(
  which: RequestId | RequestIds,
  time: WaitTime = 'infinity',
  remove = false,
): Promise<unknown> {
  return waitFor(which, time, remove, true)
}

async function waitFor(
  which: RequestId | RequestIds,
  time: WaitTime,
  remove: boolean,
  givesUp: boolean,
): Promise<unknown> {
  const ids = new Set(which instanceof RequestId ? [which] : which.map(([id]) => id))
  if (ids.size === 0) return 'no_request'
  const ms = typeof time === 'object' ? Math.max(0, time[1] - clock.monotonicMs()) : time
  const isAnswer = (message: unknown): boolean => message instanceof ResponseMessage && ids.has(message.id)
  const proc = current()
  if (proc === null) await arrival(ids, ms)
  const came = proc === null ? taken(ids) : await receive(isAnswer, ms)
  // The time may be over, and the answer come before this goes on.
  const answer = came instanceof ResponseMessage || proc === null ? came : takenFrom(proc, isAnswer)
  if (answer instanceof ResponseMessage) return shown(answer, which, remove)
  if (givesUp) for (const id of ids) id.abandon()
  return 'timeout'
}

/** Waits, outside any process, until one of the requests is answered or the time is over. */
function arrival(ids: ReadonlySet<RequestId>, ms: Timeout): Promise<void> {
  return new Promise((resolve) => {
    const limit = new Limit(() => {
      disarm(limit)
      for (const id of ids) id.arrived = undefined
      resolve()
    })
    for (const id of ids) {
      id.arrived = limit.fire
      if (id.kept !== undefined) return limit.fire()
    }
    if (ms !== 'infinity') arm(limit, ms)
  })
}

class Limit extends Deadline {
  readonly fire: () => void

  constructor(fire: () => void) {
    super()
    this.fire = fire
  }
}

function taken(ids: ReadonlySet<RequestId>): ResponseMessage | undefined {
  for (const id of ids) {
    const { kept } = id
    if (kept === undefined) continue
    id.kept = undefined
    return kept
  }
  return undefined
}

function takenFrom(proc: Process, isAnswer: (message: unknown) => boolean): unknown {
  for (let i = 0; i < proc.count; i++) if (isAnswer(proc.payloadAt(i))) return proc.removeAt(i)
  return undefined
}

function shown(
  { id, response }: ResponseMessage,
  which: RequestId | RequestIds,
  remove: boolean,
): Response | LabelledResponse {
  if (which instanceof RequestId) return response
  const label = which.find(([one]) => one === id)?.[1]
  return [response, label, remove ? which.filter(([one]) => one !== id) : which]
}

/**
 * Looks whether a message that the caller took is the answer to a request, or to one of a collection.
 *
 * @returns as {@link waitResponse}, or `'no_reply'`
 */
export function checkResponse<Reply = unknown>(message: unknown, id: RequestId): Response<Reply> | 'no_reply'
export function checkResponse<Reply = unknown>(
  message: unknown,
  ids: RequestIds,
  remove: boolean,
): LabelledResponse<Reply> | 'no_reply' | 'no_request'
export function checkResponse(message: unknown, which: RequestId | RequestIds, remove = false): unknown {
  if (Array.isArray(which) && which.length === 0) return 'no_request'
  if (!(message instanceof ResponseMessage)) return 'no_reply'
  const { id } = message
  const known = which instanceof RequestId ? which === id : which.some(([one]) => one === id)
  return known ? shown(message, which, remove) : 'no_reply'
}

/** An empty collection. */
export const reqidsNew = (): RequestIds => []

/** How many requests a collection holds. */
export const reqidsSize = (collection: RequestIds): number => collection.length

/** A collection with one more request. */
export const reqidsAdd = (id: RequestId, label: unknown, collection: RequestIds): RequestIds => [
  ...collection,
  [id, label],
]

/** The requests with their labels, in order of addition. */
export const reqidsToList = (collection: RequestIds): RequestIds => collection
