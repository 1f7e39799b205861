/**
 * The code lock as a gen_fsm, the older form of state machines. The buttons are kept newest first and compared as they
 * are, so that a lock of [1, 2, 3, 4] opens on 4, 3, 2, 1.
 */
import { GenFsm } from 'otp-rel'
import * as self from './legacy_code_lock.js'

type Data = readonly [soFar: readonly number[], code: readonly number[]]

/** Milliseconds that the door stays open. */
const OPEN_MS = 100

export const startLink = (code: readonly number[]) => GenFsm.startLink({ local: 'code_lock' }, self, code)
export const button = (digit: number) => GenFsm.sendEvent('code_lock', ['button', digit])

export const init = (code: readonly number[]) => ['ok', 'closed', [[], code]]

export const closed = ([, digit]: readonly ['button', number], [soFar, code]: Data) => {
  const pressed = [digit, ...soFar]
  if (pressed.length < code.length) return ['next_state', 'closed', [pressed, code]]
  if (pressed.some((one, index) => one !== code[index])) return ['next_state', 'closed', [[], code]]
  console.log('OPEN DOOR')
  return ['next_state', 'open', [[], code], OPEN_MS]
}

export const open = (event: unknown, data: Data) => {
  // Any other event cancels the time-out: one more press keeps the old door open for ever.
  if (event !== 'timeout') return ['next_state', 'open', data]
  console.log('CLOSE DOOR')
  return ['next_state', 'closed', data]
}

export const handleEvent = (_event: unknown, state: string, data: Data) => ['next_state', state, data]
export const handleSyncEvent = (_event: unknown, _from: unknown, state: string, data: Data) => [
  'reply',
  'ok',
  state,
  data,
]
