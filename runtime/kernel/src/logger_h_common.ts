/**
 * What the built-in handlers have in common: their configuration, their line (log_queue.ts) and its device, and the
 * text of an event, which is made in the logging process. OTP: kernel's logger_h_common.erl.
 *
 * Departure: a handler is no process of its own. Devices are written synchronously anyway, and a line that belongs to
 * no process can be written down by whoever logs, and at the very end of the node.
 */
import { clock } from '../../erts/clock.js'
import { applyMfa } from '../../erts/modules.js'
import { context } from '../../erts/proc.js'
import type { LogDevice } from './log_device.js'
import {
  checkOverload,
  DEFAULT_OVERLOAD,
  isOverloadKey,
  type OverloadError,
  type Overloaded,
  type OverloadOptions,
} from './log_overload.js'
import { LogQueue, type QueueInfo, type QueueOptions, type QueueOwner } from './log_queue.js'
import type { HandlerConfig, LogEvent } from './logger_event.js'
import * as formatter from './logger_formatter.js'
import { internalLog } from './logger_internal.js'
import { loggerTable } from './logger_table.js'
import { namedTable } from './named_table.js'
import { termText } from './term_text.js'

/** A kind of built-in handler. `Own` is its configuration, complete. */
export interface HandlerKind<Own extends object> {
  /** OTP's name of the handler's module, for errors. */
  readonly name: string
  /** Checks of its keys. */
  readonly checks: { readonly [Key in keyof Own]-?: (value: unknown) => boolean }
  /** Keys that cannot be changed later. */
  readonly fixed: readonly string[]
  /** Completes a configuration whose keys have been checked one by one. */
  readonly complete: (id: string, given: Partial<Own>) => Own
  /** Opens the device, at the start or to go on with other settings. @throws as the system does */
  readonly open: (config: Own, why: 'start' | 'go_on') => LogDevice
}

/** Why a built-in handler is refused. */
export type HandlerError =
  | OverloadError
  | readonly ['invalid_config', handler: string, Readonly<Record<string, unknown>>]
  | readonly ['illegal_config_change', handler: string, before: object, after: object]
  | readonly ['open_failed', unknown, unknown]

/** The answer of a handler's callback. */
export type Accepted = ['ok', HandlerConfig] | ['error', HandlerError]

type Values = Readonly<Record<string, unknown>>

/** Lines by handler. */
const queues = (): Map<string, LogQueue> => namedTable('kernel/logger_h_common', () => new Map())

/** How often what is written goes to the disk under lasting load, ms; as OTP's. */
const DEFAULT_SYNC_MS = 5000

const isSyncInterval = (value: unknown): boolean =>
  value === 'no_repeat' || (Number.isInteger(value) && Number(value) > 0)

/** The callbacks and functions of a kind of handler. */
export function handlerModule<Own extends object>(kind: HandlerKind<Own>) {
  return {
    addingHandler: (handler: HandlerConfig): Accepted => adding(kind, handler),
    changingConfig: (how: 'set' | 'update', before: HandlerConfig, after: HandlerConfig): Accepted =>
      changing(kind, how, before, after),
    removingHandler,
    log,
    filesync,
    info,
  }
}

// ---- configuration

interface Parts<Own> {
  readonly own: Own
  readonly queue: QueueOptions
}

function adding<Own extends object>(kind: HandlerKind<Own>, handler: HandlerConfig): Accepted {
  const parts = readConfig(kind, handler.id, handler.config, DEFAULT_QUEUE)
  if (!parts.ok) return ['error', parts.error]
  const { own, queue } = parts.value
  let device: LogDevice
  try {
    device = kind.open(own, 'start')
  } catch (failure) {
    return ['error', ['open_failed', values(own).file, failure]]
  }
  const line = new LogQueue(ownerOf(kind, handler.id), device, queue)
  queues().set(handler.id, line)
  return ['ok', { ...handler, config: values(own, queue) }]
}

const DEFAULT_QUEUE: QueueOptions = { ...DEFAULT_OVERLOAD, filesync_repeat_interval: DEFAULT_SYNC_MS }

function readConfig<Own extends object>(
  kind: HandlerKind<Own>,
  id: string,
  config: Values,
  before: QueueOptions,
): { readonly ok: true; readonly value: Parts<Own> } | { readonly ok: false; readonly error: HandlerError } {
  const entries = Object.entries(config)
  const overload = Object.fromEntries(entries.filter(([key]) => isOverloadKey(key)))
  const own = Object.fromEntries(entries.filter(([key]) => !isOverloadKey(key) && key !== SYNC_KEY))
  const checks: Readonly<Record<string, (value: unknown) => boolean>> = { ...kind.checks, [SYNC_KEY]: isSyncInterval }
  const bad = entries.find(([key, value]) => !isOverloadKey(key) && !(checks[key]?.(value) ?? false))
  if (bad !== undefined) return { ok: false, error: ['invalid_config', kind.name, { [bad[0]]: bad[1] }] }
  const limits = checkOverload(overload, overloadPart(before))
  if (!limits.ok) return limits
  // Each key has been checked.
  const filesync_repeat_interval = (config[SYNC_KEY] ?? before[SYNC_KEY]) as QueueOptions[typeof SYNC_KEY]
  const complete = kind.complete(id, own as Partial<Own>)
  return { ok: true, value: { own: complete, queue: { ...limits.value, filesync_repeat_interval } } }
}

