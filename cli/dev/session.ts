/**
 * A session of `otp-rel dev`: one release, its node, and what becomes of each save.
 *
 *   code                  compiled here; the changed modules go through the running node's upgrade path, state kept
 *   anything else         (app.json, configuration, priv, packages) the release is built anew and the node restarted
 *   what has faults       is shown; the node runs on as it is
 *
 * One thing at a time: what is saved meanwhile is looked at afterwards, all at once. Longer than others since all of it
 * changes the same state.
 */
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join, relative, sep } from 'node:path'
import type { Fault } from '../../schemas/fault.js'
import { err, ok, type Result } from '../../schemas/result.js'
import type { NodeContext } from '../node/command.js'
import { build, forDev } from '../release/build.js'
import { type Cache, openCache } from '../release/cache.js'
import { compile } from '../release/compile.js'
import { compileFault, compileWarning } from '../release/compile_fault.js'
import type { CompiledModule } from '../release/compiled.js'
import type { Config, ConfigOptions } from '../release/config.js'
import { projectConfig } from '../release/config_implied.js'
import type { ReleaseSpec } from '../release/config_spec.js'
import { readRelease } from '../release/release.js'
import type { ResolvedRelease } from '../release/resolve.js'
import type { Failure } from '../render/failure.js'
import { devScript, type ModuleChange, type Modules, moduleChange, modulesOf } from './change.js'
import { callMessage, type DevNode, startNode } from './node_process.js'

/** What a session tells while it runs. */
export type DevEvent =
  | {
      readonly event: 'started'
      readonly name: string
      readonly vsn: string
      readonly pid: number
      readonly ms: number
    }
  /** A change runs. */
  | {
      readonly event: 'live'
      readonly ms: number
      readonly changed: readonly string[]
      readonly added: readonly string[]
      readonly removed: readonly string[]
      /** Processes whose state was converted; children of supervisors that began and ended with it. */
      readonly migrated: number
      readonly started: readonly string[]
      readonly stopped: readonly string[]
      readonly longest_pause_ms: number
      readonly warnings: readonly Fault[]
    }
  /** What was saved makes the same code. */
  | { readonly event: 'same'; readonly paths: readonly string[] }
  /** It cannot be built; what ran before runs. */
  | { readonly event: 'faults'; readonly faults: readonly Fault[] }
  /** The node refused it or took it back. */
  | { readonly event: 'refused'; readonly message: string }
  | { readonly event: 'restarting'; readonly why: string }
  | { readonly event: 'ended'; readonly how: number | string }

/** What a session is about. */
export interface SessionOptions {
  /** The configuration file, or the folder of a project that needs none. */
  readonly project: string
  readonly config: ConfigOptions
  /** The release, `NAME` or `NAME-VSN`. */
  readonly release: string
  /** Parameters for the node. */
  readonly args: readonly string[]
  /** Whether our output is for programs. */
  readonly json: boolean
  readonly context: NodeContext
  readonly tell: (event: DevEvent) => void
}

/** A running session. */
export interface Session {
  /** Folders to watch. */
  readonly folders: readonly string[]
  /** Whether a path is none of ours: built, installed, hidden. */
  ignored(path: string): boolean
  /** Looks at all code: what was saved before anybody watched. */
  look(): void
  /** Something was saved. */
  saved(paths: readonly string[], sinceMs: number): void
  /** Builds anew and starts the node again, with new state. */
  restart(why: string): void
  close(): Promise<void>
}

interface Project {
  readonly config: Config
  readonly spec: ReleaseSpec
  readonly release: ResolvedRelease
}

/** Builds the release, starts its node, and is ready for changes. */
export async function openSession(options: SessionOptions): Promise<Result<Session, Failure>> {
  const session = new DevSession(options)
  const opened = await session.open()
  return opened.ok ? ok(session) : opened
}

