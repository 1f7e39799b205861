/** Where a handler's texts go. */

/** Takes texts in order. Whoever writes keeps to {@link ready}; see log_queue.ts. */
export interface LogDevice {
  /** False while what was written before has not been taken by the system. */
  readonly ready: boolean
  /** Calls once when the device is ready again. */
  whenReady(call: () => void): void
  /** Writes now. @throws as the system does: no space, no such folder */
  write(text: string): void
  /** Returns when everything written is on the disk, where there is one. @throws as the system does */
  sync(): void
  /** Sees to the same without waiting for it. */
  syncSoon(): void
  close(): void
}

/** What every device that writes at once has in common. */
export const ALWAYS_READY = { ready: true, whenReady: (call: () => void): void => call() } as const

/**
 * The process's standard output or standard error: written at once where it is a file or a terminal; a pipe may keep
 * us waiting. Node opens it with the first text, which is not the business of a start.
 */
export function standardDevice(which: 'standard_io' | 'standard_error'): LogDevice {
  let opened: NodeJS.WriteStream | undefined
  const stream = (): NodeJS.WriteStream => {
    opened ??= which === 'standard_io' ? process.stdout : process.stderr
    return opened
  }
  return {
    get ready() {
      return opened?.writableNeedDrain !== true
    },
    whenReady: (call) => void stream().once('drain', call),
    write: (text) => void stream().write(text),
    sync: () => {},
    syncSoon: () => {},
    close: () => {},
  }
}

/** Whether a value is a device of somebody's own, for handlers that are set up by code. */
export function isDevice(value: unknown): value is LogDevice {
  if (typeof value !== 'object' || value === null) return false
  const functions = ['write', 'whenReady', 'sync', 'syncSoon', 'close']
  return 'ready' in value && functions.every((name) => typeof Reflect.get(value, name) === 'function')
}
