/**
 * Changed modules that a relup leaves out: found when it is built, by comparing the built modules of both releases. The
 * node finds the same when it checks an upgrade (upgrade_plan_check.ts). OTP does not notice: old code goes on running.
 */
import { type BuiltLibs, unmentioned } from '../../runtime/sasl/src/upgrade_plan_check.js'
import type { Fault } from '../../schemas/fault.js'
import type { LowLevelInstruction, Relup } from '../../schemas/types.js'
import { contentInRoot, type ReleaseContent } from '../appup/release_content.js'

/**
 * @param next the release that is built
 * @param root where the older ones are assembled; one whose files or sums cannot be read is passed over
 * @returns a fault for each application and way that leaves changed modules out, in the order of the relup
 */
export async function relupGaps(
  relup: Relup | undefined,
  next: Pick<ReleaseContent, 'rel' | 'sums'>,
  root: string,
): Promise<readonly Fault[]> {
  const faults: Fault[] = []
  const ways = [
    ...(relup?.up ?? []).map(({ from, instructions }) => ({ direction: 'up', other: from, instructions }) as const),
    ...(relup?.down ?? []).map(({ to, instructions }) => ({ direction: 'down', other: to, instructions }) as const),
  ]
  for (const { direction, other, instructions } of ways) {
    if (bootsWhole(instructions)) continue
    const content = await contentInRoot(root, other)
    if (!content.ok) continue
    const [old, top] = [libsOf(content.value), libsOf(next)]
    const left = direction === 'up' ? unmentioned(instructions, old, top) : unmentioned(instructions, top, old)
    for (const { application, modules } of left) faults.push(gap(application, modules, direction, other, next.rel.vsn))
  }
  return faults
}

/** A node that boots the other release runs nothing old. */
const bootsWhole = (instructions: readonly LowLevelInstruction[]): boolean =>
  instructions.some(({ op }) => op === 'restart_new_emulator' || op === 'restart_emulator')

const libsOf = ({ rel, sums }: Pick<ReleaseContent, 'rel' | 'sums'>): BuiltLibs => ({
  libs: rel.applications.map(({ name, vsn }) => ({ application: name, vsn, dir: `lib/${name}-${vsn}` })),
  checksums: sums,
})

function gap(
  application: string,
  modules: readonly string[],
  direction: 'up' | 'down',
  other: string,
  vsn: string,
): Fault {
  const names = modules.map((module) => `"${module}"`).join(', ')
  const way = direction === 'up' ? `from ${other} to ${vsn}` : `from ${vsn} back to ${other}`
  const message = `the relup ${way} does not load ${names}, which ${modules.length === 1 ? 'differs' : 'differ'}: old code would go on running; name ${modules.length === 1 ? 'it' : 'them'} under "${direction}" in the appup.json of "${application}", or have "otp-rel appup" do it`
  return { tag: 'module_not_in_relup', severity: 'error', message, application, direction, modules }
}