class DevSession implements Session {
  readonly #options: SessionOptions
  readonly #texts = new Map<string, string>()
  #project: Project | undefined
  #cache: Cache | undefined
  #node: DevNode | undefined
  #running: Modules = new Map()
  #work: Promise<void> = Promise.resolve()
  #pending: { readonly paths: Set<string>; readonly sinceMs: number } | undefined
  #closed = false

  constructor(options: SessionOptions) {
    this.#options = options
  }

  get folders(): readonly string[] {
    if (this.#project === undefined) return []
    const { config, spec, release } = this.#project
    const own = release.applications.filter(({ origin }) => origin !== 'otp-rel' && origin !== 'node_modules')
    const named = [
      config.root,
      ...[spec.sysConfig, spec.vmArgs].flatMap((file) => (file === undefined ? [] : dirname(file))),
    ]
    return [...new Set([...named, ...own.map(({ dir }) => dir)])]
  }

  ignored(path: string): boolean {
    const { config } = this.#project ?? {}
    if (config === undefined) return true
    const built = dirname(config.cache)
    if (path === built || path.startsWith(built + sep) || path.startsWith(config.output + sep)) return true
    return relative(config.root, path)
      .split(sep)
      .some((name) => name === 'node_modules' || name === '_build' || (name.startsWith('.') && name !== '..'))
  }

  async open(): Promise<Result<void, Failure>> {
    const built = await this.#build()
    if (!built.ok) return err(faulty(built.error))
    return this.#start()
  }

  saved(paths: readonly string[], sinceMs: number): void {
    if (this.#pending !== undefined) {
      for (const path of paths) this.#pending.paths.add(path)
      return
    }
    this.#pending = { paths: new Set(paths), sinceMs }
    this.#next(async () => {
      const { paths: all, sinceMs: since } = this.#pending ?? { paths: new Set<string>(), sinceMs }
      this.#pending = undefined
      await this.#take([...all], since)
    })
  }

  look(): void {
    this.#next(() => this.#load([], performance.now()))
  }

  restart(why: string): void {
    this.#next(() => this.#restart(why))
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#work
    this.#node?.client.close()
    await this.#node?.stop()
  }

  #next(work: () => Promise<void>): void {
    this.#work = this.#work.then(() => (this.#closed ? undefined : work()))
  }

  // ---- saves

  async #take(paths: readonly string[], sinceMs: number): Promise<void> {
    const other = paths.filter((path) => this.#kindOf(path) === 'release' && this.#isOther(path))
    const [first] = other
    if (first !== undefined) return this.#restart(`${this.#show(first)} has changed`)
    if (this.#node === undefined) return this.#restart('the node does not run')
    const code = paths.filter((path) => this.#kindOf(path) === 'code')
    await Promise.all(code.map(written))
    // The system may tell of one save twice.
    const saved = code.filter((path) => this.#isOther(path))
    if (saved.length > 0) await this.#load(saved, sinceMs)
  }

  /** Modules that came or went are found by reading the applications again. */
  async #find(paths: readonly string[]): Promise<readonly Fault[]> {
    const project = this.#project
    const known = new Set([...this.#running.values()].map(({ source }) => source))
    if (project === undefined || paths.every((path) => known.has(path) && existsSync(path))) return []
    const release = await readRelease(project.config, project.spec)
    if (!release.ok) return release.error
    this.#project = { ...project, release: release.value }
    return []
  }

  /** Whether a file is code of an application, shapes the release in another way, or neither. */
  #kindOf(path: string): 'code' | 'release' | undefined {
    if (this.#project === undefined) return undefined
    const { config, spec, release } = this.#project
    const name = basename(path)
    if (path === spec.sysConfig || path === spec.vmArgs || path === config.source.file) return 'release'
    if (
      /^(otp\.config\.(json|jsonc|ts|js|mjs)|(package|package-lock|tsconfig.*)\.json|(yarn|pnpm-lock)\..*)$/.test(name)
    )
      return 'release'
    for (const { dir, sourceDir } of release.applications) {
      if (!path.startsWith(dir + sep)) continue
      if (path === join(dir, 'app.json') || path.startsWith(join(dir, 'priv') + sep)) return 'release'
      if (path.startsWith(sourceDir + sep) && /\.([cm]?[jt]sx?|json)$/.test(name) && name !== 'appup.json')
        return 'code'
    }
    return undefined
  }

  /** Whether a file's content is another than when it was last looked at. */
  #isOther(path: string): boolean {
    const before = this.#texts.get(path)
    const now = textOf(path)
    this.#texts.set(path, now)
    return before !== now
  }

  #show(path: string): string {
    return relative(this.#project?.config.root ?? '.', path)
  }

  async #load(paths: readonly string[], sinceMs: number): Promise<void> {
    const { tell } = this.#options
    const lost = await this.#find(paths)
    if (lost.length > 0) return tell({ event: 'faults', faults: lost })
    const cache = this.#cache
    if (this.#project === undefined || this.#node === undefined || cache === undefined) return
    const compiled = await compile(this.#project.release.applications, { cache })
    if (!compiled.ok) {
      const faults = compiled.error.map((fault) => compileFault(fault, (path) => this.#show(path)))
      return tell({ event: 'faults', faults })
    }
    const after = modulesOf(compiled.value.applications)
    const change = moduleChange(this.#running, after)
    if (change === undefined) {
      if (paths.length > 0) tell({ event: 'same', paths: paths.map((path) => this.#show(path)) })
      return
    }
    const [unknown] = change.packages
    if (unknown !== undefined) return this.#restart(`${unknown} is imported for the first time`)
    const script = devScript(change, this.#running, after)
    if (!script.ok) return tell({ event: 'refused', message: script.error })
    await this.#place(change)
    const answer = await this.#node.client.call('dev_load', { instructions: script.value })
    if (!answer.ok) {
      await this.#replace(change)
      return tell({ event: 'refused', message: callMessage(answer.error) })
    }
    const ms = performance.now() - sinceMs
    this.#running = after
    const done = answer.value as LoadSummary // what dev_load answers
    tell({
      event: 'live',
      ms,
      changed: change.changed.map(({ id }) => id),
      added: change.added.map(({ id }) => id),
      removed: change.removed.map(({ id }) => id),
      migrated: done.migrated,
      started: done.started,
      stopped: done.stopped,
      longest_pause_ms: done.longest_pause_ms,
      warnings: compiled.value.warnings.map(compileWarning),
    })
  }

  // ---- files of the node's release

  #fileOf(module: CompiledModule): string {
    const vsn = this.#project?.release.applications.find(({ name }) => name === module.application)?.vsn
    return join(this.#root(), 'lib', `${module.application}-${vsn}`, 'ebin', module.file)
  }

  #root(): string {
    const { config, spec } = this.#project ?? {}
    return join(config?.output ?? '', 'rel', spec?.name ?? '')
  }

  async #place({ changed, added }: ModuleChange): Promise<void> {
    await Promise.all([...changed, ...added].map((module) => this.#write(module)))
  }

  /** Puts back what the node runs. */
  async #replace({ changed, added }: ModuleChange): Promise<void> {
    await Promise.all(changed.map(({ id }) => this.#running.get(id)).map((module) => module && this.#write(module)))
    await Promise.all(added.map((module) => rm(this.#fileOf(module), { force: true })))
  }

  async #write(module: CompiledModule): Promise<void> {
    const file = this.#fileOf(module)
    await mkdir(dirname(file), { recursive: true })
    if (module.map !== undefined) await replaceFile(`${file}.map`, module.map)
    await replaceFile(file, module.code)
  }

  // ---- the release and its node

  /** @param dryRun only finds faults */
  async #build(dryRun = false): Promise<Result<void, readonly Fault[]>> {
    const { project, config: given, release: name, context } = this.#options
    const read = await projectConfig(project, given)
    if (!read.ok) return read
    const config = forDev(read.value)
    // Of several versions the last one is what is being worked on.
    const spec = config.releases.filter((one) => one.name === name || `${one.name}-${one.vsn}` === name).at(-1)
    if (spec === undefined) {
      return err([
        {
          tag: 'unknown_release',
          severity: 'error',
          message: `there is no release "${name}" any more`,
          file: config.source.file,
        },
      ])
    }
    const resolved = await readRelease(config, spec)
    if (!resolved.ok) return resolved
    const releases = [typeof spec.vsn === 'string' ? `${spec.name}-${spec.vsn}` : spec.name]
    const built = await build(project, { ...given, releases, dev: true, force: true, dryRun }, context.progress)
    if (!built.ok) return built
    if (dryRun) return ok(undefined)
    const cache = remembering(openCache(config.cache))
    const compiled = await compile(resolved.value.applications, { cache })
    if (!compiled.ok) return err(compiled.error.map((fault) => compileFault(fault)))
    this.#project = { config, spec, release: resolved.value }
    this.#cache = cache
    this.#running = modulesOf(compiled.value.applications)
    for (const path of [
      config.source.file,
      spec.sysConfig,
      spec.vmArgs,
      ...resolved.value.applications.map((one) => one.appFile),
    ]) {
      if (path !== undefined) this.#texts.set(path, textOf(path))
    }
    for (const { source } of this.#running.values()) this.#texts.set(source, textOf(source))
    for (const path of ['package.json', 'package-lock.json', 'tsconfig.json']) {
      this.#texts.set(join(config.root, path), textOf(join(config.root, path)))
    }
    return ok(undefined)
  }

  async #restart(why: string): Promise<void> {
    const { tell } = this.#options
    tell({ event: 'restarting', why })
    const checked = await this.#build(true)
    if (!checked.ok) return tell({ event: 'faults', faults: checked.error })
    const node = this.#node
    this.#node = undefined
    node?.client.close()
    await node?.stop()
    const built = await this.#build()
    if (!built.ok) return tell({ event: 'faults', faults: built.error })
    const started = await this.#start()
    if (!started.ok) tell({ event: 'refused', message: started.error.message })
  }

  async #start(): Promise<Result<void, Failure>> {
    const { tell, args, json, context } = this.#options
    const since = performance.now()
    const started = await startNode({ root: this.#root(), name: this.#project?.spec.name ?? '' }, args, json, context)
    if (!started.ok) return started
    const node = started.value
    this.#node = node
    const { name, vsn } = node.client.node
    tell({ event: 'started', name, vsn, pid: node.client.node.pid, ms: performance.now() - since })
    node.ended.then((how) => {
      if (this.#node !== node) return
      this.#node = undefined
      if (!this.#closed) tell({ event: 'ended', how })
    })
    return ok(undefined)
  }
}

interface LoadSummary {
  readonly migrated: number
  readonly started: readonly string[]
  readonly stopped: readonly string[]
  readonly longest_pause_ms: number
}

/** A cache that keeps what it has read, so that a save asks the disk for what has changed only. */
function remembering(cache: Cache): Cache {
  const known = new Map<string, unknown>()
  return {
    async get<T>(key: string) {
      if (!known.has(key)) {
        const found = await cache.get<T>(key)
        if (found === undefined) return undefined
        known.set(key, found)
      }
      return known.get(key) as T // what was read under this key
    },
    // Not kept: each save makes a key that is never asked for again but by the next one, which reads it.
    put: (key, value) => cache.put(key, value),
  }
}

/** How long an empty file is taken for one that is about to be written, in ms. */
const EMPTY_MS = 150

/** Waits while a file is empty: a save empties it first, and to the loser of that race the module would have lost all. */
async function written(path: string): Promise<void> {
  for (let ms = 0; ms < EMPTY_MS && existsSync(path) && textOf(path) === ''; ms += 10) {
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

async function replaceFile(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text)
  await rename(`${file}.new`, file)
}

/** The text of a file; one that is not there has none. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

const faulty = (faults: readonly Fault[]): Failure => ({
  exit: 'build_fault',
  tag: 'build_failed',
  message: 'the release cannot be built, so there is no node to begin with',
  faults,
})
