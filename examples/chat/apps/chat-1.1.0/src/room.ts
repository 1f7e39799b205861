/** A room: its members and what has been said in it. */
import { Application, GenServer, Process } from 'otp-rel'
import { render } from './format.js'
import * as self from './room.js'
import type { Event, History } from './rooms.js'
import { count } from './stats.js'

/** A message. `at` is when it was said, in ms since 1970; null for one said before times were kept. */
interface Message {
  readonly id: number
  readonly from: string
  readonly seq: number
  readonly text: string
  readonly at: number | null
}

interface State {
  readonly name: string
  readonly members: ReadonlyMap<Process.Pid, { readonly user: string }>
  /** Oldest first. */
  readonly messages: readonly Message[]
  readonly total: number
  readonly limit: number
}

/** The state of 1.0.0. */
interface State100 {
  readonly name: string
  readonly members: ReadonlyMap<Process.Pid, string>
  readonly lines: readonly (readonly [id: number, from: string, seq: number, text: string])[]
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
  return ['ok', { name, members: new Map(), messages: [], total: 0, limit }]
}

export const handleCall: GenServer.HandleCall<Call, State> = (request, _from, state) => {
  switch (request.type) {
    case 'join': {
      Process.monitor(request.session)
      const members = new Map([...state.members, [request.session, { user: request.user }]])
      return ['reply', 'ok', { ...state, members }]
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
      const { from, seq, text } = request
      const id = state.total + 1
      tell(state, { type: 'line', room: state.name, id, from, seq, shown: render(from, text) })
      count(state.name)
      const messages = [...state.messages, { id, from, seq, text, at: Date.now() }].slice(-state.limit)
      return ['noreply', { ...state, messages, total: id }]
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

export const codeChange: GenServer.CodeChange<State | State100, State | State100> = (oldVsn, state) => {
  const down = Array.isArray(oldVsn) && oldVsn[0] === 'down'
  if (down && 'messages' in state) return ['ok', toLines(state)]
  if (!down && 'lines' in state) return ['ok', toMessages(state)]
  return ['error', 'unknown_state']
}

const toMessages = ({ lines, members, ...rest }: State100): State => ({
  ...rest,
  members: new Map([...members].map(([session, user]) => [session, { user }])),
  messages: lines.map(([id, from, seq, text]) => ({ id, from, seq, text, at: null })),
})

const toLines = ({ messages, members, ...rest }: State): State100 => ({
  ...rest,
  members: new Map([...members].map(([session, { user }]) => [session, user])),
  lines: messages.map(({ id, from, seq, text }) => [id, from, seq, text]),
})

function tell(state: State, event: Event): void {
  for (const session of state.members.keys()) Process.send(session, ['chat', event])
}

const historyOf = (state: State): History => ({
  room: state.name,
  total: state.total,
  messages: state.messages.map(({ id, from, seq, text }) => ({ id, from, seq, text })),
})
