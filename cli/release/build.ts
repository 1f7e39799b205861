/**
 * A build, from configuration to `_build/rel/NAME`: resolve, compile, appups, boot script and relup, assemble. Longer than a
 * file should be: it is the list of these stages, and what each is given by the ones before. OTP: relx's `rlx_assemble`.
 */
import { dirname, join, relative } from 'node:path'
import type { Fault } from '../../schemas/fault.js'
import { err, ok, type Result } from '../../schemas/result.js'
import type { Rel, Relup } from '../../schemas/types.js'
import type { ReleaseAppups } from '../appup/release_appups.js'
import { contentOfPlan } from '../appup/release_content.js'
import { assemble, assembleFault } from './assemble.js'
import { buildAppups, withAppups } from './build_appups.js'
import { runHooks } from './build_hooks.js'
import { openCache } from './cache.js'
import { compile } from './compile.js'
import { compileFault, compileWarning } from './compile_fault.js'
import type { CompiledApplication } from './compiled.js'
import type { Config, ReleaseSpec } from './config.js'
import { projectConfig } from './config_implied.js'
import { discover } from './discover.js'
import { findPackageFiles, openSums, type Sums } from './files.js'
import { homeVersion } from './home.js'
import { keepMaps } from './keep_maps.js'
import { collisionFault, devLinks, devPackageFault, madeTwice, overlaysOf, sourcesOf } from './own_files.js'
import { planRelease, type ReleasePlan, sbomPath } from './plan.js'
import { projectWarnings } from './project_warnings.js'
import { envScript, readFilesOf } from './read_files.js'
import { readRelease, releasesNamed } from './release.js'
import { readAssembled, releaseRelup } from './release_relup.js'
import { bootScript, type Described, describe, topRelease } from './release_script.js'
import { relupGaps } from './relup_gaps.js'
import { replaceable } from './replaceable.js'
import { bundleRuntime } from './runtime_bundle.js'
import { findSecrets, secretFault } from './secrets.js'
import type { Signer } from './sign.js'
import { providerFaults } from './sys_config.js'
import { type Packed, packageEntries, tarFault, writeTar } from './tar.js'
import { renderTemplate } from './template.js'
import { type Traced, trace, traceFault, traceInputs } from './trace.js'

/** What is asked of a build. */
export interface BuildOptions {
  /** Names of releases, `NAME` for all its versions or `NAME-VSN`; default: all of the configuration. */
  readonly releases?: readonly string[]
  /** Replace folders and packages of the same version with other content, whatever replaceable.ts says. Default false. */
  readonly force?: boolean
  /** Plan only: nothing is written below `_build/rel`. Default false. */
  readonly dryRun?: boolean
  /** Names of profiles, `prod` or `prod,eu`. Default: none. */
  readonly profile?: string | undefined
  /** Settings that count more than the configuration's, `releases.shop.vsn=1.2.0`. Default: none. */
  readonly set?: readonly string[] | undefined
  /** Make the package as well. Default false. */
  readonly tar?: boolean
  /** Signs the releases. Default: they are not signed. */
  readonly sign?: Signer
  /**
   * For `otp-rel dev`: into `dev` below the output, copied, with the node of the target and without a way from other
   * versions. Default false.
   */
  readonly dev?: boolean
  /**
   * Go no further than finding out what the appups leave out, from these older versions or packages (absolute paths);
   * none: from those that a relup would be made from. Nothing is written then.
   */
  readonly appupsFrom?: readonly string[]
  /** Treat warnings as faults, before anything is assembled. Default false. */
  readonly warningsAsErrors?: boolean
}

/** One line of progress: the stage as a participle, and what it is about. */
export interface BuildStep {
  readonly verb: 'running' | 'resolving' | 'compiling' | 'generating' | 'assembled' | 'packed'
  readonly text: string
}

/** A release that was built. */
export interface BuiltRelease {
  readonly name: string
  readonly vsn: string
  /** Where it is assembled, absolute. */
  readonly root: string
  /** Its applications, in the order of the rel file. */
  readonly applications: readonly { readonly name: string; readonly vsn: string }[]
  /** Modules of all applications, and those of them that were compiled now. */
  readonly modules: { readonly total: number; readonly compiled: number }
  /** Versions that its relup can upgrade from, newest first. */
  readonly upgradeFrom: readonly string[]
  /** Folders and files put in place now; empty when nothing changed, and in a dry run. */
  readonly placed: readonly string[]
  /** The release resource file. */
  readonly rel: Rel
  readonly plan: ReleasePlan
  /** What its appups say and leave out; present where that was asked for, or the build fills it in. */
  readonly appups?: ReleaseAppups
  /** The package, where asked for. */
  readonly package?: Packed
}

/** What a build did. */
export interface BuildReport {
  /** The project's folder, absolute. */
  readonly project: string
  readonly releases: readonly BuiltRelease[]
  readonly warnings: readonly Fault[]
}

