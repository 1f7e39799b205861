/**
 * A session of `otp-rel dev`: one release, its node, and what becomes of each save.
 *
 *   code                  compiled here; the changed modules go through the running node's upgrade path, state kept
 *   anything else         (app.json, configuration, priv, packages) the release is built anew and the node restarted
 *   what has faults       is shown; the node runs on as it is
 *
 * One thing at a time: what is saved meanwhile is looked at afterwards, all at once. Longer than a file should be: all of it is what one save may lead to.
 */
import { relative } from 'node:path'
import type { Fault } from '../../schemas/fault.js'
import { err, ok, type Result } from '../../schemas/result.js'
import type { NodeContext } from '../node/command.js'
import { build } from '../release/build.js'
import { type Cache, openCache } from '../release/cache.js'
import { compile } from '../release/compile.js'
import { type CompileFault, compileFault, compileWarning } from '../release/compile_fault.js'
import { CompileMemory } from '../release/compile_memory.js'
import type { ConfigOptions } from '../release/config.js'
import type { Failure } from '../render/failure.js'
import { changeScript, type Modules, moduleChange, modulesOf, readAhead } from './change.js'
import { place, putBack } from './ebin.js'
import type { DevEvent } from './events.js'
import { type Library, librariesOf, libraryOf } from './libraries.js'
import { callMessage, type DevNode, startNode } from './node_process.js'
import {
  foldersOf,
  isIgnored,
  kindOf,
  type Project,
  readAgain,
  readProject,
  rootOf,
  savedMs,
  shapingTexts,
  textOf,
} from './project.js'
import { filled, gitDone, gitLock } from './quiet.js'
import { type Watch, watchFolders } from './watch.js'

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
  /** Builds anew and starts the node again, with new state. */
  restart(why: string): void
  /** Ends the node in order; what is under way gets a moment to end before. */
  close(): Promise<void>
  /** Ends the node at once. */
  kill(): void
}

/** Builds the release, starts its node, and watches. */
export async function openSession(options: SessionOptions): Promise<Result<Session, Failure>> {
  const session = new DevSession(options)
  const opened = await session.open()
  if (!opened.ok) await session.close()
  return opened.ok ? ok(session) : opened
}

/** What has been built: what the node runs, or is about to. */
interface Built {
  readonly project: Project
  /** Code as it was compiled. */
  readonly memory: CompileMemory
  readonly cache: Cache
  /** Files that shape the release, as they were read. */
  readonly texts: Map<string, string>
  readonly running: Modules
  readonly libraries: readonly Library[]
}

/** How long what is under way may go on when the session ends, in ms. */
const PATIENCE_MS = 1_000
/** How long the node may take for one change, in ms: conversions have time-outs of their own, code that never returns has none. */
const CHANGE_MS = 120_000

class DevSession implements Session {
  readonly #options: SessionOptions
  readonly #end = new AbortController()
  readonly #noted = new Set<string>()
  #built: Built | undefined
  #node: DevNode | undefined
  #watch: Watch | undefined
  #work: Promise<void> = Promise.resolve()
  #pending: { readonly paths: Set<string>; readonly sinceMs: number } | undefined
  /** Why a restart could not be carried out: it is tried again at every save. */
  #owed: string | undefined
  /** Files of a change that did not come about, and when each was saved, ms: saved again, it is tried again. */
  readonly #failed = new Map<string, number>()
  #asked = false
  #closed = false

  constructor(options: SessionOptions) {
    this.#options = options
  }

  async open(): Promise<Result<void, Failure>> {
    const built = await this.#build(false)
    if (!built.ok) return err(faulty(built.error))
    const started = await this.#start(built.value)
    if (started.ok) this.#next(() => this.#warmUp())
    return started
  }

