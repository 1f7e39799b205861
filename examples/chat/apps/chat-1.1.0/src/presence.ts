/** Who is connected, and in which room: a gen_server that watches the sessions. */
import { GenServer, Process } from 'otp-rel'
import * as self from './presence.js'

interface Entry {
  readonly user: string
  readonly room: string
}

/** Changed in place: with thousands of sessions a copy for each that comes or goes would cost more than all the rest. */
interface State {
  readonly sessions: Map<Process.Pid, Entry>
}

type Call =
  | { readonly type: 'online' }
  | { readonly type: 'arrive'; readonly session: Process.Pid; readonly entry: Entry }

export const startLink = () => GenServer.startLink({ local: 'presence' }, self, [])

/** Everybody who is connected, by room. */
export const online = () => GenServer.call<Record<string, string[]>>('presence', { type: 'online' })

/** A session has joined a room; it leaves when it ends. */
export const arrive = (session: Process.Pid, user: string, room: string) =>
  GenServer.call('presence', { type: 'arrive', session, entry: { user, room } })

export const init = (): GenServer.Init<State> => ['ok', { sessions: new Map() }]

export const handleCall: GenServer.HandleCall<Call, State> = (request, _from, state) => {
  switch (request.type) {
    case 'arrive': {
      Process.monitor(request.session)
      state.sessions.set(request.session, request.entry)
      return ['reply', 'ok', state]
    }
    case 'online': {
      const byRoom: Record<string, string[]> = {}
      for (const { user, room } of state.sessions.values()) {
        byRoom[room] ??= []
        byRoom[room].push(user)
      }
      return ['reply', byRoom, state]
    }
  }
}

export const handleCast: GenServer.HandleCast<never, State> = (_request, state) => ['noreply', state]

export const handleInfo: GenServer.HandleInfo<State> = (message, state) => {
  if (!Array.isArray(message) || message[0] !== 'DOWN') return ['noreply', state]
  state.sessions.delete(message[3])
  return ['noreply', state]
}
