/** A worker of which there are many: its start argument is its name. */
import { GenServer } from 'otp-rel'
import * as self from './call.js'

export const startLink = (id: string) => GenServer.startLink(self, id)

export const init = (id: string): GenServer.Init<string> => ['ok', id]
export const handleCall: GenServer.HandleCall<'id', string> = (_request, _from, id) => ['reply', id, id]
export const handleCast: GenServer.HandleCast<never, string> = (_request, id) => ['noreply', id]
