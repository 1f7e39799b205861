/** Owns the listening socket: HTTP requests are answered, WebSocket connections become sessions. */
import { createServer } from 'node:http'
import { Application, GenServer, Process, Supervisor } from 'otp-rel'
import { type WebSocket, WebSocketServer } from 'ws'
import * as httpApi from './http_api.js'
import * as self from './listener.js'

interface State {
  readonly port: number
}

export const startLink = () => GenServer.startLink({ local: 'listener' }, self, [])

/** The port it listens on. */
export const port = () => GenServer.call<number>('listener', 'port')

export const init = async (): Promise<GenServer.Init<State>> => {
  const server = createServer((request, response) => void httpApi.handle(request, response))
  // However this process ends, also by a kill: the port is free for the one that comes after it.
  Process.abortSignal().addEventListener('abort', () => {
    server.close()
    server.closeAllConnections()
  })
  const sockets = new WebSocketServer({ server, path: '/ws' })
  sockets.on('connection', (socket) => void begin(socket))
  const wanted = Number(Application.getEnv('chat_web', 'port', 8080))
  const host = String(Application.getEnv('chat_web', 'host', '127.0.0.1'))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(wanted, host, resolve)
  })
  const address = server.address()
  return ['ok', { port: typeof address === 'object' && address !== null ? address.port : wanted }]
}

/** Nothing is read before its session listens: the first frame may be here sooner than the supervisor has its turn. */
async function begin(socket: WebSocket): Promise<void> {
  socket.pause()
  const started = await Supervisor.startChild('session_sup', [socket])
  if (started[0] === 'ok') socket.resume()
  else socket.terminate()
}

export const handleCall: GenServer.HandleCall<'port', State> = (_request, _from, state) => ['reply', state.port, state]

export const handleCast: GenServer.HandleCast<never, State> = (_request, state) => ['noreply', state]
