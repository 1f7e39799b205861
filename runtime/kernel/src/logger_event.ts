/** Log events, filters and handlers: the words of the logger. OTP: the types of kernel's logger.erl. */
import type { ModuleRef } from '../../erts/modules.js'
import type { Level, Threshold } from './logger_level.js'

/** What is said: a text, a format with arguments (see io_format.ts), or a report (a map, or pairs in order). */
export type Message =
  | { readonly string: string }
  | { readonly format: string; readonly args: readonly unknown[] }
  | { readonly report: unknown }

/** Facts around an event. Always there: `pid`, `gl` (undefined outside processes) and `time`. */
export interface Metadata {
  /** Microseconds since 1970 UTC. */
  readonly time: number
  /** Which part of the system speaks, from the whole to the part: `['otp', 'sasl']`. */
  readonly domain?: readonly string[]
  /** Makes a text of a report: of the report alone a text or `[format, args]`, with the formatter's limits a text. */
  readonly report_cb?: ReportCallback
  /** Module, function and arity that speaks, where the caller says it. */
  readonly mfa?: readonly [module: ModuleRef, fun: string, arity: number]
  readonly [key: string]: unknown
}

/** See `report_cb` of {@link Metadata}. */
export type ReportCallback = (
  report: unknown,
  limits: {
    readonly single_line: boolean
    readonly depth: number | 'unlimited'
    readonly chars_limit: number | 'unlimited'
  },
) => string | readonly [format: string, args: readonly unknown[]]

/** One log event. */
export interface LogEvent {
  /** How severe it is. */
  readonly level: Level
  /** What is said. */
  readonly msg: Message
  /** When, by whom, and whatever else is known of it. */
  readonly meta: Metadata
}

/** What a filter says: the event goes on (maybe changed), is dropped, or the filter has no opinion. */
export type FilterResult = LogEvent | 'stop' | 'ignore'

/** A filter's function. Runs in the logging process. */
export type FilterFunction<Arg = never> = (event: LogEvent, arg: Arg) => FilterResult

/** A function and its argument; from a configuration file module and name of an exported function. */
export type Filter = readonly [fun: FilterFunction | readonly [module: ModuleRef, fun: string], arg: unknown]

/** A filter and the name it is removed by. */
export type NamedFilter = readonly [id: string, filter: Filter]

/** What counts when no filter has an opinion. */
export type FilterDefault = 'log' | 'stop'

/** A handler as it is given; what is left out has a default. */
export interface HandlerOptions {
  /** Default `all`. */
  readonly level?: Threshold
  /** Default `log`. */
  readonly filter_default?: FilterDefault
  /** In this order. Default none. */
  readonly filters?: readonly NamedFilter[]
  /** Module and configuration. Default `[logger_formatter, {}]`. */
  readonly formatter?: readonly [module: ModuleRef, config: Readonly<Record<string, unknown>>]
  /** The handler's own. Default `{}`. */
  readonly config?: Readonly<Record<string, unknown>>
  readonly [key: string]: unknown
}

/** A handler in force. */
export interface HandlerConfig extends HandlerOptions {
  /** What it was added under. */
  readonly id: string
  /** Its callback module. */
  readonly module: ModuleRef
  readonly level: Threshold
  readonly filter_default: FilterDefault
  readonly filters: readonly NamedFilter[]
  readonly formatter: readonly [module: ModuleRef, config: Readonly<Record<string, unknown>>]
  readonly config: Readonly<Record<string, unknown>>
}

/** What counts for every event. */
export interface PrimaryConfig {
  /** Default `notice`. */
  readonly level: Threshold
  /** Default `log`. */
  readonly filter_default: FilterDefault
  /** In this order, before any handler's. Default none. */
  readonly filters: readonly NamedFilter[]
  /** Facts for every event. */
  readonly metadata: Readonly<Record<string, unknown>>
}
