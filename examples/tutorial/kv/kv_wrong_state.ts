/**
 * The store as its first version was: it begins with its start argument as its state, an empty list. The first `put`
 * fails in the server, and takes the server and whoever is linked with it along.
 */
import { GenServer } from 'otp-rel'
import * as self from './kv_wrong_state.js'

type Call = readonly ['put', key: unknown, value: unknown] | readonly ['get', key: unknown]

export const startLink = () => GenServer.startLink(self, [])
export const put = (server: GenServer.ServerRef, key: unknown, value: unknown) =>
  GenServer.call<'ok'>(server, ['put', key, value])

/** Untyped on purpose: with `GenServer.Init<Pairs>` this would not compile. */
export const init = (arg: unknown) => ['ok', arg]

export const handleCall = (request: Call, _from: GenServer.From, state: Map<unknown, unknown>) =>
  // A list has no such method: here it fails, as HashDict.put did on [].
  request[0] === 'put' ? ['reply', 'ok', state.set(request[1], request[2])] : ['reply', state.get(request[1]), state]

export const handleCast = (_request: unknown, state: unknown) => ['noreply', state]
