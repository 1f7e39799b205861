/** The load of the demonstration: WebSocket clients in rooms, HTTP clients beside them, and what they have seen. */
import { getJson, HttpClient } from './http_client.js'
import { ChatClient } from './ws_client.js'

/** How much load. */
export interface LoadOptions {
  readonly port: number
  readonly clients: number
  readonly rooms: number
  readonly httpClients: number
  /** Milliseconds between two messages of a client. */
  readonly everyMs: number
}

/** What was seen, added up over all clients. All but the figures at the end must be 0. */
export interface Seen {
  readonly dropped: number
  readonly lost: number
  readonly outOfOrder: number
  readonly requestsFailed: number
  readonly reconnects: number
  readonly messages: number
  readonly deliveries: number
  readonly requests: number
  readonly longestGapMs: number
  readonly longestDeliveryMs: number
  readonly longestRequestMs: number
}

interface History {
  readonly total: number
  readonly messages: readonly { readonly id: number; readonly from: string; readonly seq: number }[]
}

/** Connections that are made at the same time. */
const AT_ONCE = 50

/** Running load. */
export class Load {
  readonly clients: readonly ChatClient[]
  readonly #http: readonly HttpClient[]
  readonly #port: number
  readonly #timer: NodeJS.Timeout

  private constructor(clients: readonly ChatClient[], options: LoadOptions) {
    this.clients = clients
    this.#port = options.port
    const paths = ['/version', '/rooms', ...roomNames(options.rooms).map((room) => `/rooms/${room}/history`)]
    this.#http = Array.from({ length: options.httpClients }, () => new HttpClient(options.port, paths))
    for (const client of clients) client.startClock()
    // Clients speak in turn, so that messages come evenly.
    let next = 0
    const perTick = Math.max(1, Math.round((clients.length * 5) / options.everyMs))
    this.#timer = setInterval(() => {
      for (let i = 0; i < perTick; i++) clients[next++ % clients.length]?.say()
    }, 5)
  }

  /** Connects everybody, some at a time, then starts. */
  static async start(options: LoadOptions): Promise<Load> {
    const rooms = roomNames(options.rooms)
    const clients: ChatClient[] = []
    const connect = (i: number) => ChatClient.connect(options.port, `user${i}`, rooms[i % rooms.length] ?? 'lobby')
    while (clients.length < options.clients) {
      const count = Math.min(AT_ONCE, options.clients - clients.length)
      clients.push(...(await Promise.all(Array.from({ length: count }, (_, i) => connect(clients.length + i)))))
    }
    return new Load(clients, options)
  }

  /** Everybody falls silent; waits until all that was said has arrived, 10 s at most. */
  async stop(): Promise<Seen> {
    clearInterval(this.#timer)
    await Promise.all(this.#http.map((client) => client.stop()))
    const untilMs = performance.now() + 10_000
    while (this.#missing() > 0 && performance.now() < untilMs) await new Promise((resolve) => setTimeout(resolve, 10))
    const sum = (of: (client: ChatClient) => number) => this.clients.reduce((total, client) => total + of(client), 0)
    const most = (of: (client: ChatClient) => number) =>
      this.clients.reduce((longest, client) => Math.max(longest, of(client)), 0)
    return {
      dropped: sum((client) => (client.dropped ? 1 : 0)),
      lost: this.#missing(),
      outOfOrder: sum((client) => client.outOfOrder),
      requestsFailed: this.#http.reduce((total, client) => total + client.failed, 0),
      reconnects: this.#http.reduce((total, client) => total + client.reconnects, 0),
      messages: sum((client) => client.sent),
      deliveries: sum((client) => client.lines.length),
      requests: this.#http.reduce((total, client) => total + client.requests, 0),
      longestGapMs: most((client) => client.longestGapMs),
      longestDeliveryMs: most((client) => client.longestDeliveryMs),
      longestRequestMs: Math.max(0, ...this.#http.map((client) => client.longestMs)),
    }
  }

  /** Rooms whose history is not what was said in them, of all that was said. Only when everybody is silent. */
  async wrongHistories(): Promise<string[]> {
    const wrong: string[] = []
    for (const [room, members] of this.#byRoom()) {
      const history = await getJson<History>(this.#port, `/rooms/${room}/history`)
      const heard = members[0]?.lines ?? []
      const said = members.reduce((total, client) => total + client.sent, 0)
      const same = JSON.stringify(history.messages.map(({ id, from, seq }) => [id, from, seq]))
      const kept = JSON.stringify(heard.slice(-history.messages.length).map(({ id, from, seq }) => [id, from, seq]))
      if (history.total !== said || history.messages.length === 0 || same !== kept) wrong.push(room)
    }
    return wrong
  }

  close(): void {
    for (const client of this.clients) client.close()
  }

  #byRoom(): Map<string, ChatClient[]> {
    const rooms = new Map<string, ChatClient[]>()
    for (const client of this.clients) {
      const members = rooms.get(client.room)
      if (members === undefined) rooms.set(client.room, [client])
      else members.push(client)
    }
    return rooms
  }

  /** Deliveries that should have come and did not. */
  #missing(): number {
    let missing = 0
    for (const members of this.#byRoom().values()) {
      for (const receiver of members) {
        for (const sender of members) missing += sender.sent - receiver.received(sender.user)
      }
    }
    return missing
  }
}

const roomNames = (count: number): string[] => Array.from({ length: count }, (_, i) => `room${i}`)
