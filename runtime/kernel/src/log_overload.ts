/**
 * Overload protection: what becomes of a text that is to be logged, when more are coming than can be written. Pure:
 * state and event give the next state, what the handler says of itself, and what is to be done.
 *
 * Three limits on the texts that wait in line: from `sync_mode_qlen` on who logs has to wait (back-pressure), from
 * `drop_mode_qlen` on nothing is taken any more (load shedding), from `flush_qlen` on the line is thrown away. Besides,
 * bursts are cut, and a handler that is far behind may be ended and started again.
 *
 * OTP: kernel's logger_olp.erl; https://www.erlang.org/doc/apps/kernel/logger_chapter.html#protecting-the-handler-from-overload
 *
 * Departure: who logs cannot be suspended here, since it does not await: to wait is to write down the whole line
 * oneself. So the line of a device that is ready never grows past `sync_mode_qlen`, not even within one turn of the
 * event loop; the other two limits are for devices that are not (a pipe whose reader is slow).
 */
import { err, ok, type Result } from '../../../schemas/result.js'

/** Limits; what is left out has its default. */
export interface OverloadOptions {
  /** Texts in line from which on who logs waits; 0: always. Default 10. */
  readonly sync_mode_qlen: number
  /** Texts in line from which on new ones are dropped; at least 2. Default 200. */
  readonly drop_mode_qlen: number
  /** Texts in line from which on the line is thrown away. Default 1000. */
  readonly flush_qlen: number
  /** Whether bursts are cut. Default true. */
  readonly burst_limit_enable: boolean
  /** Texts that are written within one window. Default 500. */
  readonly burst_limit_max_count: number
  /** Length of the window, milliseconds. Default 1000. */
  readonly burst_limit_window_time: number
  /** Whether a handler far behind is ended. Default false. */
  readonly overload_kill_enable: boolean
  /** Texts in line past which it is ended. Default 20000. */
  readonly overload_kill_qlen: number
  /**
   * Characters in line past which it is ended. Default 3000000. Departure: OTP counts the memory of the handler's
   * process; here handlers share theirs with everything else.
   */
  readonly overload_kill_mem_size: number
  /** Milliseconds until it is started again. Default 5000. */
  readonly overload_kill_restart_after: number | 'infinity'
}

/** See {@link OverloadOptions}. */
export const DEFAULT_OVERLOAD: OverloadOptions = {
  sync_mode_qlen: 10,
  drop_mode_qlen: 200,
  flush_qlen: 1000,
  burst_limit_enable: true,
  burst_limit_max_count: 500,
  burst_limit_window_time: 1000,
  overload_kill_enable: false,
  overload_kill_qlen: 20_000,
  overload_kill_mem_size: 3_000_000,
  overload_kill_restart_after: 5000,
}

/** Limits of the proxy for events of other nodes. */
export const DEFAULT_PROXY: OverloadOptions = {
  ...DEFAULT_OVERLOAD,
  sync_mode_qlen: 500,
  drop_mode_qlen: 1000,
  flush_qlen: 5000,
  burst_limit_enable: false,
}

/** Whether a key is one of {@link OverloadOptions}. */
export const isOverloadKey = (key: string): key is keyof OverloadOptions => Object.hasOwn(DEFAULT_OVERLOAD, key)

/** Why options are refused: an option by itself, or the limits among each other. */
export type OverloadError =
  | readonly ['invalid_olp_config', Readonly<Record<string, unknown>>]
  | readonly ['invalid_olp_levels', Pick<OverloadOptions, 'sync_mode_qlen' | 'drop_mode_qlen' | 'flush_qlen'>]

/**
 * Checks options on top of others. The limits must not fall: `sync_mode_qlen` <= `drop_mode_qlen` <= `flush_qlen`, and
 * `drop_mode_qlen` > 1.
 */
