/** Messages of the calling process, asserted: the next one, one of a kind, none; and the ends of other processes. */
import { exitPid, format, monitor, type Pid, processInfo, receive, self, timeout } from '../erts/process.js'
import { LIMIT_MS, settle, until } from './idle.js'

/** Says whether a message is the one that is waited for. */
export type Match = (message: unknown) => boolean

const any: Match = () => true

/**
 * The next message of the calling process that matches; others stay. Waits for it by turns of the event loop, so that
 * it works under a manual clock, too.
 *
 * @throws Error that shows what waits instead, after {@link LIMIT_MS}
 */
export async function nextMessage<T = unknown>(match: Match = any): Promise<T> {
  const waiting = () => `such message; waiting are ${format(processInfo(self(), 'messages')?.[1])}`
  const found = await until(() => taken(match), waiting)
  // The caller says what it waits for.
  return (await found.message()) as T
}

/** A matching message in the mailbox, to be taken with `receive`. */
function taken(match: Match): { message(): Promise<unknown> } | undefined {
  const messages = processInfo(self(), 'messages')?.[1]
  if (!Array.isArray(messages) || !messages.some(match)) return undefined
  return { message: () => receive(match, 0) }
}

/** The next message that is a list and begins with a word: `nextOf('EXIT')`. */
export const nextOf = <T = readonly unknown[]>(word: unknown): Promise<T> =>
  nextMessage<T>((message) => Array.isArray(message) && message[0] === word)

/** Fails when a message that matches waits, once everything has come to rest. */
export async function noMessage(match: Match = any): Promise<void> {
  await settle()
  const message = await receive(match, 0)
  if (message !== timeout) throw new Error(`unexpected message ${format(message)}`)
}

/** All messages that wait, oldest first, taken out: what a shell's `flush()` shows. */
export async function flush(): Promise<unknown[]> {
  await settle()
  const messages: unknown[] = []
  for (let message = await receive(any, 0); message !== timeout; message = await receive(any, 0)) messages.push(message)
  return messages
}

/**
 * Watches a process from now on.
 *
 * @returns what waits for its end and gives the reason (`noproc` when it was over before); fails after {@link LIMIT_MS}
 */
export function watch(pid: Pid): () => Promise<unknown> {
  const ref = monitor(pid)
  return async () => {
    const down = await nextMessage<readonly unknown[]>((m) => Array.isArray(m) && m[0] === 'DOWN' && m[1] === ref)
    return down[4]
  }
}

/** Sends a process an exit signal and waits for its end. @returns the reason with which it ended */
export function endWith(pid: Pid, reason: unknown): Promise<unknown> {
  const ended = watch(pid)
  exitPid(pid, reason)
  return ended()
}
