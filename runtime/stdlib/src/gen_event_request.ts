/**
 * Questions to one handler of a gen_event whose answers are looked for later. OTP: `gen_event:send_request/3` and its
 * family in stdlib's gen_event.erl.
 */
import type { ServerRef } from './gen_call.js'
import type { Request } from './gen_event_loop.js'
import type { HandlerName } from './gen_event_returns.js'
import * as requests from './gen_request.js'

/**
 * Asks one handler; the answer is looked for with {@link waitResponse} and the others. See `GenServer.sendRequest`.
 *
 * @returns the request's id, or with `label` and `collection` the collection with it
 */
export function sendRequest(ref: ServerRef, handler: HandlerName, request: unknown): requests.RequestId
export function sendRequest(
  ref: ServerRef,
  handler: HandlerName,
  request: unknown,
  label: unknown,
  collection: requests.RequestIds,
): requests.RequestIds
export function sendRequest(
  ref: ServerRef,
  handler: HandlerName,
  request: unknown,
  label?: unknown,
  collection?: requests.RequestIds,
): requests.RequestId | requests.RequestIds {
  const id = requests.sendRequest(ref, ['call', handler, request] satisfies Request)
  return collection === undefined ? id : requests.reqidsAdd(id, label, collection)
}

/** What a handler answers to a request: an `['error', _]` of the handler itself is not wrapped in `reply`. */
export type HandlerResponse<Reply = unknown> = readonly ['reply', Reply] | readonly ['error', unknown]

/** An answer to one of a collection: it, the label of its request, and the collection to go on with. */
export type LabelledHandlerResponse<Reply = unknown> = [HandlerResponse<Reply>, label: unknown, requests.RequestIds]

/** See `GenServer.waitResponse`. */
export function waitResponse<Reply = unknown>(
  id: requests.RequestId,
  time?: requests.WaitTime,
): Promise<HandlerResponse<Reply> | 'timeout'>
export function waitResponse<Reply = unknown>(
  ids: requests.RequestIds,
  time: requests.WaitTime,
  remove: boolean,
): Promise<LabelledHandlerResponse<Reply> | 'timeout' | 'no_request'>
export async function waitResponse(which: Which, time: requests.WaitTime = 'infinity', remove = false) {
  return isCollection(which)
    ? unwrapLabelled(await requests.waitResponse(which, time, remove))
    : unwrap(await requests.waitResponse(which, time))
}

/** See `GenServer.receiveResponse`. */
export function receiveResponse<Reply = unknown>(
  id: requests.RequestId,
  time?: requests.WaitTime,
): Promise<HandlerResponse<Reply> | 'timeout'>
export function receiveResponse<Reply = unknown>(
  ids: requests.RequestIds,
  time: requests.WaitTime,
  remove: boolean,
): Promise<LabelledHandlerResponse<Reply> | 'timeout' | 'no_request'>
export async function receiveResponse(which: Which, time: requests.WaitTime = 'infinity', remove = false) {
  return isCollection(which)
    ? unwrapLabelled(await requests.receiveResponse(which, time, remove))
    : unwrap(await requests.receiveResponse(which, time))
}

/** See `GenServer.checkResponse`. */
export function checkResponse<Reply = unknown>(
  message: unknown,
  id: requests.RequestId,
): HandlerResponse<Reply> | 'no_reply'
export function checkResponse<Reply = unknown>(
  message: unknown,
  ids: requests.RequestIds,
  remove: boolean,
): LabelledHandlerResponse<Reply> | 'no_reply' | 'no_request'
export function checkResponse(message: unknown, which: Which, remove = false) {
  return isCollection(which)
    ? unwrapLabelled(requests.checkResponse(message, which, remove))
    : unwrap(requests.checkResponse(message, which))
}

type Which = requests.RequestId | requests.RequestIds

const isCollection = (which: Which): which is requests.RequestIds => Array.isArray(which)

function unwrapLabelled<Word extends string>(
  labelled: requests.LabelledResponse | Word,
): LabelledHandlerResponse | Word {
  return typeof labelled === 'string' ? labelled : [unwrap(labelled[0]), labelled[1], labelled[2]]
}

function unwrap<Reply, Word>(response: requests.Response<Reply> | Word): HandlerResponse<Reply> | Word {
  if (!Array.isArray(response) || response[0] !== 'reply') return response
  const answer: unknown = response[1]
  return Array.isArray(answer) && answer[0] === 'error' ? ['error', answer[1]] : response
}
