/** `appup`: writes what appup.json files leave out; with `--check` only says what that is. */
import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { err, ok } from '../../schemas/result.js'
import { type AppupReport, type ReleaseAppups, uncovered } from '../appup/release_appups.js'
import { type Arguments, flag, list } from '../node/command.js'
import { type BuiltRelease, build } from '../release/build.js'
import { readConfig } from '../release/config.js'
import { appupLines, coveredLines } from '../render/appup.js'
import type { Failure, Outcome } from '../render/failure.js'
import { count } from '../render/steps.js'
import { buildFailure } from './build.js'
import { type CliContext, configOptions, projectPath, shown } from './project.js'

/** A release that has older ones to come from. */
interface Compared {
  readonly release: BuiltRelease
  readonly appups: ReleaseAppups
}

/** Writes appup.json files, or checks them. */
export async function appup(args: Arguments, context: CliContext): Promise<Outcome> {
  const project = await projectPath(args, context)
  if (!project.ok) return project
  const releases = list(args, 'release')
  const from = list(args, 'from').map((one) => (one.endsWith('.gz') ? resolve(context.cwd, one) : one))
  const built = await build(
    project.value,
    { ...configOptions(args, context), appupsFrom: from, ...(releases.length === 0 ? {} : { releases }) },
    context.progress,
  )
  if (!built.ok) return err(buildFailure(built.error))
  const all = built.value.releases.flatMap((release): Compared[] =>
    release.appups === undefined || release.appups.from.length === 0 ? [] : [{ release, appups: release.appups }],
  )
  const isSame = ({ release, appups }: Compared) => appups.from.every((vsn) => vsn === release.vsn)
  const compared = from.length > 0 ? all : all.filter((one) => !isSame(one))
  if (compared.length === 0)
    return err(all.length > 0 ? notRaised(all, context) : noOlder(built.value.releases, context))
  if (flag(args, 'check')) return check(compared, await generating(project.value, args, context), context)

  const unversioned = compared.flatMap(({ appups }) => appups.unversioned)
  if (unversioned.length > 0) {
    return err({
      exit: 'bad_input',
      tag: 'unversioned_change',
      message: `${count(unversioned.length, 'application')} changed under the same version; nothing was written`,
      faults: unversioned,
    })
  }
  const reports = compared.flatMap(({ appups }) => appups.reports)
  const dryRun = flag(args, 'dry-run')
  const changed = reports.filter((report) => report.own && report.text !== report.written?.text && isLacking(report))
  for (const { file, text } of dryRun ? [] : changed) {
    try {
      await writeFile(file, text)
    } catch (cause) {
      const message = `${shown(file, context)} cannot be written: ${cause instanceof Error ? cause.message : String(cause)}`
      return err({ exit: 'system', tag: 'cannot_write', message, facts: { file } })
    }
  }
  return ok({
    data: {
      dry_run: dryRun,
      applications: reports.map((report) => facts(report, changed.includes(report) && !dryRun)),
    },
    lines: (style) =>
      appupLines(
        reports.map((report) => ({ report, file: shown(report.file, context), changed: changed.includes(report) })),
        dryRun,
        style,
      ),
  })
}

/** Whether something is to be put in, or the file is for another version. */
const isLacking = ({ steps, outdated }: AppupReport): boolean =>
  outdated !== undefined ||
  steps.some(({ entries }) => entries.some(({ index, missing }) => index === undefined || missing.length > 0))

/** Releases whose build generates what is missing, as `NAME-VSN`. */
async function generating(project: string, args: Arguments, context: CliContext): Promise<ReadonlySet<string>> {
  const config = await readConfig(project, configOptions(args, context))
  const specs = config.ok ? config.value.releases : []
  return new Set(specs.filter(({ appup }) => appup === 'generate').map(({ name, vsn }) => `${name}-${String(vsn)}`))
}

