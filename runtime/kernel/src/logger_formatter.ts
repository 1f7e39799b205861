/**
 * The default formatter: a log event becomes text for people, or one line of JSON for machines.
 *
 * OTP: kernel's logger_formatter.erl; https://www.erlang.org/doc/apps/kernel/logger_formatter.html
 *
 * Departure: `json: true` is no option of OTP's. Departure: a template's entries are texts and key paths
 * (`['time']`, `['mfa']`), since there are no atoms to tell keys from texts by.
 */
import { lookup } from './application_env.js'
import { asText, ioFormat } from './io_format.js'
import type { LogEvent } from './logger_event.js'
import { jsonLine } from './logger_json.js'
import { lines, runtimeReport } from './logger_report_text.js'
import { isOffset, legacyTime, rfc3339 } from './logger_time.js'
import { termText, withDepth } from './term_text.js'

/** A text as it stands, or the path of a key: `['time']`, `['level']`, `['msg']`, `['header']`, or one of the metadata. */
export type TemplatePart =
  | string
  | readonly string[]
  /** The first parts where the key is there, else the others. */
  | {
      readonly key: readonly string[]
      readonly present: readonly TemplatePart[]
      readonly absent?: readonly TemplatePart[]
    }

/** Configuration; what is left out has its default. */
export interface FormatterConfig {
  /** Default: from `legacy_header` and `single_line`. */
  readonly template?: readonly TemplatePart[]
  /** Line breaks of the text become `, `. Default true. */
  readonly single_line?: boolean
  /** A heading line `=ERROR REPORT==== ...`; counts only without `template`. Default false. */
  readonly legacy_header?: boolean
  /** `Z`, `+02:00` or seconds; default that of this machine, `Z` where sasl's parameter `utc_log` is true. */
  readonly time_offset?: string | number
  /** Between date and time. Default `T`. */
  readonly time_designator?: string
  /** Longest text of a message, in characters. Default `unlimited`. */
  readonly chars_limit?: number | 'unlimited'
  /**
   * How deep terms are printed, at least 1; what is deeper is `...`. Each element of a list counts as one deeper than the
   * one before. Default: kernel's parameter `error_logger_format_depth`, at least 10; without it `unlimited`.
   */
  readonly depth?: number | 'unlimited'
  /** Longest output for an event, in characters; what is longer ends in `...`. Default `unlimited`. */
  readonly max_size?: number | 'unlimited'
  /** Makes texts of reports, in place of that of the event. */
  readonly report_cb?: (report: unknown) => string | readonly [string, readonly unknown[]]
  /** One JSON object a line. Default false. */
  readonly json?: boolean
}

const isLimit = (value: unknown): boolean => value === 'unlimited' || (Number.isInteger(value) && Number(value) > 0)
const isBoolean = (value: unknown): boolean => typeof value === 'boolean'

const CHECKS: { readonly [K in keyof Required<FormatterConfig>]: (value: unknown) => boolean } = {
  template: Array.isArray,
  single_line: isBoolean,
  legacy_header: isBoolean,
  time_offset: isOffset,
  time_designator: (value) => typeof value === 'string' && value.length === 1,
  chars_limit: isLimit,
  depth: isLimit,
  max_size: isLimit,
  report_cb: (value) => typeof value === 'function',
  json: isBoolean,
}

/** @returns `ok`, or `['error', ['invalid_formatter_config', 'logger_formatter', [Key, Value]]]` for the first bad key. */
export function checkConfig(
  config: unknown,
): 'ok' | ['error', ['invalid_formatter_config', 'logger_formatter', unknown]] {
  if (typeof config !== 'object' || config === null || Array.isArray(config))
    return ['error', ['invalid_formatter_config', 'logger_formatter', config]]
  const bad = Object.entries(config).find(([key, value]) => !isGood(key, value))
  return bad === undefined ? 'ok' : ['error', ['invalid_formatter_config', 'logger_formatter', bad]]
}

function isGood(key: string, value: unknown): boolean {
  const check: ((value: unknown) => boolean) | undefined = Object.hasOwn(CHECKS, key)
    ? CHECKS[key as keyof FormatterConfig] // own key, so one of them
    : undefined
  return check?.(value) ?? false
}

/** @returns the text of an event, with its final line break. */
export function format(event: LogEvent, config: FormatterConfig = {}): string {
  if (config.json === true) return jsonLine(event, messageText(event, { ...config, single_line: false }).text)
  const parts = config.template ?? defaultTemplate(config)
  let said: MessageText | undefined
  const message = (): MessageText => {
    said ??= messageText(event, config) // for the heading as for the body
    return said
  }
  let text = ''
  for (const part of parts) text += partText(part, event, config, message)
  const limit = config.max_size ?? 'unlimited'
  return limit === 'unlimited' || text.length <= limit ? text : `${text.slice(0, Math.max(limit - 3, 0))}...`
}

