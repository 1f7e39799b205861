/**
 * Where a command works: the project with its otp.config.json, and the release that a command on a node means.
 */
import { existsSync, statSync } from 'node:fs'
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import type { Fault } from '../../schemas/fault.js'
import { err, ok, type Result } from '../../schemas/result.js'
import { type Arguments, type Context, list, type NodeContext, type Target, text } from '../node/command.js'
import type { Config, ConfigOptions } from '../release/config.js'
import { CONFIG_FILE, configIn, findConfig } from '../release/config_file.js'
import type { Failure } from '../render/failure.js'
import { didYouMean } from '../render/nearest.js'

export { CONFIG_FILE } from '../release/config_file.js'

/** What a command of `otp-rel` gets besides its arguments. */
export interface CliContext extends Context {
  /** Where the user stands, absolute. */
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
  /** As {@link program}, for commands that know no node: with the project and its profile as they were given. */
  readonly otpRel: string
}

interface Place {
  readonly dir: string
  readonly file: string | undefined
}

/** The folder where a command looks for its project, and the configuration file that it finds. */
function projectPlace(args: Arguments, { cwd }: Pick<CliContext, 'cwd'>): Result<Place, Failure> {
  const given = text(args, 'project')
  if (given === undefined) return ok({ dir: cwd, file: findConfig(cwd) })
  const dir = resolve(cwd, given)
  const found = statSync(dir, { throwIfNoEntry: false })
  if (found === undefined) return err(noConfig(args, dir))
  if (!found.isDirectory()) return err(noFolder(given))
  return ok({ dir, file: configIn(dir) })
}

/**
 * The project: the configuration file in `--project`, else the nearest one from where the user stands up; or the folder
 * itself, where a project needs none.
 */
export async function projectPath(args: Arguments, context: CliContext): Promise<Result<string, Failure>> {
  const place = projectPlace(args, context)
  if (!place.ok) return place
  const { dir, file } = place.value
  if (file !== undefined) return ok(file)
  return (await implied(dir, {})) === undefined ? err(noConfig(args, dir)) : ok(dir)
}

/** Reading one is loaded only where there is one. */
async function written(file: string, options: ConfigOptions) {
  const { loadConfig } = await import('../release/config.js')
  return loadConfig(file, options)
}

/** Loaded only where there is no configuration. */
async function implied(dir: string, options: ConfigOptions) {
  const { impliedConfig } = await import('../release/config_implied.js')
  return impliedConfig(dir, options)
}

/** What the command line says besides the file: `--profile`, else `OTP_REL_PROFILE`; `--set`. */
export function configOptions(args: Arguments, { env }: Pick<CliContext, 'env'>): ConfigOptions {
  return { profile: text(args, 'profile') ?? env.OTP_REL_PROFILE, set: list(args, 'set') }
}

function noConfig(args: Arguments, dir: string): Failure {
  const given = text(args, 'project')
  const [where, also] =
    given === undefined ? ['here', 'nor in any folder above'] : [`in ${given}`, 'where --project says']
  return {
    exit: 'bad_input',
    tag: 'no_config',
    message: `no ${CONFIG_FILE} ${where}, ${also}: this is not an otp-rel project`,
    hints: [
      'go to the folder that has one, or name it with --project DIR',
      'or make one with "otp-rel new NAME"; for one application its app.json is enough, beside package.json and src',
    ],
    facts: { dir },
  }
}

function noFolder(given: string): Failure {
  return {
    exit: 'bad_input',
    tag: 'no_config',
    message: `--project takes the folder of the project; ${given} is a file`,
    hints: [`--project ${dirname(given)}`],
    facts: { file: given },
  }
}

/** The project's configuration; files that it names need not be there: what commands on a node need of it. */
export async function readProject(args: Arguments, context: CliContext): Promise<Result<Config, Failure>> {
  const place = projectPlace(args, context)
  if (!place.ok) return place
  const { dir, file } = place.value
  const options = configOptions(args, context)
  const config = file === undefined ? await implied(dir, options) : await written(file, options)
  if (config === undefined) return err(noConfig(args, dir))
  if (config.ok) return config
  const message = file === undefined ? 'the project cannot be used' : `${CONFIG_FILE} cannot be used`
  return err({ exit: 'bad_input', tag: 'bad_config', message, faults: config.error })
}

