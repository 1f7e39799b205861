/** What `otp-rel dev` works on: one release of a project, which of its folders are watched, and what each file in them is. */
import { readFileSync, statSync } from 'node:fs'
import { basename, dirname, join, relative, sep } from 'node:path'
import type { Fault } from '../../schemas/fault.js'
import { err, ok, type Result } from '../../schemas/result.js'
import { forDev } from '../release/build.js'
import type { Config, ConfigOptions } from '../release/config.js'
import { projectConfig } from '../release/config_implied.js'
import type { ReleaseSpec } from '../release/config_spec.js'
import { moduleNameOf } from '../release/module_source.js'
import { readRelease } from '../release/release.js'
import type { ResolvedRelease } from '../release/resolve.js'

/** A release and what it is made of. */
export interface Project {
  readonly config: Config
  readonly spec: ReleaseSpec
  readonly release: ResolvedRelease
}

/** Reads a project. @param name the release, `NAME` or `NAME-VSN` */
export async function readProject(
  project: string,
  options: ConfigOptions,
  name: string,
): Promise<Result<Project, readonly Fault[]>> {
  const read = await projectConfig(project, options)
  if (!read.ok) return read
  const config = forDev(read.value)
  // Of several versions the last one is what is being worked on.
  const spec = config.releases.filter((one) => one.name === name || `${one.name}-${one.vsn}` === name).at(-1)
  if (spec === undefined) {
    const message = `there is no release "${name}" any more`
    return err([{ tag: 'unknown_release', severity: 'error', message, file: config.source.file }])
  }
  const release = await readRelease(config, spec)
  return release.ok ? ok({ config, spec, release: release.value }) : release
}

/** Reads the applications again; its configuration is the same. */
export async function readAgain(project: Project): Promise<Result<Project, readonly Fault[]>> {
  const release = await readRelease(project.config, project.spec)
  return release.ok ? ok({ ...project, release: release.value }) : release
}

/** The release's folder. */
export const rootOf = ({ config, spec }: Project): string => join(config.output, 'rel', spec.name)

/** Folders in which people change something. */
export function foldersOf({ config, spec, release }: Project): readonly string[] {
  const own = release.applications.filter(({ origin }) => origin !== 'otp-rel' && origin !== 'node_modules')
  const named = [spec.sysConfig, spec.vmArgs].flatMap((file) => (file === undefined ? [] : dirname(file)))
  return [...new Set([config.root, ...named, ...own.map(({ dir }) => dir)])]
}

/** Whether a path is none of ours: built, installed, hidden. */
export function isIgnored(path: string, { config }: Project): boolean {
  const built = dirname(config.cache)
  if (path === built || path.startsWith(built + sep) || path.startsWith(config.output + sep)) return true
  return relative(config.root, path)
    .split(sep)
    .some((name) => name === 'node_modules' || name === '_build' || (name.startsWith('.') && name !== '..'))
}

/** Files that shape a release wherever they lie. */
const SHAPING = /^(otp\.config\.(json|jsonc|ts|js|mjs)|(package|package-lock|tsconfig.*)\.json|(yarn|pnpm-lock)\..*)$/

/** Whether a file is code of an application, shapes the release in another way, or neither. */
export function kindOf(path: string, { config, spec, release }: Project): 'code' | 'release' | undefined {
  const name = basename(path)
  if (path === spec.sysConfig || path === spec.vmArgs || path === config.source.file) return 'release'
  if (SHAPING.test(name)) return 'release'
  for (const { dir, sourceDir } of release.applications) {
    if (!path.startsWith(dir + sep)) continue
    if (path === join(dir, 'app.json') || path.startsWith(join(dir, 'priv') + sep)) return 'release'
    if (name === 'appup.json') return undefined
    if (path.startsWith(sourceDir + sep) && moduleNameOf(path.slice(sourceDir.length + 1)) !== undefined) return 'code'
  }
  return undefined
}

/** The texts of the files that shape a release, by path; one that is not there has the empty one. */
export function shapingTexts({ config, spec, release }: Project): ReadonlyMap<string, string> {
  const dirs = [config.root, ...release.applications.map(({ dir }) => dir)]
  const paths = [
    ...[config.source.file, spec.sysConfig, spec.vmArgs],
    ...release.applications.map(({ appFile }) => appFile),
    ...dirs.flatMap((dir) => ['package.json', 'package-lock.json', 'tsconfig.json'].map((name) => join(dir, name))),
  ]
  return new Map(paths.flatMap((path) => (path === undefined ? [] : [[path, textOf(path)] as const])))
}

/** The text of a file; one that is not there has the empty one. */
export function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** When a file was saved, in ms; 0 where it is not there. */
export const savedMs = (path: string): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
