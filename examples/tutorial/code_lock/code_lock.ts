/**
 * The code lock as a gen_statem: the last buttons are compared with the code, in the order they were pressed. The door
 * closes by a time-out of the state, which further buttons do not prolong.
 */
import { GenStatem } from 'otp-rel'
import * as self from './code_lock.js'

type State = 'locked' | 'open'

interface Data {
  readonly code: readonly number[]
  /** As many as the code is long, oldest first. */
  readonly buttons: readonly number[]
}

/** Milliseconds that the door stays open. */
const OPEN_MS = 100

export const startLink = (code: readonly number[]) => GenStatem.startLink({ local: 'code_lock' }, self, code)
export const button = (digit: number) => GenStatem.cast('code_lock', ['button', digit])

export const init = (code: readonly number[]): GenStatem.Init<State, Data> => {
  lock()
  return ['ok', 'locked', { code, buttons: [] }]
}

export const callbackMode: GenStatem.CallbackMode = () => 'state_functions'

export const locked: GenStatem.StateFunction<State, Data, readonly ['button', number]> = (_type, [, digit], data) => {
  const buttons = [...data.buttons, digit].slice(-data.code.length)
  const right = buttons.length === data.code.length && buttons.every((one, index) => one === data.code[index])
  if (!right) return ['next_state', 'locked', { ...data, buttons }]
  unlock()
  return ['next_state', 'open', { ...data, buttons: [] }, [['state_timeout', OPEN_MS, 'lock']]]
}

export const open: GenStatem.StateFunction<State, Data> = (type, _content, data) => {
  if (type !== 'state_timeout') return ['next_state', 'open', data]
  lock()
  return ['next_state', 'locked', data]
}

export const terminate: GenStatem.Terminate<State, Data> = (_reason, state) => {
  if (state !== 'locked') lock()
}

const lock = () => console.log('LOCK')
const unlock = () => console.log('UNLOCK')
