/** A room: its members and what has been said in it. */
import { Application, GenServer, Process } from 'otp-rel'
import { render } from './format.js'
import { clean } from './legacy_filter.js'
import * as self from './room.js'
import type { Event, History } from './rooms.js'

/** A message as [id, from, seq, text]. */
type Line = readonly [id: number, from: string, seq: number, text: string]

interface State {
  readonly name: string
  readonly members: ReadonlyMap<Process.Pid, string>
  /** Oldest first. */
  readonly lines: readonly Line[]
  readonly total: number
  readonly limit: number
}

type Call =
  | { readonly type: 'join'; readonly session: Process.Pid; readonly user: string }
  | { readonly type: 'history' }
  | { readonly type: 'name' }

type Cast =
  | { readonly type: 'say'; readonly from: string; readonly seq: number; readonly text: string }
  | { readonly type: 'announce'; readonly text: string }
  | { readonly type: 'limit'; readonly limit: number }

export const startLink = (room: string, name: string) => GenServer.startLink({ local: name }, self, room)

export const init = (name: string): GenServer.Init<State> => {
  const limit = Number(Application.getEnv('chat', 'history_limit', 200))
  return ['ok', { name, members: new Map(), lines: [], total: 0, limit }]
}

export const handleCall: GenServer.HandleCall<Call, State> = (request, _from, state) => {
  switch (request.type) {
    case 'join': {
      Process.monitor(request.session)
      return ['reply', 'ok', { ...state, members: new Map([...state.members, [request.session, request.user]]) }]
    }
    case 'history':
      return ['reply', historyOf(state), state]
    case 'name':
      return ['reply', state.name, state]
  }
}

export const handleCast: GenServer.HandleCast<Cast, State> = (request, state) => {
  switch (request.type) {
    case 'say': {
      const id = state.total + 1
      const text = clean(request.text)
      const shown = render(request.from, text)
      tell(state, { type: 'line', room: state.name, id, from: request.from, seq: request.seq, shown })
      const lines = [...state.lines, [id, request.from, request.seq, text] as const].slice(-state.limit)
      return ['noreply', { ...state, lines, total: id }]
    }
    case 'announce':
      tell(state, { type: 'motd', text: request.text })
      return ['noreply', state]
    case 'limit':
      return ['noreply', { ...state, limit: request.limit }]
  }
}

export const handleInfo: GenServer.HandleInfo<State> = (message, state) => {
  if (!Array.isArray(message) || message[0] !== 'DOWN') return ['noreply', state]
  const members = new Map(state.members)
  members.delete(message[3])
  return ['noreply', { ...state, members }]
}

function tell(state: State, event: Event): void {
  for (const session of state.members.keys()) Process.send(session, ['chat', event])
}

const historyOf = (state: State): History => ({
  room: state.name,
  total: state.total,
  messages: state.lines.map(([id, from, seq, text]) => ({ id, from, seq, text })),
})
