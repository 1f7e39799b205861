/** What is odd about where a release comes from, and does not keep it from being built. */
import type { Fault } from '../../schemas/fault.js'
import { type Config, faultAt, settingPath } from './config.js'
import type { Discovered } from './discover.js'
import type { ResolvedRelease } from './resolve.js'
import { uncommitted } from './vsn.js'

/** Versions from git that do not tell everything, and applications that lie in several places. */
export async function projectWarnings(
  config: Config,
  { spec, applications }: ResolvedRelease,
  { apps }: Discovered,
): Promise<readonly Fault[]> {
  const warning = (fault: Fault): Fault => ({ ...fault, severity: 'warning' })
  const dirty = (changes: number) =>
    `the version is from git and does not tell that ${changes} ${changes === 1 ? 'file is' : 'files are'} not committed`
  const warnings: Fault[] = []
  if (typeof spec.vsn !== 'string' && spec.vsn.from === 'git') {
    const changes = await uncommitted(config.root, config.output)
    if (changes > 0)
      warnings.push(warning(faultAt(config.source, settingPath(spec, 'vsn'), 'uncommitted', dirty(changes))))
  }
  for (const { name, vsn, dir } of applications) {
    const same = (apps.get(name) ?? []).filter((one) => one.vsn === vsn)
    const chosen = same.find((one) => one.dir === dir)
    if (chosen === undefined) continue
    const changes = chosen.vsnFrom === 'git' ? await uncommitted(dir, config.output) : 0
    if (changes > 0) warnings.push(warning(faultAt(chosen.source, ['vsn'], 'uncommitted', dirty(changes))))
    const others = same.filter((one) => one !== chosen).map((one) => one.dir)
    if (others.length > 0) {
      const message = `"${name}" ${vsn} is also in ${others.join(' and ')}; this one is taken, which was found first`
      warnings.push(warning(faultAt(chosen.source, ['name'], 'duplicate_application', message)))
    }
  }
  return warnings
}
