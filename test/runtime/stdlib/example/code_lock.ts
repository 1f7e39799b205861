/** The code lock of OTP's documentation, as a user writes it for gen_statem. */
import * as GenStatem from '../../../../runtime/stdlib/src/gen_statem.js'
import * as codeLock from './code_lock.js'

type State = 'locked' | 'open'

interface Data {
  readonly code: readonly number[]
  readonly length: number
  /** The last buttons, as many as the code has. */
  readonly buttons: readonly number[]
}

type Button = readonly ['button', number]

const NAME = 'code_lock'
/** How long the door stays open, ms. */
export const OPEN_MS = 10_000

export const startLink = (code: readonly number[]) => GenStatem.startLink({ local: NAME }, codeLock, code)
export const button = (digit: number) => GenStatem.cast(NAME, ['button', digit] satisfies Button)
export const codeLength = () => GenStatem.call<number>(NAME, 'code_length')

export function init(code: readonly number[]): GenStatem.Init<State, Data> {
  doLock()
  return ['ok', 'locked', { code, length: code.length, buttons: [] }]
}

export const callbackMode: GenStatem.CallbackMode = () => 'state_functions'

export const locked: GenStatem.StateFunction<State, Data> = (type, content, data) => {
  if (type === 'state_timeout') return ['keep_state', { ...data, buttons: [] }]
  if (type !== 'cast') return common(type, content, data)
  const [, digit] = content as Button // the only cast there is
  const buttons = [...data.buttons, digit].slice(-data.length)
  if (buttons.join() !== data.code.join()) {
    return ['next_state', 'locked', { ...data, buttons }, [['state_timeout', 30_000, 'button']]]
  }
  doUnlock()
  return ['next_state', 'open', { ...data, buttons: [] }, [['state_timeout', OPEN_MS, 'lock']]]
}

export const open: GenStatem.StateFunction<State, Data> = (type, content, data) => {
  if (type === 'state_timeout') {
    doLock()
    return ['next_state', 'locked', data]
  }
  return type === 'cast' ? ['next_state', 'open', data] : common(type, content, data)
}

function common(type: GenStatem.EventType, content: unknown, data: Data): GenStatem.Return<State, Data> {
  if (!Array.isArray(type) || type[0] !== 'call' || content !== 'code_length') return 'keep_state_and_data'
  return ['keep_state_and_data', ['reply', type[1] as GenStatem.From, data.length]] // the second of a call is who calls
}

export function terminate(_reason: unknown, state: State): void {
  if (state !== 'locked') doLock()
}

const doLock = (): void => void process.stdout.write('Lock\n')
const doUnlock = (): void => void process.stdout.write('Unlock\n')