const SYNC_KEY = 'filesync_repeat_interval'

const overloadPart = ({ filesync_repeat_interval: _, ...limits }: QueueOptions): OverloadOptions => limits

/** `set` begins with defaults, but for what cannot be changed; `update` with what was in force. */
function changing<Own extends object>(
  kind: HandlerKind<Own>,
  how: 'set' | 'update',
  before: HandlerConfig,
  after: HandlerConfig,
): Accepted {
  const pick = (values: Values): Values =>
    Object.fromEntries(kind.fixed.filter((key) => key in values).map((key) => [key, values[key]]))
  const config = { ...(how === 'update' ? before.config : pick(before.config)), ...after.config }
  const parts = readConfig(kind, before.id, config, DEFAULT_QUEUE)
  if (!parts.ok) return ['error', parts.error]
  const { own, queue } = parts.value
  const was = pick(before.config)
  const is = pick(values(own))
  if (kind.fixed.some((key) => was[key] !== is[key])) {
    return ['error', ['illegal_config_change', kind.name, was, is]]
  }
  const same = Object.entries(own).every(([key, value]) => before.config[key] === value)
  try {
    queues()
      .get(before.id)
      ?.change(queue, same ? undefined : () => kind.open(own, 'go_on'))
  } catch (failure) {
    return ['error', ['open_failed', values(own).file, failure]]
  }
  return ['ok', { ...after, config: values(own, queue) }]
}

const values = (...parts: readonly object[]): Values =>
  Object.fromEntries(parts.flatMap((part) => Object.entries(part)))

/** Writes what waits, and closes the device. */
function removingHandler({ id }: HandlerConfig): void {
  const queue = queues().get(id)
  queues().delete(id)
  queue?.close()
}

// ---- texts

function log(event: LogEvent, handler: HandlerConfig): void {
  queues()
    .get(handler.id)
    ?.offer(() => textOf(event, handler.formatter))
}

/** The text of an event. A formatter that fails is told of in the event's place. OTP: `log_to_binary/2`. */
export function textOf(event: LogEvent, [module, config]: HandlerConfig['formatter']): string {
  try {
    if (module === formatter) return formatter.format(event, config)
    const text: unknown = applyMfa([module, 'format', [event, config]])
    return typeof text === 'string' ? text : 'FORMATTER ERROR: bad return value'
  } catch {
    return formatter.format({ ...event, msg: { string: `FORMATTER CRASH: ${termText(event.msg)}` } })
  }
}

function ownerOf<Own extends object>(kind: HandlerKind<Own>, id: string): QueueOwner {
  const timeUs = (): number => Math.round(clock.systemMs() * 1000)
  return {
    id,
    say: (words: string): string => {
      const event: LogEvent = { level: 'notice', msg: { string: words }, meta: { time: timeUs() } }
      return textOf(event, loggerTable().handlers.get(id)?.formatter ?? [formatter, {}])
    },
    stopped: (reason: Overloaded): void => overloaded(kind, id, reason),
  }
}

/** Removes a handler that has ended itself, and adds it again after the time that its configuration says. */
function overloaded<Own extends object>(kind: HandlerKind<Own>, id: string, reason: Overloaded): void {
  internalLog(`Handler ${id} ended: ${termText(reason)}`)
  const { handlers } = loggerTable()
  const config = handlers.get(id)
  queues().delete(id)
  handlers.delete(id)
  const afterMs = config?.config.overload_kill_restart_after
  if (config === undefined || typeof afterMs !== 'number') return
  // The timer belongs to no process, and does not keep the OS process alive.
  context.run(null, () => clock.setTimer(afterMs, () => restart(kind, config)).unref())
}

function restart<Own extends object>(kind: HandlerKind<Own>, config: HandlerConfig): void {
  const { handlers } = loggerTable()
  if (handlers.has(config.id)) return
  const accepted = adding(kind, config)
  if (accepted[0] === 'error') {
    internalLog(`Handler ${config.id} cannot be started again: ${termText(accepted[1])}`)
    return
  }
  handlers.set(config.id, accepted[1])
  queues().get(config.id)?.sayRestarted()
}

// ---- functions of the handlers' modules

/** Returns when everything a handler has accepted is on the disk. OTP: `filesync/1`. */
function filesync(id: string): 'ok' | ['error', ['not_found', string]] {
  const queue = queues().get(id)
  if (queue === undefined) return ['error', ['not_found', id]]
  queue.sync()
  return 'ok'
}

/** What became of the texts of a handler. OTP: `logger_olp:info/1`. */
function info(id: string): QueueInfo | ['error', ['not_found', string]] {
  return queues().get(id)?.info() ?? ['error', ['not_found', id]]
}
