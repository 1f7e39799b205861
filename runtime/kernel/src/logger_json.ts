/** A log event as one line of JSON, for machines. */
import { format, Pid, Ref, Stack } from '../../erts/process.js'
import type { LogEvent } from './logger_event.js'
import { rfc3339 } from './logger_time.js'

/** Metadata that has its own place or means nothing outside this node. */
const LEFT_OUT: ReadonlySet<string> = new Set(['time', 'gl', 'report_cb'])

/**
 * @param text what the event says, for those who only read
 * @returns `{"time", "level", "msg", ...metadata, "report"}` and a line break; time is UTC
 */
export function jsonLine({ level, msg, meta }: LogEvent, text: string): string {
  const facts = Object.entries(meta).filter(([key, value]) => !LEFT_OUT.has(key) && value !== undefined)
  const line = { time: rfc3339(meta.time, 'Z'), level, msg: text, ...Object.fromEntries(facts) }
  const whole = 'report' in msg ? { ...line, report: msg.report } : line
  return `${stringify(whole)}\n`
}

function stringify(value: unknown): string {
  const path: object[] = []
  // A regular function: JSON.stringify tells by `this` how deep it is.
  return JSON.stringify(value, function replace(this: unknown, key, inner: unknown) {
    // Both have a form for the control socket, which has been put in their place.
    const itself: unknown = typeof this === 'object' && this !== null ? Reflect.get(this, key) : inner
    if (itself instanceof Pid || itself instanceof Ref) return String(itself)
    if (typeof inner === 'bigint') return String(inner)
    if (typeof inner === 'function' || typeof inner === 'symbol') return format(inner)
    if (inner instanceof Stack) return inner.frames
    if (inner instanceof Error) return { name: inner.name, message: inner.message, stack: inner.stack }
    if (typeof inner !== 'object' || inner === null) return inner
    while (path.length > 0 && path.at(-1) !== this) path.pop()
    if (path.includes(inner)) return '[Circular]'
    path.push(inner)
    return inner
  })
}
