/**
 * The channel allocator as a special process: no behaviour, but it starts through proc_lib, tells `sys` of its messages
 * for trace, log and statistics, and passes system messages on.
 */
import { Process, ProcLib, Sys } from 'otp-rel'
import * as self from './ch4.js'

/** Free channels. */
export type Channels = readonly string[]
type Debug = Sys.Debug | null
type Message =
  | readonly ['alloc', from: Process.Pid]
  | readonly ['free', channel: string]
  | readonly ['system', from: never, request: unknown]

export const startLink = () => ProcLib.startLink([self, 'init'], [Process.self()])

export async function alloc(): Promise<unknown> {
  Process.send('ch4', ['alloc', Process.self()])
  const answer = await Process.receive((message) => Array.isArray(message) && message[0] === 'ch4')
  return Array.isArray(answer) ? answer[1] : undefined
}

export function free(channel: string): 'ok' {
  Process.send('ch4', ['free', channel])
  return 'ok'
}

export function init(parent: Process.Pid): Promise<unknown> {
  Process.register('ch4', Process.self())
  const channels = ['ch1', 'ch2', 'ch3']
  const debug = Sys.debugOptions([])
  ProcLib.initAck(['ok', Process.self()])
  return loop(channels, parent, debug)
}

async function loop(first: Channels, parent: Process.Pid, given: Debug): Promise<unknown> {
  let channels = first
  let debug = given
  for (;;) {
    const message = await Process.receive<Message>()
    if (message === Process.timeout) continue
    switch (message[0]) {
      case 'alloc': {
        const [, from] = message
        debug = Sys.handleDebug(debug, writeDebug, 'ch4', ['in', 'alloc', from])
        const [channel = 'none', ...rest] = channels
        channels = rest
        Process.send(from, ['ch4', channel])
        debug = Sys.handleDebug(debug, writeDebug, 'ch4', ['out', ['ch4', channel], from])
        break
      }
      case 'free':
        debug = Sys.handleDebug(debug, writeDebug, 'ch4', ['in', message])
        channels = [message[1], ...channels]
        break
      case 'system':
        return Sys.handleSystemMsg(message[2], message[1], parent, self, debug, channels)
    }
  }
}

// ---- called by sys, never by clients

export const systemContinue = (parent: Process.Pid, debug: Debug, channels: Channels) => loop(channels, parent, debug)

export const systemTerminate = (reason: unknown): never => {
  throw new Process.Exit(reason)
}

export const systemGetState = (channels: Channels) => ['ok', channels]

export function systemReplaceState(fun: (channels: Channels) => Channels, channels: Channels) {
  const next = fun(channels)
  return ['ok', next, next]
}

export const writeDebug: Sys.FormatFun = (device, event, name) =>
  device.write(`${name} event = ${Process.format(event)}\n`)
