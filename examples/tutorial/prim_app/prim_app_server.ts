/** The primary application's worker. */
import { GenServer } from 'otp-rel'
import * as self from './prim_app_server.js'

export const startLink = () => GenServer.startLink({ local: 'prim_app_server' }, self, [])

export const init = (): GenServer.Init<null> => {
  console.log('prim_app_server init')
  return ['ok', null]
}
export const handleCall: GenServer.HandleCall<unknown, null> = (_request, _from, state) => ['reply', 'ok', state]
export const handleCast: GenServer.HandleCast<unknown, null> = (_request, state) => ['noreply', state]
