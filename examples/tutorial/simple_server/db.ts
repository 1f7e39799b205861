/** A store: a callback module of simple_server. */
import * as self from './db.js'
import { request, type SimpleServer, startLink } from './simple_server.js'

type Db = ReadonlyMap<string, unknown>
type Request = readonly ['store', key: string, value: unknown] | readonly ['lookup', key: string]

/** The build checks the callbacks by this name, TypeScript their types by the line below. */
export const behaviour = 'simple_server'
self satisfies SimpleServer<Db, Request>

export const start = () => startLink('db', self)
export const store = (key: string, value: unknown) => request('db', ['store', key, value])
export const lookup = (key: string) => request('db', ['lookup', key])

export const init = (): readonly ['ok', Db] => ['ok', new Map()]

export function handleReq(req: Request, db: Db): readonly ['ok', unknown, Db] {
  switch (req[0]) {
    case 'store':
      return ['ok', 'ok', new Map([...db, [req[1], req[2]]])]
    case 'lookup':
      return ['ok', db.has(req[1]) ? ['ok', db.get(req[1])] : 'error', db]
  }
}

export const terminate = (): 'ok' => {
  console.log('db terminates')
  return 'ok'
}

export const formatState = (db: Db) => Object.fromEntries(db)
