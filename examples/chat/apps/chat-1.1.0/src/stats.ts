/** Counts what is said, by room. */
import { GenServer } from 'otp-rel'
import * as self from './stats.js'

type State = ReadonlyMap<string, number>

export const startLink = () => GenServer.startLink({ local: 'stats' }, self, [])

/** Something has been said in a room. */
export const count = (room: string) => GenServer.cast('stats', room)

/** Messages by room since the counting began. */
export const counts = () => GenServer.call<Record<string, number>>('stats', 'counts')

export const init = (): GenServer.Init<State> => ['ok', new Map()]

export const handleCall: GenServer.HandleCall<'counts', State> = (_request, _from, state) => [
  'reply',
  Object.fromEntries(state),
  state,
]

export const handleCast: GenServer.HandleCast<string, State> = (room, state) => [
  'noreply',
  new Map([...state, [room, (state.get(room) ?? 0) + 1]]),
]
