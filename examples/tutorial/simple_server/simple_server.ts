/**
 * A behaviour of one's own: a special process whose work is in a callback module. Declaring its callbacks lets the
 * build say what a callback module lacks, and the start refuse one that cannot work.
 */
import { Behaviour, Process, ProcLib, Sys } from 'otp-rel'
import * as self from './simple_server.js'

/** What a callback module exports. */
export interface SimpleServer<State = unknown, Request = unknown> {
  init(arg: unknown): readonly ['ok', State]
  handleReq(request: Request, state: State): readonly ['ok', reply: unknown, State]
  terminate(): 'ok'
  formatState?(state: State): unknown
}

/** The behaviour, as `-callback` declares it. */
export const simpleServer = Behaviour.define<SimpleServer>({
  name: 'simple_server',
  callbacks: { init: 1, handleReq: 2, terminate: 0, formatState: 1 },
  optional: ['formatState'],
})

/** Which states and requests a module understands only it knows. */
type Callbacks = SimpleServer<unknown, unknown>
type Message =
  | readonly ['req', from: Process.Pid, request: unknown]
  | readonly ['system', from: never, request: unknown]

/** What the loop hands to sys, and gets back. */
interface Loop {
  readonly name: string
  readonly module: Callbacks
  readonly state: unknown
}

/** Starts a server of this kind, linked with the caller. */
export async function startLink<State, Request>(name: string, module: SimpleServer<State, Request>): Promise<unknown> {
  const checked = Behaviour.check(simpleServer, module)
  if (checked !== 'ok') return checked
  return ProcLib.startLink([self, 'init'], [Process.self(), name, module as Callbacks])
}

/** Sends a request and waits for the reply. */
export async function request(name: string, what: unknown): Promise<unknown> {
  Process.send(name, ['req', Process.self(), what])
  const answer = await Process.receive((message) => Array.isArray(message) && message[0] === name)
  return Array.isArray(answer) ? answer[1] : undefined
}

export function init(parent: Process.Pid, name: string, module: Callbacks): Promise<unknown> {
  Process.register(name, Process.self())
  const debug = Sys.debugOptions([])
  const [, state] = module.init([])
  ProcLib.initAck(['ok', Process.self()])
  return loop(parent, debug, { name, module, state })
}

async function loop(parent: Process.Pid, debug: Sys.Debug | null, { name, module, state: first }: Loop) {
  for (let state = first; ; ) {
    const message = await Process.receive<Message>()
    if (message === Process.timeout) continue
    const [word, from, what] = message
    if (word === 'system') return Sys.handleSystemMsg(what, from, parent, self, debug, { name, module, state })
    const [, reply, next] = module.handleReq(what, state)
    state = next
    Process.send(from, [name, reply])
  }
}

export const systemContinue = (parent: Process.Pid, debug: Sys.Debug | null, data: Loop) => loop(parent, debug, data)

export const systemTerminate = (reason: unknown, _parent: unknown, _debug: unknown, { module }: Loop): never => {
  module.terminate()
  throw new Process.Exit(reason)
}

/** The callback is optional: it is looked for at each use. */
export const systemGetState = ({ module, state }: Loop) => ['ok', module.formatState?.(state) ?? state]
