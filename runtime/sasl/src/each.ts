/**
 * Doing something to many processes at once. An answer that is there on the spot costs no promise: with ten thousand
 * processes that is the difference between a pause and none.
 */
import { clock } from '../../erts/clock.js'

/** So long, in ms, the rest of the node waits while processes that stand still are dealt with. */
const SLICE_MS = 5

/**
 * Does something to each, all at once, and waits for those that are not done on the spot. No promise is made for one
 * that is.
 */
export function each<T, A>(
  items: Iterable<T>,
  ask: (item: T) => A | Promise<A>,
  done: (item: T, answer: A) => void,
  failed: (item: T, failure: unknown) => void = () => {},
): Promise<void> {
  return walk(items, ask, done, failed, false)
}

/**
 * As {@link each}, but the rest of the node has its turns in between: for processes that stand still already. Those to
 * be suspended are asked all at once: one that ran on could call one that stands still, and would not stand still
 * itself before the other went on.
 */
export function eachInTurns<T, A>(
  items: Iterable<T>,
  ask: (item: T) => A | Promise<A>,
  done: (item: T, answer: A) => void,
  failed: (item: T, failure: unknown) => void = () => {},
): Promise<void> {
  return walk(items, ask, done, failed, true)
}

async function walk<T, A>(
  items: Iterable<T>,
  ask: (item: T) => A | Promise<A>,
  done: (item: T, answer: A) => void,
  failed: (item: T, failure: unknown) => void,
  turns: boolean,
): Promise<void> {
  const pending: Promise<void>[] = []
  let endMs = clock.monotonicMs() + SLICE_MS
  let count = 0
  for (const item of items) {
    if (turns && (++count & 31) === 0 && clock.monotonicMs() > endMs) {
      await nextTurn()
      endMs = clock.monotonicMs() + SLICE_MS
    }
    try {
      const answer = ask(item)
      if (!(answer instanceof Promise)) done(item, answer)
      else pending.push(answer.then((late) => done(item, late)).catch((failure) => failed(item, failure)))
    } catch (failure) {
      failed(item, failure)
    }
  }
  if (pending.length > 0) await Promise.all(pending)
}

/** Whether work is done, or has failed, within so many ms. It goes on, if not. */
export function isDoneWithin(work: Promise<void>, ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = clock.setTimer(ms, () => resolve(false))
    const over = (): void => {
      clock.clearTimer(timer)
      resolve(true)
    }
    work.then(over, over)
  })
}

/** The rest of the node has its turn. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Nobody waits for this, and its failure does not matter. */
export function quietly(answer: unknown): void {
  if (answer instanceof Promise) answer.catch(() => {})
}

/** What a call gives, or the failure it throws. */
export async function attempt(code: () => unknown): Promise<unknown> {
  try {
    return await code()
  } catch (failure) {
    return failure
  }
}
