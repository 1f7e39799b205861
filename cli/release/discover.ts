/**
 * Finds every application that a release of the project may have: {@link Config} -> {@link Discovered}.
 *
 * Looked at in this order: `lib_dirs`, the project's workspaces (npm, yarn, pnpm), packages in node_modules that have an
 * app.json, and the runtime's own kernel, stdlib and sasl. The only stage besides config that reads the project.
 * OTP: the code path, and relx's discovery of OTP applications.
 */
import { readFile, realpath, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { type AppResource, completeApp } from '../../schemas/app_resource.js'
import type { Fault } from '../../schemas/fault.js'
import { nearest } from '../../schemas/nearest.js'
import { read } from '../../schemas/read.js'
import { err, ok, type Result } from '../../schemas/result.js'
import type { Appup } from '../../schemas/types.js'
import { type AppPlace, appPlaces } from './app_folders.js'
import { type Config, faultAt, type TextFile } from './config.js'
import { home } from './home.js'
import { readSources, wantedModules } from './module_source.js'
import type { PackageImport } from './trace.js'
import { compareVsn, readVsn } from './vsn.js'

/** One version of an application, somewhere. */
export interface DiscoveredApp {
  readonly name: string
  readonly vsn: string
  /** Its folder, absolute. */
  readonly dir: string
  /** Its app.json. */
  readonly source: TextFile
  /** What app.json says, version and modules looked up, defaults filled in. */
  readonly resource: AppResource
  /** Folder of its modules' sources: `src` below its folder, or the folder itself. */
  readonly sourceDir: string
  /** Its appup.json, where it has a good one. */
  readonly appup?: AppupFile
  /** The npm packages that its app.json lists; left out: none. */
  readonly packages?: readonly PackageImport[]
  /** Where it was found: a pattern of lib_dirs, `workspaces`, `node_modules` or `otp-rel`. */
  readonly origin: string
  /** Where its version was looked up; left out: app.json says it itself. */
  readonly vsnFrom?: 'git' | 'package.json'
  /** What keeps it from being part of a release. */
  readonly faults: readonly Fault[]
}

/** An appup.json. */
export interface AppupFile extends TextFile {
  readonly value: Appup
}

/** An app.json that cannot be read; nobody knows what application it is. */
export interface BrokenApp {
  /** The name that it says it has, or that of its folder without the version. */
  readonly guess: string
  readonly origin: string
  readonly faults: readonly Fault[]
}

/** Every application found. */
export interface Discovered {
  /** Versions of each application by its name, newest first, of equal ones the first found. */
  readonly apps: ReadonlyMap<string, readonly DiscoveredApp[]>
  readonly broken: readonly BrokenApp[]
  /** Where was looked, in order, in words. */
  readonly places: readonly string[]
}

/** Folder of the runtime's applications: `runtime` of the sources, or `dist/runtime` of the package. */
export const runtimeLibDir = (): string => join(home().code, 'runtime')

/** Reads every application that the project, its packages and the runtime have. */
export async function discover(config: Config, runtimeDir = runtimeLibDir()): Promise<Discovered> {
  const places = await appPlaces(config, runtimeDir)
  const folders: { folder: string; origin: string }[] = []
  const seen = new Set<string>()
  for (const { origin, candidates } of places) {
    const real = await Promise.all(candidates.map((folder) => realpath(folder).catch(() => folder)))
    for (const [index, folder] of candidates.entries()) {
      // A workspace is a link in node_modules as well.
      const at = real[index] ?? folder
      if (seen.has(at)) continue
      seen.add(at)
      folders.push({ folder: origin === 'node_modules' ? at : folder, origin })
    }
  }
  const found = await Promise.all(folders.map(({ folder, origin }) => readApp(folder, origin, config.root)))
  const apps = new Map<string, DiscoveredApp[]>()
  const broken = places.flatMap(unreadablePlace)
  for (const one of found) {
    if (one === undefined) continue
    if (one.ok) apps.set(one.value.name, [...(apps.get(one.value.name) ?? []), one.value])
    else broken.push(one.error)
  }
  // The sort is stable: equal versions keep the order in which they were found.
  for (const versions of apps.values()) versions.sort((a, b) => compareVsn(b.vsn, a.vsn))
  return { apps, broken, places: [...new Set(places.map(({ origin }) => origin))] }
}

/** A place that cannot be read may hold any application. */
function unreadablePlace({ origin, unreadable: cause }: AppPlace): BrokenApp[] {
  if (cause === undefined) return []
  const file = cause.path ?? origin
  const message = `cannot be read: ${cause.message}; applications are looked for there (${origin})`
  return [{ guess: '', origin: 'lib_dirs', faults: [{ tag: 'cannot_read', severity: 'error', message, file, cause }] }]
}

const isThere = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  )

