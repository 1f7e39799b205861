/**
 * gen_statem and gen_fsm: what must compile of their callbacks, and what must not. Checked by `npm run types`; nothing
 * here runs.
 */
import type { GenFsm, GenStatem } from 'otp-rel'

type State = 'locked' | 'open'
interface Data {
  readonly code: string
}
type Handle = GenStatem.HandleEvent<State, Data>

export const good: Handle = (type, content, state, data) => {
  if (type === 'state_timeout') return ['next_state', 'locked', data]
  if (Array.isArray(type) && type[0] === 'call' && state === 'locked') {
    return ['next_state', 'open', data, [['reply', type[1], content], ['state_timeout', 1_000, 'lock'], 'postpone']]
  }
  return 'keep_state_and_data'
}

// @ts-expect-error no such state
export const wrongState: Handle = (_type, _content, _state, data) => ['next_state', 'opened', data]

// @ts-expect-error data of another type
export const wrongData: Handle = () => ['next_state', 'open', { code: 1234 }]

// @ts-expect-error a word that is no return
export const misspelt: Handle = () => 'keep_state_and_date'

// @ts-expect-error the data is missing
export const noData: Handle = () => ['next_state', 'open']

// @ts-expect-error an action that is none
export const wrongAction: Handle = () => ['keep_state_and_data', 'sleep']

// @ts-expect-error a time-out has a time and a content
export const wrongTimeout: Handle = () => ['keep_state_and_data', [['state_timeout', 'soon', 'lock']]]

// @ts-expect-error replies only
export const wrongReplies: Handle = () => ['stop_and_reply', 'normal', ['postpone']]

// @ts-expect-error no such mode
export const wrongMode: GenStatem.CallbackMode = () => 'state_function'

// @ts-expect-error the first state is one of the machine's
export const wrongInit: () => GenStatem.Init<State, Data> = () => ['ok', 'shut', { code: '1' }]

export const change: GenStatem.CodeChange<State, Data, 'shut', string> = (_vsn, _state, code) => [
  'ok',
  'locked',
  { code },
]

// @ts-expect-error the state is missing
export const wrongChange: GenStatem.CodeChange<State, Data, State, string> = (_vsn, _state, code) => ['ok', { code }]

// ---- whole modules

const init = (code: string): GenStatem.Init<State, Data> => ['ok', 'locked', { code }]
const callbackMode: GenStatem.CallbackMode = () => 'handle_event_function'
const entered: GenStatem.EnterStateFunction<State, Data> = (type, _content, data) =>
  type === 'enter' ? ['keep_state', data, [['state_timeout', 10, 'x']]] : ['next_state', 'open', data]

export const machine = { callbackMode, init, handleEvent: good } satisfies GenStatem.HandleEventCallbacks<State, Data>

export const states = { callbackMode, init, locked: entered, open: entered } satisfies GenStatem.StateFunctionCallbacks<
  State,
  Data
>

// @ts-expect-error handleEvent is missing
export const incomplete: GenStatem.HandleEventCallbacks<State, Data> = { callbackMode, init }

// @ts-expect-error there is no function for state "open"
export const missingState: GenStatem.StateFunctionCallbacks<State, Data> = { callbackMode, init, locked: entered }

export const misspeltCallback = {
  callbackMode,
  init,
  handleEvent: good,
  // @ts-expect-error did the author mean codeChange?
  code_change: change,
} satisfies GenStatem.HandleEventCallbacks<State, Data>

// @ts-expect-error it is started with a text
export const wrongArgument: GenStatem.HandleEventCallbacks<State, Data, never, number> = { ...machine }

// ---- gen_fsm

type Fsm = GenFsm.StateFunction<State, Data, 'button' | 'timeout'>

export const closed: Fsm = (event, data) =>
  event === 'button' ? ['next_state', 'open', data, 1_000] : ['next_state', 'locked', data]

// @ts-expect-error no such event
export const wrongEvent: Fsm = (event, data) => ['next_state', event === 'bell' ? 'open' : 'locked', data]

// @ts-expect-error nobody waits for an answer
export const replies: Fsm = (_event, data) => ['reply', 'ok', 'open', data]

// @ts-expect-error no such state
export const wrongNext: Fsm = (_event, data) => ['next_state', 'shut', data]

export const sync: GenFsm.SyncStateFunction<State, Data, 'code', string> = (_event, _from, data) => [
  'reply',
  data.code,
  'open',
  data,
]

// @ts-expect-error the answer is a text
export const wrongAnswer: GenFsm.HandleSyncEvent<State, Data, 'code', string> = (_event, _from, state, data) => [
  'reply',
  7,
  state,
  data,
]
