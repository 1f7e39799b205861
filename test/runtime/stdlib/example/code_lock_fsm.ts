/** The code lock as it was written for gen_fsm. */
import * as GenFsm from '../../../../runtime/stdlib/src/gen_fsm.js'
import * as codeLock from './code_lock_fsm.js'

/** Buttons so far, newest first, and the code. */
type Data = readonly [soFar: readonly number[], code: readonly number[]]

type Button = readonly ['button', number]

const NAME = 'code_lock'
/** How long the door stays open, ms. */
export const OPEN_MS = 3000

export const startLink = (code: readonly number[]) => GenFsm.startLink({ local: NAME }, codeLock, code)
export const button = (digit: number) => GenFsm.sendEvent(NAME, ['button', digit] satisfies Button)

export const init = (code: readonly number[]) => ['ok', 'closed', [[], code]]

export function closed([, digit]: Button, [soFar, code]: Data) {
  const now = [digit, ...soFar]
  if (now.join() === code.join()) {
    process.stdout.write('OPEN DOOR\n')
    return ['next_state', 'open', [[], code], OPEN_MS]
  }
  return ['next_state', 'closed', [now.length < code.length ? now : [], code]]
}

export function open(event: unknown, data: Data) {
  if (event !== 'timeout') return ['next_state', 'open', data]
  process.stdout.write('CLOSE DOOR\n')
  return ['next_state', 'closed', data]
}
