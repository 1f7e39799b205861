/** Waiting for what nobody tells: that a process which is not our child has ended, that a node has come up. */

/** How often it is looked for, in ms. */
const LOOK_EVERY_MS = 50

/** Looks until something is so. @returns whether it became so in time */
export async function until(
  check: () => boolean | Promise<boolean>,
  seconds: number,
  signal: AbortSignal,
): Promise<boolean> {
  const endMs = performance.now() + seconds * 1_000
  while (!signal.aborted) {
    if (await check()) return true
    if (performance.now() >= endMs) return false
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
  }
  return false
}
