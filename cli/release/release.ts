/**
 * The front of a build, its steps in order: config -> discover -> look up versions -> resolve.
 *
 * This file holds no rule itself.
 */
import { isAbsolute, relative } from 'node:path'
import type { Fault } from '../../schemas/fault.js'
import { didYouMean } from '../../schemas/nearest.js'
import { err, ok, type Result } from '../../schemas/result.js'
import { type Config, faultAt, type ReleaseSpec, settingPath } from './config.js'
import { type Discovered, discover } from './discover.js'
import { ertsVersion } from './erts.js'
import { type ResolvedRelease, resolveRelease } from './resolve.js'
import { resolveFault } from './resolve_error.js'
import { readVsn } from './vsn.js'

/**
 * The releases of a name: all versions of `NAME`, or the one that is called `NAME-VSN`.
 *
 * @param name left out: all of them
 * @returns at least one, in the order of the file
 */
export function releasesNamed(config: Config, name?: string): Result<readonly ReleaseSpec[], Fault[]> {
  const exact = (release: ReleaseSpec) => `${release.name}-${typeof release.vsn === 'string' ? release.vsn : ''}`
  const specs = config.releases.filter(
    (release) => name === undefined || release.name === name || exact(release) === name,
  )
  if (specs.length > 0) return ok(specs)
  const names = [...new Set(config.releases.map((release) => release.name))]
  const known = names.length === 0 ? 'there is none' : `there are: ${names.map((one) => `"${one}"`).join(', ')}`
  const wanted = name === undefined ? 'no release is described here' : `no release is called "${name}"; ${known}`
  return err([faultAt(config.source, ['releases'], 'unknown_release', `${wanted}${didYouMean(name ?? '', names)}`)])
}

/**
 * Reads what a release is made of.
 *
 * @param found what `discover` found, where it was asked before
 * @returns the resolved release, or every fault of the files that take part
 */
export async function readRelease(
  config: Config,
  spec: ReleaseSpec,
  found?: Discovered,
): Promise<Result<ResolvedRelease, Fault[]>> {
  const [discovered, vsn, erts] = await Promise.all([
    found ?? discover(config),
    readVsn(spec.vsn, config.root, config.root),
    ertsVersion(spec.includeErts),
  ])
  const resolved = resolveRelease(config, spec, discovered, { vsn, erts: erts.ok ? erts.value : 'unknown' })
  const faults = resolved.ok
    ? []
    : resolved.error.map((error) => resolveFault(error, (path) => within(config.root, path)))
  if (!erts.ok) faults.unshift(faultAt(config.source, settingPath(spec, 'include_erts'), 'bad_erts', erts.error))
  return resolved.ok && faults.length === 0 ? resolved : err(faults)
}

/** A path as seen from the project; one outside of it as it is. */
function within(root: string, path: string): string {
  const short = relative(root, path)
  return short.startsWith('..') || isAbsolute(short) ? path : short
}