/** A release that a command means, and where its packages lie. */
export interface Located extends Target {
  /** Where the package of a version is built. */
  readonly packagesOf: NodeContext['packagesOf']
}

/**
 * The node that a command means: `--root DIR`, else the release of the project (`--name` where it has several), else
 * the release folder the user stands in.
 */
export async function locate(args: Arguments, context: CliContext): Promise<Result<Located, Failure>> {
  const root = text(args, 'root')
  const name = text(args, 'name')
  if (root !== undefined) return ok(await inFolder(resolve(context.cwd, root), name, args, context))
  const { cwd } = context
  const place = projectPlace(args, context)
  if (place.ok && place.value.file === undefined && existsSync(join(cwd, 'releases')) && existsSync(join(cwd, 'bin'))) {
    return ok(await inFolder(cwd, name, args, context))
  }
  const project = await readProject(args, context)
  if (!project.ok) {
    const hints = [...(project.error.hints ?? []), 'or say where the release is with --root DIR']
    return err(project.error.tag === 'no_config' ? { ...project.error, hints } : project.error)
  }
  const chosen = chooseRelease(project.value, name)
  if (!chosen.ok) return chosen
  return ok({
    root: join(project.value.output, 'rel', chosen.value),
    name: chosen.value,
    packagesOf: (vsn) => [packageFile(project.value, chosen.value, vsn)],
  })
}

/** Names of the releases of a project, each once, in order. */
export function releaseNames({ releases }: Config): string[] {
  return [...new Set(releases.map(({ name }) => name))]
}

/** The release that is meant: the one that is named, else the only one. */
export function chooseRelease(project: Config, name: string | undefined): Result<string, Failure> {
  const names = releaseNames(project)
  const listed = names.map((one) => `"${one}"`).join(', ')
  if (name === undefined) {
    const [first] = names
    if (first !== undefined && names.length === 1) return ok(first)
    const message = `${CONFIG_FILE} has several releases: ${listed}`
    return err({
      exit: 'usage',
      tag: 'which_release',
      message,
      hints: ['say which one with --name NAME'],
      facts: { names },
    })
  }
  if (names.includes(name)) return ok(name)
  const message = `${CONFIG_FILE} has no release "${name}", only ${listed}${didYouMean(name, names)}`
  return err({ exit: 'usage', tag: 'unknown_release', message, facts: { name, names } })
}

/** A release somewhere else; a project where the user stands may still have built its packages. */
async function inFolder(
  root: string,
  name: string | undefined,
  args: Arguments,
  context: CliContext,
): Promise<Located> {
  const project = await readProject(args, context)
  return {
    root,
    ...(name === undefined ? {} : { name }),
    packagesOf: (vsn, release) => (project.ok ? [packageFile(project.value, name ?? release, vsn)] : []),
  }
}

const packageFile = ({ output }: Config, name: string, vsn: string) => join(output, 'tar', `${name}-${vsn}.tar.gz`)

/** A path as the user would type it: from where he stands, unless that leads upwards. */
export function shown(path: string, { cwd }: Pick<CliContext, 'cwd'>): string {
  const short = relative(cwd, path)
  return short === '' ? '.' : short.startsWith('..') ? path : short
}

/** A sentence with the paths in it as the user would type them. */
export const shownProse = (said: string, { cwd }: Pick<CliContext, 'cwd'>): string =>
  cwd === dirname(cwd) ? said : said.replaceAll(`${cwd}${sep}`, '')

/** A fault with its file, and the paths in its message, as the user would type them. */
export function shownFault(fault: Fault, context: Pick<CliContext, 'cwd'>): Fault {
  const told = { ...fault, message: shownProse(fault.message, context) }
  if (fault.file === undefined || !isAbsolute(fault.file)) return told
  return { ...told, file: shown(fault.file, context) }
}
