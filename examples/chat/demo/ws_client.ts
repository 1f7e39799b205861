/**
 * A chat client that misses nothing: it keeps sending numbered messages over one WebSocket connection and checks that
 * it gets everybody's, its own included, each once and in order.
 */
import { WebSocket } from 'ws'

/** A line as the server sent it. */
export interface Line {
  readonly id: number
  readonly from: string
  readonly seq: number
}

/** How a version shows a line: `name: text` or `[name] text`. */
const NEW_STYLE = /^\[/

/** One connected client. */
export class ChatClient {
  readonly user: string
  readonly room: string
  /** Everything received, in order. */
  readonly lines: Line[] = []
  readonly announcements: string[] = []
  sent = 0
  /** The connection ended before it was closed. */
  dropped = false
  /** Lines whose number is not the one after the last of their sender. */
  outOfOrder = 0
  /** Longest time between two lines while there was something to receive, ms. */
  longestGapMs = 0
  /** Longest time from a message of its own to the line that shows it, ms. */
  longestDeliveryMs = 0
  lastStyle: 'old' | 'new' | undefined
  /** When each of its messages was sent. */
  readonly #sentAtMs: number[] = []
  #lastAtMs = 0
  #closing = false
  readonly #lastSeq = new Map<string, number>()
  readonly #socket: WebSocket

  private constructor(socket: WebSocket, user: string, room: string) {
    this.#socket = socket
    this.user = user
    this.room = room
    socket.on('message', (data) => this.#receive(JSON.parse(String(data))))
    socket.on('close', () => {
      if (!this.#closing) this.dropped = true
    })
    socket.on('error', () => {
      this.dropped = true
    })
  }

  /** Connects and joins a room. */
  static connect(port: number, user: string, room: string): Promise<ChatClient> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`)
      const client = new ChatClient(socket, user, room)
      socket.once('open', () => socket.send(JSON.stringify({ type: 'join', user, room })))
      socket.once('error', reject)
      const joined = (data: unknown): void => {
        if (JSON.parse(String(data)).type !== 'joined') return
        socket.off('message', joined)
        resolve(client)
      }
      socket.on('message', joined)
    })
  }

  /** Says the next numbered message. */
  say(): void {
    this.sent++
    this.#sentAtMs.push(performance.now())
    this.#socket.send(JSON.stringify({ type: 'say', seq: this.sent, text: `message ${this.sent}` }))
  }

  /** The time before now does not count as a gap. */
  startClock(): void {
    this.#lastAtMs = performance.now()
  }

  /** Last number received of a sender. */
  received(user: string): number {
    return this.#lastSeq.get(user) ?? 0
  }

  close(): void {
    this.#closing = true
    this.#socket.close()
  }

  #receive(event: { type: string; id: number; from: string; seq: number; shown: string; text: string }): void {
    if (event.type === 'motd') this.announcements.push(event.text)
    if (event.type !== 'line') return
    const nowMs = performance.now()
    if (this.#lastAtMs > 0) this.longestGapMs = Math.max(this.longestGapMs, nowMs - this.#lastAtMs)
    this.#lastAtMs = nowMs
    const sentAtMs = event.from === this.user ? this.#sentAtMs[event.seq - 1] : undefined
    if (sentAtMs !== undefined) this.longestDeliveryMs = Math.max(this.longestDeliveryMs, nowMs - sentAtMs)
    const last = this.received(event.from)
    if (event.seq !== last + 1) this.outOfOrder++
    this.#lastSeq.set(event.from, event.seq)
    this.lines.push({ id: event.id, from: event.from, seq: event.seq })
    this.lastStyle = NEW_STYLE.test(event.shown) ? 'new' : 'old'
  }
}
