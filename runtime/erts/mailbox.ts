/**
 * A process's mailbox: one queue in order of arrival, from which messages can also be taken out of the middle
 * (selective receive). It is a ring of two slots a message, (kind, payload), so that a cast costs no allocation; an
 * empty mailbox holds no ring at all, small rings go round through a pool.
 */

/** What a message is. The payload's shape follows from it. */
export const KIND = {
  /** Anything sent with `send`, an exit or down message: the payload is what the process sees. */
  info: 0,
  /** gen cast: the payload is the request. */
  cast: 1,
  /** gen call: the payload is the `Call`. */
  call: 2,
  /** A system message: the payload is the `Call` that carries the request. */
  system: 3,
  /** A server's note to itself to go on before any message: the payload is what handleContinue is given. */
  continue: 4,
} as const

/** One of {@link KIND}. */
export type Kind = (typeof KIND)[keyof typeof KIND]

/** Slots of a small ring, and how many of them wait to be used again. */
const SMALL = 16
const POOLED = 1024
/** A busy server's ring of at most so many slots is kept when it is empty, so that it need not grow each time anew. */
const SPARE = 16_384

const pool: unknown[][] = []
let spare: unknown[] | null = null

/** The queue. `Process` extends it, which saves an object and a pointer for each process. */
export class Mailbox {
  #ring: unknown[] | null = null
  /** Slot of the oldest message. */
  #head = 0
  /** Messages waiting. */
  count = 0

  /** Appends a message. */
  push(kind: Kind, payload: unknown): void {
    let ring = this.#ring
    if (ring === null) {
      ring = this.#ring = pool.pop() ?? new Array<unknown>(SMALL).fill(undefined)
      this.#head = 0
    } else if (this.count * 2 === ring.length) ring = this.#grow(ring)
    const at = (this.#head + this.count * 2) & (ring.length - 1)
    ring[at] = kind
    ring[at + 1] = payload
    this.count++
  }

  /** Puts a message before all others. */
  unshift(kind: Kind, payload: unknown): void {
    this.push(kind, payload)
    const ring = this.#ring as unknown[] // push has made it
    const mask = ring.length - 1
    const last = (this.#head + (this.count - 1) * 2) & mask
    ring[last + 1] = undefined
    this.#head = (this.#head - 2) & mask
    ring[this.#head] = kind
    ring[this.#head + 1] = payload
  }

  /** Kind of the oldest message. Only while there is one. */
  firstKind(): Kind {
    // Even slots hold what push put there: kinds.
    return this.#ring?.[this.#head] as Kind
  }

  /** Takes the oldest message out and returns its payload. Only while there is one. */
  shift(): unknown {
    const ring = this.#ring
    if (ring === null) return undefined
    const at = this.#head
    const payload = ring[at + 1]
    ring[at + 1] = undefined
    this.#head = (at + 2) & (ring.length - 1)
    if (--this.count === 0) this.#release(ring)
    return payload
  }

  /** Kind of the i-th message, oldest first. */
  kindAt(i: number): Kind {
    const ring = this.#ring as unknown[] // there are messages, so there is a ring
    return ring[(this.#head + i * 2) & (ring.length - 1)] as Kind
  }

  /** Payload of the i-th message, oldest first. */
  payloadAt(i: number): unknown {
    const ring = this.#ring as unknown[] // there are messages, so there is a ring
    return ring[((this.#head + i * 2) & (ring.length - 1)) + 1]
  }

  /** Takes the i-th message out; the others keep their order. Moves the messages on the shorter side of it. */
  removeAt(i: number): unknown {
    const ring = this.#ring as unknown[] // there are messages, so there is a ring
    const mask = ring.length - 1
    const payload = this.payloadAt(i)
    if (i < this.count >> 1) {
      for (let k = i; k > 0; k--) this.#move(ring, k - 1, k)
      ring[this.#head + 1] = undefined
      this.#head = (this.#head + 2) & mask
    } else {
      for (let k = i; k < this.count - 1; k++) this.#move(ring, k + 1, k)
      ring[((this.#head + (this.count - 1) * 2) & mask) + 1] = undefined
    }
    if (--this.count === 0) this.#release(ring)
    return payload
  }

  /** Throws all messages away. */
  clear(): void {
    this.#ring = null
    this.count = 0
  }

  #move(ring: unknown[], from: number, to: number): void {
    const mask = ring.length - 1
    const a = (this.#head + from * 2) & mask
    const b = (this.#head + to * 2) & mask
    ring[b] = ring[a]
    ring[b + 1] = ring[a + 1]
  }

  #grow(ring: unknown[]): unknown[] {
    const size = ring.length
    let next = spare
    if (next !== null && next.length > size) spare = null
    else next = new Array<unknown>(size * 2)
    for (let k = 0; k < size; k++) next[k] = ring[(this.#head + k) & (size - 1)]
    this.#head = 0
    this.#ring = next
    return next
  }

  #release(ring: unknown[]): void {
    this.#ring = null
    if (ring.length === SMALL) {
      if (pool.length < POOLED) pool.push(ring)
    } else if (ring.length <= SPARE && (spare === null || spare.length < ring.length)) spare = ring
  }
}
