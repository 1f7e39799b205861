/** `diff OLD [NEW]`: what differs between two releases, built, packed, or the working tree just compiled. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { versionsIn } from '../../runtime/sasl/src/upgrade_plan_read.js'
import { err, ok, type Result } from '../../schemas/result.js'
import { contentInRoot, contentOfPlan, type ReleaseContent, withPackage } from '../appup/release_content.js'
import { diffReleases } from '../appup/release_diff.js'
import { readSides } from '../appup/release_side.js'
import { type Arguments, text } from '../node/command.js'
import { build } from '../release/build.js'
import { compareVsn } from '../release/vsn.js'
import type { Failure, Outcome } from '../render/failure.js'
import { diffLines } from '../render/release_diff.js'
import { buildFailure } from './build.js'
import { unknownVersion } from './plan.js'
import { type CliContext, configOptions, locate, projectPath } from './project.js'

/** Shows what differs. */
export async function diff(args: Arguments, context: CliContext): Promise<Outcome> {
  return withRelease(text(args, 'old'), args, context, (old) =>
    withRelease(text(args, 'new'), args, context, async (next) => {
      const sides = await readSides(old, next)
      const data = diffReleases(sides.old, sides.next)
      return ok({ data, lines: (style) => diffLines(data, style) })
    }),
  )
}

/** Finds a release and has it used: a package, a version that is built, or the working tree where nothing is said. */
async function withRelease(
  given: string | undefined,
  args: Arguments,
  context: CliContext,
  use: (content: ReleaseContent) => Promise<Outcome>,
): Promise<Outcome> {
  const content = await findRelease(given, args, context)
  if (!content.ok) return content
  if (typeof content.value !== 'string') return use(content.value)
  const used = await withPackage(content.value, use)
  return used.ok ? used.value : err({ exit: 'bad_package', tag: 'bad_package', message: used.error })
}

/** @returns the release, or the path of its package */
async function findRelease(
  given: string | undefined,
  args: Arguments,
  context: CliContext,
): Promise<Result<ReleaseContent | string, Failure>> {
  if (given === undefined) return workingTree(args, context)
  const file = resolve(context.cwd, given)
  if (/\.(tar\.gz|tgz)$/.test(given)) {
    if (existsSync(file)) return ok(file)
    return err({ exit: 'bad_input', tag: 'no_package', message: `there is no file ${given}`, facts: { file } })
  }
  const located = await locate(args, context)
  if (!located.ok) return located
  const { root } = located.value
  const known = [...(await versionsIn(root))].sort(compareVsn)
  if (!known.includes(given)) return err(unknownVersion(given, known, root, context))
  const content = await contentInRoot(root, given)
  return content.ok ? content : err({ exit: 'bad_package', tag: 'bad_release', message: content.error })
}

/** The release as the project is now; the newest of its versions where otp.config.json has several. */
async function workingTree(args: Arguments, context: CliContext): Promise<Result<ReleaseContent, Failure>> {
  const project = await projectPath(args, context)
  if (!project.ok) return project
  const located = await locate(args, context)
  if (!located.ok) return located
  const { name } = located.value
  const options = { appupsFrom: [], ...configOptions(args, context) } as const
  const built = await build(project.value, { ...options, ...(name === undefined ? {} : { releases: [name] }) })
  if (!built.ok) return err(buildFailure(built.error))
  const newest = [...built.value.releases].sort((a, b) => compareVsn(a.vsn, b.vsn)).at(-1)
  if (newest === undefined) throw new Error('a build without releases')
  return ok(contentOfPlan(newest.rel, newest.plan))
}