function defaultTemplate(config: FormatterConfig): readonly TemplatePart[] {
  if (config.legacy_header === true) return [['header'], '\n', ['msg'], '\n']
  if (config.single_line === false) return [['time'], ' ', ['level'], ':\n', ['msg'], '\n']
  return [['time'], ' ', ['level'], ': ', ['msg'], '\n']
}

function partText(part: TemplatePart, event: LogEvent, config: FormatterConfig, message: () => MessageText): string {
  if (typeof part === 'string') return part
  if ('key' in part) {
    const chosen = valueAt(part.key, event) === undefined ? (part.absent ?? []) : part.present
    return chosen.map((inner) => partText(inner, event, config, message)).join('')
  }
  const [key] = part
  if (part.length === 1 && key === 'time') return rfc3339(event.meta.time, offset(config), config.time_designator)
  if (part.length === 1 && key === 'level') return event.level
  if (part.length === 1 && key === 'msg') return message().text
  if (part.length === 1 && key === 'header') return header(event, config, message().title)
  const value = valueAt(part, event)
  return value === undefined ? '' : asText(value)
}

/** Without an offset of its own: UTC where sasl's `utc_log` says so, else this machine's. */
const offset = (config: FormatterConfig): string | number =>
  config.time_offset ?? (lookup('sasl', 'utc_log')?.[1] === true ? 'Z' : '')

function valueAt(path: readonly string[], event: LogEvent): unknown {
  if (path.length === 1 && (path[0] === 'level' || path[0] === 'msg' || path[0] === 'header')) return true
  let value: unknown = event.meta
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined
    value = Reflect.get(value, key)
  }
  return value
}

function header(event: LogEvent, config: FormatterConfig, title = titleOf(event)): string {
  return `=${title}==== ${legacyTime(event.meta.time, offset(config))} ===`
}

/** Notices of error_logger are its information reports. */
function titleOf({ level, meta }: LogEvent): string {
  if (typeof meta.title === 'string') return meta.title
  return level === 'notice' && 'error_logger' in meta ? 'INFO REPORT' : `${level.toUpperCase()} REPORT`
}

/** The text of what an event says, and the title where the report has one of its own. */
interface MessageText {
  readonly text: string
  readonly title?: string
}

function messageText(event: LogEvent, config: FormatterConfig): MessageText {
  const said = sayMessage(event, config)
  const single = config.single_line ?? config.legacy_header !== true
  const text = single ? said.text.trim().replace(/,?\r?\n\s*/g, ', ') : said.text
  const limit = config.chars_limit ?? 'unlimited'
  const cut = limit === 'unlimited' || text.length <= limit ? text : `${text.slice(0, Math.max(limit - 3, 0))}...`
  return said.title === undefined ? { text: cut } : { text: cut, title: said.title }
}

/** @returns the text of what an event says, over as many lines as it takes */
export const reportText = (event: Pick<LogEvent, 'msg' | 'meta'>): string => sayMessage(event, {}).text

function sayMessage(event: Pick<LogEvent, 'msg' | 'meta'>, config: FormatterConfig): MessageText {
  const depth = config.depth ?? nodeDepth()
  return withDepth(depth, () => say(event, config, depth))
}

/** OTP: `error_logger:get_format_depth/0`. */
function nodeDepth(): number | 'unlimited' {
  const depth = lookup('kernel', 'error_logger_format_depth')?.[1]
  return Number.isInteger(depth) ? Math.max(10, Number(depth)) : 'unlimited'
}

function say(
  { msg, meta }: Pick<LogEvent, 'msg' | 'meta'>,
  config: FormatterConfig,
  depth: number | 'unlimited',
): MessageText {
  if ('string' in msg) return { text: msg.string }
  if ('format' in msg) return { text: ioFormat(msg.format, msg.args) }
  const callback = config.report_cb ?? meta.report_cb
  if (callback === undefined) return runtimeReport(msg.report) ?? { text: lines(msg.report) }
  try {
    const limits = {
      single_line: config.single_line ?? true,
      depth,
      chars_limit: config.chars_limit ?? 'unlimited',
    } as const
    const said = callback(msg.report, limits)
    return { text: typeof said === 'string' ? said : ioFormat(said[0], said[1]) }
  } catch (failure) {
    return { text: `REPORT_CB CRASH: ${termText(failure)}; Reason: ${termText(msg.report)}` }
  }
}
