/** The callback module of the documentation's first example, as a user writes it. */
import * as GenServer from '../../../../runtime/stdlib/src/gen_server.js'
import * as counter from './counter.js'

interface State {
  readonly n: number
}
type Call = { readonly type: 'next' } | { readonly type: 'set'; readonly to: number }

export const startLink = (first: number) => GenServer.startLink({ local: 'counter' }, counter, first)
export const next = () => GenServer.call<number>('counter', { type: 'next' })

export const init = (first: number): GenServer.Init<State> => ['ok', { n: first }]

export const handleCall: GenServer.HandleCall<Call, State> = (request, _from, state) => {
  switch (request.type) {
    case 'next':
      return ['reply', state.n, { n: state.n + 1 }]
    case 'set':
      return ['reply', request.to, { n: request.to }]
  }
}

export const codeChange: GenServer.CodeChange<State, State> = (_oldVsn, state, _extra) => ['ok', state]
