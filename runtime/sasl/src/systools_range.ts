/**
 * Version ranges: does "1.4.2" fit "^1.2.0 || >=3"?
 *
 * The grammar and the answers are those of npm's semver package (a test compares the two on some ten thousand pairs).
 * It is written out here because sasl is part of every release, and a release's own applications bring no npm packages.
 * Not taken over: white space between an operator and its version may only be blanks, and build metadata is ignored.
 */

/** major, minor, patch, and the identifiers of a pre-release (none: a release). */
interface Version {
  readonly numbers: readonly [number, number, number]
  readonly pre: readonly string[]
}

type Comparison = '<' | '<=' | '>' | '>=' | '='

interface Comparator {
  readonly op: Comparison
  readonly version: Version
}

/** Alternatives, of which one must hold; in each, all comparators must. */
export type VersionRange = readonly (readonly Comparator[])[]

const NUMBER = '0|[1-9]\\d*'
const PRE = '(?:-((?:0|[1-9]\\d*|\\d*[a-zA-Z-][a-zA-Z0-9-]*)(?:\\.(?:0|[1-9]\\d*|\\d*[a-zA-Z-][a-zA-Z0-9-]*))*))?'
const BUILD = '(?:\\+[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?'
const VERSION = new RegExp(`^v?(${NUMBER})\\.(${NUMBER})\\.(${NUMBER})${PRE}${BUILD}$`)
const X = `${NUMBER}|x|X|\\*`
const PARTIAL = `[v=\\s]*(${X})(?:\\.(${X})(?:\\.(${X})${PRE}${BUILD})?)?`
const HYPHEN = new RegExp(`^\\s*${PARTIAL}\\s+-\\s+${PARTIAL}\\s*$`)
const SIMPLE = new RegExp(`^(\\^|~>?|>=|<=|>|<|=)?\\s*${PARTIAL}$`)

/** @returns the range, or `undefined` when the text is none. */
export function parseRange(text: string): VersionRange | undefined {
  const alternatives: Comparator[][] = []
  for (const part of text.split('||')) {
    const comparators = parseAlternative(part.trim())
    if (comparators === undefined) return undefined
    alternatives.push(comparators)
  }
  return alternatives
}

/** Whether a version is in the range; what is not semver never is. */
export function inRange(vsn: string, range: VersionRange): boolean {
  const version = parseVersion(vsn)
  return version !== undefined && range.some((comparators) => fits(version, comparators))
}

function parseVersion(text: string): Version | undefined {
  const match = VERSION.exec(text)
  if (match === null) return undefined
  return version(Number(match[1]), Number(match[2]), Number(match[3]), match[4])
}

const version = (major: number, minor: number, patch: number, pre?: string): Version => ({
  numbers: [major, minor, patch],
  pre: pre === undefined ? [] : pre.split('.'),
})

function parseAlternative(text: string): Comparator[] | undefined {
  const hyphen = HYPHEN.exec(text)
  if (hyphen !== null) {
    const [low, high] = [partial(hyphen, 1), partial(hyphen, 5)]
    return [...expand('>=', low), ...expand('<=', high)]
  }
  if (text === '') return [{ op: '>=', version: version(0, 0, 0) }]
  // An operator may stand apart from its version; after this, blanks only separate comparators.
  const words = text.replace(/(\^|~>?|>=|<=|>|<|=)\s+/g, '$1').split(/\s+/)
  const comparators: Comparator[] = []
  for (const word of words) {
    const match = SIMPLE.exec(word)
    if (match === null) return undefined
    comparators.push(...expand(match[1] ?? '', partial(match, 2)))
  }
  return comparators
}

/** A version of which the end may be left out or be an x. */
interface Partial {
  readonly major?: number
  readonly minor?: number
  readonly patch?: number
  readonly pre?: string
}

