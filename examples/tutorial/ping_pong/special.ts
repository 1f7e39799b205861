/**
 * The same as a special process: no behaviour, its own receive loop; but it can be supervised, traced, suspended and
 * upgraded, because it starts through proc_lib and passes system messages on.
 */
import { Process, ProcLib, Sys } from 'otp-rel'
import * as self from './special.js'

type State = ReadonlyMap<string, unknown>
type Message = readonly ['ping', Process.Pid] | readonly ['system', from: never, request: unknown]

const NAME = 'special_ping_pong'

export const startLink = () => ProcLib.startLink([self, 'init'], [Process.self()])
export const ping = () => Process.send(NAME, ['ping', Process.self()])

export function init(parent: Process.Pid): Promise<unknown> {
  const debug = Sys.debugOptions([])
  Process.register(NAME, Process.self())
  ProcLib.initAck(['ok', Process.self()])
  return loop(new Map(), parent, debug)
}

async function loop(state: State, parent: Process.Pid, debug: Sys.Debug | null): Promise<unknown> {
  for (;;) {
    const message = await Process.receive<Message>()
    if (message === Process.timeout) continue
    if (message[0] === 'ping') Process.send(message[1], 'pong')
    else return Sys.handleSystemMsg(message[2], message[1], parent, self, debug, state)
  }
}

// ---- called by sys, never by clients

export const systemContinue = (parent: Process.Pid, debug: Sys.Debug | null, state: State) => loop(state, parent, debug)
export const systemTerminate = (reason: unknown): never => {
  throw new Process.Exit(reason)
}
export const systemGetState = (state: State) => ['ok', state]
