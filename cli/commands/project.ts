/**
 * Where a command works: the project with its otp.config.json, and the release that a command on a node means.
 */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { read } from '../../schemas/read.js'
import { err, ok, type Result } from '../../schemas/result.js'
import type { OtpConfig } from '../../schemas/types.js'
import { type Arguments, type Context, type NodeContext, type Target, text } from '../node/command.js'
import type { Failure } from '../render/failure.js'
import { didYouMean } from '../render/nearest.js'

/** The name of the project's configuration file. */
export const CONFIG_FILE = 'otp.config.json'

/** What a command of `otp-rel` gets besides its arguments. */
export interface CliContext extends Context {
  /** Where the user stands, absolute. */
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
}

/** A command of `otp-rel` that does not need a node. */
export interface Project {
  /** Absolute path of the folder with otp.config.json. */
  readonly dir: string
  readonly config: OtpConfig
}

/** The folder of the project: `--project`, else the nearest folder with otp.config.json from where the user stands up. */
export function projectDir(args: Arguments, { cwd }: CliContext): Result<string, Failure> {
  const given = text(args, 'project')
  if (given === undefined) {
    const found = upwards(cwd)
    return found === undefined ? err(noConfig(cwd, 'here', 'nor in any folder above')) : ok(found)
  }
  const dir = resolve(cwd, given)
  return existsSync(join(dir, CONFIG_FILE)) ? ok(dir) : err(noConfig(dir, `in ${given}`, 'where --project says'))
}

/** The nearest folder with otp.config.json, from one up. */
export function upwards(dir: string): string | undefined {
  for (let at = dir; ; at = dirname(at)) {
    if (existsSync(join(at, CONFIG_FILE))) return at
    if (at === dirname(at)) return undefined
  }
}

function noConfig(dir: string, where: string, also: string): Failure {
  return {
    exit: 'bad_input',
    tag: 'no_config',
    message: `no ${CONFIG_FILE} ${where}, ${also}: this is not an otp-rel project`,
    hints: ['go to the folder that has one, or name it with --project DIR'],
    facts: { dir },
  }
}

/** The project's configuration, checked in form only: what commands on a node need of it. */
export function readProject(args: Arguments, context: CliContext): Result<Project, Failure> {
  const dir = projectDir(args, context)
  if (!dir.ok) return dir
  const file = join(dir.value, CONFIG_FILE)
  const config = read('otp.config', readFileSync(file, 'utf8'), relative(context.cwd, file))
  if (!config.ok) {
    return err({ exit: 'bad_input', tag: 'bad_config', message: `${CONFIG_FILE} cannot be used`, faults: config.error })
  }
  return ok({ dir: dir.value, config: config.value })
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
export function locate(args: Arguments, context: CliContext): Result<Located, Failure> {
  const root = text(args, 'root')
  const name = text(args, 'name')
  if (root !== undefined) return ok(inFolder(resolve(context.cwd, root), name, args, context))
  const { cwd } = context
  if (!projectDir(args, context).ok && existsSync(join(cwd, 'releases')) && existsSync(join(cwd, 'bin'))) {
    return ok(inFolder(cwd, name, args, context))
  }
  const project = readProject(args, context)
  if (!project.ok) {
    const hints = [...(project.error.hints ?? []), 'or say where the release is with --root DIR']
    return err(project.error.tag === 'no_config' ? { ...project.error, hints } : project.error)
  }
  const chosen = choose(project.value, name)
  if (!chosen.ok) return chosen
  const output = join(project.value.dir, project.value.config.output ?? '_build')
  return ok({
    root: join(output, 'rel', chosen.value),
    name: chosen.value,
    packagesOf: (vsn) => [packageFile(project.value, chosen.value, vsn)],
  })
}

/** Names of the releases of a project, each once, in order. */
export function releaseNames({ config }: Project): string[] {
  return [...new Set(config.releases.map(({ name }) => name))]
}

function choose(project: Project, name: string | undefined): Result<string, Failure> {
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
function inFolder(root: string, name: string | undefined, args: Arguments, context: CliContext): Located {
  const project = readProject(args, context)
  return {
    root,
    ...(name === undefined ? {} : { name }),
    packagesOf: (vsn, release) => (project.ok ? [packageFile(project.value, name ?? release, vsn)] : []),
  }
}

const packageFile = ({ dir, config }: Project, name: string, vsn: string) =>
  join(dir, config.output ?? '_build', 'tar', `${name}-${vsn}.tar.gz`)

/** A path as the user would type it: from where he stands, unless that leads upwards. */
export function shown(path: string, { cwd }: Pick<CliContext, 'cwd'>): string {
  const short = relative(cwd, path)
  return short === '' ? '.' : short.startsWith('..') ? path : short
}