export function checkOverload(
  given: Readonly<Record<string, unknown>>,
  before: OverloadOptions = DEFAULT_OVERLOAD,
): Result<OverloadOptions, OverloadError> {
  const bad = Object.entries(given).find(([key, value]) => !isGood(key, value))
  if (bad !== undefined) return err(['invalid_olp_config', { [bad[0]]: bad[1] }])
  // Each key has been checked.
  const options = { ...before, ...given } as OverloadOptions
  const { sync_mode_qlen, drop_mode_qlen, flush_qlen } = options
  if (drop_mode_qlen > 1 && sync_mode_qlen <= drop_mode_qlen && drop_mode_qlen <= flush_qlen) return ok(options)
  return err(['invalid_olp_levels', { sync_mode_qlen, drop_mode_qlen, flush_qlen }])
}

function isGood(key: string, value: unknown): boolean {
  if (!isOverloadKey(key)) return false
  if (typeof DEFAULT_OVERLOAD[key] === 'boolean') return typeof value === 'boolean'
  return (
    (Number.isInteger(value) && Number(value) >= 0) || (key === 'overload_kill_restart_after' && value === 'infinity')
  )
}

/** How texts are taken: into the line, by writing the line down at once, or not at all. */
export type Mode = 'async' | 'sync' | 'drop'

/** What a handler remembers from one text to the next. */
export interface Load {
  readonly mode: Mode
  /** Beginning of the window of bursts, ms on the monotonic clock. */
  readonly burstStartMs: number
  /** Texts written in the window. */
  readonly burstCount: number
}

/** A handler at its start. */
export const newLoad = (nowMs: number): Load => ({ mode: 'async', burstStartMs: nowMs, burstCount: 0 })

/** What happens to a handler. */
export type LoadEvent =
  /** A text is about to be made. `queued`: those in line; `ready`: the device can take what is written. */
  | { readonly type: 'offered'; readonly queued: number; readonly ready: boolean; readonly nowMs: number }
  /** The first in line is taken out. `behind`: those after it; `chars`: their length. */
  | { readonly type: 'taken'; readonly behind: number; readonly chars: number; readonly nowMs: number }
  /** The line was thrown away; the text that was in hand does not count. */
  | { readonly type: 'flushed'; readonly count: number }
  /** Nothing has come for {@link IDLE_MS}. */
  | { readonly type: 'idle' }

/** Why a handler is ended: OTP's exit reason. */
export type Overloaded = readonly ['shutdown', readonly ['overloaded', qlen: number, mem: number]]

/** What is to be done. */
export type Action =
  /** An offered text goes into the line. */
  | 'queue'
  /** It goes into the line, and all of the line is written down now. */
  | 'queue_and_write'
  /** The text is lost: offered or in hand. */
  | 'drop'
  /** The offered text would not be written in this window of bursts. */
  | 'cut'
  /** The text in hand is written. */
  | 'write'
  /** The text in hand is lost and with it those in line, at most {@link FLUSH_MAX}; then `flushed` is told. */
  | 'flush'
  /** What is written goes down to the disk. */
  | 'sync'
  | { readonly stop: Overloaded }
  | 'none'

/** What a handler says of itself, in front of what is done. */
export type Note =
  | { readonly tag: 'switched'; readonly from: Mode; readonly to: Mode }
  | { readonly tag: 'flushed'; readonly count: number }
  | { readonly tag: 'overloaded' }
  | { readonly tag: 'restarted' }

/** The outcome of {@link decide}. */
export interface Decision {
  readonly load: Load
  readonly notes: readonly Note[]
  readonly action: Action
}

/** Time without a text after which a handler is idle, ms. */
export const IDLE_MS = 100
/** Texts thrown away in one go. */
export const FLUSH_MAX = 5000

const NO_NOTES: readonly Note[] = []

