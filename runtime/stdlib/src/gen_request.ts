/**
 * Requests whose answer is looked for later. The answer arrives as a message of the process that asked; outside any
 * process it is kept in the request. OTP: `gen_server:send_request/2` and its family.
 */
import { KIND } from '../../erts/mailbox.js'
import { current } from '../../erts/proc.js'
import { receive, sleep, type Timeout } from '../../erts/receive.js'
import { deliver } from '../../erts/scheduler.js'
import { Call, find, type ServerRef } from './gen_call.js'

/** The answer to a request, or why there is none. */
export type Response<Reply = unknown> = ['reply', Reply] | ['error', [reason: unknown, server: ServerRef]]

/** A request under way. Opaque. */
export class RequestId {
  readonly server: ServerRef
  /** Set where there is no process whose mailbox could hold it. */
  response: Response | undefined = undefined
  arrived: (() => void) | undefined = undefined
  abandoned = false

  constructor(server: ServerRef) {
    this.server = server
  }
}

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
  const id = new RequestId(server)
  const caller = current()
  const arrive = (response: Response): void => {
    if (id.abandoned) return
    if (caller !== null) deliver(caller, KIND.info, new ResponseMessage(id, response))
    else {
      id.response = response
      id.arrived?.()
    }
  }
  const found = find(server)
  if (found === null || 'nodedown' in found || found.dead) {
    const reason = found !== null && 'nodedown' in found ? 'noconnection' : 'noproc'
    arrive(['error', [reason, server]])
  } else {
    const call = new Call(request, caller, ['gen_server', 'send_request'], [server, request])
    call.watch(found)
    call.wait('infinity').then(
      (reply) => arrive(['reply', reply]),
      (failure: { reason: unknown }) => arrive(['error', [causeOf(failure.reason), server]]),
    )
    deliver(found, KIND.call, call)
  }
  return collection === undefined ? id : [...collection, [id, label]]
}

const causeOf = (reason: unknown): unknown => (Array.isArray(reason) ? reason[0] : reason)

const isResponseTo =
  (id: RequestId) =>
  (message: unknown): boolean =>
    message instanceof ResponseMessage && message.id === id

/** Waits for the answer. After `timeout` the request stays open and can be waited for again. */
export async function waitResponse<Reply = unknown>(id: RequestId, ms: Timeout): Promise<Response<Reply> | 'timeout'> {
  const response = await waitFor(id, ms)
  return (response ?? 'timeout') as Response<Reply> | 'timeout' // the type of the answer is the server's promise
}

/** As {@link waitResponse}, but after `timeout` the request is given up: a later answer is dropped. */
export async function receiveResponse<Reply = unknown>(
  id: RequestId,
  ms: Timeout,
): Promise<Response<Reply> | 'timeout'> {
  const response = await waitFor(id, ms)
  if (response === undefined) id.abandoned = true
  return (response ?? 'timeout') as Response<Reply> | 'timeout' // the type of the answer is the server's promise
}

async function waitFor(id: RequestId, ms: Timeout): Promise<Response | undefined> {
  if (current() !== null) {
    const message = await receive(isResponseTo(id), ms)
    return message instanceof ResponseMessage ? message.response : undefined
  }
  if (id.response === undefined) {
    const arrived = new Promise<void>((resolve) => {
      id.arrived = resolve
    })
    await (ms === 'infinity' ? arrived : Promise.race([arrived, sleep(ms)]))
  }
  return id.response
}

/** Looks whether a message that the caller took is the answer. @returns the answer, or `no_reply` */
export function checkResponse<Reply = unknown>(message: unknown, id: RequestId): Response<Reply> | 'no_reply' {
  if (!(message instanceof ResponseMessage) || message.id !== id) return 'no_reply'
  return message.response as Response<Reply> // the type of the answer is the server's promise
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
