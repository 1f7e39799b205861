/**
 * Report handler that writes events to several files in turn, `1` to `N` of a folder: when the current one is full the
 * next is started empty, so that the oldest is lost. What is written is read by rb.ts and by `otp-rel logs`.
 *
 * Whatever fails here is left to fail: the event manager removes the handler and reports why. OTP: stdlib's log_mf_h.erl.
 *
 * Departure: a folder that does not exist is made.
 */
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { clock } from '../../erts/clock.js'
import type { ErrorLoggerEvent } from '../../kernel/src/error_logger_event.js'
import type { HandleEvent, HandlerInit } from '../../stdlib/src/gen_event.js'
import { next, readIndex, writeIndex } from './log_mf_files.js'
import { encodeEvent, frame } from './log_mf_record.js'
import type { MultiFileLog } from './sasl_settings.js'

/** The current file. */
interface State extends MultiFileLog {
  readonly number: number
  readonly fd: number
  /** Bytes in it. */
  readonly size: number
  readonly pred: (event: ErrorLoggerEvent) => boolean
}

/** What the handler is added with. */
export interface Args extends MultiFileLog {
  /** Which events are written; default all. */
  readonly pred?: (event: ErrorLoggerEvent) => boolean
}

/** Begins with the file after the last one that was written. */
export const init: HandlerInit<State, Args> = (args) => {
  const { dir, maxFiles, pred = () => true } = args
  const last = readIndex(dir)
  mkdirSync(dir, { recursive: true })
  const number = last === undefined ? 1 : next(last, maxFiles)
  return ['ok', { ...args, pred, number, fd: open(dir, number), size: 0 }]
}

function open(dir: string, number: number): number {
  const fd = openSync(join(dir, String(number)), 'w')
  writeIndex(dir, number)
  return fd
}

/** Writes an event. */
export const handleEvent: HandleEvent<State, ErrorLoggerEvent> = (event, state) => {
  if (!state.pred(event)) return ['ok', state]
  const time = new Date(clock.systemMs()).toISOString()
  const bytes = encodeEvent(time, event)
  const room = state.size + bytes.length < state.maxBytes ? state : nextFile(state)
  writeSync(room.fd, frame(bytes))
  return ['ok', { ...room, size: room.size + bytes.length + 2 }]
}

function nextFile(state: State): State {
  const number = next(state.number, state.maxFiles)
  const fd = open(state.dir, number)
  closeSync(state.fd)
  return { ...state, number, fd, size: 0 }
}

/** Nothing can be asked but `null`. */
export const handleCall = (_request: unknown, state: State): readonly ['ok', null, State] => ['ok', null, state]

/** Other messages are none of its. */
export const handleInfo = (_message: unknown, state: State): readonly ['ok', State] => ['ok', state]

/** Closes the file. */
export function terminate(_arg: unknown, { fd }: State): 'ok' {
  closeSync(fd)
  return 'ok'
}

/** The state is kept in an upgrade: the file stays open. */
export const codeChange = (_oldVsn: unknown, state: State): readonly ['ok', State] => ['ok', state]
