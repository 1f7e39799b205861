/** Source maps that stay at home: `strip` of otp.config.json. */
import { join } from 'node:path'
import type { Fault } from '../../schemas/fault.js'
import { err, ok, type Result } from '../../schemas/result.js'
import { assemble, assembleFault } from './assemble.js'
import type { PlanGroup, ReleasePlan } from './plan.js'
import { tarFault, writeTar } from './tar.js'

/**
 * Writes them to a folder of their own, `maps/NAME-VSN`, and with a package to a package of their own.
 *
 * @param output folder that the build writes below
 */
export async function keepMaps(
  { name, vsn, maps }: ReleasePlan,
  output: string,
  tar: boolean,
): Promise<Result<void, Fault[]>> {
  if (maps.length === 0) return ok(undefined)
  const root = join(output, 'maps', `${name}-${vsn}`)
  const groups = maps.map((group): PlanGroup => ({ ...group, kind: 'release' }))
  const assembled = await assemble({ name, vsn, groups, maps: [] }, root)
  if (!assembled.ok) return err(assembled.error.map(assembleFault))
  if (!tar) return ok(undefined)
  const entries = groups.flatMap(({ actions }) => actions.map(({ path }) => path))
  const packed = await writeTar(entries, root, join(output, 'tar', `${name}-${vsn}.maps.tar.gz`), { force: true })
  return packed.ok ? ok(undefined) : err([tarFault(packed.error)])
}
