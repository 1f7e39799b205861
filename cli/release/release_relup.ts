/**
 * From which versions a release can be upgraded to, and the relup for it: the versions that otp.config.json names in
 * `upgrade_from`, or every older version that is assembled in the same root and has a way in the appups.
 *
 * OTP: who calls `systools:make_relup/4` names them; relx's `relup` takes the newest.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type FoundApp,
  type FoundAppup,
  formatSystoolsError,
  makeRelup,
  type SystoolsError,
  type World,
} from '../../runtime/sasl/src/systools.js'
import type { Fault } from '../../schemas/fault.js'
import { read } from '../../schemas/read.js'
import { err, ok, type Result } from '../../schemas/result.js'
import type { Rel, Relup } from '../../schemas/types.js'
import { systoolsErrors, systoolsWarnings } from './systools_fault.js'
import { compareVsn } from './vsn.js'

/** A release that is on disk, as far as upgrading from it goes. */
export interface AssembledRelease {
  readonly rel: Rel
  readonly apps: readonly FoundApp[]
}

/** A release and where its applications are described. */
export interface TopRelease {
  readonly rel: Rel
  readonly apps: readonly FoundApp[]
  /** By `NAME-VSN`. */
  readonly appups: Readonly<Record<string, FoundAppup>>
}

/** The outcome. */
export interface ReleaseRelup {
  /** Absent: there is no version to come from. */
  readonly relup?: Relup
  /** The versions in it, newest first. */
  readonly bases: readonly string[]
  readonly warnings: readonly Fault[]
}

/** Reads the releases that are assembled in a root under the same name, except the one of version `but`. */
export async function readAssembled(root: string, name: string, but: string): Promise<readonly AssembledRelease[]> {
  const versions = (await readdir(join(root, 'releases')).catch(() => [])).filter((vsn) => vsn !== but).sort()
  const found = await Promise.all(
    versions.map(async (vsn) => {
      const file = join(root, 'releases', vsn, `${name}.rel.json`)
      const text = await readFile(file, 'utf8').catch(() => undefined)
      const rel = text === undefined ? undefined : read('rel', text, file)
      if (rel === undefined || !rel.ok || rel.value.vsn !== vsn) return []
      return [
        {
          rel: rel.value,
          apps: await Promise.all(rel.value.applications.map((app) => readApp(root, app.name, app.vsn))),
        },
      ]
    }),
  )
  return found.flat()
}

/** The versions among these that are older, newest first. */
export function olderThan(vsn: string, assembled: readonly AssembledRelease[]): readonly string[] {
  const older = assembled.map(({ rel }) => rel.vsn).filter((one) => compareVsn(one, vsn) < 0)
  return older.sort((a, b) => compareVsn(b, a))
}

async function readApp(root: string, name: string, vsn: string): Promise<FoundApp> {
  const file = join(root, 'lib', `${name}-${vsn}`, 'ebin', 'app.json')
  try {
    return { name, file, app: JSON.parse(await readFile(file, 'utf8')) }
  } catch (cause) {
    return { name, file, unreadable: cause instanceof Error ? cause.message : String(cause) }
  }
}

/**
 * Makes the relup of `top`.
 *
 * @param wanted versions that must be in it, each a fault where it is not assembled or has no way; empty: every older
 *   one that has a way, and a warning where the newest of these has none
 * @param root   where releases are assembled, for messages
 */
export function releaseRelup(
  top: TopRelease,
  assembled: readonly AssembledRelease[],
  wanted: readonly string[],
  root: string,
): Result<ReleaseRelup, readonly Fault[]> {
  const { name, vsn } = top.rel
  const known = new Map(assembled.map((base) => [base.rel.vsn, base]))
  const world: World = { apps: [...top.apps, ...assembled.flatMap(({ apps }) => apps)], appups: top.appups }
  const make = (bases: readonly AssembledRelease[]) => {
    const rels = bases.map(({ rel }) => ({ rel }))
    return makeRelup({ top: top.rel, upFrom: rels, downTo: rels }, world)
  }
  /** One warning for each reason; a way back that is missing as well says nothing new. */
  const unreachable = ({ rel }: AssembledRelease, errors: readonly SystoolsError[]): Fault[] => {
    const reasons = new Set(
      errors.filter((error) => !('mode' in error && error.mode === 'down')).map(formatSystoolsError),
    )
    const message = `release ${name} ${vsn} cannot be reached from ${rel.vsn}`
    return [...reasons].map((reason) => ({ tag: 'no_relup', severity: 'warning', message: `${message}: ${reason}` }))
  }
  if (wanted.length === 0) {
    const older = assembled
      .filter(({ rel }) => compareVsn(rel.vsn, vsn) < 0)
      .sort((a, b) => compareVsn(b.rel.vsn, a.rel.vsn))
    const tried = older.map((base) => ({ base, made: make([base]) }))
    const bases = tried.filter(({ made }) => made.ok).map(({ base }) => base)
    const [newest] = tried
    const warnings = newest === undefined || newest.made.ok ? [] : unreachable(newest.base, newest.made.error)
    return finish(bases, make(bases), warnings)
  }

  const missing = wanted.filter((one) => !known.has(one))
  if (missing.length > 0) {
    const there = assembled.length === 0 ? 'no other version is there' : `there are: ${[...known.keys()].join(', ')}`
    return err(
      missing.map(
        (one): Fault => ({
          tag: 'no_such_release',
          severity: 'error',
          message: `"upgrade_from" names ${name} ${one}, which is not assembled in ${root}; ${there}; build it first`,
          vsn: one,
        }),
      ),
    )
  }
  const bases = wanted.flatMap((one) => known.get(one) ?? [])
  return finish(bases, make(bases), [])
}

function finish(
  bases: readonly AssembledRelease[],
  made: ReturnType<typeof makeRelup>,
  warnings: readonly Fault[],
): Result<ReleaseRelup, readonly Fault[]> {
  if (bases.length === 0) return ok({ bases: [], warnings })
  if (!made.ok) return err(systoolsErrors(made.error))
  const told = systoolsWarnings(made.value.warnings)
  return ok({ relup: made.value.relup, bases: bases.map(({ rel }) => rel.vsn), warnings: [...warnings, ...told] })
}
