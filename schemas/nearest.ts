/** The name that was probably meant: the words of "did you mean". */

/** How far apart two words may be, relative to their length, and still be taken for a slip. */
const TOLERANCE = 0.4

/**
 * @returns the known name nearest to the one given, undefined where none is near. Case and the choice between `_`, `-`
 * and camelCase count for nothing.
 */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  const wanted = plain(name)
  let best: string | undefined
  let bestDistance = Number.POSITIVE_INFINITY
  for (const candidate of known) {
    const other = plain(candidate)
    const limit = Math.max(1, Math.floor(Math.max(wanted.length, other.length) * TOLERANCE))
    const distance = isPart(wanted, other) ? 1 : editDistance(wanted, other)
    if (distance <= limit && distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

/** `; did you mean "x"?` or nothing: the end of a message. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const found = nearest(name, known)
  return found === undefined ? '' : `; did you mean "${found}"?`
}

const plain = (word: string) => word.toLowerCase().replaceAll(/[-_]/g, '')

/** "version" for "vsn" no edit distance finds; "config" for "sys_config" it finds too far away. */
const isPart = (a: string, b: string) =>
  a.length >= 3 && b.length >= 3 && (a.startsWith(b) || b.startsWith(a) || b.endsWith(a))

/** Edits (insert, delete, replace, swap of neighbours) that make one word the other. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      let least = Math.min(replaced, (last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, (beforeLast[j - 2] ?? 0) + 1)
      row.push(least)
    }
    beforeLast = last
    last = row
  }
  return last[b.length] ?? a.length
}
