/** The fixture projects, read as a build reads them, with runtime applications that are never in the way. */
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Config, readConfig } from '../../../cli/release/config.js'
import { type Discovered, discover } from '../../../cli/release/discover.js'
import { readRelease, releasesNamed } from '../../../cli/release/release.js'
import type { ResolvedRelease } from '../../../cli/release/resolve.js'
import { type Fault, formatFault } from '../../../schemas/fault.js'
import type { Result } from '../../../schemas/result.js'

const FIXTURES = fileURLToPath(new URL('../../fixtures/', import.meta.url))

/** Folder of a fixture project, absolute. */
export const fixture = (name: string): string => `${FIXTURES}${name}`

/** Its configuration, which has to be good. */
export async function configOf(name: string): Promise<Config> {
  const config = await readConfig(`${fixture(name)}/otp.config.json`)
  if (!config.ok) throw new Error(config.error.map(formatFault).join('\n'))
  return config.value
}

/** What it has, beside the fixture runtime. */
export const discovered = async (name: string): Promise<Discovered> =>
  discover(await configOf(name), fixture('runtime_apps'))

/** Its first release. */
export async function releaseOf(name: string): Promise<Result<ResolvedRelease, Fault[]>> {
  const config = await configOf(name)
  const spec = releasesNamed(config)
  if (!spec.ok) return spec
  const [first] = spec.value
  if (first === undefined) throw new Error('a fixture has a release')
  return readRelease(config, first, await discovered(name))
}

/** Faults as they are printed, files relative to the fixture. */
export function printed(name: string, result: Result<unknown, Fault[]>): string[] {
  if (result.ok) return []
  const root = fixture(name)
  return result.error.map((fault) => {
    const place = fault.file === undefined ? {} : { file: relative(root, fault.file) }
    return formatFault({ ...fault, ...place }).replaceAll(`${root}/`, '')
  })
}
