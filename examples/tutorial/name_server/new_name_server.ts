/** The next version of the name server: it can also list and forget names. Its state is that of the first one. */
import * as old from './name_server.js'
import { rpc } from './server3.js'

type Places = ReturnType<typeof old.init>
type Request = Parameters<typeof old.handle>[0] | readonly ['all_names'] | readonly ['delete', name: string]

export { add, find, init } from './name_server.js'
export const allNames = () => rpc('name_server', ['all_names'])
export const remove = (name: string) => rpc('name_server', ['delete', name])

export function handle(request: Request, places: Places): readonly [unknown, Places] {
  switch (request[0]) {
    case 'all_names':
      return [[...places.keys()], places]
    case 'delete':
      return ['ok', new Map([...places].filter(([name]) => name !== request[1]))]
    default:
      return old.handle(request, places)
  }
}
