/**
 * What an operation of the release handler begins with, what it leaves, and what all of them do: refuse, write the list of
 * releases, note themselves in the history.
 */
import { err, ok, type Result } from '../../../schemas/result.js'
import { clock } from '../../erts/clock.js'
import type { Linker } from '../../erts/linker/linker.js'
import { addHistory, type HistoryEntry, type ProcessOutcomes } from './history.js'
import type { InstallStep } from './install_release.js'
import { formatReleaseError, ioError, type ReleaseError } from './release_error.js'
import { type Release, runningRelease } from './releases_file.js'
import { type ReleasesStore, writeReleases } from './releases_store.js'

/** Modules with old code in use, and what becomes of its users at `makePermanent`. */
export type Unpurged = ReadonlyMap<string, 'soft_purge' | 'brutal_purge'>

/** What the handler knows. */
export interface HandlerState {
  /** Absolute. */
  readonly root: string
  readonly store: ReleasesStore
  /** Newest unpacked first. */
  readonly releases: readonly Release[]
  readonly unpurged: Unpurged
  readonly history: readonly HistoryEntry[]
  /** Undefined in a node without a linker: nothing can be installed then. */
  readonly linker: Linker | undefined
}

/** How an operation tells how far it is, and is told to stop. */
export interface OperationContext {
  readonly tell?: ((step: InstallStep) => void) | undefined
  readonly signal?: AbortSignal | undefined
  /** For the history. */
  readonly who?: string | undefined
}

/** What an operation answers, and the state it leaves; without a state nothing has changed. */
export interface Outcome<T> {
  readonly answer: Result<T, ReleaseError>
  readonly state?: HandlerState
  /** The node ends when this has been answered, and is started again. */
  readonly reboot?: boolean
}

/** Nothing has changed. */
export const refuse = (error: ReleaseError): Outcome<never> => ({ answer: err(error) })

/** Writes RELEASES.json. @returns the state with these releases; it is as before where they cannot be written */
export async function save(
  state: HandlerState,
  releases: readonly Release[],
): Promise<Result<HandlerState, ReleaseError>> {
  try {
    await writeReleases(state.store, releases)
    return ok({ ...state, releases })
  } catch (failure) {
    return err(ioError('releases/RELEASES.json', failure))
  }
}

/** Notes the failure of an operation that changed nothing, but that somebody asked for. */
export const noteFailure = (
  state: HandlerState,
  action: HistoryEntry['action'],
  to: string,
  sinceMs: number,
  context: OperationContext,
  error: ReleaseError,
): Promise<HandlerState> => noteDone(state, action, to, sinceMs, context, { error })

/** What an entry says besides. */
interface Facts {
  readonly error?: ReleaseError
  /** Default: the release that runs. */
  readonly from?: string
  readonly processes?: ProcessOutcomes
}

/** Notes an operation in the history; a history that cannot be written does not fail what it is about. */
export async function noteDone(
  state: HandlerState,
  action: HistoryEntry['action'],
  to: string,
  sinceMs: number,
  { who = '' }: OperationContext,
  { error, from = runningRelease(state.releases)?.vsn ?? '', processes }: Facts = {},
): Promise<HandlerState> {
  const entry: HistoryEntry = {
    at: new Date(clock.systemMs()).toISOString(),
    who,
    action,
    from,
    to,
    outcome: error === undefined ? 'ok' : error.tag,
    ...(error === undefined ? {} : { message: formatReleaseError(error) }),
    ...(processes === undefined ? {} : { processes }),
    duration_ms: Math.round(clock.monotonicMs() - sinceMs),
  }
  const history = await addHistory(state.store, state.history, entry).catch(() => [...state.history, entry])
  return { ...state, history }
}
