/**
 * Compiles the modules of applications: TypeScript or JavaScript -> ES module (esbuild, one file at a time) -> built
 * module with resolved imports and a composed source map.
 *
 * Nothing is bundled or inlined across modules, so each module can be replaced on its own in a running node. A module
 * is compiled when its text, its tsconfig.json or what its imports lead to has changed; otherwise it comes from the
 * cache. Faults of all files are gathered, each with file, line and column.
 * OTP: the compiler, which systools leaves to make; the checks are those of xref and of `systools_make:check_mods`.
 */
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, extname, join } from 'node:path'
import type { ImportTarget, ModuleMeta } from '../../runtime/erts/linker/meta.js'
import type { AppResource } from '../../schemas/app_resource.js'
import { dependencyNames } from '../../schemas/app_resource.js'
import { err, ok, type Result } from '../../schemas/result.js'
import { behaviourWarnings } from './behaviour_check.js'
import type { BehaviourFacts } from './behaviour_facts.js'
import { type Cache, cacheKey, noCache } from './cache.js'
import { type CompileFault, type CompileWarning, sortFaults } from './compile_fault.js'
import { type CacheEntry, CompileMemory, type SourceText, type SourceWorld } from './compile_memory.js'
import { type CompiledApplication, type CompiledModule, type PackageUse, targets } from './compiled.js'
import { type EsFault, type EsModule, toEsModules } from './es_module.js'
import { type Home, home } from './home.js'
import { type ImportApplication, type ImportWorld, resolveImport } from './module_import.js'
import { claims, type ModuleSource, readSources, wantedModules } from './module_source.js'
import type { EntryManifest } from './package_folders.js'
import { placeOf } from './place_in_text.js'
import { preloadedTrees } from './runtime_bundle.js'
import { tsconfigText } from './tsconfig_text.js'
import { topLevelAwaits, undefinedExports } from './xref.js'

/** An application to compile: what a resolved one says that matters here. */
export interface CompileInput {
  readonly name: string
  readonly vsn: string
  /** Its app.json. */
  readonly appFile: string
  /** Folder of its modules' sources, absolute. */
  readonly sourceDir: string
  readonly resource: AppResource
}

/** What a compilation gives. */
export interface Compiled {
  /** In the order they were given. */
  readonly applications: readonly CompiledApplication[]
  /** Modules that were compiled now, by id; all others came from the cache. */
  readonly fresh: readonly string[]
  readonly warnings: readonly CompileWarning[]
}

/** Settings of a compilation. */
export interface CompileOptions {
  /** Default: one that forgets. */
  readonly cache?: Cache
  /** Where otp-rel's own files are; default: found. */
  readonly home?: Home
  /** What an earlier compilation of the same applications read and made, and this one adds to; default: nothing. */
  readonly memory?: CompileMemory
}

/** Compiles every module of the given applications, which are a closed set: imports lead only into these. */
export async function compile(
  applications: readonly CompileInput[],
  options: CompileOptions = {},
): Promise<Result<Compiled, readonly CompileFault[]>> {
  const { cache = noCache, home: at = home(), memory = new CompileMemory() } = options
  const sources = await memory.sources(() => readSourceWorld(applications, at))
  const { world, wanted } = sources
  const faults = [...sources.faults]
  const code = [...wanted.values()].flat().filter(({ kind }) => kind === 'code')
  const jobs = await Promise.all(code.map(async (source) => readJob(source, world, memory)))
  jobs.sort((a, b) => (a.source.id < b.source.id ? -1 : 1))

  const built = new Map<string, CompiledModule>()
  const facts = new Map<string, BehaviourFacts>()
  const keep = (job: Job, entry: CacheEntry): void => {
    const { source, key } = job
    const before = memory.built.get(source.id)
    const module = before?.entry === entry ? before.module : builtModule(job, entry)
    memory.built.set(source.id, { key, entry, module, world })
    built.set(source.id, module)
    facts.set(source.id, entry.behaviour)
  }
  const stale: Job[] = []
  await Promise.all(
    jobs.map(async (job) => {
      const before = memory.built.get(job.source.id)
      const isSame = before?.key === job.key
      const entry = isSame ? before.entry : await cache.get<CacheEntry>(job.key)
      const leads = entry !== undefined && ((isSame && before.world === world) || stillLeads(entry, job, world))
      if (leads) keep(job, entry)
      else stale.push(job)
    }),
  )
  stale.sort((a, b) => (a.source.id < b.source.id ? -1 : 1))

  // Any number of them: not as arguments of a call.
  let warnings: readonly CompileWarning[] = []
  if (stale.length > 0) {
    const made = await build(stale, world)
    for (const fault of made.faults) faults.push(fault)
    warnings = made.warnings
    const written = made.entries.map(async ([job, entry]) => {
      // What esbuild has read may be either text: it is remembered under no key, and the next compilation looks again.
      const isSure = isUnchanged(job)
      keep(isSure ? job : { ...job, key: '' }, entry)
      if (isSure) await cache.put(job.key, entry)
    })
    await Promise.all(written)
  }
  if (faults.length > 0) return err(sortFaults(faults))

  await addJson(built, sources, memory)
  const texts = new Map(jobs.map(({ source, text }) => [source.id, text]))
  const starting = applications.map(({ name, appFile, resource }) => ({ name, appFile, module: started(resource) }))
  const behaviours = behaviourWarnings(built, facts, starting)
  warnings = [...warnings, ...undefinedExports(built, texts), ...topLevelAwaits(built), ...behaviours]
  const compiled = applications.map(({ name, vsn }) => {
    const modules = [...built.values()].filter(({ application }) => application === name)
    return { name, vsn, modules: modules.sort((a, b) => (a.name < b.name ? -1 : 1)) }
  })
  return ok({ applications: compiled, fresh: stale.map(({ source }) => source.id), warnings })
}

