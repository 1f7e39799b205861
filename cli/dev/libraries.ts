/**
 * Libraries of the project: npm packages that its applications import and that are no installed ones, most often
 * workspaces. What a release has of them changes when they are built, by hand, by a watching compiler or by `build_hooks`.
 */
import { basename, extname, sep } from 'node:path'
import type { Cache } from '../release/cache.js'
import type { CompiledApplication } from '../release/compiled.js'
import { isInstalled, trace, traceInputs } from '../release/trace.js'
import type { Project } from './project.js'

/** A library. */
export interface Library {
  readonly name: string
  /** Its folder, absolute. */
  readonly dir: string
  /** The files of it that the release loads, absolute. */
  readonly loaded: ReadonlySet<string>
}

/** The libraries that the applications of a release import; none where they cannot be traced: the build says why. */
export async function librariesOf(
  { release }: Project,
  compiled: readonly CompiledApplication[],
  cache: Cache,
): Promise<readonly Library[]> {
  const traced = await trace(traceInputs(release.applications, compiled), { cache })
  if (!traced.ok) return []
  const { packages, files } = traced.value
  return packages
    .filter(({ dir }) => !isInstalled(dir))
    .map(({ name, dir }) => ({ name, dir, loaded: new Set(files.filter((file) => file.startsWith(dir + sep))) }))
}

/** The library that a path is in, where the path is one of its files that are loaded, or a source. */
export function libraryOf(path: string, libraries: readonly Library[]): Library | undefined {
  return libraries.find(({ dir, loaded }) => loaded.has(path) || (path.startsWith(dir + sep) && isSource(path)))
}

const isSource = (path: string): boolean =>
  /^\.([cm]?[jt]s|[jt]sx)$/.test(extname(path)) && !/\.d\.[cm]?ts$/.test(basename(path))
