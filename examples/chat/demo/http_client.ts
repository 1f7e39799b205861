/** An HTTP client with one kept-alive connection that asks again as soon as it is answered. */
import { Agent, get } from 'node:http'

/** Reads JSON from a path. Rejects on a status other than 200. */
export function getJson<T>(port: number, path: string, agent?: Agent): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port, path, ...(agent === undefined ? {} : { agent }) }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => {
        if (response.statusCode === 200)
          resolve(JSON.parse(text) as T) // the service's own JSON
        else reject(new Error(`${path}: ${response.statusCode} ${text}`))
      })
    })
    request.on('error', reject)
  })
}

/** One client; it runs until it is stopped. */
export class HttpClient {
  requests = 0
  failed = 0
  /** Connections beyond the first: the kept-alive one was lost. */
  reconnects = -1
  longestMs = 0
  #running = true
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 })
  readonly #done: Promise<void>

  constructor(port: number, paths: readonly string[]) {
    const { createConnection } = this.#agent as unknown as { createConnection(...args: unknown[]): unknown } // not in the types
    Object.assign(this.#agent, {
      createConnection: (...args: unknown[]) => {
        this.reconnects++
        return createConnection.apply(this.#agent, args)
      },
    })
    this.#done = this.#run(port, paths)
  }

  async stop(): Promise<void> {
    this.#running = false
    await this.#done
    this.#agent.destroy()
  }

  async #run(port: number, paths: readonly string[]): Promise<void> {
    for (let i = 0; this.#running; i++) {
      const startMs = performance.now()
      this.requests++
      try {
        await getJson(port, paths[i % paths.length] ?? '/', this.#agent)
      } catch {
        this.failed++
      }
      this.longestMs = Math.max(this.longestMs, performance.now() - startMs)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
}
