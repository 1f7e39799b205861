/** Spoils JSON values and texts in ways that look random and are the same in every run. */
import type { makeRandom } from '../runtime/sasl/random.js'

const JUNK = [
  null,
  0,
  -1,
  1.5,
  '',
  ' ',
  'a',
  'a/b',
  '..',
  '__proto__',
  'constructor',
  'kernel',
  'ch_app/ch3',
  '^1.0.0',
  '1 ||',
  true,
  [],
  [[]],
  {},
  { name: 'kernel' },
  { op: 'load_module' },
  { regex: '(' },
  { range: '>' },
  { regex: '(?i)a' },
  [null],
  ['a', 'a'],
  '\u0000',
  '\ud800',
] as const

const PIECES = [
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '"',
  '\\',
  '//',
  '/*',
  'null',
  '1e999',
  '\u0000',
  '\ud800',
  '"__proto__": 1',
]

type Place = { readonly at: Record<string, unknown> | unknown[]; readonly key: string }

/** Every place inside a value. */
function places(value: unknown, found: Place[] = []): Place[] {
  if (typeof value !== 'object' || value === null) return found
  for (const [key, inner] of Object.entries(value)) {
    found.push({ at: value as Place['at'], key }) // an object or a list, by the test above
    places(inner, found)
  }
  return found
}

export function makeMutator({ int, pick }: ReturnType<typeof makeRandom>) {
  /** Changes one to four places inside a value; those directly in one of `kept` stay. */
  function mutate(value: object, kept: readonly unknown[] = []): void {
    for (let left = 1 + int(4); left > 0; left--) {
      const inner = places(value).filter(({ at }) => !kept.includes(at))
      if (inner.length === 0) break
      const { at, key } = pick(inner)
      const other = pick(inner)
      const slot = at as Record<string, unknown> // indexing a list by its own key is the same thing
      switch (int(5)) {
        case 0:
          slot[key] = structuredClone(pick(JUNK))
          break
        case 1:
          if (Array.isArray(at)) at.splice(Number(key), 1)
          else delete slot[key]
          break
        case 2:
          if (Array.isArray(at)) at.push(structuredClone(slot[key]))
          else slot[`${key}s`] = slot[key]
          break
        case 3:
          if (Array.isArray(at)) at.reverse()
          else slot[key] = [slot[key]]
          break
        case 4:
          slot[key] = structuredClone((other.at as Record<string, unknown>)[other.key])
      }
    }
  }

  /** The text with one to three pieces cut out, put in or said twice. */
  function mutateText(text: string): string {
    let result = text
    for (let left = 1 + int(3); left > 0; left--) {
      const at = int(result.length + 1)
      const end = at + int(12)
      const middle = pick([
        () => '',
        () => pick(PIECES) + result.slice(at, end),
        () => result.slice(at, end).repeat(2),
        () => pick(PIECES),
      ])()
      result = result.slice(0, at) + middle + (int(20) === 0 ? '' : result.slice(end))
    }
    return result
  }

  return { mutate, mutateText }
}
