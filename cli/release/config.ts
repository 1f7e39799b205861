/**
 * The project's configuration: `otp.config.json` -> {@link Config}, paths absolute and defaults filled in.
 *
 * OTP has no such file of its own; relx.config and reltool.config stand here.
 */
import { readFile, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import type { Fault } from '../../schemas/fault.js'
import { didYouMean } from '../../schemas/nearest.js'
import type { JsonPath } from '../../schemas/position.js'
import { read } from '../../schemas/read.js'
import { err, ok, type Result } from '../../schemas/result.js'
import type { Goal, OtpConfig } from '../../schemas/types.js'
import { CONFIG_FILE, configsIn } from './config_file.js'
import {
  formatLayerError,
  type LayerError,
  type MergedRelease,
  mergeReleases,
  type NamedProfile,
  OWN_PROFILES,
} from './config_layers.js'
import { readSettings } from './config_set.js'
import { type Config, faultAt, type GoalSpec, type ReleaseSpec, settingPath, type TextFile } from './config_spec.js'

export { type Config, faultAt, type GoalSpec, type ReleaseSpec, settingPath, type TextFile } from './config_spec.js'

/** What counts besides the file. */
export interface ConfigOptions {
  /** Names of profiles, `prod` or `prod,eu`, lowest first. Default: none. */
  readonly profile?: string | undefined
  /** Settings of the command line, `releases.shop.vsn=1.2.0`. Default: none. */
  readonly set?: readonly string[] | undefined
}

/**
 * Reads a configuration and looks whether the files that it names are there.
 *
 * @returns the configuration, or every fault in it
 */
export async function readConfig(file: string, options: ConfigOptions = {}): Promise<Result<Config, Fault[]>> {
  const loaded = await loadConfig(file, options)
  if (!loaded.ok) return loaded
  const { source } = loaded.value
  const missing = await Promise.all(namedFiles(loaded.value).map((named) => missingFile(source, named)))
  const faults = missing.filter((fault) => fault !== undefined)
  return faults.length > 0 ? err(faults) : loaded
}

/** As {@link readConfig}; files that it names need not be there. */
export async function loadConfig(file: string, options: ConfigOptions = {}): Promise<Result<Config, Fault[]>> {
  const absolute = resolve(file)
  const others = configsIn(dirname(absolute)).filter((other) => other !== absolute)
  if (others.length > 0) {
    const message = `there is ${others.map((other) => basename(other)).join(' and ')} as well; keep one of them`
    return err([{ tag: 'two_configs', severity: 'error', message, file: absolute }])
  }
  let text: string
  try {
    text = await readFile(absolute, 'utf8')
  } catch (cause) {
    return err([unreadable(absolute, cause)])
  }
  if (/\.jsonc?$/.test(absolute)) return parseConfig({ file: absolute, text }, options)
  const { configFromModule } = await import('./config_module.js')
  const given = await configFromModule(absolute, options)
  if (!given.ok) return given
  const { written, computed } = given.value
  return configOf(written, { file: absolute, text: '' }, { ...options, anyProfile: computed })
}

function unreadable(file: string, cause: unknown): Fault {
  const absent = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
  const message = absent
    ? `no ${CONFIG_FILE} here; run this in a project, or make one with "otp-rel new NAME"`
    : `cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`
  return { tag: absent ? 'no_config' : 'cannot_read', severity: 'error', message, file, cause }
}

/** The pure half of {@link readConfig}: text to configuration. */
export function parseConfig(source: TextFile, options: ConfigOptions = {}): Result<Config, Fault[]> {
  const checked = read('otp.config', source.text, source.file)
  return checked.ok ? configOf(checked.value, source, options) : checked
}

/**
 * A checked value to configuration: profiles and settings merged, defaults filled in.
 *
 * @param options with `anyProfile`, profiles need not be written: a function has been told of them
 */
export function configOf(
  written: OtpConfig,
  source: TextFile,
  options: ConfigOptions & { readonly anyProfile?: boolean },
): Result<Config, Fault[]> {
  const commandLine = readSettings(options.set ?? [])
  if (!commandLine.ok) return commandLine
  const profiles = profilesNamed(written, options.profile, options.anyProfile)
  if (!profiles.ok) return err([faultAt(source, ['profiles'], 'unknown_profile', profiles.error)])
  const merged = mergeReleases({ config: written, profiles: profiles.value, commandLine: commandLine.value })
  if (!merged.ok) return err(merged.error.map((error) => layerFault(error, source, written)))
  const faults = doubles(merged.value, source)
  if (faults.length > 0) return err(faults)
  const root = dirname(source.file)
  const names = profiles.value.map(({ name }) => name)
  const base = written.output ?? '_build'
  const asked = [...profiles.value.map((profile) => profile.written), commandLine.value].filter(
    (one) => one !== undefined,
  )
  const output = asked.findLast((one) => one.output !== undefined)?.output ?? join(base, names.join('+'))
  return ok({
    source,
    root,
    libDirs: asked.findLast((one) => one.lib_dirs !== undefined)?.lib_dirs ?? written.lib_dirs ?? ['apps/*'],
    profiles: names,
    output: resolve(root, output),
    cache: resolve(root, base, 'cache'),
    buildHooks: asked.findLast((one) => one.build_hooks !== undefined)?.build_hooks ?? written.build_hooks ?? {},
    releases: merged.value.map((release) => specOf(release, root)),
  })
}

/** A profile's name, which is a folder's as well; as the schema has it. */
const PROFILE = /^[a-z][a-z0-9_-]*$/

/** @returns the profiles, lowest first; or which one there is not, in words */
function profilesNamed({ profiles = {} }: OtpConfig, asked = '', any = false): Result<readonly NamedProfile[], string> {
  const names = asked.split(',').filter((name) => name !== '')
  const known = [...new Set([...Object.keys(profiles), ...Object.keys(OWN_PROFILES)])]
  const unknown = any ? names.find((name) => !PROFILE.test(name)) : names.find((name) => !known.includes(name))
  if (unknown !== undefined) {
    return err(`no profile is called "${unknown}"; there are: ${known.join(', ')}${didYouMean(unknown, known)}`)
  }
  return ok(names.map((name) => ({ name, written: Object.hasOwn(profiles, name) ? profiles[name] : undefined })))
}

function layerFault(error: LayerError, source: TextFile, { releases }: OtpConfig): Fault {
  const message = formatLayerError(error, [...new Set(releases.map(({ name }) => name))])
  if (error.path !== undefined) return faultAt(source, error.path, error.tag, message)
  return { tag: error.tag, severity: 'error', message, file: '--set' }
}

function specOf({ name, settings, goals, overlay, path, origins }: MergedRelease, root: string): ReleaseSpec {
  const { vsn, include_erts: erts = false, overlay_vars: vars = {} } = settings
  const { sys_config: sysConfig, vm_args: vmArgs, env_sh: envSh } = settings
  // mergeReleases gives none without
  if (vsn === undefined) throw new Error(`release "${name}" was merged without a version`)
  return {
    name,
    vsn,
    goals: goals.map(({ goal, path: at }) => goalOf(goal, at)),
    ...(sysConfig === undefined ? {} : { sysConfig: resolve(root, sysConfig) }),
    ...(vmArgs === undefined ? {} : { vmArgs: resolve(root, vmArgs) }),
    ...(envSh === undefined ? {} : { envSh: resolve(root, envSh) }),
    devMode: settings.dev_mode ?? false,
    includeSrc: settings.include_src ?? false,
    strip: settings.strip ?? false,
    overlay,
    overlayVars: typeof vars === 'string' ? resolve(root, vars) : vars,
    includeErts: typeof erts === 'string' ? resolve(root, erts) : erts,
    appup: settings.appup ?? 'written',
    allowSecrets: settings.allow_secrets ?? [],
    upgradeFrom: settings.upgrade_from ?? [],
    path,
    origins,
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

/** What stands twice: releases by name and version, goals of a release by name. */
function doubles(releases: readonly MergedRelease[], source: TextFile): Fault[] {
  const called = releases.map(({ name, settings: { vsn }, path }) => {
    return { name: typeof vsn === 'string' ? `${name} ${vsn}` : name, path: [...path, 'name'] }
  })
  const goals = releases.map((release) =>
    release.goals.map(({ goal, path }) => ({ name: typeof goal === 'string' ? goal : goal.name, path })),
  )
  return [
    ...repeated(called).map(({ name, path }) => {
      const message = `release "${name}" stands here twice; give each its own name or version`
      return faultAt(source, path, 'duplicate_release', message)
    }),
    ...goals.flatMap(repeated).map(({ name, path }) => {
      return faultAt(source, path, 'duplicate_goal', `application "${name}" stands here twice; keep one of the two`)
    }),
  ]
}

const repeated = <T extends { readonly name: string; readonly path: JsonPath }>(items: readonly T[]): T[] =>
  items.filter(({ name }, index) => items.findIndex((other) => other.name === name) < index)

/** A file that a setting names. The path is that of the release where the setting stands in no file. */
interface NamedFile {
  readonly key: string
  readonly file: string
  readonly path: JsonPath
}

function namedFiles({ releases }: Config): NamedFile[] {
  return releases.flatMap((spec) => {
    const { sysConfig, vmArgs, envSh, overlayVars, includeErts } = spec
    const files = {
      sys_config: sysConfig,
      vm_args: vmArgs,
      env_sh: envSh,
      overlay_vars: overlayVars,
      include_erts: includeErts,
    }
    return Object.entries(files).flatMap(([key, file]) =>
      typeof file === 'string' ? [{ key, file, path: settingPath(spec, key) }] : [],
    )
  })
}

async function missingFile(source: TextFile, { key, file, path }: NamedFile): Promise<Fault | undefined> {
  const found = await stat(file).then(
    (info) => (info.isFile() ? 'file' : 'folder'),
    () => undefined,
  )
  if (found === 'file') return undefined
  const setting = path.at(-1) === key ? '' : `"${key}": `
  const why = found === 'folder' ? 'is a folder, not a file' : 'is not there'
  const allowed = key === 'include_erts' ? '; allowed are true, false, and the file of a node binary' : ''
  return faultAt(source, path, 'missing_file', `${setting}"${file}" ${why}${allowed}`)
}
