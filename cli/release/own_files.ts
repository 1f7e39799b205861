/** What a release has of the project beside its applications: overlays, sources, and links in place of copies. */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Fault } from '../../schemas/fault.js'
import { err, type Result } from '../../schemas/result.js'
import type { CompiledApplication } from './compiled.js'
import { type Config, faultAt, type ReleaseSpec, settingPath } from './config.js'
import type { FoundFile, Sums } from './files.js'
import { overlayActions, overlayVariables } from './overlay.js'
import type { DevLink, FileAction, ReleasePlan } from './plan.js'
import type { ResolvedRelease } from './resolve.js'
import type { Traced } from './trace.js'

/** Overlays of a release, as file actions; or every fault. */
export async function overlaysOf(
  { source, root, profiles }: Config,
  { spec, rel, applications }: ResolvedRelease,
  sums: Sums,
): Promise<Result<readonly FileAction[], readonly Fault[]>> {
  const variables = await overlayVariables(spec.overlayVars, {
    name: rel.name,
    vsn: rel.vsn,
    erts: rel.erts,
    profiles,
    applications: applications.map(({ name, vsn, resource }) => ({ name, vsn, description: resource.description })),
  })
  if (!variables.ok) {
    const { tag, message, file } = variables.error
    return err([
      file === undefined ? faultAt(source, settingPath(spec, 'overlay_vars'), tag, message) : variables.error,
    ])
  }
  return overlayActions({ overlay: spec.overlay, variables: variables.value, root, source, sums, dev: spec.devMode })
}

/** Sources of the project's modules, by application, below `src`. The runtime's own stay out. */
export function sourcesOf(
  { applications }: ResolvedRelease,
  compiled: readonly CompiledApplication[],
  sums: Sums,
): Promise<readonly (readonly FoundFile[])[]> {
  return Promise.all(
    applications.map(async ({ origin }, index) => {
      const modules = origin === 'otp-rel' ? [] : (compiled[index]?.modules ?? [])
      const found = modules.map(({ name, source }) => sums.of(source, name + ending(source)))
      return (await Promise.all(found)).filter((file) => file !== undefined)
    }),
  )
}

/** `.ts`; a module's name may have dots of its own, and a JSON module's has its ending. */
const ending = (file: string): string => (/\.json$/.test(file) ? '' : (/\.[cm]?[jt]sx?$/.exec(file)?.[0] ?? ''))

/** Everything that is linked in a release for development; overlays link themselves. @param configs below releases/VSN */
export function devLinks(
  { spec, rel, applications }: ResolvedRelease,
  { packages }: Traced,
  node: FoundFile | undefined,
  configs: readonly string[],
): readonly DevLink[] {
  const priv = applications.flatMap(({ name, vsn, dir, origin }): DevLink[] => {
    const target = join(dir, 'priv')
    return origin === 'otp-rel' || !existsSync(target) ? [] : [{ path: `lib/${name}-${vsn}/priv`, target }]
  })
  const { sysConfig, vmArgs } = spec
  const files = configs.flatMap((name, index): DevLink[] => {
    if (sysConfig === undefined) return []
    return [{ path: `releases/${rel.vsn}/${name}`, target: index === 0 ? sysConfig : join(dirname(sysConfig), name) }]
  })
  return [
    ...(node === undefined ? [] : [{ path: `erts-${rel.erts}/bin/node`, target: node.from }]),
    ...packages.map(({ name, key, dir }) => ({ path: `lib/.npm/${key}/node_modules/${name}`, target: dir })),
    ...priv,
    ...files,
    ...(vmArgs === undefined ? [] : [{ path: `releases/${rel.vsn}/vm.args`, target: vmArgs }]),
  ]
}

/** A package of a release for development would lead to folders that are on this machine only. */
export function devPackageFault({ source }: Config, spec: ReleaseSpec): Fault {
  const message = 'a release of links cannot be packed; pack it with "dev_mode": false, for example with --profile prod'
  return faultAt(source, settingPath(spec, 'dev_mode'), 'dev_package', message)
}

/** An overlay has the name of a file that the build makes. */
export function collisionFault({ source }: Config, { spec }: ResolvedRelease, path: string): Fault {
  const message = `an overlay makes "${path}", which the build makes itself; give it another name`
  return faultAt(source, settingPath(spec, 'overlay'), 'bad_overlay', message)
}

/** Whether something came before; a release has thousands of files. */
function repeated(): (path: string) => boolean {
  const seen = new Set<string>()
  return (path) => seen.size === seen.add(path).size
}

/** Paths that two actions make: an overlay has the name of a file of the build. */
export function madeTwice({ groups }: ReleasePlan): readonly string[] {
  const paths = groups.flatMap(({ actions }) => actions.map(({ path }) => path))
  return [...new Set(paths.filter(repeated()))]
}
