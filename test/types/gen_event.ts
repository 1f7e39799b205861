/** gen_event's handlers: what must compile, and what must not. Checked by `npm run types`; nothing here runs. */
import { GenEvent } from 'otp-rel'

type State = readonly string[]
type News = { readonly headline: string }

const init: GenEvent.HandlerInit<State, number> = (max) => (max > 0 ? ['ok', []] : ['error', 'no_room'])
const handleEvent: GenEvent.HandleEvent<State, News> = ({ headline }, state) => ['ok', [...state, headline]]
const handleCall: GenEvent.HandleCall<State, 'list'> = (_question, state) => ['ok', state, state]

export const handler = { init, handleEvent, handleCall } satisfies GenEvent.Callbacks<State, News, 'list', number>

export const async: GenEvent.HandleEvent<State, News> = async (_event, state) => ['ok', state, 'hibernate']

// @ts-expect-error a gen_server's return
export const noreply: GenEvent.HandleEvent<State, News> = (_event, state) => ['noreply', state]

// @ts-expect-error a state of another type
export const wrongState: GenEvent.HandleEvent<State, News> = (_event, _state) => ['ok', [1]]

// @ts-expect-error no such field
export const wrongEvent: GenEvent.HandleEvent<State, News> = ({ headlines }, state) => ['ok', [...state, headlines]]

// @ts-expect-error a question is answered: ok, answer, state
export const noAnswer: GenEvent.HandleCall<State, 'list'> = (_question, state) => ['ok', state]

// @ts-expect-error who leaves leaves an answer behind
export const leaves: GenEvent.HandleCall<State, 'list'> = () => 'remove_handler'

// @ts-expect-error what to swap with is missing
export const wrongSwap: GenEvent.HandleEvent<State, News> = (_event, state) => ['swap_handler', 'bye', state]

// @ts-expect-error two arguments, not three
export const wrongInfo: GenEvent.HandleInfo<State> = (_message, state, _extra: number) => ['ok', state]

// @ts-expect-error handleCall is missing
export const incomplete: GenEvent.Callbacks<State, News> = { init, handleEvent }

export const misspelt = {
  init,
  handleEvent,
  handleCall,
  // @ts-expect-error did the author mean handleInfo?
  handleinfo: () => ['ok', []],
} satisfies GenEvent.Callbacks<State, News, 'list', number>

// @ts-expect-error it is added with a number
handler satisfies GenEvent.Callbacks<State, News, 'list', string>

// @ts-expect-error a manager is named by pid, name, { global }, { via, name } or [name, node]
export const wrongRef = () => GenEvent.notify(5, 'x')

// @ts-expect-error a handler is a module, or a module and an id
export const wrongHandler = () => GenEvent.addHandler('news', 7, [])

/** Answers to requests are of the type that the caller expects, once it has looked whether they are answers. */
export async function asks(): Promise<readonly string[]> {
  const answer = await GenEvent.waitResponse<readonly string[]>(GenEvent.sendRequest('news', handler, 'list'), 100)
  // @ts-expect-error it may be 'timeout' or an error
  const wrong: readonly string[] = answer[1]
  return answer !== 'timeout' && answer[0] === 'reply' ? answer[1] : wrong
}
