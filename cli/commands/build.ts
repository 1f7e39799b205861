/**
 * `build`, `check`, `tar`, `relup`: four views of the same pipeline, which is `cli/release/build.ts`.
 *
 * `check` stops before anything is written, `tar` goes one stage further, `relup` shows one of the files made.
 */
import { join, resolve } from 'node:path'
import type { Fault } from '../../schemas/fault.js'
import { err, ok, type Result } from '../../schemas/result.js'
import type { Relup } from '../../schemas/types.js'
import { type Arguments, flag, list, text } from '../node/command.js'
import { type BuildOptions, type BuildReport, type BuiltRelease, build as buildReleases } from '../release/build.js'
import { formatPlan } from '../release/plan_text.js'
import { readSigner, type Signer } from '../release/sign.js'
import { compareVsn } from '../release/vsn.js'
import type { Failure, Outcome } from '../render/failure.js'
import { relupLines } from '../render/relup.js'
import { count } from '../render/steps.js'
import type { Style } from '../render/style.js'
import { keyFailure } from './keygen.js'
import { type CliContext, configOptions, projectPath, shown } from './project.js'

/** Builds releases; with `--dry-run` lists the files they would consist of. */
export async function build(args: Arguments, context: CliContext): Promise<Outcome> {
  const dryRun = flag(args, 'dry-run')
  const built = await run(args, context, { dryRun })
  if (!built.ok) return built
  const { releases, warnings } = built.value
  return ok({
    data: { dry_run: dryRun, releases: releases.map((release) => facts(release, dryRun)) },
    warnings,
    lines: (style) =>
      dryRun ? releases.flatMap(({ plan }) => formatPlan(plan)) : next(newest(releases), context, style),
  })
}

/** Finds everything a build would refuse. */
export async function check(args: Arguments, context: CliContext): Promise<Outcome> {
  const built = await run(args, context, { dryRun: true })
  if (!built.ok) return built
  const { releases, warnings } = built.value
  const named = releases.map(({ name, vsn }) => `${name} ${vsn}`).join(', ')
  return ok({
    data: { releases: releases.map((release) => facts(release, false)), warnings },
    warnings,
    lines: (style) => [
      `${style.green(named)} can be built${warnings.length === 0 ? '' : `, with ${count(warnings.length, 'warning')}`}`,
    ],
  })
}

/** Builds releases and packs them. */
export async function tar(args: Arguments, context: CliContext): Promise<Outcome> {
  const signer = await signerOf(args, context)
  if (!signer.ok) return signer
  const built = await run(args, context, { tar: true, ...signer.value })
  if (!built.ok) return built
  const { releases, warnings } = built.value
  return ok({
    data: { releases: releases.map((release) => facts(release, false)) },
    warnings,
    lines: (style) =>
      releases.flatMap(({ name, vsn, root, upgradeFrom, package: packed }) => {
        if (packed === undefined) return []
        const file = shown(packed.file, context)
        return [
          `${style.bold(file)}  ${(packed.sizeBytes / 1_048_576).toFixed(1)} MB, ${count(packed.entries, 'file')}`,
          `Install it:    mkdir ${name} && tar -xzf ${file} -C ${name} && ${name}/bin/${name} daemon`,
          upgradeFrom.length > 0
            ? `Upgrade to it: bin/${name} unpack FILE && bin/${name} upgrade ${vsn}, or from here: ${context.otpRel} upgrade ${vsn} --root DIR ${style.dim(`(a node that runs ${upgradeFrom.join(' or ')})`)}`
            : `Upgrade to it: bin/${name} unpack FILE && bin/${name} upgrade ${vsn} --restart ${style.dim(`(it has no relup: ${shown(root, context)} holds no version that its appups lead from)`)}`,
        ]
      }),
  })
}

/** The key of `--sign`, else of the environment variable OTP_REL_SIGN_KEY: a file, or the key itself. */
async function signerOf(args: Arguments, { cwd, env }: CliContext): Promise<Result<{ sign?: Signer }, Failure>> {
  const option = text(args, 'sign')
  const given = option === undefined ? env.OTP_REL_SIGN_KEY : resolve(cwd, option)
  if (given === undefined || given === '') return ok({})
  const signer = await readSigner(given)
  return signer.ok ? ok({ sign: signer.value }) : err(keyFailure(signer.error))
}

