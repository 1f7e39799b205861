/**
 * Object code: one load_object_code for each application, in the order in which applications first appear, its modules in
 * the order in which they last do. OTP: `merge_load_object_code/1` of systools_rc.erl.
 */
import type { LoadObjectCode } from '../../../schemas/types.js'
import type { RcError } from './systools_rc_error.js'

/** Of an application named in two versions the first counts: that is refused by {@link conflictingVersions}. */
export function gatherObjectCode(instructions: readonly LoadObjectCode[]): LoadObjectCode[] {
  const gathered = new Map<string, { vsn: string; modules: Set<string> }>()
  for (const { application, vsn, modules } of instructions) {
    const known = gathered.get(application) ?? { vsn, modules: new Set() }
    gathered.set(application, known)
    for (const module of modules) {
      // Taken out first, so that its last place counts.
      known.modules.delete(module)
      known.modules.add(module)
    }
  }
  return [...gathered].map(([application, { vsn, modules }]) => ({
    op: 'load_object_code',
    application,
    vsn,
    modules: [...modules],
  }))
}

/** @param at the script as a whole, for messages */
export function conflictingVersions(instructions: readonly LoadObjectCode[], at: string): RcError[] {
  const first = new Map<string, string>()
  return instructions.flatMap(({ application, vsn }): RcError[] => {
    const one = first.get(application) ?? vsn
    first.set(application, one)
    return one === vsn ? [] : [{ tag: 'conflicting_versions', application, one, another: vsn, at }]
  })
}