  restart(why: string): void {
    // Once is enough for all who ask meanwhile.
    if (this.#asked) return
    this.#asked = true
    this.#next(async () => {
      try {
        await this.#restart(why)
      } finally {
        this.#asked = false
      }
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#watch?.close()
    const patience = new Promise<void>((done) => setTimeout(done, PATIENCE_MS).unref())
    await Promise.race([this.#work, patience])
    // Where a node is being started there is none to stop yet; what is being asked of one ends with it.
    if (this.#node === undefined) await this.#work
    this.#node?.client.close()
    await this.#node?.stop()
  }

  kill(): void {
    this.#end.abort()
  }

  /** Whatever goes wrong in one piece of work, the next one is done. */
  #next(work: () => Promise<void>): void {
    const { tell } = this.#options
    this.#work = this.#work
      .then(() => (this.#closed ? undefined : work()))
      .catch((failure: unknown) => {
        tell({ event: 'refused', message: failure instanceof Error ? failure.message : String(failure) })
      })
  }

  // ---- saves

  #saved(paths: readonly string[], sinceMs: number): void {
    if (this.#pending !== undefined) {
      for (const path of paths) this.#pending.paths.add(path)
      return
    }
    this.#pending = { paths: new Set(paths), sinceMs }
    this.#next(async () => {
      await gitDone(gitLock(this.#built?.project.config.root ?? '/'))
      const { paths: all } = this.#pending ?? { paths: new Set<string>() }
      this.#pending = undefined
      await this.#take([...all], sinceMs)
    })
  }

  async #take(paths: readonly string[], sinceMs: number): Promise<void> {
    const built = this.#built
    if (built === undefined) return
    const ofKind = (kind: string) => paths.filter((path) => kindOf(path, built.project) === kind)
    const [shaping] = ofKind('release').filter((path) => isOther(path, built))
    if (shaping !== undefined) return this.#restart(`${this.#show(shaping)} has changed`)
    const library = this.#changedLibrary(paths, built)
    if (library !== undefined) return this.#restart(`${library.name} has changed`)
    const code = ofKind('code')
    await Promise.all(code.map(filled))
    // The system may tell of one save twice.
    const saved = code.filter(
      (path) => isOther(path, built) || (this.#failed.get(path) ?? savedMs(path)) !== savedMs(path),
    )
    if (this.#owed !== undefined) return this.#restart(this.#owed)
    if (saved.length === 0) return
    if (this.#node === undefined) return this.#restart('the node does not run')
    await this.#load(saved, sinceMs, built, this.#node)
  }

  async #load(paths: readonly string[], sinceMs: number, built: Built, node: DevNode): Promise<void> {
    const { tell } = this.#options
    const { memory, cache, running } = built
    const takenMs = performance.now()
    for (const path of paths) this.#failed.set(path, savedMs(path))
    // Which modules an application has is part of the release.
    const read = memory.forget(paths) ? await readAgain(built.project) : ok(built.project)
    if (!read.ok) return tell({ event: 'faults', faults: read.error })
    const project = read.value
    this.#built = { ...built, project }
    const compiled = await compile(project.release.applications, { cache, memory })
    if (!compiled.ok) return tell({ event: 'faults', faults: this.#faults(compiled.error) })
    const compiledMs = performance.now()
    const after = modulesOf(compiled.value.applications)
    const change = moduleChange(running, after)
    if (change === undefined) {
      this.#failed.clear()
      return tell({ event: 'same', paths: paths.map((path) => this.#show(path)) })
    }
    const [unknown] = change.packages
    if (unknown !== undefined) return this.#restart(`${unknown} is imported for the first time`)
    const resources = new Map(project.release.applications.map(({ name, resource }) => [name, resource]))
    const script = changeScript(change, running, after, resources)
    if (!script.ok) return tell({ event: 'refused', message: script.error })
    const { instructions, started, stopped, notes } = script.value
    const scriptedMs = performance.now()
    await place(change, project)
    const placedMs = performance.now()
    const answer = await node.client.call('dev_load', { instructions }, { timeoutMs: CHANGE_MS })
    if (!answer.ok) {
      await putBack(change, running, project)
      return tell({ event: 'refused', message: callMessage(answer.error) })
    }
    const endMs = performance.now()
    this.#built = { ...built, project, running: after }
    this.#failed.clear()
    const done = answer.value as LoadSummary // what dev_load answers
    const ids = (modules: readonly { readonly id: string }[]) => modules.map(({ id }) => id)
    tell({
      event: 'live',
      ms: endMs - sinceMs,
      stages_ms: {
        wait: takenMs - sinceMs,
        compile: compiledMs - takenMs,
        script: scriptedMs - compiledMs,
        write: placedMs - scriptedMs,
        check: done.check_ms,
        change: done.duration_ms - done.check_ms,
        ask: endMs - placedMs - done.duration_ms,
      },
      changed: ids(change.changed),
      added: ids(change.added),
      removed: ids(change.removed),
      migrated: done.migrated,
      started: [...new Set([...started, ...done.started])],
      stopped: [...new Set([...stopped, ...done.stopped])],
      longest_pause_ms: done.longest_pause_ms,
      warnings: compiled.value.warnings.map(compileWarning),
      notes: notes.filter((note) => !this.#noted.has(note)),
    })
    for (const note of notes) this.#noted.add(note)
  }

  /** A library of which something is saved that counts: what is loaded of it, or with build hooks a source as well. */
  #changedLibrary(paths: readonly string[], built: Built): Library | undefined {
    const { libraries, project } = built
    const hasHooks = (project.config.buildHooks.before ?? []).length > 0
    const found = paths.flatMap((path) => {
      const library = kindOf(path, project) === undefined ? libraryOf(path, libraries) : undefined
      return library !== undefined && isOther(path, built) ? [{ path, library }] : []
    })
    const counts = found.find(({ path, library }) => hasHooks || library.loaded.has(path))
    const [source] = found
    if (counts === undefined && source !== undefined) {
      const { path, library } = source
      this.#options.tell({ event: 'unbuilt', path: this.#show(path), package: library.name })
    }
    return counts?.library
  }

  #faults(faults: readonly CompileFault[]): Fault[] {
    return faults.map((fault) => compileFault(fault, (path) => this.#show(path)))
  }

  #show(path: string): string {
    return relative(this.#built?.project.config.root ?? '.', path)
  }

  /** The first save is as quick as the others: the compiler has started, and what is known of modules has been read. */
  async #warmUp(): Promise<void> {
    const built = this.#built
    if (built === undefined) return
    const own = built.project.release.applications.filter(({ origin }) => origin !== 'otp-rel')
    const names = new Set(own.map(({ name }) => name))
    const modules = [...built.running.values()].filter(({ application }) => names.has(application))
    const first = modules.find(({ meta }) => meta !== undefined)
    if (first !== undefined) {
      const text = built.memory.textOf(first.source) ?? ''
      built.memory.forget([first.source])
      await compile(built.project.release.applications, { memory: built.memory })
      // If it was saved just now, that has not been looked at.
      built.memory.forget([first.source])
      built.texts.set(first.source, text)
    }
    for (const module of modules) {
      if (this.#closed || this.#pending !== undefined) return
      readAhead(module)
      await new Promise((done) => setImmediate(done))
    }
  }

  // ---- the release and its node

  /** @param check only finds faults */
  async #build(check: boolean): Promise<Result<Built, readonly Fault[]>> {
    const { project: from, config, release, context } = this.#options
    const read = await readProject(from, config, release)
    if (!read.ok) return read
    const project = read.value
    const { spec } = project
    // Everything is noticed from here on: what changes while it is built is looked at again.
    const texts = new Map(shapingTexts(project))
    if (!check) this.#look(project)
    const memory = new CompileMemory()
    const cache = openCache(project.config.cache)
    const compiled = await compile(project.release.applications, { cache, memory })
    if (!compiled.ok) return err(this.#faults(compiled.error))
    const releases = [typeof spec.vsn === 'string' ? `${spec.name}-${spec.vsn}` : spec.name]
    const options = { ...config, releases, dev: true, force: true, dryRun: check }
    const done = await build(from, options, check ? undefined : context.progress)
    if (!done.ok) return done
    const libraries = await librariesOf(project, compiled.value.applications, cache)
    if (!check) this.#watch?.add(libraries.map(({ dir }) => dir))
    // as they were placed: hooks may have built them just now
    for (const file of libraries.flatMap(({ loaded }) => [...loaded])) texts.set(file, textOf(file))
    // A save does not wait for what only later builds read.
    const later: Cache = {
      get: (key) => cache.get(key),
      async put(key, value) {
        cache.put(key, value).catch(() => {})
      },
    }
    return ok({ project, memory, cache: later, texts, running: modulesOf(compiled.value.applications), libraries })
  }

  #look(project: Project): void {
    const { tell } = this.#options
    const folders = foldersOf(project)
    this.#watch?.add(folders)
    this.#watch ??= watchFolders(
      folders,
      (path) => isIgnored(path, this.#built?.project ?? project),
      (paths, sinceMs) => this.#saved(paths, sinceMs),
      (folder, why) => {
        const message = `${this.#show(folder)} cannot be watched: ${why.message}; the limit is fs.inotify.max_user_watches`
        tell({ event: 'refused', message })
      },
    )
  }

  async #restart(why: string): Promise<void> {
    const { tell } = this.#options
    tell({ event: 'restarting', why })
    this.#owed = why
    const checked = await this.#build(true)
    if (!checked.ok) return tell({ event: 'faults', faults: checked.error })
    const node = this.#node
    this.#node = undefined
    node?.client.close()
    await node?.stop()
    const built = await this.#build(false)
    if (!built.ok) return tell({ event: 'faults', faults: built.error })
    this.#owed = undefined
    const started = await this.#start(built.value)
    if (!started.ok) tell({ event: 'refused', message: started.error.message })
  }

  async #start(built: Built): Promise<Result<void, Failure>> {
    const { tell, args, json, context } = this.#options
    this.#built = built
    this.#noted.clear()
    this.#failed.clear()
    const since = performance.now()
    const target = { root: rootOf(built.project), name: built.project.spec.name }
    const started = await startNode(target, args, json, context, this.#end.signal)
    if (!started.ok) return started
    const node = started.value
    this.#node = node
    const { name, vsn, pid } = node.client.node
    tell({ event: 'started', name, vsn, pid, ms: performance.now() - since })
    node.ended.then((how) => {
      if (this.#node !== node) return
      this.#node = undefined
      if (!this.#closed) tell({ event: 'ended', how })
    })
    return ok(undefined)
  }
}

/** What `dev_load` answers. */
interface LoadSummary {
  readonly duration_ms: number
  readonly check_ms: number
  readonly migrated: number
  readonly started: readonly string[]
  readonly stopped: readonly string[]
  readonly longest_pause_ms: number
}

/** Whether a file's content is another than when it was last looked at. */
function isOther(path: string, { memory, texts }: Built): boolean {
  const before = memory.textOf(path) ?? texts.get(path) ?? ''
  const now = textOf(path)
  texts.set(path, now)
  return before !== now
}

const faulty = (faults: readonly Fault[]): Failure => ({
  exit: 'build_fault',
  tag: 'build_failed',
  message: 'the release cannot be built, so there is no node to begin with',
  faults,
})
