/** Where people are: a callback module of server3. */
import { rpc } from './server3.js'

type Places = ReadonlyMap<string, string>
type Request = readonly ['add', name: string, place: string] | readonly ['find', name: string]

// ---- client functions: they run in the caller

export const add = (name: string, place: string) => rpc('name_server', ['add', name, place])
export const find = (name: string) => rpc('name_server', ['find', name])

// ---- callbacks: they run in the server

export const init = (): Places => new Map()

export function handle(request: Request, places: Places): readonly [unknown, Places] {
  switch (request[0]) {
    case 'add':
      return ['ok', new Map([...places, [request[1], request[2]]])]
    case 'find': {
      const place = places.get(request[1])
      return [place === undefined ? 'error' : ['ok', place], places]
    }
  }
}