/** Only what no build would generate is a gap. */
function check(compared: readonly Compared[], generated: ReadonlySet<string>, context: CliContext): Outcome {
  const faults = compared.flatMap(({ release: { name, vsn }, appups }) =>
    generated.has(`${name}-${vsn}`) ? appups.unversioned : uncovered(appups),
  )
  const once = faults.filter(({ message }, index) => faults.findIndex((one) => one.message === message) === index)
  if (once.length === 0) {
    const data = {
      covered: true,
      releases: compared.map(({ release, appups }) => ({ name: release.name, vsn: release.vsn, from: appups.from })),
    }
    return ok({ data, lines: (style) => coveredLines(data.releases, style) })
  }
  const { otpRel } = context
  return err({
    exit: 'appup_gap',
    tag: 'appup_gap',
    message: `${count(once.length, 'change')} not covered by an appup.json`,
    faults: once,
    hints: [
      ...(once.some(({ tag }) => tag === 'unversioned_change')
        ? ['give what changed a new "vsn" in its app.json']
        : []),
      ...(once.some(({ tag }) => tag !== 'unversioned_change')
        ? [
            `"${otpRel} appup" writes what is missing; look at it and commit it`,
            'or have every build do it: "appup": "generate" in otp.config.json',
          ]
        : []),
    ],
  })
}

function noOlder(releases: readonly BuiltRelease[], context: CliContext): Failure {
  const [first] = releases
  const where = first === undefined ? '_build' : shown(first.root, context)
  return {
    exit: 'refused',
    tag: 'no_older_release',
    message: `no older release is built in ${where} to compare ${releases.map(({ name, vsn }) => `${name} ${vsn}`).join(', ')} with`,
    hints: [
      `build the version that runs now before you change it: "${context.otpRel} build"`,
      'or name its package: --from NAME-VSN.tar.gz',
      'is the "vsn" of the release in otp.config.json a new one?',
    ],
  }
}

/** Changed modules that a message names. */
const MOST_NAMED = 5

/** What is compared is built already, under the version that it still has. */
function notRaised(same: readonly Compared[], context: CliContext): Failure {
  const faults = same.flatMap(({ appups }) => appups.unversioned)
  const raised = same.flatMap(({ appups }) =>
    appups.reports.flatMap(({ application, vsn, steps }) =>
      steps.map(({ generated: { from, pieces } }) => {
        const modules = [...new Set(pieces.map(({ module }) => module))]
        const more = modules.length > MOST_NAMED ? ` and ${modules.length - MOST_NAMED} more` : ''
        return `${application} ${from} -> ${vsn}: ${modules.slice(0, MOST_NAMED).join(', ') || 'no module'}${more}`
      }),
    ),
  )
  const named = same.map(({ release }) => `${release.name} ${release.vsn}`).join(', ')
  const where = same.map(({ release }) => shown(release.root, context)).join(', ')
  const isChanged = faults.length > 0 || raised.length > 0
  return {
    exit: 'refused',
    tag: 'no_older_release',
    message: isChanged
      ? `${named} is built in ${where} with other content${raised.length === 0 ? '' : ` (${raised.join('; ')})`}: its version was not raised`
      : `${named} is built in ${where} as it is now: nothing has changed, and no older release is there to compare it with`,
    faults,
    hints: [
      isChanged
        ? 'give the release a new "vsn", and each application that changed one in its app.json'
        : 'change the code, then give the release and what changed a new "vsn"',
    ],
  }
}

const facts = ({ application, vsn, file, own, outdated, steps, merged }: AppupReport, written: boolean) => ({
  application,
  vsn,
  file,
  own,
  written,
  outdated: outdated ?? null,
  appup: merged,
  from: steps.map(({ generated, entries }) => ({
    vsn: generated.from,
    changes: generated.pieces,
    notes: generated.notes,
    by_hand: { up: entries[0]?.byHand ?? [], down: entries[1]?.byHand ?? [] },
    missing: { up: entries[0]?.missing ?? [], down: entries[1]?.missing ?? [] },
  })),
})