/** Which files there are, and what imports may lead to. */
async function readSourceWorld(applications: readonly CompileInput[], at: Home): Promise<SourceWorld> {
  const trees = await Promise.all(applications.map(({ name, sourceDir }) => readSources(name, sourceDir)))
  const faults: CompileFault[] = claims(trees)
  const importers = new Map<string, ImportApplication>()
  const packages = new Map<string, ImportApplication>()
  const wanted = new Map<string, readonly ModuleSource[]>()
  for (const [index, { name, appFile, resource }] of applications.entries()) {
    const sources = trees[index] ?? { application: name, dir: '', files: [] }
    const dependencies = new Set([...dependencyNames(resource), ...resource.included_applications, name])
    for (const optional of resource.optional_applications) dependencies.add(optional)
    const manifest = manifestBeside(appFile)
    const importer = { name, appFile, dependencies, sources, manifest }
    importers.set(name, importer)
    if (typeof manifest.name === 'string') packages.set(manifest.name, importer)
    const named = resource.modules.length > 0 ? resource.modules : undefined
    const found = wantedModules(sources, named, appFile)
    wanted.set(name, found.modules)
    for (const fault of found.faults) faults.push(fault)
  }
  return { world: { applications: importers, packages, preloaded: await preloadedTrees(at) }, wanted, faults }
}

/** The package.json of an application's folder; empty where there is none. */
function manifestBeside(appFile: string): EntryManifest & { readonly name?: unknown } {
  try {
    // each field is looked at before use; what is wrong with the file is told by whoever needs it
    return (JSON.parse(readFileSync(join(dirname(appFile), 'package.json'), 'utf8')) ?? {}) as EntryManifest
  } catch {
    return {}
  }
}

interface Job extends SourceText {
  readonly source: ModuleSource
  readonly importer: ImportApplication
}

async function readJob(source: ModuleSource, world: ImportWorld, memory: CompileMemory): Promise<Job> {
  const read = await memory.text(source.file, async () => {
    const text = readFileSync(source.file, 'utf8') // they are many and small
    const settings = await tsconfigText(dirname(source.file))
    return { text, key: cacheKey('module', TOOLS, source.id, extname(source.file), settings, text) }
  })
  const importer = world.applications.get(source.application)
  if (importer === undefined) throw new Error(`${source.id} is of no application that is compiled`)
  return { source, importer, ...read }
}

/** Whether a file still holds the text whose key it has: esbuild reads it for itself, and somebody may be saving it. */
function isUnchanged({ source, text }: Job): boolean {
  try {
    return readFileSync(source.file, 'utf8') === text
  } catch {
    return false
  }
}

/** The callback module of an application; behind the application starter where that is used. */
function started({ mod }: AppResource): string | undefined {
  if (mod?.[0] !== 'application_starter') return mod?.[0]
  const own: unknown = Array.isArray(mod[1]) ? mod[1][0] : undefined
  return typeof own === 'string' ? own : undefined
}

/** What a cached text depends on beside its source: raise it when the pipeline's output changes. */
const TOOLS = 'esbuild 0.28 node20, transform 2, behaviours 2'

/** Whether every specifier of a cached module leads where it led. */
function stillLeads({ requests }: CacheEntry, { source, importer }: Job, world: ImportWorld): boolean {
  return requests.every(([specifier, target]) => {
    const now = resolveImport(specifier, importer, source.file, world)
    return 'target' in now && JSON.stringify(now.target) === JSON.stringify(target)
  })
}

