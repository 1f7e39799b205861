/** The channel allocator as a gen_server. */
import { GenServer } from 'otp-rel'
import * as self from './ch3.js'

interface Channels {
  readonly free: readonly string[]
  readonly used: readonly string[]
}

type Call = GenServer.Request<'alloc', string | 'none'>
type Cast = readonly ['free', channel: string]

const ch3 = GenServer.client<typeof self>('ch3')

export const startLink = () => GenServer.startLink({ local: 'ch3' }, self, [])
export const alloc = () => ch3.call('alloc')
export const free = (channel: string) => ch3.cast(['free', channel])

export const init = (): GenServer.Init<Channels> => ['ok', { free: ['ch1', 'ch2', 'ch3'], used: [] }]

export const handleCall: GenServer.HandleCall<Call, Channels> = (_alloc, _from, channels) => {
  const [channel, ...rest] = channels.free
  if (channel === undefined) return ['reply', 'none', channels]
  return ['reply', channel, { free: rest, used: [...channels.used, channel] }]
}

export const handleCast: GenServer.HandleCast<Cast, Channels> = ([, channel], channels) => {
  if (!channels.used.includes(channel)) return ['noreply', channels]
  return ['noreply', { free: [channel, ...channels.free], used: channels.used.filter((one) => one !== channel) }]
}
