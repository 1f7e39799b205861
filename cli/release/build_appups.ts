/** Which older releases the appups of a build are compared with, and whether they are at all. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Fault } from '../../schemas/fault.js'
import { ok, type Result } from '../../schemas/result.js'
import type { ReleaseAppups } from '../appup/release_appups.js'
import { contentOfPlan } from '../appup/release_content.js'
import type { ReleasePlan } from './plan.js'
import { type AssembledRelease, olderThan } from './release_relup.js'
import type { ResolvedRelease } from './resolve.js'

/** What a build knows when it comes to its appups. */
export interface BuildAppups {
  readonly resolved: ResolvedRelease
  /** The release without what is to be generated. */
  readonly plan: () => ReleasePlan
  /** Where it is assembled. */
  readonly root: string
  /** Other versions that are there. */
  readonly assembled: readonly AssembledRelease[]
  /**
   * Older versions or packages that are asked for; undefined: nobody asks. Empty: those that a relup is made from, and
   * where there are none what is built of this very version: it may not have been raised.
   */
  readonly from: readonly string[] | undefined
}

/** @returns what the appups say and leave out; undefined where nobody asks and the build does not generate them */
export async function buildAppups(build: BuildAppups): Promise<Result<ReleaseAppups | undefined, readonly Fault[]>> {
  const { resolved, plan, root, assembled, from } = build
  const { spec, rel, applications } = resolved
  if (from === undefined && spec.appup === 'written') return ok(undefined)
  const there = new Set(assembled.map((one) => one.rel.vsn))
  // one that is not there is told of by the relup
  const named = spec.upgradeFrom.filter((vsn) => there.has(vsn))
  const asked = from ?? []
  const older = asked.length > 0 ? asked : spec.upgradeFrom.length > 0 ? named : olderThan(rel.vsn, assembled)
  const isBuilt = existsSync(join(root, 'releases', rel.vsn, `${rel.name}.rel.json`))
  const bases = older.length === 0 && from !== undefined && isBuilt ? [rel.vsn] : older
  // Comparing modules needs a parser, which few builds do.
  const { releaseAppups } = await import('../appup/release_appups.js')
  return releaseAppups(contentOfPlan(rel, plan()), applications, root, bases)
}

/** The release with the appups that were filled in in place of those that people wrote. */
export function withAppups(release: ResolvedRelease, found: ReleaseAppups | undefined): ResolvedRelease {
  const applications = release.applications.map((one) => {
    const report = found?.reports.find(({ application }) => application === one.name)
    return report === undefined
      ? one
      : { ...one, appup: { file: report.file, text: report.text, value: report.merged } }
  })
  return { ...release, applications }
}
