/** What the logger says of itself: to standard error, since it cannot trust its handlers. */

let internal: (text: string) => void = (text) => void process.stderr.write(`logger: ${text}\n`)

/** Says something. */
export function internalLog(text: string): void {
  internal(text)
}

/** Takes over the logger's own words. @returns the taker before */
export function setInternalLog(take: (text: string) => void): (text: string) => void {
  const before = internal
  internal = take
  return before
}
