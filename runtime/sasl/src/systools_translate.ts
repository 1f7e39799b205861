/**
 * From high-level to low-level: the scripts of all applications become one script of a relup.
 *
 * merge -> check the balance -> translate applications -> group modules and translate each group -> gather object code
 * -> place the restarts of the emulator. OTP: `translate_scripts/4` of systools_rc.erl.
 */
import type { LowLevelInstruction } from '../../../schemas/types.js'
import { type Ends, translateApplications } from './systools_applications.js'
import { checkBalance } from './systools_balance.js'
import { translateGroups } from './systools_block.js'
import type { Checked, Step } from './systools_instruction.js'
import { mergeScripts } from './systools_merge.js'
import { conflictingVersions, gatherObjectCode } from './systools_object_code.js'
import type { RcError } from './systools_rc_error.js'

export interface Translated {
  /** The script; of no use when there are errors. */
  readonly instructions: readonly LowLevelInstruction[]
  readonly errors: readonly RcError[]
}

/**
 * @param scripts one for each application, in order
 * @param at      the direction and the two releases, for messages about the script as a whole
 */
export function translateScripts(
  scripts: readonly (readonly Step<Checked>[])[],
  mode: 'up' | 'down',
  ends: Ends,
  at: string,
): Translated {
  const merged = mergeScripts(scripts)
  const applications = translateApplications(merged.after, ends)
  const groups = translateGroups(applications.steps, mode, ends)
  const written = objectCodeOf(merged.before)
  const generated = [...applications.objectCode, ...groups.objectCode]
  // Versions in conflict are named in the order in which applications depend on each other, which going down is reversed.
  const inOrder = mode === 'up' ? written : objectCodeOf(mergeScripts(scripts.toReversed()).before)
  const errors = [
    ...merged.errors,
    ...checkBalance(merged, ends.to),
    ...applications.errors,
    ...groups.errors,
    ...conflictingVersions([...inOrder, ...generated], at),
  ]
  const script: LowLevelInstruction[] = [
    ...gatherObjectCode([...written, ...generated]),
    ...merged.before.flatMap(({ instruction }) => (instruction.op === 'apply' ? [instruction] : [])),
    { op: 'point_of_no_return' },
    ...groups.instructions,
  ]
  return { instructions: placeRestarts(script, mode), errors }
}

const objectCodeOf = (steps: readonly Step<Checked>[]) =>
  steps.flatMap(({ instruction }) => (instruction.op === 'load_object_code' ? [instruction] : []))

/**
 * A new emulator comes first when upgrading, and is a restart at the end when downgrading; a restart comes last. Each
 * once, wherever and how often they are named.
 *
 * Departure: this holds for every sasl; from one before 2.2, OTP puts the new emulator last.
 */
function placeRestarts(script: readonly LowLevelInstruction[], mode: 'up' | 'down'): LowLevelInstruction[] {
  const isNew = script.some(({ op }) => op === 'restart_new_emulator')
  const isLast = script.some(({ op }) => op === 'restart_emulator') || (isNew && mode === 'down')
  return [
    ...(isNew && mode === 'up' ? [{ op: 'restart_new_emulator' } as const] : []),
    ...script.filter(({ op }) => op !== 'restart_new_emulator' && op !== 'restart_emulator'),
    ...(isLast ? [{ op: 'restart_emulator' } as const] : []),
  ]
}
