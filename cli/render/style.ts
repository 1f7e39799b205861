/**
 * Styles of terminal text: seven words, on or off as a whole.
 *
 * Whoever renders gets a {@link Style} and never asks what it writes to; `plain` gives the words alone, so that tests
 * and pipes see the same text a terminal does.
 */

/** Wraps a text in one terminal attribute, or leaves it alone. */
export type Paint = (text: string) => string

/** The attributes used by otp-rel's output. */
export interface Style {
  readonly bold: Paint
  readonly dim: Paint
  readonly red: Paint
  readonly green: Paint
  readonly yellow: Paint
  readonly cyan: Paint
}

const ansi =
  (open: number, close: number): Paint =>
  (text) =>
    text === '' ? '' : `\x1b[${open}m${text}\x1b[${close}m`
const same: Paint = (text) => text

/** No attributes at all. */
export const plain: Style = { bold: same, dim: same, red: same, green: same, yellow: same, cyan: same }

/** ANSI attributes. */
export const coloured: Style = {
  bold: ansi(1, 22),
  dim: ansi(2, 22),
  red: ansi(31, 39),
  green: ansi(32, 39),
  yellow: ansi(33, 39),
  cyan: ansi(36, 39),
}

/**
 * Decides how to write to a stream.
 *
 * `NO_COLOR` (any non-empty value, https://no-color.org) wins over everything, then `FORCE_COLOR` (any value but "0"),
 * then whether the stream is a terminal that is not "dumb".
 */
export function styleFor(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): Style {
  if ((env.NO_COLOR ?? '') !== '') return plain
  if ((env.FORCE_COLOR ?? '') !== '') return env.FORCE_COLOR === '0' ? plain : coloured
  return stream.isTTY === true && env.TERM !== 'dumb' ? coloured : plain
}

/** The number of columns a text takes, its attributes not counted. */
export function width(text: string): number {
  return [...text.replace(/\x1b\[[0-9;]*m/g, '')].length
}

/** Fills a text with spaces on its right up to a width; a longer text is left as it is. */
export function padEnd(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - width(text)))
}

/** Fills a text with spaces on its left up to a width. */
export function padStart(text: string, columns: number): string {
  return ' '.repeat(Math.max(0, columns - width(text))) + text
}
