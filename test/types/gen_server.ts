/**
 * What must compile of a gen_server's callbacks and clients, and what must not: each `@ts-expect-error` is a wrong use
 * that has to be refused. Checked by `npm run types`; nothing here runs.
 */
import { GenServer } from 'otp-rel'
import * as counter from './counter.js'

// ---- callbacks

interface State {
  readonly n: number
}
type Call = { readonly type: 'next' } | { readonly type: 'set'; readonly to: number }
type Cast = { readonly type: 'add'; readonly delta: number }

export const good: GenServer.Callbacks<State, Call, Cast, number> = {
  init: (first) => ['ok', { n: first }],
  handleCall: (request, _from, state) =>
    request.type === 'next' ? ['reply', state.n, { n: state.n + 1 }] : ['reply', request.to, { n: request.to }],
  handleCast: ({ delta }, state) => ['noreply', { n: state.n + delta }, { continue: 'log' }],
  terminate: () => 'ok',
}

export const async: GenServer.Callbacks<State, Call> = {
  init: async () => ['ok', { n: 0 }, 'hibernate'],
  handleCall: async (_request, _from, state) => ['stop', 'normal', 'bye', state],
  handleCast: async (_request, state) => ['noreply', state],
}

// @ts-expect-error a reply tuple without the state
export const noState: GenServer.HandleCall<Call, State> = (_request, _from, state) => ['reply', state.n]

// @ts-expect-error a word that is no return
export const misspelt: GenServer.HandleCast<Cast, State> = (_request, state) => ['noreplay', state]

// @ts-expect-error a state of another type
export const wrongState: GenServer.HandleCast<Cast, State> = (_request, _state) => ['noreply', { n: 'one' }]

// @ts-expect-error a cast has no reply
export const replyToCast: GenServer.HandleCast<Cast, State> = (_request, state) => ['reply', 'ok', state]

// @ts-expect-error an option that is none
export const wrongOption: GenServer.HandleInfo<State> = (_message, state) => ['noreply', state, 'sleep']

// @ts-expect-error four arguments where three are given
export const wrongArity: GenServer.HandleCall<Call, State> = (_request, _from, state, _more: number) => [
  'reply',
  'ok',
  state,
]

// @ts-expect-error handleCast is missing
export const incomplete: GenServer.Callbacks<State, Call> = {
  init: () => ['ok', { n: 0 }],
  handleCall: (_request, _from, state) => ['reply', 'ok', state],
}

export const misspeltCallback = {
  init: () => ['ok', { n: 0 }],
  handleCall: (_request, _from, state) => ['reply', 'ok', state],
  handleCast: (_request, state) => ['noreply', state],
  // @ts-expect-error did the author mean handleInfo?
  handle_info: (_message: unknown, state: State) => ['noreply', state],
} satisfies GenServer.Callbacks<State, Call, Cast>

// @ts-expect-error code_change gives a state or refuses
export const wrongChange: GenServer.CodeChange<State, State> = (_oldVsn, state) => state

// ---- a whole module

counter satisfies GenServer.Callbacks<counter.State, counter.Call, counter.Cast, number>
// @ts-expect-error its state is another one
counter satisfies GenServer.Callbacks<string, counter.Call, counter.Cast, number>
// @ts-expect-error it is started with a number
counter satisfies GenServer.Callbacks<counter.State, counter.Call, counter.Cast, string>

// ---- requests that say their replies

// @ts-expect-error the reply to next is a number, to name a text: never a boolean
export const wrongReply: GenServer.HandleCall<counter.Call, State> = (_request, _from, state) => ['reply', true, state]

// ---- clients

const client = GenServer.client<typeof counter>('counter')

export async function use(): Promise<void> {
  const next: number = await client.call({ type: 'next' })
  const name: string = await client.call({ type: 'name' }, 100)
  client.cast({ type: 'add', delta: next })
  // @ts-expect-error the reply to name is a text
  const wrong: number = await client.call({ type: 'name' })
  // @ts-expect-error no such request
  await client.call({ type: 'nexxt' })
  // @ts-expect-error a request without its argument
  await client.call({ type: 'set' })
  // @ts-expect-error that is a call, no cast
  client.cast({ type: 'next' })
  console.log(name, wrong)
}

/** Requests that say nothing of replies are answered with something unknown. */
export async function untyped(): Promise<void> {
  const plain = GenServer.client<{ handleCall: GenServer.HandleCall<Call, State> }>('plain')
  const answer: unknown = await plain.call({ type: 'next' })
  // @ts-expect-error unknown until it is checked
  const wrong: number = await plain.call({ type: 'next' })
  console.log(answer, wrong)
}

/** The plain functions stay as they are: the caller says what it expects. */
export const plainCall = (): Promise<number> => GenServer.call<number>('counter', { type: 'next' })

// @ts-expect-error a time-out is milliseconds or infinity
export const wrongTimeout = () => GenServer.call('counter', 'x', 'forever')

// @ts-expect-error a server is named by pid, name, { global }, { via, name } or [name, node]
export const wrongRef = () => GenServer.call(5, 'x')
