/**
 * Stack traces in the lines of the TypeScript source.
 *
 * Node maps only what its own loaders loaded. `Error.prepareStackTrace` is called when `.stack`
 * is first read, so an error costs more only when somebody looks at it. A script's map is read at
 * its first use and dropped with the last of its code.
 *
 * OTP: the line chunk of a .beam file, as shown in stack traces.
 */
import { readFileSync } from 'node:fs'
import { findSourceMap, SourceMap } from 'node:module'
import { dirname, resolve } from 'node:path'

/** Finds the JSON text of a script's source map; undefined when it has none. */
export type ReadMap = (file: string) => string | undefined

interface Lines {
  readonly map: SourceMap
  /** Where relative sources start; undefined leaves them as they are. */
  readonly dir: string | undefined
}

/** The compiled text of one module. All code of it keeps it alive, and nothing else does. */
export class Script {
  /** What V8 calls the script it stands in. */
  readonly name: string
  /** The module's own file. */
  readonly file: string
  /** Lines of the script in front of the module's own text. */
  readonly before: number
  readonly #readMap: ReadMap
  /** The archive it stands in, to be found as long as one of its modules lives. */
  readonly archive: ArchivedScripts | undefined
  #lines: Lines | null | undefined

  constructor(name: string, file: string, readMap: ReadMap, before = 0, archive?: ArchivedScripts) {
    this.name = name
    this.file = file
    this.#readMap = readMap
    this.before = before
    this.archive = archive
  }

  /** The module's map, read at the first call; null when there is none or it is broken. */
  lines(): Lines | null {
    if (this.#lines === undefined) {
      this.#lines = null
      try {
        const text = this.#readMap(this.file)
        if (text !== undefined) this.#lines = { map: new SourceMap(JSON.parse(text)), dir: dirname(this.file) }
      } catch {
        // A broken map must not hide the error whose stack is wanted.
      }
    }
    return this.#lines
  }

  /** The module whose text stands on a line, from 1: this one. */
  at(_line: number): Script | undefined {
    return this
  }
}

interface ArchivedModule {
  readonly before: number
  readonly script: WeakRef<Script>
}

/** The script of an archive, with the modules that were taken from it. */
export class ArchivedScripts {
  readonly name: string
  readonly #modules: ArchivedModule[] = []

  constructor(file: string) {
    this.name = file
    register(this)
  }

  /** A module whose text begins on `line`, from 1, and ends where another begins. */
  add(file: string, line: number, readMap: ReadMap): Script {
    const script = new Script(this.name, file, readMap, line - 1, this)
    this.#modules.push({ before: line - 1, script: new WeakRef(script) })
    return script
  }

  /** The module whose text stands on a line, from 1. */
  at(line: number): Script | undefined {
    let nearest: ArchivedModule | undefined
    for (const module of this.#modules) {
      if (module.before < line && module.before >= (nearest?.before ?? 0)) nearest = module
    }
    return nearest?.script.deref()
  }
}

/** The map beside a built module, `NAME.js.map`. */
export const readMapBeside: ReadMap = (file) => {
  try {
    return readFileSync(`${file}.map`, 'utf8')
  } catch {
    return undefined
  }
}

// One table for the whole node, because there is one Error.prepareStackTrace.
const scripts = new Map<string, WeakRef<Script | ArchivedScripts>>()
const gone = new FinalizationRegistry<string>((name) => {
  if (scripts.get(name)?.deref() === undefined) scripts.delete(name)
})
let again = 0
let installed = false

/**
 * A script of `file`, under the file's path, or under `FILE?v=N` while other code of that path
 * lives, so that each keeps its own map.
 */
export function newScript(file: string, readMap: ReadMap): Script {
  const taken = scripts.get(file)?.deref() !== undefined
  return register(new Script(taken ? `${file}?v=${++again}` : file, file, readMap))
}

function register<S extends Script | ArchivedScripts>(script: S): S {
  scripts.set(script.name, new WeakRef(script))
  gone.register(script, script.name)
  return script
}

/** How many scripts are known: those whose code lives or has not been collected yet. */
export function scriptCount(): number {
  return scripts.size
}

/** Makes `.stack` show source positions, once per node. A handler installed before gets what is not ours. */
export function installStackTraces(): void {
  if (installed) return
  installed = true
  const before = Error.prepareStackTrace
  Error.prepareStackTrace = (error, sites) => {
    if (before && !sites.some((site) => isKnown(site.getFileName()))) return before(error, sites)
    return headOf(error) + sites.map((site) => `\n    at ${describe(site)}`).join('')
  }
}

function isKnown(name: string | null | undefined): boolean {
  return typeof name === 'string' && (scripts.get(name)?.deref() !== undefined || findSourceMap(name) !== undefined)
}

function headOf(error: unknown): string {
  try {
    return Error.prototype.toString.call(error)
  } catch {
    return '<error>'
  }
}

/** A call site as V8 words it, with the position in the source in place of the script's. */
function describe(site: NodeJS.CallSite): string {
  const text = String(site)
  const name = site.getFileName()
  const at = name ? text.lastIndexOf(name) : -1
  const position = name && at >= 0 ? origin(name, site.getLineNumber() ?? 1, site.getColumnNumber() ?? 1) : undefined
  return position === undefined ? text : text.slice(0, at) + position + (text.endsWith(')') ? ')' : '')
}

/** `FILE:LINE:COLUMN` of the source, else of the module's own file; undefined where the script says it as well. */
function origin(name: string, line: number, column: number): string | undefined {
  const script = scripts.get(name)?.deref()?.at(line)
  const lines = script === undefined ? linesOfNode(name) : script.lines()
  const own = line - (script?.before ?? 0)
  const entry = lines?.map.findEntry(own - 1, column - 1)
  if (lines && entry && 'originalSource' in entry && entry.originalSource !== undefined) {
    const source = lines.dir === undefined ? entry.originalSource : resolve(lines.dir, entry.originalSource)
    return `${source}:${entry.originalLine + 1}:${entry.originalColumn + 1}`
  }
  return script?.archive === undefined ? undefined : `${script.file}:${own}:${column}`
}

/** Node's own map, with --enable-source-maps. */
function linesOfNode(name: string): Lines | undefined {
  const map = findSourceMap(name)
  return map && { map, dir: undefined }
}

/** The source a built file was made of, for messages; the built file itself where its map does not say. */
export function sourceOf(file: string, readMap: ReadMap): string {
  try {
    const map: unknown = JSON.parse(readMap(file) ?? '{}')
    const sources = typeof map === 'object' && map !== null && 'sources' in map ? map.sources : undefined
    const first: unknown = Array.isArray(sources) ? sources[0] : undefined
    return typeof first === 'string' ? resolve(dirname(file), first) : file
  } catch {
    return file
  }
}