function partial(match: RegExpExecArray, at: number): Partial {
  const read = (text: string | undefined) => (text === undefined || /^[xX*]$/.test(text) ? undefined : Number(text))
  const [major, minor, patch, pre] = [read(match[at]), read(match[at + 1]), read(match[at + 2]), match[at + 3]]
  if (major === undefined) return {}
  if (minor === undefined) return { major }
  if (patch === undefined) return { major, minor }
  return pre === undefined ? { major, minor, patch } : { major, minor, patch, pre }
}

/** What an operator with a partial version means, in comparators with whole ones. */
function expand(op: string, { major, minor, patch, pre }: Partial): Comparator[] {
  const any = version(0, 0, 0)
  if (major === undefined)
    return op === '<' || op === '>' ? [{ op: '<', version: version(0, 0, 0, '0') }] : [{ op: '>=', version: any }]
  const low = version(major, minor ?? 0, patch ?? 0, pre)
  const below = (limit: Version): Comparator => ({ op: '<', version: limit })
  const nextOfPartial = minor === undefined ? version(major + 1, 0, 0) : version(major, minor + 1, 0)
  const firstPre = (limit: Version): Version => ({ numbers: limit.numbers, pre: ['0'] })
  switch (op) {
    case '^': {
      const fixed = major > 0 || minor === undefined ? 0 : minor > 0 || patch === undefined ? 1 : 2
      const limit = [
        version(major + 1, 0, 0),
        version(major, (minor ?? 0) + 1, 0),
        version(major, minor ?? 0, (patch ?? 0) + 1),
      ][fixed]
      return [{ op: '>=', version: low }, below(firstPre(limit ?? low))]
    }
    case '~':
    case '~>':
      return [{ op: '>=', version: low }, below(firstPre(nextOfPartial))]
    case '>':
      return patch === undefined ? [{ op: '>=', version: nextOfPartial }] : [{ op: '>', version: low }]
    case '>=':
      return [{ op: '>=', version: low }]
    case '<':
      return [patch === undefined ? below(firstPre(low)) : below(low)]
    case '<=':
      return [patch === undefined ? below(firstPre(nextOfPartial)) : { op: '<=', version: low }]
    default:
      return patch === undefined
        ? [{ op: '>=', version: low }, below(firstPre(nextOfPartial))]
        : [{ op: '=', version: low }]
  }
}

/** A pre-release fits only where a comparator names a pre-release of the same three numbers. */
function fits(candidate: Version, comparators: readonly Comparator[]): boolean {
  if (!comparators.every((comparator) => holds(compare(candidate, comparator.version), comparator.op))) return false
  return (
    candidate.pre.length === 0 ||
    comparators.some((c) => c.version.pre.length > 0 && compareNumbers(candidate, c.version) === 0)
  )
}

function holds(order: number, op: Comparison): boolean {
  switch (op) {
    case '<':
      return order < 0
    case '<=':
      return order <= 0
    case '>':
      return order > 0
    case '>=':
      return order >= 0
    case '=':
      return order === 0
  }
}

const compareNumbers = (a: Version, b: Version): number =>
  a.numbers[0] - b.numbers[0] || a.numbers[1] - b.numbers[1] || a.numbers[2] - b.numbers[2]

function compare(a: Version, b: Version): number {
  const numbers = compareNumbers(a, b)
  if (numbers !== 0) return numbers
  if (a.pre.length === 0 || b.pre.length === 0) return b.pre.length - a.pre.length
  for (const [i, one] of a.pre.entries()) {
    const another = b.pre[i]
    if (another === undefined) return 1
    const order = comparePre(one, another)
    if (order !== 0) return order
  }
  return a.pre.length - b.pre.length
}

/** Numbers are below words, and among themselves in numeric order. */
function comparePre(a: string, b: string): number {
  const [aIsNumber, bIsNumber] = [/^\d+$/.test(a), /^\d+$/.test(b)]
  if (aIsNumber && bIsNumber) return Number(a) - Number(b)
  if (aIsNumber !== bIsNumber) return aIsNumber ? -1 : 1
  return a < b ? -1 : a > b ? 1 : 0
}
