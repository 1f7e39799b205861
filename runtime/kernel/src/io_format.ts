/**
 * Formats with arguments, as far as log messages use them: `~p` `~w` (any term), `~s` (text), `~b` (number), `~c`
 * (character code), `~n` (new line), `~~`; `t` and field widths are accepted. OTP: stdlib's io_lib.erl.
 */
import { termText } from './term_text.js'

const CONTROL = /~(-?\d*(?:\.\d*)?)(t?)([pPwWsbBdcin~])/g

/** A term as text: strings as they are, everything else as a term is printed. */
export const asText = (term: unknown): string => (typeof term === 'string' ? term : termText(term))

/** @returns the text; missing arguments are left as they stand, those left over follow in brackets. */
export function ioFormat(format: string, args: readonly unknown[]): string {
  const rest = [...args]
  const text = format.replace(CONTROL, (whole, _field, _unicode, control: string) => {
    if (control === 'n') return '\n'
    if (control === '~') return '~'
    if (rest.length === 0) return whole
    const arg = rest.shift()
    switch (control) {
      case 's':
        return asText(arg)
      case 'c':
        return typeof arg === 'number' ? String.fromCodePoint(arg) : asText(arg)
      case 'i':
        return ''
      case 'b':
      case 'B':
      case 'd':
        return String(arg)
      default:
        return termText(arg)
    }
  })
  return rest.length === 0 ? text : `${text} ${termText(rest)}`
}
