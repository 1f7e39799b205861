/** Report handler that writes to a file. OTP: stdlib's error_logger_file_h.erl. */
import { closeSync, openSync, writeSync } from 'node:fs'
import { clock } from '../../erts/clock.js'
import type { HandleEvent, HandlerInit } from '../../stdlib/src/gen_event.js'
import { type ErrorLoggerEvent, eventText } from './error_logger_event.js'

/** An open file. */
interface State {
  readonly file: string
  readonly fd: number
}

/** Opens the file; what is in it is removed. @returns the system's error code when that cannot be */
export const init: HandlerInit<State, string> = (file) => {
  try {
    return ['ok', { file, fd: openSync(file, 'w') }]
  } catch (failure) {
    return ['error', failure instanceof Error && 'code' in failure ? failure.code : failure]
  }
}

/** Writes messages and reports of the standard types. */
export const handleEvent: HandleEvent<State, ErrorLoggerEvent> = (event, state) => {
  const text = eventText(event, Math.round(clock.systemMs() * 1000))
  if (text !== undefined) writeSync(state.fd, text)
  return ['ok', state]
}

/** `filename`: the file's name. */
export const handleCall = (request: unknown, state: State): readonly ['ok', unknown, State] => [
  'ok',
  request === 'filename' ? state.file : ['error', 'bad_query'],
  state,
]

/** Closes the file. */
export function terminate(_arg: unknown, { fd }: State): 'ok' {
  closeSync(fd)
  return 'ok'
}
