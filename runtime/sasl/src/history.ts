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
  /** What it took, in ms. */
  readonly duration_ms: number
  /** Where the node was restarted for it: the id that the asking client was given. */
  readonly restart?: string
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