/**
 * Builds releases of a project.
 *
 * @param project  the project's folder, one below it, or an otp.config.json
 * @param progress told each stage as it begins
 * @returns what was built; or the faults of the first release that cannot be, all that its stage finds, and then
 *   nothing of that release was changed on disk
 */
export async function build(
  project: string,
  options: BuildOptions = {},
  progress: (step: BuildStep) => void = () => {},
): Promise<Result<BuildReport, readonly Fault[]>> {
  const read = await projectConfig(project, options)
  if (!read.ok) return read
  const config = { value: options.dev === true ? forDev(read.value) : read.value }
  const specs: ReleaseSpec[] = []
  for (const name of options.releases ?? [undefined]) {
    const named = releasesNamed(config.value, name)
    if (!named.ok) return named
    specs.push(...named.value.filter((spec) => !specs.includes(spec)))
  }
  const linked = options.tar === true ? specs.filter(({ devMode }) => devMode) : []
  if (linked.length > 0) return err(linked.map((spec) => devPackageFault(config.value, spec)))
  const writes = options.dryRun !== true && options.appupsFrom === undefined
  const hooks = writes ? config.value.buildHooks : {}
  const before = await runHooks(hooks.before ?? [], 'before', config.value, specs, progress)
  if (before !== undefined) return err([before])
  const shared = await openShared(config.value, specs)
  const releases: BuiltRelease[] = []
  const warnings: Fault[] = []
  for (const spec of specs) {
    const built = await buildRelease(config.value, spec, shared, options, progress)
    if (!built.ok) return built
    releases.push(built.value.release)
    warnings.push(...built.value.warnings)
  }
  const after = await runHooks(hooks.after ?? [], 'after', config.value, specs, progress)
  if (after !== undefined) return err([after])
  return ok({ project: config.value.root, releases, warnings })
}

/** The configuration of releases that `otp-rel dev` runs. */
export const forDev = (config: Config): Config => ({
  ...config,
  output: join(config.output, 'dev'),
  releases: config.releases.map((one) => ({ ...one, includeErts: false, devMode: false, upgradeFrom: [] })),
})

/** What the releases of one build share. */
async function openShared(config: Config, specs: readonly ReleaseSpec[]) {
  const cache = openCache(config.cache)
  const sums = await openSums(join(config.cache, 'sums.json'))
  const rebuilt = specs.flatMap(({ vsn }) => (typeof vsn === 'string' ? [vsn] : []))
  return { cache, sums, rebuilt, discovered: await discover(config) }
}

type Shared = Awaited<ReturnType<typeof openShared>>

