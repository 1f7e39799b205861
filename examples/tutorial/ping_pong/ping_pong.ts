/** Answers a ping with a message of its own: a cast has no reply, so the server is told whom to write to. */
import { GenServer, Process } from 'otp-rel'
import * as self from './ping_pong.js'

type Cast = readonly ['ping', from: Process.Pid]

export const startLink = () => GenServer.startLink({ local: 'ping_pong' }, self, [])
export const ping = () => GenServer.cast('ping_pong', ['ping', Process.self()])

export const init = (): GenServer.Init<null> => ['ok', null]

export const handleCall: GenServer.HandleCall<never, null> = (_request, _from, state) => ['noreply', state]

export const handleCast: GenServer.HandleCast<Cast, null> = ([, from], state) => {
  Process.send(from, 'pong')
  return ['noreply', state]
}
