/**
 * Finds the npm packages that the built modules of applications reach: from the bare specifiers in their imports,
 * through the files of the packages (@vercel/nft reads these as Node would load them), to package folders.
 *
 * What is reached travels, each package whole (see package_store.ts for why). A package that cannot be found, or does
 * not have the entry that is imported, is a fault of the importing line.
 * OTP has no counterpart; the nearest is a release's list of applications from outside.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Fault, formatFault } from '../../schemas/fault.js'
import { err, ok, type Result } from '../../schemas/result.js'
import { type Cache, noCache } from './cache.js'
import type { CompiledApplication } from './compiled.js'
import { openPackages, packageName } from './package_folders.js'
import { type StoreLink, storeKeys, storeLinks } from './package_store.js'
import type { SourcePlace } from './place_in_text.js'
import type { ResolvedApplication } from './resolve.js'
import { reach } from './trace_files.js'

/** An application's imports from npm packages. */
export interface TraceInput {
  readonly application: string
  /** The folder from which packages are looked for, upwards: the application's own. */
  readonly dir: string
  /** In any order; a specifier may stand there more than once. */
  readonly imports: readonly PackageImport[]
}

/** One import of a package. */
export interface PackageImport extends SourcePlace {
  readonly specifier: string
  /** A dynamic import: the code may live without the package, so its absence is no fault. Default false. */
  readonly optional?: boolean
  /** Not imported, but named in "packages" of app.json; `path` says where in it. Default false. */
  readonly listed?: boolean
  readonly path?: string
}

/** What is traced for the applications of a release: what their modules import, and what their app.json lists. */
export const traceInputs = (
  applications: readonly Pick<ResolvedApplication, 'name' | 'dir' | 'packages'>[],
  compiled: readonly CompiledApplication[],
): readonly TraceInput[] =>
  applications.map(({ name, dir, packages = [] }, index) => {
    const imports = compiled[index]?.modules.flatMap((module) => module.packages) ?? []
    return { application: name, dir, imports: [...imports, ...packages] }
  })

/** A package that travels. */
export interface TracedPackage {
  readonly name: string
  readonly version: string
  readonly license?: string
  /** Its folder in the store, below `lib/.npm`. */
  readonly key: string
  /** Its folder on the build machine. */
  readonly dir: string
  /** Links beside it, by name. */
  readonly links: readonly StoreLink[]
}

/** Everything from npm that a release carries. */
export interface Traced {
  /** By key, each once. */
  readonly packages: readonly TracedPackage[]
  /** Links in `lib/APP-VSN/node_modules`, by application. */
  readonly links: ReadonlyMap<string, readonly StoreLink[]>
  /** Files of packages that are not installed but the project's own, absolute: those that are loaded. */
  readonly files: readonly string[]
}

type Asked = SourcePlace & Pick<PackageImport, 'listed' | 'path'>

/** Why an import leads to no package. */
export type TraceFault =
  /** No folder `node_modules/NAME` at or above the application. */
  | (Asked & {
      readonly tag: 'package_not_found'
      readonly specifier: string
      readonly name: string
      readonly application: string
    })
  /** The package is there, its entry is not: no such file, or its package.json does not export it. */
  | (Asked & {
      readonly tag: 'package_entry_not_found'
      readonly specifier: string
      readonly name: string
      readonly dir: string
      /** The file that its package.json leads to, where it leads to one. */
      readonly missing?: string
    })
  /** Node would have to load TypeScript, which it does from no package. */
  | (Asked & {
      readonly tag: 'package_is_typescript'
      readonly specifier: string
      readonly name: string
      readonly dir: string
      readonly application: string
      readonly found: string
      /** Whether it has an app.json. */
      readonly isApplication: boolean
    })
  /** The package has no name or version, so it cannot be put into the store. */
  | (Asked & {
      readonly tag: 'package_without_version'
      readonly specifier: string
      readonly name: string
      readonly dir: string
    })