function builtModule({ source, text }: Job, { code, map, meta, behaviour }: CacheEntry): CompiledModule {
  const { application, name, id, file } = source
  const packages = packagesOf(meta, file, text)
  return { application, name, id, source: file, file: `${name}.js`, code, map, meta, packages, behaviour }
}

function packagesOf(meta: ModuleMeta, file: string, text: string): PackageUse[] {
  const fixed = new Set(meta.imports.flatMap((one) => ('p' in one ? [one.p] : [])))
  const all = new Set(targets(meta).flatMap((one) => ('p' in one ? [one.p] : [])))
  return [...all].map((specifier) => ({
    specifier,
    file,
    ...placeOf(specifier, text),
    optional: !fixed.has(specifier),
  }))
}

/** Compiles what the cache does not have. */
async function build(jobs: readonly Job[], world: ImportWorld) {
  const faults: CompileFault[] = []
  const entries: [Job, CacheEntry][] = []
  const transforming = {
    ...(await import('./transform.js')),
    ...(await import('./transform_error.js')),
    ...(await import('./behaviour_facts.js')),
  }
  const es = await toEsModules(jobs.map(({ source }) => source))
  for (const job of jobs) {
    const module = es.modules.get(job.source.id)
    if (module === undefined) continue
    const made = toBuiltModule(job, module, world, transforming)
    if (made.ok) entries.push([job, made.value])
    else for (const fault of made.error) faults.push(fault)
  }
  const asFault = (fault: EsFault): CompileFault => ({ tag: 'syntax_error', ...fault })
  const asWarning = (fault: EsFault): CompileWarning => ({ tag: 'suspicious', ...fault })
  return { faults: [...es.faults.map(asFault), ...faults], warnings: es.warnings.map(asWarning), entries }
}

type TransformModule = typeof import('./transform.js') &
  typeof import('./transform_error.js') &
  typeof import('./behaviour_facts.js')

function toBuiltModule(
  { source, importer, text }: Job,
  { code, map }: EsModule,
  world: ImportWorld,
  { transform, TransformError, formatTransformProblem, behaviourFacts }: TransformModule,
): Result<CacheEntry, CompileFault[]> {
  const { file } = source
  const faults: CompileFault[] = []
  const requests: [string, ImportTarget][] = []
  const depth = source.name.split('/').length
  // the source that the map leads to: the file itself, or the TypeScript that somebody else compiled it from
  const called = (path: string) => `${'../'.repeat(depth)}src/${source.name}${extname(path) || extname(file)}`
  const inputMap = { ...map, sources: map.sources.map(called) }
  const resolve = (specifier: string): ImportTarget => {
    const outcome = resolveImport(specifier, importer, file, world)
    if ('target' in outcome) {
      requests.push([specifier, outcome.target])
      return outcome.target
    }
    faults.push({ tag: 'bad_import', file, ...placeOf(specifier, text), fault: outcome.fault })
    return { p: specifier }
  }
  const name = `${source.name.split('/').at(-1)}${extname(file)}`
  try {
    const built = transform(code, { filename: name, inputMap, resolve })
    if (faults.length > 0) return err(faults)
    const behaviour = behaviourFacts({ code, map })
    return ok({ code: built.code, map: JSON.stringify(built.map), meta: built.meta, requests, behaviour })
  } catch (thrown) {
    if (!(thrown instanceof TransformError)) throw thrown
    const { line, column } = thrown.problem.place
    const said = formatTransformProblem(thrown.problem).slice(`${name}:${line}:${column}: `.length)
    return err([...faults, { tag: 'syntax_error', file, line, column, text: said }])
  }
}

/** Adds the JSON files that modules import or app.json names. */
async function addJson(
  built: Map<string, CompiledModule>,
  { wanted, world }: SourceWorld,
  memory: CompileMemory,
): Promise<void> {
  const ids = new Set(
    [...built.values()].flatMap(({ meta }) => targets(meta).map((target) => ('m' in target ? target.m : ''))),
  )
  const all = [...world.applications.values()].flatMap(({ sources }) => sources.files)
  const named = new Set([...wanted.values()].flat().map(({ id }) => id))
  for (const { application, name, id, file, kind } of all) {
    if (kind !== 'json' || (!ids.has(id) && !named.has(id))) continue
    const { text: code } = await memory.text(file, async () => ({ text: await readFile(file, 'utf8'), key: '' }))
    const module = { application, name, id, source: file, file: name, code, map: undefined, meta: undefined }
    built.set(id, { ...module, packages: [] })
  }
}
