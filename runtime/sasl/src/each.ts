/**
 * Doing something to many processes at once. An answer that is there on the spot costs no promise: with ten thousand
 * processes that is the difference between a pause and none.
 */

/**
 * Does something to each, all at once, and waits for those that are not done on the spot. No promise is made for one
 * that is.
 */
export async function each<T, A>(
  items: Iterable<T>,
  ask: (item: T) => A | Promise<A>,
  done: (item: T, answer: A) => void,
  failed: (item: T, failure: unknown) => void = () => {},
): Promise<void> {
  const pending: Promise<void>[] = []
  for (const item of items) {
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
