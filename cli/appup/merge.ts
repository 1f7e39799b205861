/**
 * What a person wrote in an appup.json and what was generated, together: an instruction by hand counts instead of the
 * generated one for the same module or child; what nobody wrote is filled in. Pure.
 */
import { isDeepStrictEqual } from 'node:util'
import { findEntry, readAppup } from '../../runtime/sasl/src/systools_appup.js'
import type { Appup, AppupInstruction } from '../../schemas/types.js'
import type { GeneratedAppup } from './generate.js'

/** `up` or `down`. */
export type Direction = 'up' | 'down'

/** What is there in one direction, and what is to be added. */
export interface MergedEntry {
  readonly direction: Direction
  /** The other version. */
  readonly vsn: string
  /** Index of the entry that counts now; undefined: none does. */
  readonly index: number | undefined
  /** It is a range or a pattern: an entry for this version alone has to stand before it. */
  readonly isPattern: boolean
  readonly written: readonly AppupInstruction[]
  /** To stand before what is written, and after it. */
  readonly before: readonly AppupInstruction[]
  readonly after: readonly AppupInstruction[]
  /** Changes that what is written does not cover: `MODULE`, or `MODULE CHILD`. */
  readonly missing: readonly string[]
  /** What is written about them counts, and is not what would be generated. */
  readonly byHand: readonly string[]
}

/** The whole of an entry. */
export const instructionsOf = ({ before, written, after }: MergedEntry): readonly AppupInstruction[] => [
  ...before,
  ...written,
  ...after,
]

/**
 * Entries of an appup that are for the version it is for: of another version, those for a single version are out of
 * date; ranges and patterns stay.
 */
export function current(appup: Appup, vsn: string): Appup {
  if (appup.vsn === vsn) return appup
  return {
    vsn,
    up: appup.up.filter(({ from }) => typeof from !== 'string'),
    down: appup.down.filter(({ to }) => typeof to !== 'string'),
  }
}

/** Merges both directions. @param written of the application's version; see {@link current} */
export function mergeAppup(written: Appup, generated: GeneratedAppup): readonly [up: MergedEntry, down: MergedEntry] {
  return [mergeEntry(written, generated, 'up'), mergeEntry(written, generated, 'down')]
}

function mergeEntry(appup: Appup, generated: GeneratedAppup, direction: Direction): MergedEntry {
  const { application, from, to } = generated
  const checked = readAppup({ name: application, vsn: to }, { file: 'appup.json', appup })
  const found = 'appup' in checked ? findEntry(checked.appup[direction], from) : undefined
  const entry = found === undefined ? undefined : appup[direction][found.index]
  const written = entry?.instructions ?? []
  const pattern = entry === undefined ? from : 'from' in entry ? entry.from : entry.to
  const hand = coveredBy(written, application)
  const isCovered = (key: string) => hand.has(EVERYTHING) || hand.has(key)
  const missing = generated.pieces
    .filter((piece) => piece[direction].length > 0)
    .map(keyOf)
    .filter((key) => !isCovered(key))
  const wanted = new Set(missing)
  const isWanted = (key: string) => wanted.has(key) || (key === EVERYTHING && wanted.size > 0)
  const lacking = generated[direction].filter((one) => keysOf(one, application).some(isWanted))
  const named = new Set([...written, ...lacking].flatMap((one) => (isHigh(one) ? keysOf(one, application) : [])))
  const ready = lacking.map((one) => withoutUnknown(one, named))
  // What a run before wrote is nobody's own.
  const isGenerated = (piece: GeneratedAppup['pieces'][number]) =>
    isDeepStrictEqual(
      written.filter((one) => keysOf(one, application).includes(keyOf(piece))),
      piece[direction].map((one) => withoutUnknown(one, named)),
    )
  return {
    direction,
    vsn: from,
    index: found?.index,
    isPattern: typeof pattern !== 'string',
    written,
    before: ready.filter((one) => !isLast(one)),
    after: ready.filter(isLast),
    missing,
    byHand: generated.pieces.filter((piece) => isCovered(keyOf(piece)) && !isGenerated(piece)).map(keyOf),
  }
}

/** Stands for all modules of the application. */
const EVERYTHING = '*'

/** `MODULE`, or `MODULE CHILD`: what a piece is about. */
export const keyOf = ({ up, down, module }: GeneratedAppup['pieces'][number]): string => {
  const [first] = [...up, ...down]
  return first?.op === 'apply' ? childKey(first) : module
}

const childKey = ({ mfa }: Extract<AppupInstruction, { op: 'apply' }>): string =>
  `child ${JSON.stringify(mfa[2][1])} of ${String(mfa[2][0])}`

const CHILD_CALLS = new Set(['restartChild', 'startChild', 'terminateChild', 'deleteChild'])

/** What instructions see to. */
export function coveredBy(instructions: readonly AppupInstruction[], application: string): ReadonlySet<string> {
  return new Set(instructions.flatMap((one) => keysOf(one, application)))
}

function keysOf(instruction: AppupInstruction, application: string): readonly string[] {
  const bare = (module: string) =>
    module.startsWith(`${application}/`) ? module.slice(application.length + 1) : module
  switch (instruction.op) {
    case 'update':
    case 'load_module':
    case 'add_module':
    case 'delete_module':
    case 'load':
    case 'remove':
      return [bare(instruction.module)]
    case 'restart_application':
      return instruction.application === application ? [EVERYTHING] : []
    case 'restart_emulator':
    case 'restart_new_emulator':
      return [EVERYTHING]
    case 'apply':
      return CHILD_CALLS.has(instruction.mfa[1]) ? [childKey(instruction)] : []
    default:
      return []
  }
}

const HIGH = new Set(['update', 'load_module', 'add_module', 'delete_module'])
const isHigh = ({ op }: AppupInstruction): boolean => HIGH.has(op)

/** Children are started and modules removed after everything else. */
const isLast = (one: AppupInstruction): boolean =>
  one.op === 'delete_module' || (one.op === 'apply' && one.mfa[1] === 'restartChild')

/** Without dependencies on modules that have no instruction which a dependency could be on. */
function withoutUnknown(one: AppupInstruction, named: ReadonlySet<string>): AppupInstruction {
  if (!('mod_deps' in one) || one.mod_deps === undefined) return one
  const { mod_deps: deps, ...rest } = one
  const left = deps.filter((dep) => named.has(dep))
  return left.length === 0 ? rest : { ...rest, mod_deps: left }
}

/** The appup with the entries merged in. */
export function withEntries(appup: Appup, entries: readonly MergedEntry[]): Appup {
  const put = <E>(list: readonly E[], direction: Direction, make: (entry: MergedEntry) => E): E[] => {
    const result = [...list]
    const fresh: E[] = []
    for (const entry of entries.filter((one) => one.direction === direction)) {
      if (entry.index === undefined || entry.isPattern) {
        if (entry.index === undefined || entry.missing.length > 0) fresh.push(make(entry))
      } else result[entry.index] = make(entry)
    }
    return [...fresh, ...result]
  }
  return {
    vsn: appup.vsn,
    up: put(appup.up, 'up', (entry) => ({ from: entry.vsn, instructions: instructionsOf(entry) })),
    down: put(appup.down, 'down', (entry) => ({ to: entry.vsn, instructions: instructionsOf(entry) })),
  }
}