/** What becomes of an event. */
export function decide(load: Load, options: OverloadOptions, event: LoadEvent): Decision {
  switch (event.type) {
    case 'offered':
      return { load, notes: NO_NOTES, action: offered(load, options, event) }
    case 'taken':
      return taken(load, options, event)
    case 'flushed': {
      const notes: Note[] = [{ tag: 'flushed', count: event.count }]
      return { load: { ...load, mode: 'async' }, notes: [...notes, ...switching(load.mode, 'async')], action: 'none' }
    }
    case 'idle':
      return { load: { ...load, mode: 'async', burstCount: 0 }, notes: switching(load.mode, 'async'), action: 'sync' }
  }
}

/**
 * The mode is that of the last text that was written, as in OTP; only here does the length of the line count as well.
 * Departure: a line that cannot be written has an end, at what one flush would throw away.
 */
function offered(
  load: Load,
  options: OverloadOptions,
  { queued, ready, nowMs }: { readonly queued: number; readonly ready: boolean; readonly nowMs: number },
): Action {
  const { mode } = load
  if (mode === 'drop') return 'drop'
  if (!ready) return queued < options.flush_qlen + FLUSH_MAX ? 'queue' : 'drop'
  // Written at once or at the end of the turn, it would be in the same window: its text need not be made.
  if (!limitBurst(load, options, nowMs).write) return 'cut'
  return mode === 'sync' || queued >= options.sync_mode_qlen ? 'queue_and_write' : 'queue'
}

function taken(
  load: Load,
  options: OverloadOptions,
  { behind, chars, nowMs }: { readonly behind: number; readonly chars: number; readonly nowMs: number },
): Decision {
  const flush = behind >= options.flush_qlen
  const mode = flush ? load.mode : modeAt(behind, options)
  const notes = switching(load.mode, mode)
  if (options.overload_kill_enable && (behind > options.overload_kill_qlen || chars > options.overload_kill_mem_size)) {
    const stop: Overloaded = ['shutdown', ['overloaded', behind, chars]]
    return { load, notes: [...notes, { tag: 'overloaded' }], action: { stop } }
  }
  if (flush) return { load, notes, action: 'flush' }
  const burst = limitBurst(load, options, nowMs)
  const unchanged = mode === load.mode && burst.count === load.burstCount && burst.startMs === load.burstStartMs
  const next = unchanged ? load : { mode, burstStartMs: burst.startMs, burstCount: burst.count }
  return { load: next, notes, action: burst.write ? 'write' : 'drop' }
}

/** Weakest case last: a line that gets shorter goes down through the modes one by one. */
function modeAt(behind: number, options: OverloadOptions): Mode {
  if (behind >= options.drop_mode_qlen) return 'drop'
  return behind >= options.sync_mode_qlen ? 'sync' : 'async'
}

/** Only entering and leaving `drop` is worth a word. */
function switching(from: Mode, to: Mode): readonly Note[] {
  return from !== to && (from === 'drop' || to === 'drop') ? [{ tag: 'switched', from, to }] : NO_NOTES
}

function limitBurst(
  { burstStartMs, burstCount }: Load,
  options: OverloadOptions,
  nowMs: number,
): { readonly write: boolean; readonly startMs: number; readonly count: number } {
  if (!options.burst_limit_enable) return { write: true, startMs: burstStartMs, count: burstCount }
  if (burstCount < options.burst_limit_max_count) return { write: true, startMs: burstStartMs, count: burstCount + 1 }
  if (nowMs - burstStartMs < options.burst_limit_window_time) {
    return { write: false, startMs: burstStartMs, count: burstCount }
  }
  // The first text of a new window is not counted, as in OTP.
  return { write: true, startMs: nowMs, count: 0 }
}

/** A note in OTP's words. */
export function formatNote(note: Note, handler: string): string {
  switch (note.tag) {
    case 'switched':
      return `Handler ${handler} switched from  ${note.from} to ${note.to} mode`
    case 'flushed':
      return `Handler ${handler} flushed ${note.count} log events`
    case 'overloaded':
      return `Handler ${handler} overloaded and stopping`
    case 'restarted':
      return `Handler ${handler} restarted`
  }
}
