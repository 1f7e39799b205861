/**
 * The client of a node's control socket.
 *
 * The protocol is one JSON document a line: a request `{ id, method, params }` is answered by any number of
 * `{ id, progress }` and then one `{ id, result }` or `{ id, error: { tag, message, ... } }`; `{ id, cancel: true }`
 * asks to give a request up. `remote` turns the connection into a stream of bytes after its result.
 * OTP: `erl_call`, and the `rpc` of release start scripts.
 */
import { connect as connectSocket, type Socket } from 'node:net'
import { err, ok, type Result } from '../../schemas/result.js'
import { record } from '../render/record.js'
import type { ClientError } from './client_error.js'
import type { Target } from './command.js'
import { errorCode, isAlive, type NodeFile, readNodeFile, wrongUser } from './node_file.js'

/** Time a node gets to show that it is alive, in ms. */
export const DEFAULT_TIMEOUT_MS = 5_000

/** An error the node answered with: its `tag`, its `message`, and whatever facts belong to the tag. */
export interface NodeError {
  readonly tag: string
  readonly message: string
  readonly [fact: string]: unknown
}

/** Why a call has no result. */
export type CallError = ClientError | { readonly tag: 'answered'; readonly method: string; readonly error: NodeError }

/** How to call. */
export interface CallOptions {
  /** Called with each progress of the request, in order. */
  readonly onProgress?: (progress: unknown) => void
  /** When aborted, the node is asked to give up; its answer is still awaited. */
  readonly signal?: AbortSignal
  /** How long to wait, in ms. Default: as long as the node lives. */
  readonly timeoutMs?: number
}

/** An open connection to a node that has answered. */
export interface Client {
  readonly node: NodeFile
  /** Whether the connection is closed, from either side. */
  readonly closed: boolean
  /** What the node said of itself when it was connected to: the result of `status`. */
  readonly status: Readonly<Record<string, unknown>>
  /** Calls a method; several calls may be under way. */
  call(method: string, params: unknown, options?: CallOptions): Promise<Result<unknown, CallError>>
  /** Calls a method that makes a stream of the connection; the client is used up by it. */
  stream(method: string, params: unknown): Promise<Result<Socket, CallError>>
  close(): void
}

/**
 * Connects to the node of a target and makes sure that it answers and is the one meant.
 *
 * @param timeoutMs for the connection and its first answer together
 */
export async function connect(target: Target, timeoutMs = DEFAULT_TIMEOUT_MS): Promise<Result<Client, ClientError>> {
  const located = readNodeFile(target)
  if (!located.ok) return located
  const node = located.value
  const opened = await open(node, target.root, timeoutMs)
  if (!opened.ok) return opened
  const connection = new Connection(opened.value, node, target.root)
  const answer = await connection.call('status', {}, { timeoutMs })
  if (!answer.ok) {
    connection.close()
    // A node that answers with an error answers: only its status is unknown.
    if (answer.error.tag === 'answered')
      return err({ tag: 'bad_answer', root: target.root, pid: node.pid, found: answer.error.error.message })
    return err(answer.error)
  }
  const status = record(answer.value) ?? {}
  if (target.name !== undefined && typeof status.name === 'string' && status.name !== target.name) {
    connection.close()
    return err({ tag: 'wrong_node', root: target.root, expected: target.name, found: status.name, pid: node.pid })
  }
  connection.status = status
  return ok(connection)
}

function open(node: NodeFile, root: string, timeoutMs: number): Promise<Result<Socket, ClientError>> {
  const { pid, here } = node
  return new Promise((resolve) => {
    const socket = connectSocket({ path: node.socket })
    const timer = setTimeout(() => fail({ tag: 'not_answering', root, pid, here, why: 'silent', timeoutMs }), timeoutMs)
    const fail = (error: ClientError) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(err(error))
    }
    socket.once('error', (error) => {
      switch (errorCode(error)) {
        case 'EACCES':
        case 'EPERM':
          return fail(wrongUser(root, node.socket))
        // Nobody listens on a socket that exists: the node was killed, and its process id is another's by now.
        case 'ECONNREFUSED':
          return fail({ tag: 'not_running', root, pid })
        case 'ENOENT':
          return fail(
            here && !isAlive(pid)
              ? { tag: 'not_running', root, pid }
              : { tag: 'not_answering', root, pid, here, why: 'no_socket', timeoutMs },
          )
        default:
          return fail({ tag: 'not_answering', root, pid, here, why: 'silent', timeoutMs })
      }
    })
    socket.once('connect', () => {
      clearTimeout(timer)
      socket.removeAllListeners('error')
      resolve(ok(socket))
    })
  })
}

