/**
 * New code for a node that is being developed: the files of modules were replaced where they lie, and a script that was
 * made for this one change is carried out by the interpreter of relups, with its checks before and its undo after a
 * failure. No release is known to it, and nothing is written. OTP has no counterpart; it is `release_handler:
 * eval_appup_script/4` for a script of one's own.
 */
import { err, ok, type Result } from '../../../schemas/result.js'
import type { LowLevelInstruction } from '../../../schemas/types.js'
import { clock } from '../../erts/clock.js'
import type { Linker } from '../../erts/linker/linker.js'
import { applicationDir } from '../../erts/loader.js'
import { format } from '../../erts/process.js'
import * as controller from '../../kernel/src/application_controller.js'
import { tryCode } from './install_check.js'
import { dropOldCode } from './install_release.js'
import { nodeWorld } from './node_world.js'
import type { ReleaseError } from './release_error.js'
import { EvalFailure, evaluate } from './relup_eval.js'
import { UndoLog } from './undo_log.js'
import { applicationOf, touchedBy } from './upgrade_plan.js'

/** One change of modules. */
export interface DevChange {
  /** Low-level instructions, as in a relup. */
  readonly instructions: readonly LowLevelInstruction[]
}

/** What a change did. */
export interface DevSummary {
  readonly duration_ms: number
  /** Of it, the time to compile the new modules and to evaluate them aside. */
  readonly check_ms: number
  /** The longest time for which one process was suspended, in ms. */
  readonly longest_pause_ms: number
  readonly suspended: number
  /** Processes whose state was converted. */
  readonly migrated: number
  /** Children of changed supervisors that were started and stopped, as `child 'id' of module`. */
  readonly started: readonly string[]
  readonly stopped: readonly string[]
}

/** What the handler gets: a summary, and modules whose old code is in use. */
export interface DevLoaded {
  readonly summary: DevSummary
  readonly unpurged: ReadonlyMap<string, 'soft_purge' | 'brutal_purge'>
}

/** Carries a change out, or takes it back. @param vsnOf the version of an application, for codeChange */
export async function devLoad(
  { instructions }: DevChange,
  linker: Linker,
  vsnOf: (application: string) => string | undefined,
): Promise<Result<DevLoaded, ReleaseError>> {
  const sinceMs = clock.monotonicMs()
  const changes = touchedBy(instructions).loaded.map((id) => ({ id, dir: applicationDir(applicationOf(id)) ?? '' }))
  const tried = await tryCode(linker, changes)
  if (!tried.ok) {
    const [first] = tried.error
    return err(first !== undefined && tried.error.length === 1 ? first : checkFailed(tried.error))
  }
  const checkedMs = clock.monotonicMs() - sinceMs
  const world = nodeWorld(linker, tried.value.prepared)
  const log = new UndoLog()
  const data = await controller.snapshot()
  try {
    const program = {
      instructions,
      paths: [],
      oldVsn: (module: string) => vsnOf(applicationOf(module)),
      newVsn: (module: string) => vsnOf(applicationOf(module)),
    }
    const done = await evaluate(program, {}, world, log)
    const { unpurged } = dropOldCode(done, linker)
    return ok({
      unpurged,
      summary: {
        check_ms: checkedMs,
        duration_ms: clock.monotonicMs() - sinceMs,
        longest_pause_ms: done.longestPauseMs,
        suspended: done.suspended,
        migrated: done.migrated,
        started: done.childrenStarted,
        stopped: done.childrenStopped,
      },
    })
  } catch (failure) {
    const notUndone = await log.run(() => controller.restore(data).then(() => {}))
    const doing = failure instanceof EvalFailure ? failure.doing : 'the change'
    const why = failure instanceof Error ? failure.message : format(failure)
    return err({ tag: 'install_failed', from: '', to: '', doing, why, notUndone })
  } finally {
    await world.applies.settle()
  }
}

const checkFailed = (faults: readonly ReleaseError[]): ReleaseError => ({
  tag: 'check_failed',
  vsn: '',
  faults,
})