async function buildRelease(
  config: Config,
  spec: ReleaseSpec,
  { cache, sums, rebuilt, discovered }: Shared,
  options: BuildOptions,
  progress: (step: BuildStep) => void,
): Promise<Result<{ release: BuiltRelease; warnings: readonly Fault[] }, readonly Fault[]>> {
  const show = (path: string) => relative(config.root, path) || '.'
  const root = join(config.output, 'rel', spec.name)

  // resolving
  const resolved = await readRelease(config, spec, discovered)
  if (!resolved.ok) return resolved
  const { rel } = resolved.value
  const named = rel.applications.map(({ name, vsn }) => `${name} ${vsn}`).join(', ')
  progress({ verb: 'resolving', text: `${rel.name} ${rel.vsn}: ${named}` })

  // compiling
  const [runtime, compiled, files] = await Promise.all([
    bundleRuntime({ cache }),
    compile(resolved.value.applications, { cache }),
    readFilesOf(resolved.value, spec, sums, cache),
  ])
  if (!compiled.ok) return err(compiled.error.map((fault) => compileFault(fault, show)))
  progress({ verb: 'compiling', text: compilingText(compiled.value.applications, compiled.value.fresh) })
  const traced = await trace(traceInputs(resolved.value.applications, compiled.value.applications), { cache })
  if (!traced.ok) return err(traced.error.map((fault) => traceFault(fault, show)))
  if (!files.ok) return files
  const { config: texts, vmArgs, envSh, node, priv } = files.value
  const unprovided = providerFaults(texts, compiled.value.applications, dirname(spec.sysConfig ?? config.root))
  if (unprovided.length > 0) return err(unprovided)

  // generating
  const written = describe(resolved.value, compiled.value.applications)
  const script = bootScript(resolved.value, written, runtime.preloaded)
  if (!script.ok) return script
  const sources = spec.includeSrc ? await sourcesOf(resolved.value, compiled.value.applications, sums) : []
  const overlay = await overlaysOf(config, resolved.value, sums)
  if (!overlay.ok) return overlay
  const input = {
    rel,
    packages: await packagesWithFiles(traced.value, sums),
    programs: runtime.programs,
    otpRel: homeVersion(),
    script: script.value.script,
    config: texts,
    vmArgs,
    startScript: await renderTemplate('bin/start.sh', { name: rel.name }, { cache }),
    envScript: await envScript(resolved.value, node !== undefined, envSh, cache),
    node,
    overlay: overlay.value,
    strip: spec.strip,
    dev: spec.devMode ? await devLinks(resolved.value, traced.value, node, [...texts.keys()]) : [],
    sign: options.sign,
  }
  const planWith = (described: readonly Described[], relup: Relup | undefined): ReleasePlan => {
    const applications = described.map((one, index) => ({
      ...one,
      priv: priv[index] ?? [],
      sources: sources[index] ?? [],
      links: traced.value.links.get(one.resource.name) ?? [],
    }))
    return planRelease({ ...input, applications, relup })
  }
  const before = await readAssembled(root, rel.name, rel.vsn)
  const appups = await buildAppups({
    resolved: resolved.value,
    plan: () => planWith(written, undefined),
    root,
    assembled: options.dev === true ? [] : before,
    from: options.appupsFrom,
  })
  if (!appups.ok) return appups
  const complete = withAppups(resolved.value, appups.value)
  const applications = describe(complete, compiled.value.applications)
  const facts = {
    name: rel.name,
    vsn: rel.vsn,
    root,
    applications: rel.applications.map(({ name, vsn }) => ({ name, vsn })),
    modules: {
      total: compiled.value.applications.flatMap(({ modules }) => modules).length,
      compiled: compiled.value.fresh.length,
    },
    placed: [],
    rel,
    ...(appups.value === undefined ? {} : { appups: appups.value }),
  }
  if (options.appupsFrom !== undefined) {
    return ok({ release: { ...facts, upgradeFrom: [], plan: planWith(applications, undefined) }, warnings: [] })
  }
  const relup = releaseRelup(topRelease(complete, applications), before, spec.upgradeFrom, show(root))
  if (!relup.ok) return relup
  const plan = planWith(applications, relup.value.relup)
  const gaps = await relupGaps(relup.value.relup, contentOfPlan(rel, plan), root)
  if (gaps.length > 0) return err(gaps)
  const bases = relup.value.bases.length === 0 ? '' : `, relup.json from ${relup.value.bases.join(', ')}`
  progress({ verb: 'generating', text: `releases/${rel.vsn}/start.script.json${bases}` })
  const warnings = [
    ...(await projectWarnings(config, resolved.value, discovered)),
    ...compiled.value.warnings.map(compileWarning),
    ...script.value.warnings,
    ...relup.value.warnings,
  ]
  if (options.warningsAsErrors === true && warnings.length > 0)
    return err(warnings.map((one) => ({ ...one, severity: 'error' })))

  const twice = madeTwice(plan)
  if (twice.length > 0) return err(twice.map((path) => collisionFault(config, resolved.value, path)))
  await sums.save()
  const secrets = await findSecrets(plan, config.root, spec.allowSecrets)
  if (secrets.length > 0) return err(secrets.map(secretFault))
  const release: BuiltRelease = { ...facts, upgradeFrom: relup.value.bases, plan }
  if (options.dryRun === true) return ok({ release, warnings })

  // assembled
  const force = await replaceable(root, new Set([rel.vsn, ...rebuilt]), options.force)
  const assembled = await assemble(plan, root, { force, sums })
  await sums.save()
  if (!assembled.ok) return err(assembled.error.map(assembleFault))
  progress({ verb: 'assembled', text: show(root) })
  const { placed } = assembled.value
  const kept = await keepMaps(plan, config.output, options.tar === true)
  if (!kept.ok) return kept
  if (options.tar !== true) return ok({ release: { ...release, placed }, warnings })

  // packed
  const file = join(config.output, 'tar', `${rel.name}-${rel.vsn}.tar.gz`)
  const packed = await writeTar(packageEntries(plan), root, file, {
    force: options.force === true,
    sbom: sbomPath(rel),
  })
  if (!packed.ok) return err([tarFault(packed.error)])
  progress({ verb: 'packed', text: show(packed.value.file) })
  return ok({ release: { ...release, placed, package: packed.value }, warnings })
}

const packagesWithFiles = ({ packages }: Traced, sums: Sums) =>
  Promise.all(packages.map(async ({ dir, ...one }) => ({ ...one, files: await findPackageFiles(dir, sums) })))

/** `6 modules in 1 application`: the user's, not the runtime's; how many of them had to be compiled. */
function compilingText(applications: readonly CompiledApplication[], fresh: readonly string[]): string {
  const own = applications.filter(({ name }) => !['kernel', 'stdlib', 'sasl'].includes(name))
  const modules = own.flatMap((application) => application.modules)
  const count = (amount: number, what: string) => `${amount} ${what}${amount === 1 ? '' : 's'}`
  const changed = modules.filter(({ id }) => fresh.includes(id)).length
  const said = changed === modules.length ? '' : `, ${changed} changed`
  return `${count(modules.length, 'module')} in ${count(own.length, 'application')}${said}`
}
