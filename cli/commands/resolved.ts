/** The release that `graph` and `why` look at: of the project's configuration, resolved as a build does. */
import { err, ok, type Result } from '../../schemas/result.js'
import { type Arguments, text } from '../node/command.js'
import { openCache } from '../release/cache.js'
import { compile } from '../release/compile.js'
import { compileFault } from '../release/compile_fault.js'
import type { CompiledApplication } from '../release/compiled.js'
import type { Config } from '../release/config.js'
import { CONFIG_FILE } from '../release/config_file.js'
import { type Discovered, discover } from '../release/discover.js'
import { readRelease, releasesNamed } from '../release/release.js'
import type { ResolvedRelease } from '../release/resolve.js'
import { compareVsn } from '../release/vsn.js'
import type { Failure } from '../render/failure.js'
import { type CliContext, readProject, shown } from './project.js'

/** A release with what it was made from. */
export interface Looked {
  readonly config: Config
  readonly discovered: Discovered
  readonly release: ResolvedRelease
}

/** Reads the release called `--release NAME` or `NAME-VSN`; of several versions the newest. */
export async function lookAtRelease(args: Arguments, context: CliContext): Promise<Result<Looked, Failure>> {
  const config = await readProject(args, context)
  if (!config.ok) return config
  const name = text(args, 'release')
  const named = releasesNamed(config.value, name)
  if (!named.ok) return err(faulty('usage', named.error))
  const names = [...new Set(named.value.map((spec) => spec.name))]
  if (names.length > 1) {
    return err({
      exit: 'usage',
      tag: 'which_release',
      message: `${CONFIG_FILE} has several releases: ${names.map((one) => `"${one}"`).join(', ')}`,
      hints: [args.name === undefined ? 'name one of them' : 'say which one with --release NAME'],
      facts: { names },
    })
  }
  const discovered = await discover(config.value)
  const releases: ResolvedRelease[] = []
  for (const spec of named.value) {
    const release = await readRelease(config.value, spec, discovered)
    if (!release.ok) return err(faulty('bad_input', release.error))
    releases.push(release.value)
  }
  const [release] = releases.sort((a, b) => compareVsn(b.rel.vsn, a.rel.vsn))
  if (release === undefined) throw new Error('a name that is known has a release')
  return ok({ config: config.value, discovered, release })
}

/** Its applications compiled, from the build's cache where nothing changed. */
export async function compiledOf(
  { config, release }: Looked,
  context: CliContext,
): Promise<Result<readonly CompiledApplication[], Failure>> {
  const compiled = await compile(release.applications, { cache: openCache(config.cache) })
  if (compiled.ok) return ok(compiled.value.applications)
  return err(
    faulty(
      'build_fault',
      compiled.error.map((fault) => compileFault(fault, (path) => shown(path, context))),
    ),
  )
}

const faulty = (exit: Failure['exit'], faults: Failure['faults'] & object): Failure => ({
  exit,
  tag: faults.length === 1 ? (faults[0]?.tag ?? 'bad_project') : 'bad_project',
  message: 'the release cannot be read',
  faults,
})
