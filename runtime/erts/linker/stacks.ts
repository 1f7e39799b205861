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

/** One compiled text under its script name. All code of it keeps it alive, and nothing else does. */
export class Script {
  /** What V8 calls it. */
  readonly name: string
  readonly #file: string
  readonly #readMap: ReadMap
  #lines: Lines | null | undefined

  constructor(name: string, file: string, readMap: ReadMap) {
    this.name = name
    this.#file = file
    this.#readMap = readMap
  }

  /** The script's map, read at the first call; null when there is none or it is broken. */
  lines(): Lines | null {
    if (this.#lines === undefined) {
      this.#lines = null
      try {
        const text = this.#readMap(this.#file)
        if (text !== undefined) this.#lines = { map: new SourceMap(JSON.parse(text)), dir: dirname(this.#file) }
      } catch {
        // A broken map must not hide the error whose stack is wanted.
      }
    }
    return this.#lines
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
const scripts = new Map<string, WeakRef<Script>>()
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
  const script = new Script(taken ? `${file}?v=${++again}` : file, file, readMap)
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
    if (before && !sites.some((site) => linesOf(site.getFileName()))) return before(error, sites)
    return headOf(error) + sites.map((site) => `\n    at ${describe(site)}`).join('')
  }
}

function linesOf(name: string | null | undefined): Lines | null {
  if (!name) return null
  const script = scripts.get(name)?.deref()
  if (script !== undefined) return script.lines()
  const map = findSourceMap(name) // Node's own, with --enable-source-maps
  return map ? { map, dir: undefined } : null
}

function headOf(error: unknown): string {
  try {
    return Error.prototype.toString.call(error)
  } catch {
    return '<error>'
  }
}

/** A call site as V8 words it, with the position of the source in place of the built file's. */
function describe(site: NodeJS.CallSite): string {
  const text = String(site)
  const name = site.getFileName()
  const lines = linesOf(name)
  if (!name || !lines) return text
  const entry = lines.map.findEntry((site.getLineNumber() ?? 1) - 1, (site.getColumnNumber() ?? 1) - 1)
  if (!('originalSource' in entry) || entry.originalSource === undefined) return text
  const source = lines.dir === undefined ? entry.originalSource : resolve(lines.dir, entry.originalSource)
  const at = text.lastIndexOf(name)
  if (at < 0) return text
  const position = `${source}:${entry.originalLine + 1}:${entry.originalColumn + 1}`
  return text.slice(0, at) + position + (text.endsWith(')') ? ')' : '')
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
