/**
 * Who installed, committed or removed what and when: `releases/history.json`, oldest first, bounded. OTP has no
 * counterpart.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeDurably } from './durable_write.js'
import type { ReleasesStore } from './releases_store.js'

/** Entries kept. */
export const HISTORY_LIMIT = 200

/** One thing that was done, or tried. */
export interface HistoryEntry {
  /** ISO 8601, UTC. */
  readonly at: string
  /** Who asked for it, as the asking program says; empty when it does not. */
  readonly who: string
  readonly action: 'unpack' | 'install' | 'make_permanent' | 'reboot_old' | 'remove' | 'probation'
  /** The release that ran. */
  readonly from: string
  /** The release concerned. */
  readonly to: string
  /** `ok`, or the tag of the failure. */
  readonly outcome: string
  /** What went wrong, for people. */
  readonly message?: string
  /** What became of the processes concerned; only of an installation, and what is not empty. */
  readonly processes?: ProcessOutcomes
  /** What it took, in ms. */
  readonly duration_ms: number
  /** Where the node was restarted for it: the id that the asking client was given. */
  readonly restart?: string
}

/** Numbers of processes, and names of those that are not as usual. */
export interface ProcessOutcomes {
  readonly suspended: number
  readonly converted: number
  /** Not suspended in time and left out. */
  readonly skipped?: readonly string[]
  /** Not suspended in time and killed; ended meanwhile; still on code that was dropped, and ended for it. */
  readonly killed?: readonly string[]
  readonly died?: readonly string[]
  readonly ended?: readonly string[]
}

/** Names kept of each kind. */
const NAMES = 20

/** The outcomes for the history. */
export function processOutcomes(
  summary: Required<Omit<ProcessOutcomes, 'converted'>> & { readonly migrated: number },
): ProcessOutcomes {
  const { suspended, migrated: converted, skipped, killed, died, ended } = summary
  const some = Object.entries({ skipped, killed, died, ended }).filter(([, names]) => names.length > 0)
  const shown = some.map(([kind, names]) => {
    const left = names.length - NAMES
    return [kind, left > 0 ? [...names.slice(0, NAMES), `and ${left} more`] : names]
  })
  return { suspended, converted, ...Object.fromEntries(shown) }
}

/** The history of a node; empty when there is none that can be read. */
export async function readHistory(store: ReleasesStore): Promise<readonly HistoryEntry[]> {
  try {
    const value: unknown = JSON.parse(readFileSync(join(store.dir, 'history.json'), 'utf8'))
    // Written by this module only.
    return Array.isArray(value) ? (value as HistoryEntry[]) : []
  } catch {
    return []
  }
}

/** Adds an entry. @returns the history with it @throws the error of the operating system */
export async function addHistory(
  store: ReleasesStore,
  history: readonly HistoryEntry[],
  entry: HistoryEntry,
): Promise<readonly HistoryEntry[]> {
  const next = [...history, entry].slice(-HISTORY_LIMIT)
  const text = `[\n${next.map((one) => `  ${JSON.stringify(one)}`).join(',\n')}\n]\n`
  await writeDurably(join(store.dir, 'history.json'), text, store.fs)
  return next
}
