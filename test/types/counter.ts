/** A callback module whose requests say their replies, for the type tests beside it. */
import { GenServer } from 'otp-rel'
import * as self from './counter.js'

export interface State {
  readonly n: number
}

export type Call =
  | GenServer.Request<{ readonly type: 'next' }, number>
  | GenServer.Request<{ readonly type: 'set'; readonly to: number }, number>
  | GenServer.Request<{ readonly type: 'name' }, string>

export type Cast = { readonly type: 'add'; readonly delta: number }

const client = GenServer.client<typeof self>('counter')

export const startLink = (first: number) => GenServer.startLink({ local: 'counter' }, self, first)
export const next = (): Promise<number> => client.call({ type: 'next' })
export const add = (delta: number) => client.cast({ type: 'add', delta })

export const init = (first: number): GenServer.Init<State> => ['ok', { n: first }]

export const handleCall: GenServer.HandleCall<Call, State> = (request, _from, state) => {
  switch (request.type) {
    case 'next':
      return ['reply', state.n, { n: state.n + 1 }]
    case 'set':
      return ['reply', request.to, { n: request.to }]
    case 'name':
      return ['reply', 'counter', state]
  }
}

export const handleCast: GenServer.HandleCast<Cast, State> = ({ delta }, { n }) => ['noreply', { n: n + delta }]