/** Traces all applications of a release together, so that they share instances. */
export async function trace(
  inputs: readonly TraceInput[],
  options: { readonly cache?: Cache } = {},
): Promise<Result<Traced, readonly TraceFault[]>> {
  const { cache = noCache } = options
  const used = inputs.filter(({ imports }) => imports.length > 0)
  if (used.length === 0) return ok({ packages: [], links: new Map(), files: [] })

  const world = openPackages()
  const faults: TraceFault[] = []
  const roots = new Map<string, Map<string, string>>()
  for (const { application, dir, imports } of used) {
    const found = new Map<string, string>()
    for (const one of imports) {
      const name = packageName(one.specifier)
      const folder = await world.locate(dir, name)
      if (folder === undefined && one.optional === true) continue
      if (folder === undefined) faults.push({ tag: 'package_not_found', ...one, name, application })
      else if ((await world.read(folder)) === undefined)
        faults.push({ tag: 'package_without_version', ...one, name, dir: folder })
      else if (!isWhole(one) && !(await world.exports(folder, one.specifier.slice(name.length))))
        faults.push({ tag: 'package_entry_not_found', ...one, name, dir: folder })
      else found.set(name, folder)
    }
    roots.set(application, found)
  }
  const known = used.map((input) => ({
    ...input,
    imports: input.imports.filter(({ specifier }) => roots.get(input.application)?.has(packageName(specifier))),
  }))
  const reached = await reach(known, cache)
  const folderOf = (application: string, { specifier }: PackageImport) =>
    roots.get(application)?.get(packageName(specifier)) ?? ''
  for (const [one, application] of reached.unresolved) {
    // that it travels is all that is asked for; perhaps it is data, or a program
    if (isWhole(one)) continue
    const [name, dir] = [packageName(one.specifier), folderOf(application, one)]
    const missing = await world.entry(dir, one.specifier.slice(name.length))
    faults.push({
      tag: 'package_entry_not_found',
      ...one,
      name,
      dir,
      ...(missing === undefined ? {} : { missing: join(dir, missing) }),
    })
  }
  for (const [one, application, found] of reached.typescript) {
    const [name, dir] = [packageName(one.specifier), folderOf(application, one)]
    const isApplication = existsSync(join(dir, 'app.json'))
    faults.push({ tag: 'package_is_typescript', ...one, name, dir, application, found, isApplication })
  }
  if (faults.length > 0) return err(faults)

  // keys come from the whole installed closure, so that they do not depend on what this release reaches
  const rootDirs = [...roots.values()].flatMap((found) => [...found.values()])
  const folders = await world.closure([...rootDirs, ...reached.dirs])
  const byDir = new Map(folders.map((folder) => [folder.dir, folder]))
  const keys = storeKeys(folders)
  const packages = new Map<string, TracedPackage>()
  for (const dir of new Set([...rootDirs, ...reached.dirs])) {
    const [folder, key] = [byDir.get(dir), keys.get(dir)]
    if (folder === undefined || key === undefined || packages.has(key)) continue
    const { name, version, license } = folder
    const links = storeLinks(folder, byDir, keys)
    packages.set(key, { name, version, ...(license === undefined ? {} : { license }), key, dir, links })
  }
  const links = new Map<string, readonly StoreLink[]>()
  for (const [application, found] of roots) {
    links.set(application, storeLinks({ dir: '', name: '', version: '', dependencies: found }, byDir, keys))
  }
  const files = reached.files.filter((file) => !isInstalled(file))
  return ok({ packages: [...packages.values()].sort((a, b) => (a.key < b.key ? -1 : 1)), links, files })
}

/** The fault with its place and words. @param show how it names files */
export function traceFault(fault: TraceFault, show: (file: string) => string = (file) => file): Fault {
  const said = fault.listed === true ? `"${fault.specifier}"` : `import of "${fault.specifier}"`
  return { ...fault, severity: 'error', message: `${said}: ${words(fault, show)}` }
}

function words(fault: TraceFault, show: (file: string) => string): string {
  switch (fault.tag) {
    case 'package_not_found':
      return `package "${fault.name}" is in no node_modules at or above the application "${fault.application}"; add it to "dependencies" of package.json and run npm install`
    case 'package_entry_not_found': {
      const { name, dir, missing } = fault
      if (missing === undefined) return `package "${name}" has no such entry, or its package.json does not export it`
      const wayOut = isInstalled(dir)
        ? 'install it again'
        : 'build the package first; "build_hooks" of otp.config.json can do that'
      return `${show(missing)} is not there, to which package.json of "${name}" leads; ${wayOut}`
    }
    case 'package_is_typescript': {
      const { name, application, found, isApplication } = fault
      const way = `give the package a build that makes JavaScript ("build_hooks" of otp.config.json can run it) and lead "exports" of its package.json there`
      const other = isApplication
        ? `its folder is an application: name that in "applications" of app.json of "${application}", and lead "exports" to one of its modules`
        : `or make it an application, with an app.json that "${application}" names in "applications"`
      const what = `${show(found)} is TypeScript, and Node loads none from a package such as "${name}"`
      return isApplication ? `${what}; ${other}` : `${what}; ${way}, ${other}`
    }
    case 'package_without_version':
      return `package.json of "${fault.name}" has no name and version; a release keeps packages by these`
  }
}

/** A package that app.json lists, without saying which file of it. */
const isWhole = ({ specifier, listed }: PackageImport): boolean =>
  listed === true && packageName(specifier) === specifier

/** Whether a path is that of an installed package, or in one. */
export const isInstalled = (dir: string): boolean => /[/\\]node_modules[/\\]/.test(dir)

/** The fault as one sentence, place first. */
export const formatTraceFault = (fault: TraceFault): string => formatFault(traceFault(fault))
