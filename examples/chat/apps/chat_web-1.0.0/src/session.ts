/** One WebSocket connection: what comes in goes to the room, what the room says goes out. */
import * as presence from 'chat/presence'
import * as rooms from 'chat/rooms'
import { GenServer, Process } from 'otp-rel'
import type { WebSocket } from 'ws'
import * as self from './session.js'

interface State {
  readonly socket: WebSocket
  readonly user: string
  /** Undefined until the first `join`. */
  readonly room: string | undefined
}

/** What a browser sends. */
type Frame =
  | { readonly type: 'join'; readonly room: string; readonly user: string }
  | { readonly type: 'say'; readonly seq: number; readonly text: string }

export const startLink = (socket: WebSocket) => GenServer.startLink(self, socket)

export const init = (socket: WebSocket): GenServer.Init<State> => {
  const pid = Process.self()
  socket.on('message', (data) => Process.send(pid, ['frame', String(data)]))
  socket.on('close', () => Process.send(pid, ['closed']))
  socket.on('error', () => socket.terminate())
  // However this process ends, also by a kill: its client sees it.
  Process.abortSignal().addEventListener('abort', () => socket.close(1001))
  return ['ok', { socket, user: '', room: undefined }]
}

export const handleCall: GenServer.HandleCall<never, State> = (_request, _from, state) => ['noreply', state]

export const handleCast: GenServer.HandleCast<never, State> = (_request, state) => ['noreply', state]

export const handleInfo: GenServer.HandleInfo<State> = (message, state) => {
  if (!Array.isArray(message)) return ['noreply', state]
  switch (message[0]) {
    case 'frame':
      return frame(parse(message[1]), state)
    case 'chat':
      send(state, message[1])
      return ['noreply', state]
    case 'closed':
      return ['stop', 'normal', state]
    default:
      return ['noreply', state]
  }
}

function frame(
  frame: Frame | undefined,
  state: State,
): GenServer.CastReturn<State> | Promise<GenServer.CastReturn<State>> {
  if (frame?.type === 'join' && typeof frame.room === 'string' && typeof frame.user === 'string') {
    return join(frame.room, frame.user, state)
  }
  if (frame?.type === 'say' && state.room !== undefined) {
    rooms.say(state.room, state.user, Number(frame.seq), String(frame.text))
    return ['noreply', state]
  }
  send(state, { type: 'error', text: 'send {"type":"join"} first, then {"type":"say"}' })
  return ['noreply', state]
}

async function join(room: string, user: string, state: State): Promise<GenServer.CastReturn<State>> {
  await rooms.open(room)
  await presence.arrive(Process.self(), user, room)
  await rooms.join(room, Process.self(), user)
  send(state, { type: 'joined', room, motd: rooms.motd() })
  return ['noreply', { ...state, user, room }]
}

function send(state: State, event: unknown): void {
  if (state.socket.readyState === state.socket.OPEN) state.socket.send(JSON.stringify(event))
}

function parse(text: string): Frame | undefined {
  try {
    // What is wrong with it is checked field by field where it is used.
    return JSON.parse(text) as Frame
  } catch {
    return undefined
  }
}