/** Builds releases and shows their relups. */
export async function relup(args: Arguments, context: CliContext): Promise<Outcome> {
  const built = await run(args, context, {})
  if (!built.ok) return built
  const { releases, warnings } = built.value
  const relups = releases.map((release) => ({ release, relup: relupOf(release) }))
  return ok({
    data: {
      releases: relups.map(({ release, relup }) => ({ name: release.name, vsn: release.vsn, relup: relup ?? null })),
    },
    warnings,
    lines: (style) =>
      relups.flatMap(({ release, relup }) =>
        relup === undefined
          ? [
              `${release.name} ${release.vsn} has no relup: no earlier version is assembled in ${shown(release.root, context)} that its appups lead from`,
            ]
          : relupLines(release.name, relup, style),
      ),
  })
}

async function run(args: Arguments, context: CliContext, options: BuildOptions): Promise<Result<BuildReport, Failure>> {
  const project = await projectPath(args, context)
  if (!project.ok) return project
  const releases = list(args, 'release')
  const asked = {
    ...options,
    ...configOptions(args, context),
    ...(flag(args, 'force') ? { force: true } : {}),
    ...(releases.length === 0 ? {} : { releases }),
  }
  const built = await buildReleases(project.value, asked, context.progress)
  if (built.ok) return built
  const failure = buildFailure(built.error, options.dryRun === true)
  const isMisnamed =
    releases.length > 0 && built.error.every(({ tag, file }) => tag === 'unknown_release' && file !== '--set')
  return err(isMisnamed ? { ...failure, exit: 'usage', message: 'nothing was built' } : failure)
}

/** Files that a person writes: a fault in one of them is a wrong input, any other a build that failed. */
const INPUT = /(^|[/\\])(otp\.config\.\w+|(app|appup|package|[^/\\]*\.config(\.[^/\\]+)?|[^/\\]*\.rel)\.json)$|^--set$/

/** A build's faults as a failure: of its input where all are in files that people write. */
export function buildFailure(faults: readonly Fault[], dryRun = false): Failure {
  const errors = faults.filter(({ severity }) => severity === 'error')
  const isInput = errors.length > 0 && errors.every(({ file }) => file !== undefined && INPUT.test(file))
  const tag = errors.length === 1 ? errors[0]?.tag : undefined
  return {
    exit: isInput ? 'bad_input' : 'build_fault',
    tag: tag ?? 'build_failed',
    message: dryRun
      ? `a build would fail with ${count(errors.length, 'fault')}`
      : `the build failed with ${count(errors.length, 'fault')}; nothing of the release was changed`,
    faults,
  }
}

/** A release for `--json`; its files only where they are asked for. */
function facts({ plan, rel: _rel, appups: _appups, ...release }: BuiltRelease, withPlan: boolean) {
  return withPlan
    ? { ...release, files: plan.groups.flatMap(({ actions }) => actions.map(({ op, path }) => ({ op, path }))) }
    : release
}

/** Of several versions of one release the newest: what is next is next for that one. */
const newest = (releases: readonly BuiltRelease[]): readonly BuiltRelease[] =>
  releases.filter(
    (release) => !releases.some((other) => other.name === release.name && compareVsn(other.vsn, release.vsn) > 0),
  )

/** What can be done with each, then how they are upgraded, once where it is the same. */
function next(releases: readonly BuiltRelease[], context: CliContext, style: Style): string[] {
  const { otpRel } = context
  const runs = releases.map(({ name, root }) => {
    const script = join(shown(root, context), 'bin', name)
    return `Run it:        ${script} foreground      ${style.dim(`(daemon, remote, stop, ... : bin/${name} help)`)}`
  })
  const upgrades = releases.map(({ vsn, upgradeFrom }) => {
    const [from] = upgradeFrom
    return from === undefined
      ? `Upgrade it:    change the code and "vsn", ${otpRel} build, ${otpRel} plan FROM TO, ${otpRel} upgrade VSN`
      : `Upgrade to it: ${otpRel} plan ${from} ${vsn}, ${otpRel} upgrade ${vsn} ${style.dim(`(a node that runs ${upgradeFrom.join(' or ')})`)}`
  })
  return [...runs, ...new Set(upgrades)]
}

function relupOf({ plan, vsn }: BuiltRelease): Relup | undefined {
  const file = plan.groups.flatMap(({ actions }) => actions).find(({ path }) => path === `releases/${vsn}/relup.json`)
  // Reason for the cast: the plan's text was made from a Relup a moment ago.
  return file?.op === 'write' ? (JSON.parse(file.text) as Relup) : undefined
}
