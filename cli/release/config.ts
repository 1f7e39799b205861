/**
 * The project's configuration: `otp.config.json` -> {@link Config}, paths absolute and defaults filled in.
 *
 * OTP has no such file of its own; relx.config and reltool.config stand here.
 */
import { access, readFile, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { Fault } from '../../schemas/fault.js'
import { formatPath, type JsonPath, positionOf } from '../../schemas/position.js'
import { read } from '../../schemas/read.js'
import { err, ok, type Result } from '../../schemas/result.js'
import type { Goal, OtpConfig, ReleaseConfig, StartType, WrittenVsn } from '../../schemas/types.js'

/** Name of the configuration file. */
export const CONFIG_FILE = 'otp.config.json'

/** A file and its text, in which later stages place their faults. */
export interface TextFile {
  /** Absolute. */
  readonly file: string
  readonly text: string
}

/** A project's configuration. */
export interface Config {
  /** `otp.config.json`. */
  readonly source: TextFile
  /** The project's folder, absolute. */
  readonly root: string
  /** Where applications are looked for, in order, as written; relative to the root. */
  readonly libDirs: readonly string[]
  /** Folder that the build writes below, absolute. */
  readonly output: string
  /** In the order of the file; the first is the default one. */
  readonly releases: readonly ReleaseSpec[]
}

/** A release as it is asked for. */
export interface ReleaseSpec {
  readonly name: string
  /** The version, or where it is to be looked up. */
  readonly vsn: WrittenVsn
  /** In the order of the file. */
  readonly goals: readonly GoalSpec[]
  /** Absolute; absent: an empty configuration. */
  readonly sysConfig?: string
  /** Absolute; absent: no flags. */
  readonly vmArgs?: string
  /** `true`: this node binary travels along; `false`: the target's; or a node binary, absolute. */
  readonly includeErts: boolean | string
  /** Versions built before that a relup is made from and to, in order. */
  readonly upgradeFrom: readonly string[]
  /** Files that may travel although they look like secrets. */
  readonly allowSecrets: readonly string[]
  /** Where it stands in the file. */
  readonly path: JsonPath
}

/** An application that a release is asked to have. */
export interface GoalSpec {
  readonly name: string
  /** Versions that will do; absent: the newest. */
  readonly range?: string
  readonly type: StartType
  /** Overrides the list of its app.json where present. */
  readonly included_applications?: readonly string[]
  /** Where it stands in the file. */
  readonly path: JsonPath
}

/**
 * The configuration of the project that a folder belongs to.
 *
 * @param dir where to begin; the folders above it follow
 * @returns the file, absolute, or undefined where there is none up to the root of the file system
 */
export async function findConfig(dir: string): Promise<string | undefined> {
  const file = join(resolve(dir), CONFIG_FILE)
  if (await access(file).then(yes, no)) return file
  const above = dirname(resolve(dir))
  return above === resolve(dir) ? undefined : findConfig(above)
}

const yes = () => true
const no = () => false

/**
 * Reads a configuration and looks whether the files that it names are there.
 *
 * @returns the configuration, or every fault in it
 */
export async function readConfig(file: string): Promise<Result<Config, Fault[]>> {
  const absolute = resolve(file)
  let text: string
  try {
    text = await readFile(absolute, 'utf8')
  } catch (cause) {
    return err([unreadable(absolute, cause)])
  }
  const source = { file: absolute, text }
  const parsed = parseConfig(source)
  if (!parsed.ok) return parsed
  const missing = await Promise.all(namedFiles(parsed.value).map((named) => missingFile(source, named)))
  const faults = missing.filter((fault) => fault !== undefined)
  return faults.length > 0 ? err(faults) : parsed
}

function unreadable(file: string, cause: unknown): Fault {
  const absent = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
  const message = absent
    ? `no ${CONFIG_FILE} here; run this in a project, or make one with "otp-rel new NAME"`
    : `cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`
  return { tag: absent ? 'no_config' : 'cannot_read', severity: 'error', message, file, cause }
}

/** The pure half of {@link readConfig}: text to configuration. */
export function parseConfig(source: TextFile): Result<Config, Fault[]> {
  const checked = read('otp.config', source.text, source.file)
  if (!checked.ok) return checked
  const root = dirname(source.file)
  const faults = doubles(checked.value, source)
  if (faults.length > 0) return err(faults)
  return ok({
    source,
    root,
    libDirs: checked.value.lib_dirs ?? ['apps/*'],
    output: resolve(root, checked.value.output ?? '_build'),
    releases: checked.value.releases.map((release, index) => specOf(release, root, ['releases', index])),
  })
}

function specOf(release: ReleaseConfig, root: string, path: JsonPath): ReleaseSpec {
  const { include_erts: erts = false } = release
  return {
    name: release.name,
    vsn: release.vsn,
    goals: release.applications.map((goal, index) => goalOf(goal, [...path, 'applications', index])),
    ...(release.sys_config === undefined ? {} : { sysConfig: resolve(root, release.sys_config) }),
    ...(release.vm_args === undefined ? {} : { vmArgs: resolve(root, release.vm_args) }),
    includeErts: typeof erts === 'string' ? resolve(root, erts) : erts,
    upgradeFrom: release.upgrade_from ?? [],
    allowSecrets: release.allow_secrets ?? [],
    path,
  }
}

function goalOf(goal: Goal, path: JsonPath): GoalSpec {
  if (typeof goal === 'string') return { name: goal, type: 'permanent', path }
  const { name, vsn, type = 'permanent', included_applications: included } = goal
  return {
    name,
    type,
    path,
    ...(vsn === undefined ? {} : { range: vsn }),
    ...(included === undefined ? {} : { included_applications: included }),
  }
}

/** What a list holds twice: releases by name and version, goals of a release by name. */
function doubles(config: OtpConfig, source: TextFile): Fault[] {
  const releases = config.releases.map(({ name, vsn }, index) => ({
    name: typeof vsn === 'string' ? `${name} ${vsn}` : name,
    path: ['releases', index, 'name'] as JsonPath,
  }))
  const goals = config.releases.map(({ applications }, release) =>
    applications.map((goal, index) => ({
      name: typeof goal === 'string' ? goal : goal.name,
      path: ['releases', release, 'applications', index] as JsonPath,
    })),
  )
  return [
    ...repeated(releases).map(({ name, path }) => {
      return faultAt(
        source,
        path,
        'duplicate_release',
        `release "${name}" stands here twice; give each its own name or version`,
      )
    }),
    ...goals.flatMap(repeated).map(({ name, path }) => {
      return faultAt(source, path, 'duplicate_goal', `application "${name}" stands here twice; keep one of the two`)
    }),
  ]
}

const repeated = <T extends { readonly name: string }>(items: readonly T[]): T[] =>
  items.filter(({ name }, index) => items.findIndex((other) => other.name === name) < index)

/** A fault placed in a file's text. */
export function faultAt(source: TextFile, path: JsonPath, tag: string, message: string): Fault {
  return {
    tag,
    severity: 'error',
    message,
    file: source.file,
    ...positionOf(source.text, path),
    path: formatPath(path),
  }
}

function namedFiles({ releases }: Config): { readonly file: string; readonly path: JsonPath }[] {
  return releases.flatMap(({ sysConfig, vmArgs, includeErts, path }) => {
    const files = { sys_config: sysConfig, vm_args: vmArgs, include_erts: includeErts }
    return Object.entries(files).flatMap(([key, file]) =>
      typeof file === 'string' ? [{ file, path: [...path, key] }] : [],
    )
  })
}

async function missingFile(
  source: TextFile,
  { file, path }: { file: string; path: JsonPath },
): Promise<Fault | undefined> {
  const found = await stat(file).then((info) => (info.isFile() ? 'file' : 'folder'), no)
  if (found === 'file') return undefined
  return faultAt(
    source,
    path,
    'missing_file',
    found === 'folder' ? `"${file}" is a folder, not a file` : `"${file}" is not there`,
  )
}
