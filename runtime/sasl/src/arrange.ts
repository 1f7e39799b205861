/**
 * The order in which a relup's instructions are carried out, as far as it differs from the order they stand in.
 *
 * Between two instructions that talk to processes in general (`apply`, `stop`, `start`, `sync_nodes`) everything that
 * must be suspended is suspended together, first, and resumed together, last: an upgrade of many modules is then one
 * change for the rest of the system, and a failure in the middle finds every process still suspended, its state
 * untouched by new messages. Code that is removed after a resume is removed after it. The rest keeps its order.
 *
 * Departure: OTP suspends and resumes in the order of the script, so that one group of modules runs new code while the
 * next still runs old code.
 */
import type { LowLevelInstruction, SuspendedModule } from '../../../schemas/types.js'

/** Instructions over which nothing is moved. */
const BARRIERS: ReadonlySet<LowLevelInstruction['op']> = new Set([
  'apply',
  'stop',
  'start',
  'sync_nodes',
  'point_of_no_return',
  'restart_emulator',
  'restart_new_emulator',
])

/** An instruction and where it stands in the relup, for messages; -1: joined from several. */
export interface ArrangedStep {
  readonly index: number
  readonly instruction: LowLevelInstruction
}

/** Whether code is removed, or the old version of code that is. */
function isRemoval(instruction: LowLevelInstruction, removals: readonly ArrangedStep[]): boolean {
  if (instruction.op === 'remove') return true
  if (instruction.op !== 'purge') return false
  const removed = new Set(removals.flatMap((one) => (one.instruction.op === 'remove' ? [one.instruction.module] : [])))
  return instruction.modules.every((module) => removed.has(module))
}

/** The instructions as they are carried out. Pure. */
export function arrange(instructions: readonly LowLevelInstruction[]): readonly ArrangedStep[] {
  const arranged: ArrangedStep[] = []
  let body: ArrangedStep[] = []
  let suspended: SuspendedModule[] = []
  let resumed: string[] = []
  let removals: ArrangedStep[] = []
  const flush = (): void => {
    if (suspended.length > 0) arranged.push({ index: -1, instruction: { op: 'suspend', modules: suspended } })
    for (const step of body) arranged.push(step)
    if (resumed.length > 0) arranged.push({ index: -1, instruction: { op: 'resume', modules: resumed } })
    for (const step of removals) arranged.push(step)
    removals = []
    body = []
    suspended = []
    resumed = []
  }
  for (const [index, instruction] of instructions.entries()) {
    if (instruction.op === 'suspend') suspended.push(...instruction.modules)
    else if (instruction.op === 'resume') resumed.push(...instruction.modules)
    // Only when a supervisor has been resumed are the children stopped that ran this code.
    else if (resumed.length > 0 && isRemoval(instruction, removals)) removals.push({ index, instruction })
    else if (BARRIERS.has(instruction.op)) {
      flush()
      arranged.push({ index, instruction })
    } else body.push({ index, instruction })
  }
  flush()
  return arranged
}
