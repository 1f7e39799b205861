/**
 * Calls to the release handler: questions, and the operations with their own results, progress and errors. What
 * release_handler.ts puts into OTP's words, and what the control methods and probations ask for.
 */
import type { Result as ResultOf } from '../../../schemas/result.js'
import * as genServer from '../../stdlib/src/gen_server.js'
import type { DevChange, DevSummary } from './dev_load.js'
import type { HistoryEntry } from './history.js'
import type { CheckedInstall } from './install_check.js'
import { badOption, type InstallOptions } from './install_options.js'
import type { InstallSummary } from './install_release.js'
import type { OperationContext } from './operation_state.js'
import type { CommitSummary } from './operations_boot.js'
import type { ReleaseError } from './release_error.js'
import type { Operation } from './release_operations.js'
import type { Release, ReleaseLib } from './releases_file.js'

type Result<T> = ResultOf<T, ReleaseError>

/** The name of the handler. */
export const NAME = 'release_handler'

/** What the handler is called with. */
export type Request =
  | { readonly type: 'releases' }
  | { readonly type: 'history' }
  | { readonly type: 'operate'; readonly operation: Operation; readonly context: OperationContext }

/** All releases, newest unpacked first. */
export const releases = (): Promise<readonly Release[]> => genServer.call(NAME, { type: 'releases' } satisfies Request)

/** What was done, oldest first. */
export const history = (): Promise<readonly HistoryEntry[]> =>
  genServer.call(NAME, { type: 'history' } satisfies Request)

/** The operations with their own results; see release_operations.ts. */
export const operations = {
  unpack: (name: string, context: OperationContext = {}, replace = false) =>
    operate<string>({ type: 'unpack', name, replace }, context),
  setUnpacked: (name: string, appDirs: readonly ReleaseLib[] = [], context: OperationContext = {}) =>
    operate<string>({ type: 'set_unpacked', name, appDirs }, context),
  check: (vsn: string, purge = false, cold = false) => operate<CheckedInstall>({ type: 'check', vsn, purge, cold }),
  install: async (
    vsn: string,
    { tell, signal, who, ...options }: InstallOptions = {},
  ): Promise<Result<InstallSummary>> => {
    const wrong = badOption(options)
    if (wrong !== undefined) return { ok: false, error: wrong }
    return operate<InstallSummary>({ type: 'install', vsn, options }, { tell, signal, who })
  },
  makePermanent: (vsn: string, endOldCode = false, context: OperationContext = {}) =>
    operate<CommitSummary>({ type: 'make_permanent', vsn, endOldCode }, context),
  remove: (vsn: string, context: OperationContext = {}) => operate<'ok'>({ type: 'remove', vsn }, context),
  noteBad: (vsn: string, why: string, context: OperationContext = {}) =>
    operate<'ok'>({ type: 'note_bad', vsn, why }, context),
  /** Code of a node under development; see dev_load.ts. */
  load: (change: DevChange) => operate<DevSummary>({ type: 'load', name: 'changed modules', change }),
} as const

/** Asks for an operation, and waits for its end. @returns what the operation answers, which is `T` */
export function operate<T>(operation: Operation, context: OperationContext = {}): Promise<Result<T>> {
  return genServer.call<Result<T>>(NAME, { type: 'operate', operation, context } satisfies Request, 'infinity')
}
