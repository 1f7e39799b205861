/**
 * One client of the control socket: its frames in, the answers of its requests out. Each request runs in a process of
 * its own, so that they do not wait for each other; when the client goes away their signals are aborted.
 */
import type { Socket } from 'node:net'
import { Exit } from '../../erts/exit.js'
import { format, spawn } from '../../erts/process.js'
import { type ControlContext, ControlError, findMethod, methodNames } from './control.js'
import {
  type ClientFrame,
  errorFrame,
  FrameSplitter,
  formatFrameError,
  parseFrame,
  progressFrame,
  type RequestId,
  resultFrame,
} from './control_protocol.js'
import { startRepl } from './control_repl.js'

/** The method that makes a connection a terminal. */
const REMOTE = 'remote'

/** Serves a client until it goes away. @returns ends it, from this side */
export function serve(socket: Socket): () => void {
  const frames = new FrameSplitter()
  const running = new Map<RequestId, AbortController>()

  const send = (text: string, sent?: () => void): void => {
    // A client that has gone gets nothing, but what waits for the answer goes on.
    if (socket.destroyed || socket.writableEnded) sent?.()
    else socket.write(text, () => sent?.())
  }

  const onData = (bytes: Buffer): void => {
    frames.push(bytes)
    for (let frame = frames.next(); frame !== undefined; frame = frames.next()) {
      const parsed = frame.ok ? parseFrame(frame.value) : frame
      if (!parsed.ok) {
        const { error } = parsed
        const id = error.tag === 'not_a_request' ? error.id : null
        send(errorFrame(id, { tag: error.tag, message: formatFrameError(error) }))
      } else if (handle(parsed.value) === 'taken over') return
    }
  }

  const handle = (frame: ClientFrame): 'taken over' | undefined => {
    if (frame.type === 'cancel') {
      running.get(frame.id)?.abort('cancelled')
      return undefined
    }
    if (frame.method === REMOTE) {
      socket.off('data', onData)
      send(resultFrame(frame.id, { mode: 'repl' }))
      const rest = frames.rest()
      if (rest.length > 0) socket.unshift(rest)
      startRepl(socket, frame.params)
      return 'taken over'
    }
    run(frame)
    return undefined
  }

  const run = ({ id, method, params }: Extract<ClientFrame, { type: 'request' }>): void => {
    const found = findMethod(method)
    if (found === undefined) {
      const message = `unknown method "${method}"; known: ${[...methodNames(), REMOTE].join(', ')}`
      send(errorFrame(id, { tag: 'unknown_method', message }))
      return
    }
    if (running.has(id)) {
      send(errorFrame(id, { tag: 'duplicate_id', message: `request ${JSON.stringify(id)} is still running` }))
      return
    }
    const abort = new AbortController()
    running.set(id, abort)
    const later: (() => void)[] = []
    const context: ControlContext = {
      progress: (step) => {
        if (running.has(id)) send(progressFrame(id, step))
      },
      signal: abort.signal,
      afterwards: (action) => void later.push(action),
    }
    spawn(async () => {
      const answer = await settle(id, async () => found(params, context))
      running.delete(id)
      send(answer, () => {
        for (const action of later) action()
      })
    })
  }

  socket.on('data', onData)
  // The client went away, maybe in the middle of an answer: nothing to tell anybody.
  socket.on('error', () => {})
  socket.on('close', () => {
    for (const abort of running.values()) abort.abort('disconnected')
  })
  return () => {
    for (const abort of running.values()) abort.abort('stopping')
    // Answers that are under way still go out; a client that does not take them is cut off.
    socket.end()
    setImmediate(() => socket.destroySoon())
  }
}

/** The answer of a request, whatever becomes of it. */
async function settle(id: RequestId, call: () => Promise<unknown>): Promise<string> {
  try {
    return resultFrame(id, await call())
  } catch (failure) {
    return errorFrame(id, describe(failure))
  }
}

function describe(failure: unknown): { readonly tag: string; readonly message: string } {
  if (failure instanceof ControlError) return { ...failure.facts, tag: failure.tag, message: failure.message }
  if (failure instanceof Exit) {
    const { reason } = failure
    return { tag: 'exit', message: format(reason), ...{ reason } }
  }
  if (failure instanceof Error) return { tag: 'error', message: failure.message, ...{ error: failure } }
  return { tag: 'error', message: format(failure) }
}
