/**
 * What the logger is set to: primary configuration, handlers, levels of single modules. One table of the node, read at
 * every event. OTP: kernel's logger_config.erl.
 */
import type { HandlerConfig, PrimaryConfig } from './logger_event.js'
import type { Threshold } from './logger_level.js'
import { namedTable } from './named_table.js'

/** See the head of this file. */
export interface LoggerTable {
  primary: PrimaryConfig
  /** In order of addition. */
  readonly handlers: Map<string, HandlerConfig>
  /** Levels that count for a module instead of the primary one, by the module's id. */
  readonly modules: Map<string, Threshold>
  /** Whether reports of the runtime come here. */
  reporting: boolean
}

/** The primary configuration before anything is set. */
export const DEFAULT_PRIMARY: PrimaryConfig = { level: 'notice', filter_default: 'log', filters: [], metadata: {} }

/** @returns the one table of this node. */
export const loggerTable = (): LoggerTable =>
  namedTable('kernel/logger', () => ({
    primary: DEFAULT_PRIMARY,
    handlers: new Map(),
    modules: new Map(),
    reporting: false,
  }))
