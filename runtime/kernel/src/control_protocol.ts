/**
 * The control protocol: newline-delimited JSON over a byte stream, and what counts as a request. Pure.
 *
 *     -> {"id":1,"method":"upgrade","params":{...}}
 *     <- {"id":1,"progress":{...}}                      any number
 *     <- {"id":1,"result":...} or {"id":1,"error":{"tag":"...","message":"..."}}
 *     -> {"id":1,"cancel":true}                         asks to cancel
 *
 * Bytes that are no frame are answered with an error whose `id` is null, and do not end the connection.
 */
import { err, ok, type Result } from '../../../schemas/result.js'
import { encodeTerm, type Json } from './control_terms.js'

/** Longest frame, in bytes. */
export const MAX_FRAME = 1024 * 1024

/** A request's name for its answers: a number or a text, the client's choice. */
export type RequestId = number | string

/** What a client can send. */
export type ClientFrame =
  | {
      readonly type: 'request'
      readonly id: RequestId
      readonly method: string
      readonly params: Readonly<Record<string, unknown>>
    }
  | { readonly type: 'cancel'; readonly id: RequestId }

/** Why bytes are no frame. */
export type FrameError =
  | { readonly tag: 'frame_too_large'; readonly limit: number }
  | { readonly tag: 'not_json'; readonly found: string }
  | { readonly tag: 'not_a_request'; readonly id: RequestId | null; readonly problem: string }

/** The words for it. */
export function formatFrameError(error: FrameError): string {
  switch (error.tag) {
    case 'frame_too_large':
      return `a frame is longer than ${error.limit} bytes and was dropped up to its line break`
    case 'not_json':
      return `a frame is not JSON: ${JSON.stringify(error.found)}; send one JSON object a line`
    case 'not_a_request':
      return `${error.problem}; a request is {"id":1,"method":"status","params":{}}`
  }
}

/**
 * Cuts a byte stream into frames. Bytes that follow a frame (`rest`) can be taken out, for a connection that changes
 * to another protocol.
 */
export class FrameSplitter {
  readonly #limit: number
  #parts: Buffer[] = []
  #size = 0
  /** Inside a frame that is too long: drop until its line break. */
  #dropping = false

  constructor(limit = MAX_FRAME) {
    this.#limit = limit
  }

  /** Takes bytes; then call {@link next} until it gives undefined. */
  push(bytes: Buffer): void {
    if (bytes.length === 0) return
    this.#parts.push(bytes)
    this.#size += bytes.length
  }

  /** @returns the next frame's text, an error for one that is too long, or undefined: more bytes are needed. */
  next(): Result<string, FrameError> | undefined {
    const at = this.#lineBreak()
    if (at >= 0) {
      const frame = this.#take(at + 1).subarray(0, at)
      const dropped = this.#dropping
      this.#dropping = false
      if (dropped) return this.next()
      return frame.length > this.#limit ? this.#tooLarge() : ok(frame.toString('utf8'))
    }
    if (this.#size <= this.#limit) return undefined
    this.#take(this.#size)
    if (this.#dropping) return undefined
    this.#dropping = true
    return this.#tooLarge()
  }

  /** @returns the bytes that no frame was made of yet, and forgets them. */
  rest(): Buffer {
    return this.#take(this.#size)
  }

  #tooLarge(): Result<string, FrameError> {
    return err({ tag: 'frame_too_large', limit: this.#limit })
  }

  #lineBreak(): number {
    let before = 0
    for (const part of this.#parts) {
      const at = part.indexOf(10)
      if (at >= 0) return before + at
      before += part.length
    }
    return -1
  }

  #take(size: number): Buffer {
    const all = this.#parts.length === 1 ? (this.#parts[0] ?? Buffer.alloc(0)) : Buffer.concat(this.#parts)
    const rest = all.subarray(size)
    this.#parts = rest.length === 0 ? [] : [rest]
    this.#size = rest.length
    return all.subarray(0, size)
  }
}

/** Reads one frame. */
export function parseFrame(text: string): Result<ClientFrame, FrameError> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return err({ tag: 'not_json', found: text.length > 40 ? `${text.slice(0, 40)}...` : text })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return err({ tag: 'not_a_request', id: null, problem: 'a frame is not a JSON object' })
  const { id, method, params = {}, cancel }: Record<string, unknown> = { ...value }
  if (typeof id !== 'number' && typeof id !== 'string')
    return err({ tag: 'not_a_request', id: null, problem: 'a request has no "id" (a number or a text)' })
  if (cancel === true) return ok({ type: 'cancel', id })
  if (typeof method !== 'string') return err({ tag: 'not_a_request', id, problem: '"method" is not a text' })
  if (typeof params !== 'object' || params === null || Array.isArray(params))
    return err({ tag: 'not_a_request', id, problem: '"params" is not an object' })
  return ok({ type: 'request', id, method, params: { ...params } })
}

const line = (frame: Readonly<Record<string, Json>>): string => `${JSON.stringify(frame)}\n`

/** The frame of an intermediate result. */
export const progressFrame = (id: RequestId, progress: unknown): string => line({ id, progress: encodeTerm(progress) })

/** The frame of the result. */
export const resultFrame = (id: RequestId, result: unknown): string =>
  line({ id, result: result === undefined ? null : encodeTerm(result) })

/** The frame of a failure. `id` is null where the request is not known. */
export const errorFrame = (
  id: RequestId | null,
  error: { readonly tag: string; readonly message: string; readonly [fact: string]: unknown },
): string => line({ id, error: encodeTerm(error) })
