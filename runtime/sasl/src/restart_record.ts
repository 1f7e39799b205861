/**
 * A change of release by a restart of the node, as it is written down: the one thing that the node that ends, the
 * launcher and the node that comes share. OTP: `new_start_erl.data` and `heart:set_cmd/1`.
 *
 * `releases/restart.json` asks for it. When the node has ended with `RESTART_STATUS`, the launcher renames it to
 * `trial.json` and boots what it names; the new node removes it when all is well. While it is there an end of the node is
 * the end of the trial: the launcher renames it to `failed.json`, notes the status in `failed.exit`, and boots the version
 * of before. Whatever lies there otherwise was interrupted.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Mfa } from '../../../schemas/types.js'
import { syncFolder, writeDurably } from './durable_write.js'
import type { ReleasesStore } from './releases_store.js'

/** What is asked for. `from` and `to` come first: the launcher looks for them in the text. */
export interface RestartRecord {
  /** The version that ran. */
  readonly from: string
  /** The version to boot. */
  readonly to: string
  /** Tells this change from all others. */
  readonly id: string
  /** Who asked for it. */
  readonly who: string
  /** When, in ms since 1970. */
  readonly since_ms: number
  /** Functions of the plan, which the new node calls when it has started. */
  readonly calls: readonly Mfa[]
  /** Why the new node gave up, where it could say so. */
  readonly why?: string
}

type Stage = 'restart' | 'trial' | 'failed'

/** A record that lies there. */
export interface RestartLeft {
  readonly stage: Stage
  readonly record: RestartRecord
  /** Status with which the node that was tried ended. */
  readonly exit?: string
}

const fileOf = ({ dir }: ReleasesStore, stage: Stage): string => join(dir, `${stage}.json`)
const textOf = (record: RestartRecord): string => `${JSON.stringify(record)}\n`

/** Asks for a restart. @throws the error of the operating system */
export const writeRestart = (store: ReleasesStore, record: RestartRecord): Promise<void> =>
  writeDurably(fileOf(store, 'restart'), textOf(record), store.fs)

/** Notes why the trial is given up. @throws the error of the operating system */
export const writeWhy = (store: ReleasesStore, record: RestartRecord, why: string): Promise<void> =>
  writeDurably(fileOf(store, 'trial'), textOf({ ...record, why }), store.fs)

/** Every record that lies there. What cannot be read says nothing. */
export function readLeft(store: ReleasesStore): readonly RestartLeft[] {
  return (['failed', 'trial', 'restart'] as const).flatMap((stage) => {
    try {
      // Written by writeRestart, and renamed since.
      const record = JSON.parse(readFileSync(fileOf(store, stage), 'utf8')) as RestartRecord
      const exit = stage === 'failed' ? exitIn(store) : undefined
      return [{ stage, record, ...(exit === undefined ? {} : { exit }) }]
    } catch {
      return []
    }
  })
}

function exitIn({ dir }: ReleasesStore): string | undefined {
  try {
    return readFileSync(join(dir, 'failed.exit'), 'utf8').trim()
  } catch {
    return undefined
  }
}

/** Removes a record: of a trial, the moment at which it has succeeded. */
export async function removeLeft(store: ReleasesStore, stage: Stage): Promise<void> {
  await store.fs.unlink(fileOf(store, stage)).catch(() => {})
  if (stage === 'failed') await store.fs.unlink(join(store.dir, 'failed.exit')).catch(() => {})
  await syncFolder(store.dir, store.fs).catch(() => {})
}
