/** A node as its clients see it: run/node.json and a control socket, with answers made by the test. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { removedAtExit } from '../../support/temp_folder.js'

/** A request as it arrived. */
export interface Request {
  readonly id: number
  readonly method?: string
  readonly params?: Record<string, unknown>
  readonly cancel?: boolean
}

/** What a test does with a request. */
export type Handler = (request: Request, answer: (line: unknown) => void, socket: Socket) => void

/** A fake node. */
export interface FakeNode {
  /** Root of the release. */
  readonly root: string
  readonly requests: Request[]
  close(): Promise<void>
}

/** A folder that looks like a release in which nothing runs. */
export function emptyRelease(): string {
  const root = removedAtExit(mkdtempSync(join(tmpdir(), 'otp-cli-')))
  mkdirSync(join(root, 'releases'))
  return root
}

/** Writes run/node.json. */
export function writeNodeFile(root: string, facts: Record<string, unknown>): void {
  mkdirSync(join(root, 'run'), { recursive: true })
  writeFileSync(join(root, 'run', 'node.json'), JSON.stringify(facts))
}

/** The status every fake node answers with unless the test says otherwise. */
export const STATUS = {
  name: 'shop',
  vsn: '1.0.0',
  status: 'started',
  applications: [{ name: 'kernel', vsn: '1.0.0' }],
}

/**
 * Starts a fake node "shop" 1.0.0.
 *
 * @param handlers by method; `status` has a default; a method without one is answered with `unknown_method`
 */
export async function startFakeNode(handlers: Record<string, Handler> = {}): Promise<FakeNode> {
  const root = emptyRelease()
  const requests: Request[] = []
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    let text = ''
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      const lines = text.split('\n')
      text = lines.pop() ?? ''
      for (const line of lines) {
        // Reason for the cast: the client under test writes requests, and a wrong one fails the test anyway.
        const request = JSON.parse(line) as Request
        requests.push(request)
        const answer = (said: unknown) => socket.write(`${JSON.stringify(said)}\n`)
        const method = request.cancel === true ? 'cancel' : (request.method ?? '')
        const handler = handlers[method]
        if (handler !== undefined) handler(request, answer, socket)
        else if (method === 'status') answer({ id: request.id, result: STATUS })
        else if (method !== 'cancel') {
          answer({ id: request.id, error: { tag: 'unknown_method', message: `no method "${method}"` } })
        }
      }
    })
  })
  mkdirSync(join(root, 'run'))
  const socket = join(root, 'run', 'shop.sock')
  await new Promise<void>((resolve) => server.listen(socket, resolve))
  writeNodeFile(root, {
    pid: process.pid,
    socket,
    name: 'shop',
    vsn: '1.0.0',
    node: '20.20.2',
    started: '2025-01-01T00:00:00Z',
  })
  return {
    root,
    requests,
    close: async () => {
      for (const one of sockets) one.destroy()
      await new Promise((resolve) => server.close(resolve))
      rmSync(root, { recursive: true, force: true })
    },
  }
}

/** A process id that no process has. */
export const DEAD_PID = 2 ** 22 + 1
