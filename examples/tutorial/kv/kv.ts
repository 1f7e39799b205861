/**
 * A key-value store under a name of its own. `put` and `get` run in the caller and know nothing of the store's state;
 * only the callbacks, in the server, do.
 */
import { GenServer } from 'otp-rel'
import * as self from './kv.js'

type Pairs = ReadonlyMap<unknown, unknown>
type Call = readonly ['put', key: unknown, value: unknown] | readonly ['get', key: unknown]

const NAME = 'kv'

export const startLink = (options: GenServer.StartOptions = {}) =>
  GenServer.startLink({ local: NAME }, self, [], options)

export const put = (key: unknown, value: unknown) => GenServer.call<'ok'>(NAME, ['put', key, value])
export const get = (key: unknown) => GenServer.call(NAME, ['get', key])

export const init = (): GenServer.Init<Pairs> => ['ok', new Map()]

export const handleCall: GenServer.HandleCall<Call, Pairs> = (request, _from, pairs) => {
  switch (request[0]) {
    case 'put':
      return ['reply', 'ok', new Map([...pairs, [request[1], request[2]]])]
    case 'get':
      return ['reply', pairs.get(request[1]), pairs]
  }
}

export const handleCast: GenServer.HandleCast<never, Pairs> = (_request, pairs) => ['noreply', pairs]
