/** One of two releases that are compared: what {@link ReleaseContent} says of each application, read and sorted out. */
import { AS_WRITTEN, readSysConfig } from '../../runtime/kernel/src/config.js'
import { type Environments, environmentsOf } from '../../runtime/sasl/src/upgrade_plan_config.js'
import type { AppResource } from '../../schemas/app_resource.js'
import type { Rel } from '../../schemas/types.js'
import { type BuiltText, builtText } from './built_module.js'
import type { ReleaseContent } from './release_content.js'

/** An npm package that an application imports. */
export interface PackageSide {
  /** `NAME@VERSION` in the store. */
  readonly key: string
  /** Stands for every file of it and of all it needs. */
  readonly content: string
}

/** An application of one side. */
export interface AppSide {
  readonly name: string
  readonly vsn: string
  readonly resource: AppResource
  /** Sums of its built modules, by name. */
  readonly sums: ReadonlyMap<string, string>
  /** Its built modules by name; empty where both sides are alike to the byte. */
  readonly modules: ReadonlyMap<string, BuiltText>
  /** By the name they are imported by. */
  readonly packages: ReadonlyMap<string, PackageSide>
  /** Sums of its priv files, by their path below priv; those of kernel, which carries the runtime, as all others. */
  readonly priv: ReadonlyMap<string, string>
  readonly bytes: number
}

/** One side. */
export interface ReleaseSide {
  readonly rel: Rel
  /** In the order of the rel file. */
  readonly apps: readonly AppSide[]
  /** `env` of app.json with sys.config merged over it. */
  readonly env: Environments
  /** Bytes of all its files. */
  readonly bytes: number
}

/** Reads both sides; modules of applications that are alike are not read. */
export async function readSides(
  old: ReleaseContent,
  next: ReleaseContent,
): Promise<{ readonly old: ReleaseSide; readonly next: ReleaseSide }> {
  return { old: await readSide(old, next), next: await readSide(next, old) }
}

async function readSide(content: ReleaseContent, other: ReleaseContent): Promise<ReleaseSide> {
  const folders = foldersOf(content)
  const others = foldersOf(other)
  const apps = await Promise.all(
    content.rel.applications.map(({ name, vsn }) => {
      const same = other.rel.applications.find((one) => one.name === name)
      const files = folders.get(`lib/${name}-${vsn}`) ?? new Map()
      return readApp(content, { name, vsn }, files, others.get(`lib/${name}-${same?.vsn}`) ?? new Map())
    }),
  )
  const sizes = await Promise.all([...content.sums.keys()].map((path) => content.size(path)))
  return {
    rel: content.rel,
    apps,
    env: environmentsOf(
      // A resource is a record of JSON values, which its interface does not say.
      apps.map(({ resource }) => resource as unknown as Readonly<Record<string, unknown>>),
      await readConfig(content),
    ),
    bytes: sizes.reduce((a, b) => a + b, 0),
  }
}

/** Files by the two first steps of their path, each by the rest. */
function foldersOf({ sums }: ReleaseContent): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const folders = new Map<string, Map<string, string>>()
  for (const [path, sum] of sums) {
    const [folder, rest] = /^(lib\/[^/]+)\/(.*)$/.exec(path)?.slice(1) ?? []
    if (folder === undefined || rest === undefined) continue
    const files = folders.get(folder) ?? new Map<string, string>()
    folders.set(folder, files.set(rest, sum))
  }
  return folders
}

async function readApp(
  content: ReleaseContent,
  { name, vsn }: { readonly name: string; readonly vsn: string },
  files: ReadonlyMap<string, string>,
  others: ReadonlyMap<string, string>,
): Promise<AppSide> {
  const dir = `lib/${name}-${vsn}`
  // Written by the build, as its own type.
  const resource = JSON.parse(await content.text(`${dir}/ebin/app.json`)) as AppResource
  const sums = new Map<string, string>()
  for (const module of [...resource.modules].sort()) {
    const sum = files.get(`ebin/${fileOf(module)}`)
    if (sum !== undefined) sums.set(module, sum)
  }
  const packages = new Map<string, PackageSide>()
  const priv = new Map<string, string>()
  for (const [path, sum] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (path.startsWith('priv/')) priv.set(path.slice('priv/'.length), sum)
    const key = /^-> .*\.npm\/(.+?)\/node_modules\//.exec(sum)?.[1]
    if (path.startsWith('node_modules/') && key !== undefined) {
      packages.set(path.slice('node_modules/'.length), { key, content: packageContent(content, key) })
    }
  }
  const linked = (all: ReadonlyMap<string, string>) => [...all].filter(([path]) => /^(ebin|node_modules)\//.test(path))
  const alike = JSON.stringify(linked(files)) === JSON.stringify(linked(others)) && [...packages.values()].length === 0
  const modules = alike
    ? new Map<string, BuiltText>()
    : new Map(
        await Promise.all(
          [...sums.keys()].map(async (module) => {
            return [module, builtText(await content.text(`${dir}/ebin/${fileOf(module)}`))] as const
          }),
        ),
      )
  const sizes = await Promise.all([...files.keys()].map((path) => content.size(`${dir}/${path}`)))
  return { name, vsn, resource, sums, modules, packages, priv, bytes: sizes.reduce((a, b) => a + b, 0) }
}

const fileOf = (module: string): string => (module.endsWith('.json') ? module : `${module}.js`)

/** Every file of a package of the store and of the packages it leads to, with their sums. */
function packageContent({ sums }: ReleaseContent, key: string): string {
  const byKey = new Map<string, [string, string][]>()
  for (const [path, sum] of sums) {
    const of = /^lib\/\.npm\/(.+?)\/node_modules\//.exec(path)?.[1]
    if (of === undefined) continue
    byKey.set(of, [...(byKey.get(of) ?? []), [path, sum]])
  }
  const seen = new Set<string>()
  const walk = (one: string): void => {
    if (seen.has(one)) return
    seen.add(one)
    for (const [, sum] of byKey.get(one) ?? []) {
      const target = /^-> (?:\.\.\/)+(.+?)\/node_modules\//.exec(sum)?.[1]
      if (target !== undefined) walk(target)
    }
  }
  walk(key)
  return [...seen]
    .sort()
    .flatMap((one) => (byKey.get(one) ?? []).map(([path, sum]) => `${path} ${sum}`))
    .sort()
    .join('\n')
}

async function readConfig(content: ReleaseContent) {
  const dir = `releases/${content.rel.vsn}`
  const texts = new Map<string, string>()
  for (const path of content.sums.keys()) {
    if (path.startsWith(`${dir}/`) && path.endsWith('.json')) texts.set(`/${path}`, await content.text(path))
  }
  const read = readSysConfig(
    [`/${dir}/sys.config.json`],
    (file) => {
      const text = texts.get(file)
      if (text === undefined) throw new Error(`${file} is no file of the release`)
      return text
    },
    AS_WRITTEN,
  )
  return read.ok ? read.value : {}
}
