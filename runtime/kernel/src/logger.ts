/**
 * Logging: events of a severity go through filters to handlers, in the calling process. OTP: kernel's logger.erl;
 * https://www.erlang.org/doc/apps/kernel/logger_chapter.html
 *
 *     Logger.error('cannot open ~s', [file])
 *     Logger.notice({ event: 'order_paid', order }, { domain: ['shop'] })
 *     Logger.debug(() => expensiveReport())
 */
import { clock } from '../../erts/clock.js'
import { type ModuleRef, moduleName } from '../../erts/modules.js'
import { erase, format, get, groupLeader, put, selfOrUndefined } from '../../erts/process.js'
import { logAllowed } from './logger_backend.js'
import { loggerTable } from './logger_config.js'
import type { Message, Metadata } from './logger_event.js'
import { type Level, passes } from './logger_level.js'

export { addHandlers, reconfigure } from './logger_configure.js'
export type {
  Filter,
  FilterResult,
  HandlerConfig,
  HandlerOptions,
  LogEvent,
  Message,
  Metadata,
  NamedFilter,
  PrimaryConfig,
} from './logger_event.js'
export * from './logger_handlers.js'
export { i, infoText } from './logger_info.js'
export { compareLevels, type Level, type Threshold } from './logger_level.js'

/** Facts that the caller adds to an event. */
export type Meta = Readonly<Record<string, unknown>>

/** Makes what is said only if it is logged: a message, `ignore`, or a message with facts. */
export type Lazy<Arg> = (arg: Arg) => string | object | 'ignore' | readonly [message: string | object, meta: Meta]

/** What can be logged: a text, a format with arguments, a report, or a function that makes one of them. */
export interface Log {
  (text: string, meta?: Meta): 'ok'
  (format: string, args: readonly unknown[], meta?: Meta): 'ok'
  (report: object, meta?: Meta): 'ok'
  <Arg>(lazy: Lazy<Arg>, arg?: Arg, meta?: Meta): 'ok'
}

/** Logs at a level that is only known at run time. */
export function log(level: Level, what: unknown, second?: unknown, third?: unknown): 'ok' {
  const meta = metaOf(what, second, third)
  if (!allowed(level, meta.mfa)) return 'ok'
  const said = typeof what === 'function' ? runLazy(what, second, meta) : sayEager(what, second)
  if (said === undefined) return 'ok'
  logAllowed({ level, msg: said.msg, meta: addMetadata({ ...meta, ...said.meta }) })
  return 'ok'
}

function metaOf(what: unknown, second: unknown, third: unknown): Meta {
  const meta = typeof what === 'function' || Array.isArray(second) ? third : second
  return typeof meta === 'object' && meta !== null ? { ...meta } : {}
}

interface Said {
  readonly msg: Message
  readonly meta?: Meta
}

function sayEager(what: unknown, second: unknown): Said {
  if (typeof what !== 'string') return { msg: { report: what } }
  return { msg: Array.isArray(second) ? { format: what, args: second } : { string: what } }
}

function runLazy(lazy: unknown, arg: unknown, meta: Meta): Said | undefined {
  try {
    // Checked by the caller: a function.
    const said: unknown = (lazy as (arg: unknown) => unknown)(arg)
    if (said === 'ignore') return undefined
    if (!Array.isArray(said)) return sayEager(said, undefined)
    const [message, second]: unknown[] = said
    if (Array.isArray(second)) return sayEager(message, second)
    return { ...sayEager(message, undefined), meta: { ...meta, ...metaOf(message, second, undefined) } }
  } catch (failure) {
    return { msg: { string: `LAZY_FUN CRASH: ${format(failure)}` } }
  }
}

/** Whether an event of a level would get as far as the filters. OTP: `logger:allow/2`. */
export const allow = (level: Level, module?: ModuleRef): boolean =>
  allowed(level, module === undefined ? undefined : [module, '', 0])

function allowed(level: Level, mfa: unknown): boolean {
  const { primary, modules } = loggerTable()
  if (modules.size === 0 || !Array.isArray(mfa)) return passes(level, primary.level)
  // Whoever gives `mfa` gives a module first; anything else names no module that has a level.
  return passes(level, modules.get(moduleName(mfa[0] as ModuleRef)) ?? primary.level)
}

/** Later wins: primary metadata, that of the process, that of the call. */
function addMetadata(meta: Meta): Metadata {
  const pid = selfOrUndefined()
  const where = pid === undefined ? { pid, gl: undefined } : { pid, gl: groupLeader() }
  const time = Math.round(clock.systemMs() * 1000)
  return { ...where, time, ...loggerTable().primary.metadata, ...getProcessMetadata(), ...meta }
}

const at =
  (level: Level): Log =>
  (what: unknown, second?: unknown, third?: unknown) =>
    log(level, what, second, third)

/** The node is unusable. */
export const emergency: Log = at('emergency')
/** Something must be done at once. */
export const alert: Log = at('alert')
/** A critical condition. */
export const critical: Log = at('critical')
/** Something failed. */
export const error: Log = at('error')
/** Something may be wrong. */
export const warning: Log = at('warning')
/** Something normal that matters. The first level that is logged by default. */
export const notice: Log = at('notice')
/** Information; not logged by default. */
export const info: Log = at('info')
/** For developers; not logged by default. */
export const debug: Log = at('debug')

// ---- metadata of a process

const PROCESS_METADATA = '$logger_metadata$'

/** Sets the facts that every event of the calling process has. */
export function setProcessMetadata(meta: Meta): 'ok' {
  put(PROCESS_METADATA, meta)
  return 'ok'
}

/** Adds to the facts of the calling process. */
export const updateProcessMetadata = (meta: Meta): 'ok' => setProcessMetadata({ ...getProcessMetadata(), ...meta })

/** @returns the facts of the calling process, or undefined. */
export function getProcessMetadata(): Meta | undefined {
  // Only setProcessMetadata writes under this key.
  return selfOrUndefined() === undefined ? undefined : (get(PROCESS_METADATA) as Meta | undefined)
}

/** Removes the facts of the calling process. */
export function unsetProcessMetadata(): 'ok' {
  erase(PROCESS_METADATA)
  return 'ok'
}
