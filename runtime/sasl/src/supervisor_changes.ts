/**
 * The children of supervisors whose `init` says something else after a code change: removed ones are stopped and
 * deleted, the last first, then added ones are started in order. OTP leaves both to calls in the appup; such calls do
 * no harm here: what they ask for holds already.
 *
 * The undo has two halves: children that were started are stopped here, while their code is still current; the rest is
 * in conversion.ts, since a child that comes back must find the old code and the old specifications.
 *
 * Departure: see above; `update_children: false` does as OTP does.
 */
import type { Mfa } from '../../../schemas/types.js'
import { format } from '../../erts/term.js'
import { moduleIdOf } from './apply_step.js'
import { EvalFailure, startFailure } from './eval_failure.js'
import type { FoundProcess } from './process_walk.js'
import type { UndoLog } from './undo_log.js'
import type { UpgradeWorld } from './upgrade_world.js'

/** A supervisor that was converted and has children to start or to stop. */
export interface SupervisorChange {
  readonly found: FoundProcess
  readonly module: string
  readonly added: readonly unknown[]
  readonly removed: readonly unknown[]
  /** Told of each child before it is stopped: an undo brings it back. */
  readonly stopping: (id: unknown) => void
}

/** See the head of this file. */
export class SupervisorChanges {
  readonly #world: UpgradeWorld
  readonly #log: UndoLog
  readonly #startedIds = new Set<string>()
  readonly #stoppedIds = new Set<string>()
  /** Children started and stopped, as `child 'id' of module`, in order. */
  readonly started: string[] = []
  readonly stopped: string[] = []

  constructor(world: UpgradeWorld, log: UndoLog) {
    this.#world = world
    this.#log = log
  }

  /** Stops and starts children of supervisors that have been resumed. @throws EvalFailure when one does not start */
  async carryOut(changes: readonly SupervisorChange[]): Promise<void> {
    for (const change of [...changes].reverse()) {
      for (const id of [...change.removed].reverse()) await this.#stop(change, id)
    }
    for (const change of changes) for (const id of change.added) await this.#start(change, id)
  }

  async #stop({ found, module, stopping }: SupervisorChange, id: unknown): Promise<void> {
    const { processes } = this.#world
    const child = `child ${format(id)} of ${module}`
    stopping(id)
    this.#stoppedIds.add(format(id))
    const answer = await processes.terminateChild(found.pid, id).catch((failure: unknown) => ['error', failure])
    // The supervisor was itself stopped by its own, or somebody else was faster.
    if (answer !== 'ok' && processes.isAlive(found.pid) && !isNotFound(answer)) {
      throw new EvalFailure(`stop ${child}`, format(answer))
    }
    await processes.deleteChild(found.pid, id).catch(() => {})
    this.stopped.push(child)
  }

  async #start({ found, module }: SupervisorChange, id: unknown): Promise<void> {
    const { processes } = this.#world
    if (!processes.isAlive(found.pid)) return
    const child = `child ${format(id)} of ${module}`
    this.#startedIds.add(format(id))
    // Noted first: a start that fails may have started it all the same.
    this.#log.push({
      what: child,
      undo: async () => {
        if (processes.isAlive(found.pid)) await processes.terminateChild(found.pid, id)
        return []
      },
    })
    const failure = await startFailure(processes, found.pid, id)
    if (failure !== undefined) throw new EvalFailure(`start ${child}`, failure)
    this.started.push(child)
  }

  /** Whether a call to a supervisor failed only because what it asks for has been done here. */
  holdsAlready([module, fun, args]: Mfa, result: unknown): boolean {
    if (moduleIdOf(module) !== 'stdlib/supervisor' || !Array.isArray(result)) return false
    const [, second] = args
    if (fun === 'terminateChild' || fun === 'deleteChild') {
      return isNotFound(result) && this.#stoppedIds.has(format(second))
    }
    if (fun !== 'startChild') return false
    const reason: unknown = result[1]
    const already = reason === 'already_present' || (Array.isArray(reason) && reason[0] === 'already_started')
    return already && this.#startedIds.has(format(idOf(second)))
  }
}

const isNotFound = (answer: unknown): boolean => Array.isArray(answer) && answer[1] === 'not_found'

/** The id in a specification. */
function idOf(spec: unknown): unknown {
  if (Array.isArray(spec)) return spec[0]
  return typeof spec === 'object' && spec !== null && 'id' in spec ? spec.id : undefined
}