interface Pending {
  readonly method: string
  readonly onProgress: ((progress: unknown) => void) | undefined
  readonly settle: (result: Result<unknown, CallError>) => void
}

class Connection implements Client {
  readonly node: NodeFile
  status: Readonly<Record<string, unknown>> = {}
  readonly #socket: Socket
  readonly #root: string
  readonly #pending = new Map<number, Pending>()
  #lastId = 0
  #received: Buffer = Buffer.alloc(0)
  /** Id of the call that makes a stream of the connection: what follows its answer is not for us. */
  #streamId: number | undefined
  #ended = false
  readonly #onData = (chunk: Buffer) => this.#receive(chunk)

  constructor(socket: Socket, node: NodeFile, root: string) {
    this.node = node
    this.#socket = socket
    this.#root = root
    socket.on('data', this.#onData)
    // An error is always followed by a close, which says all that is needed.
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#ended = true
      this.#failAll((method) => ({ tag: 'connection_lost', root, pid: node.pid, method }))
    })
  }

  call(method: string, params: unknown, options: CallOptions = {}): Promise<Result<unknown, CallError>> {
    return new Promise((resolve) => this.#send(method, params, options, resolve))
  }

  async stream(method: string, params: unknown): Promise<Result<Socket, CallError>> {
    this.#streamId = this.#lastId + 1
    const answer = await this.call(method, params)
    return answer.ok ? ok(this.#socket) : answer
  }

  get closed(): boolean {
    return this.#ended
  }

  close(): void {
    this.#socket.destroy()
  }

  #send(method: string, params: unknown, options: CallOptions, resolve: Pending['settle']): void {
    const { onProgress, signal, timeoutMs } = options
    const root = this.#root
    const { pid, here } = this.node
    if (this.#ended) {
      resolve(err({ tag: 'connection_lost', root, pid, method }))
      return
    }
    const id = ++this.#lastId
    const cancel = () => this.#socket.write(`${JSON.stringify({ id, cancel: true })}\n`)
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            this.#pending.delete(id)
            cancel()
            settle(err({ tag: 'not_answering', root, pid, here, why: 'silent', timeoutMs }))
          }, timeoutMs)
    const settle: Pending['settle'] = (result) => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', cancel)
      resolve(result)
    }
    this.#pending.set(id, { method, onProgress, settle })
    this.#socket.write(`${JSON.stringify({ id, method, params })}\n`)
    if (signal?.aborted) cancel()
    else signal?.addEventListener('abort', cancel, { once: true })
  }

  #receive(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk])
    for (let end = this.#received.indexOf(10); end >= 0; end = this.#received.indexOf(10)) {
      const line = this.#received.toString('utf8', 0, end)
      this.#received = this.#received.subarray(end + 1)
      const answered = this.#answer(line)
      if (answered !== undefined && answered === this.#streamId) {
        this.#handOver()
        return
      }
    }
  }

  /** @returns the id of a call that succeeded with this line. */
  #answer(line: string): number | undefined {
    let answer: Readonly<Record<string, unknown>> | undefined
    try {
      answer = record(JSON.parse(line))
    } catch {
      // Falls through to the check below.
    }
    const id = answer?.id
    const pending = typeof id === 'number' ? this.#pending.get(id) : undefined
    if (answer === undefined || typeof id !== 'number') {
      this.#failAll(() => ({ tag: 'bad_answer', root: this.#root, pid: this.node.pid, found: line }))
      this.#socket.destroy()
      return undefined
    }
    // An answer that came too late has no one waiting.
    if (pending === undefined) return undefined
    if ('progress' in answer) {
      pending.onProgress?.(answer.progress)
      return undefined
    }
    this.#pending.delete(id)
    if ('error' in answer) {
      pending.settle(err({ tag: 'answered', method: pending.method, error: nodeError(answer.error) }))
      return undefined
    }
    pending.settle(ok(answer.result))
    return id
  }

  #handOver(): void {
    this.#socket.off('data', this.#onData)
    this.#socket.pause()
    if (this.#received.length > 0) this.#socket.unshift(this.#received)
    this.#received = Buffer.alloc(0)
  }

  #failAll(why: (method: string) => ClientError): void {
    const waiting = [...this.#pending.values()]
    this.#pending.clear()
    for (const { method, settle } of waiting) settle(err(why(method)))
  }
}

function nodeError(value: unknown): NodeError {
  const error = record(value)
  if (error === undefined) return { tag: 'error', message: String(value) }
  const tag = typeof error.tag === 'string' ? error.tag : 'error'
  return { ...error, tag, message: typeof error.message === 'string' ? error.message : tag }
}
