/**
 * A server by hand, whose callback module can be replaced while it runs: what all servers have in common is here, what
 * differs is in the callback module. A gen_server is this idea grown up.
 */
import { Process } from 'otp-rel'

/** What a callback module of this server exports. */
export interface Server<State, Request> {
  init(): State
  handle(request: Request, state: State): readonly [response: unknown, state: State]
}

/** Starts a server under a name. */
export function start<State, Request>(name: string, mod: Server<State, Request>): true {
  return Process.register(
    name,
    Process.spawn(() => loop(name, mod)),
  )
}

/** Replaces the callback module; the state stays. */
export const swapCode = <State, Request>(name: string, mod: Server<State, Request>) => rpc(name, ['swap_code', mod])

/** Sends a request and waits for the response. */
export async function rpc(name: string, request: unknown): Promise<unknown> {
  Process.send(name, [Process.self(), request])
  const message = await Process.receive((one) => Array.isArray(one) && one[0] === name)
  return Array.isArray(message) ? message[1] : undefined
}

type Message = readonly [from: Process.Pid, request: readonly [word: string, ...args: unknown[]]]

/** Which states and requests a module understands only it knows. */
type AnyServer = Server<unknown, unknown>

async function loop<State, Request>(name: string, first: Server<State, Request>): Promise<'timeout'> {
  let mod = first as AnyServer
  let state = mod.init()
  for (;;) {
    const message = await Process.receive<Message>(() => true, 300 * 1000)
    if (message === Process.timeout) return 'timeout'
    const [from, request] = message
    if (request[0] === 'swap_code') {
      mod = request[1] as AnyServer
      Process.send(from, [name, 'ack'])
    } else {
      const [response, next] = mod.handle(request, state)
      state = next
      Process.send(from, [name, response])
    }
  }
}
