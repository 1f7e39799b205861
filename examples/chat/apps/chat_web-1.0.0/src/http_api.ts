/** The HTTP side: the page, and a small JSON API. */
import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import * as presence from 'chat/presence'
import * as rooms from 'chat/rooms'
import { Application, Code } from 'otp-rel'

/** Answers a request. */
export async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const [status, body] = await answer(
      request.method ?? 'GET',
      new URL(request.url ?? '/', 'http://localhost').pathname,
    )
    if (typeof body === 'string') response.writeHead(status, { 'content-type': 'text/html; charset=utf-8' }).end(body)
    else response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  } catch (failure) {
    response.writeHead(503, { 'content-type': 'application/json' }).end(JSON.stringify({ error: String(failure) }))
  }
}

async function answer(method: string, path: string): Promise<[status: number, body: unknown]> {
  if (method !== 'GET') return [405, { error: 'only GET' }]
  if (path === '/') return [200, page()]
  if (path === '/version') return [200, { version: versionOf('chat'), motd: rooms.motd() }]
  if (path === '/rooms') return [200, { rooms: await rooms.list(), online: await presence.online() }]
  const room = /^\/rooms\/([^/]+)\/history$/.exec(path)?.[1]
  if (room !== undefined && (await rooms.list()).includes(decodeURIComponent(room))) {
    return [200, await rooms.history(decodeURIComponent(room))]
  }
  return [404, { error: 'no such page' }]
}

const page = (): string => readFileSync(join(String(Code.privDir('chat_web')), 'index.html'), 'utf8')

const versionOf = (application: string): unknown => Application.getKey(application, 'vsn')?.[1]
