/** Where a handler's texts go. Overload protection belongs between handler and device: it sees `queued`. */

/** Takes texts in order. */
export interface LogDevice {
  /** Texts accepted and not yet written. */
  readonly queued: number
  /** Accepts a text. Never waits. */
  write(text: string): void
  /** Writes everything accepted, down to the disk where there is one. */
  sync(): void
  close(): void
}

/** The process's standard output or standard error. */
export function standardDevice(which: 'standard_io' | 'standard_error'): LogDevice {
  const stream = which === 'standard_io' ? process.stdout : process.stderr
  return {
    get queued() {
      return stream.writableLength
    },
    write: (text) => void stream.write(text),
    sync: () => {},
    close: () => {},
  }
}
