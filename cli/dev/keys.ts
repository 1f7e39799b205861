/**
 * The keys of `otp-rel dev` in a terminal, and its end: by a key, or by a signal where there is no terminal.
 *
 * A node puts the terminal back into the mode in which it found it when it ends, and it shares ours. So the mode is set
 * again after each thing that happened.
 */
import type { CliContext } from '../commands/project.js'
import type { Session } from './session.js'

/** What the keys do, as it is shown. */
const HELP = 'keys: r build and restart, with new state   c clear   q quit   h this'

/** Signals that would end us at once, and leave the node behind. */
const ENDS = ['SIGTERM', 'SIGHUP'] as const

/** Open keys. */
export interface Keys {
  /** Ends when somebody wants to quit. */
  readonly quit: Promise<void>
  /** Takes the terminal again, after something else may have. */
  hold(): void
  /** Gives the terminal back. */
  close(): void
}

/** Listens until it is closed. Whoever wants to quit a second time does not wait for anything. */
export function openKeys(session: Session, { stdin, stdout, signal, show }: CliContext): Keys {
  const isTerminal = stdin.isTTY === true && stdout.isTTY === true
  let quit = () => {}
  const quitting = new Promise<void>((resolve) => {
    quit = resolve
  })
  let wantsToQuit = signal.aborted
  const end = () => {
    if (wantsToQuit) session.kill()
    wantsToQuit = true
    quit()
  }
  if (signal.aborted) quit()
  signal.addEventListener('abort', end, { once: true })
  for (const name of ENDS) process.on(name, end)
  const help = () => show({ data: { event: 'keys' }, lines: (style) => [style.dim(HELP)] })
  const pressed = (typed: string) => {
    for (const key of typed) {
      if (key === 'q' || key === '\x03' || key === '\x04') end()
      else if (key === 'r') session.restart('you asked for it')
      else if (key === 'c') stdout.write('\x1b[2J\x1b[3J\x1b[H')
      else if (key === 'h' || key === '?') help()
      else if (key === '\r') stdout.write('\n')
    }
  }
  const hold = () => {
    // Where it is thought to be raw already nothing would be set.
    if (isTerminal) stdin.setRawMode(false).setRawMode(true)
  }
  if (isTerminal) {
    help()
    hold()
    stdin.setEncoding('utf8').resume().on('data', pressed)
  }
  return {
    quit: quitting,
    hold,
    close() {
      signal.removeEventListener('abort', end)
      for (const name of ENDS) process.off(name, end)
      if (isTerminal) stdin.off('data', pressed).setRawMode(false)
      stdin.pause()
    },
  }
}
