/** The clients of `clients.ts` in a process of their own, told what to do and asked what they saw over its channel. */
import { Load, type LoadOptions, type Seen } from '../../examples/chat/demo/load.js'

/** What it is told, in this order; each is answered with {@link LoadAnswer}. */
export type LoadRequest =
  | { readonly op: 'connect'; readonly options: LoadOptions }
  /** Answered when every client has been shown a line in this version's way. */
  | { readonly op: 'see'; readonly style: 'old' | 'new' }
  | { readonly op: 'stop' }

/** Its answer: to `stop` what was seen, to `connect` nothing. */
export type LoadAnswer =
  | { readonly ok: true; readonly seen?: Seen; readonly wrongHistories?: number }
  | { readonly ok: false; readonly failure: string }

const WAIT_MS = 60_000
let load: Load | undefined

async function carryOut(request: LoadRequest): Promise<LoadAnswer> {
  if (request.op === 'connect') {
    load = await Load.start(request.options)
    return { ok: true }
  }
  if (load === undefined) throw new Error('nobody is connected')
  if (request.op === 'see') {
    const untilMs = performance.now() + WAIT_MS
    for (const client of load.clients) {
      while (client.lastStyle !== request.style) {
        if (performance.now() > untilMs) throw new Error(`${client.user} does not see the ${request.style} version`)
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
    return { ok: true }
  }
  const seen = await load.stop()
  const wrongHistories = (await load.wrongHistories()).length
  load.close()
  return { ok: true, seen, wrongHistories }
}

process.on('message', (request: LoadRequest) => {
  carryOut(request)
    .catch((failure: unknown): LoadAnswer => ({ ok: false, failure: String(failure) }))
    .then((answer) => process.send?.(answer))
})
