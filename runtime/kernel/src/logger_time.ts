/** Times as log lines show them. OTP: `logger_formatter`'s timestamps and `calendar:system_time_to_rfc3339/2`. */

const two = (value: number): string => String(value).padStart(2, '0')
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** Minutes east of UTC: `Z`, `+02:00`, a number of seconds; the empty text stands for this machine's own. */
export function offsetMinutes(offset: string | number, timeUs: number): number {
  if (typeof offset === 'number') return offset / 60
  if (offset === '') return -new Date(timeUs / 1000).getTimezoneOffset()
  const match = /^([+-])(\d\d):(\d\d)$/.exec(offset)
  if (match === null) return 0
  const minutes = Number(match[2]) * 60 + Number(match[3])
  return match[1] === '-' ? -minutes : minutes
}

/** Whether a value is an offset that {@link offsetMinutes} understands. */
export const isOffset = (value: unknown): value is string | number =>
  Number.isInteger(value) || (typeof value === 'string' && /^(?:|[Zz]|[+-]\d\d:\d\d)$/.test(value))

function parts(timeUs: number, minutes: number) {
  const shifted = new Date(Math.floor(timeUs / 1000) + minutes * 60_000)
  return {
    year: shifted.getUTCFullYear(),
    month: shifted.getUTCMonth(),
    day: shifted.getUTCDate(),
    clock: `${two(shifted.getUTCHours())}:${two(shifted.getUTCMinutes())}:${two(shifted.getUTCSeconds())}`,
    micros: String(((timeUs % 1_000_000) + 1_000_000) % 1_000_000).padStart(6, '0'),
  }
}

/**
 * `1970-01-01T00:00:00.000000Z`.
 *
 * @param timeUs     microseconds since 1970 UTC
 * @param offset     see {@link offsetMinutes}; UTC is shown as `Z`
 * @param designator between date and time
 */
export function rfc3339(timeUs: number, offset: string | number, designator = 'T'): string {
  const minutes = offsetMinutes(offset, timeUs)
  const { year, month, day, clock, micros } = parts(timeUs, minutes)
  const zone =
    minutes === 0
      ? 'Z'
      : `${minutes < 0 ? '-' : '+'}${two((Math.abs(minutes) / 60) | 0)}:${two(Math.abs(minutes) % 60)}`
  return `${String(year).padStart(4, '0')}-${two(month + 1)}-${two(day)}${designator}${clock}.${micros}${zone}`
}

/** `1-Jan-1970::00:00:00.000000 UTC`; the zone is named only where it is UTC. */
export function legacyTime(timeUs: number, offset: string | number): string {
  const minutes = offsetMinutes(offset, timeUs)
  const { year, month, day, clock, micros } = parts(timeUs, minutes)
  return `${day}-${MONTHS[month]}-${year}::${clock}.${micros}${minutes === 0 ? ' UTC' : ''}`
}
