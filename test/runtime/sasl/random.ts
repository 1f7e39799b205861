/** Numbers that look random and are the same in every run (mulberry32). */
export function makeRandom(seed: number) {
  let state = seed
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  /** A whole number from 0 up to, not including, `below`. */
  const int = (below: number): number => Math.floor(next() * below)
  /** One of a list that is not empty and holds no undefined. */
  function pick<T>(list: readonly T[]): T {
    const [item] = list.slice(int(list.length))
    if (item === undefined) throw new Error('nothing to pick from')
    return item
  }
  return { next, int, pick }
}