/** @returns undefined where the folder has no app.json */
async function readApp(
  dir: string,
  origin: string,
  root: string,
): Promise<Result<DiscoveredApp, BrokenApp> | undefined> {
  const file = join(dir, 'app.json')
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (cause) {
    // only what is there and cannot be read is worth a word
    if (!(cause instanceof Error) || ('code' in cause && (cause.code === 'ENOENT' || cause.code === 'ENOTDIR')))
      return undefined
    const fault: Fault = {
      tag: 'cannot_read',
      severity: 'error',
      message: `cannot be read: ${cause.message}`,
      file,
      cause,
    }
    return err({ guess: guessName('', dir), origin, faults: [fault] })
  }
  const source = { file, text }
  const parsed = read('app', text, file)
  if (!parsed.ok) return err({ guess: guessName(text, dir), origin, faults: parsed.error })
  const app = parsed.value
  const faults: Fault[] = []
  // A package of node_modules that says "from" means its own package.json.
  const vsn = await readVsn(app.vsn, dir, origin === 'node_modules' ? dir : root)
  if (!vsn.ok) faults.push(faultAt(source, ['vsn'], 'no_vsn', vsn.error))
  const sourceDir = (await isThere(join(dir, 'src'))) ? join(dir, 'src') : dir
  const tree = await readSources(app.name, sourceDir)
  const { modules, faults: absent } = wantedModules(tree, app.modules, file)
  for (const fault of absent) faults.push(moduleFault(fault, source, app.modules ?? []))
  const resource = completeApp(app, { vsn: vsn.ok ? vsn.value : UNKNOWN_VSN, modules: modules.map(({ name }) => name) })
  if (resource === undefined) throw new Error(`a version was given for ${file} and not taken`)
  faults.push(...badMod(resource, source))
  const appup = await readAppup(join(dir, 'appup.json'))
  if (appup !== undefined && !appup.ok) faults.push(...appup.error)
  return ok({
    name: app.name,
    vsn: resource.vsn,
    dir,
    source,
    resource,
    sourceDir,
    ...(appup?.ok ? { appup: appup.value } : {}),
    ...(app.packages === undefined
      ? {}
      : { packages: app.packages.map((one, index) => listedPackage(one, index, source)) }),
    ...(typeof app.vsn === 'string' ? {} : { vsnFrom: app.vsn.from }),
    origin,
    faults,
  })
}

function listedPackage(specifier: string, index: number, source: TextFile): PackageImport {
  const { line = 1, column = 1, path } = faultAt(source, ['packages', index], '', '')
  return { specifier, file: source.file, line, column, ...(path === undefined ? {} : { path }), listed: true }
}

/** Whose app.json a wrong one is: as it says itself, where that can be made out, else as its folder is called. */
function guessName(text: string, dir: string): string {
  const written = /"name"\s*:\s*"([a-z][a-z0-9_-]*)"/.exec(text)?.[1]
  return written ?? basename(dir).replace(/-\d.*$/, '')
}

/** Stands in for a version that could not be looked up; the application has a fault that says so. */
const UNKNOWN_VSN = '0.0.0-unknown'

async function readAppup(file: string): Promise<Result<AppupFile, Fault[]> | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  const parsed = read('appup', text, file)
  return parsed.ok ? ok({ file, text, value: parsed.value }) : parsed
}

function moduleFault(
  fault: ReturnType<typeof wantedModules>['faults'][number],
  source: TextFile,
  modules: readonly string[],
): Fault {
  if (fault.tag !== 'module_not_found') throw new Error(`not about a module: ${fault.tag}`)
  const path = ['modules', modules.indexOf(fault.module)]
  const slip = fault.nearest === undefined ? '' : `; did you mean "${fault.nearest}"?`
  const message = `module "${fault.module}" is no file below ${fault.sourceDir}${slip}`
  return { ...faultAt(source, path, 'module_not_found', message), module: fault.module }
}

/** Departure: OTP finds out when it starts the application that its callback module is none of its modules. */
function badMod({ name, mod, modules }: AppResource, source: TextFile): Fault[] {
  const written = mod?.[0]
  if (written === undefined) return []
  const bare = written.startsWith(`${name}/`) ? written.slice(name.length + 1) : written
  // "kernel/application_starter" is of another application.
  if (modules.includes(bare) || bare.includes('/')) return []
  const slip = nearest(bare, modules)
  const way = slip === undefined ? `; its modules are: ${modules.join(', ') || 'none'}` : `; did you mean "${slip}"?`
  return [
    faultAt(source, ['mod', 0], 'bad_mod', `callback module "${written}" is none of the modules of "${name}"${way}`),
  ]
}
