/**
 * V8's code cache of the texts a node starts with: its program `erts.js` and the archives of its applications.
 *
 * A cache is made by the node itself after a start, with every function that this start compiled, and lies in
 * `ROOT/run/cache`; where that cannot be written there is none, and starting takes longer. It belongs to no release
 * and can be deleted at any time.
 *
 * It is used only for exactly this text, version of Node and processor: V8 looks at no more of the text than its
 * length. V8's flags are checked by V8 (`cachedDataRejected`). A cache that is damaged would end the process without
 * a word, so each is on the disk before it has its name, and a start that does not come to its end takes them all with
 * it: the next one finds its mark and begins anew. OTP has no counterpart: .beam files are compiled already.
 */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { Script } from 'node:vm'

/** Compiles the texts of one start. */
export interface CodeCache {
  /**
   * Compiles the file `file` as a script and gives what it evaluates to.
   *
   * @param name of the cache, without ending
   * @throws what reading throws, or a SyntaxError
   */
  run(file: string, name: string): unknown
  /**
   * The start has come to its end: writes the caches that were missing or stale, and removes those of others. Errors
   * are kept quiet.
   */
  save(): void
  /** Names of texts that were taken from a cache, and of those that were not. */
  readonly hits: readonly string[]
  readonly misses: readonly string[]
}

/**
 * A cache file: a head of fixed length (these words, then the length of the code), the code, the text that it was made
 * of. The code lies where V8 can read it in place, on a multiple of eight.
 */
const WORDS = Buffer.from(`otp-rel code 1, node ${process.version} ${process.arch}\n`.padEnd(60))
const HEAD_BYTES = WORDS.length + 4

/** Stands in the folder while a node starts. */
const STARTING = 'starting'

interface Compiled {
  readonly name: string
  readonly script: Script
  readonly text: Buffer
}

/** @param dir where the caches are; undefined: nowhere */
export function openCodeCache(dir: string | undefined): CodeCache {
  const hits: string[] = []
  const misses: string[] = []
  const usable = dir !== undefined && begin(dir)
  let unsaved: Compiled[] = []

  return {
    hits,
    misses,
    run(file, name) {
      const text = readFileSync(file)
      const cachedData = usable ? codeOf(`${dir}/${name}.cache`, text) : undefined
      // No importModuleDynamically: V8 forgets it with a cache.
      const script = new Script(text.toString(), { filename: file, cachedData })
      const hit = cachedData !== undefined && script.cachedDataRejected === false
      ;(hit ? hits : misses).push(name)
      if (!hit && dir !== undefined) unsaved.push({ name, script, text })
      return script.runInThisContext()
    },
    save() {
      const todo = unsaved
      unsaved = []
      if (dir === undefined) return
      try {
        if (todo.length > 0) write(dir, todo, [...hits, ...misses])
        if (usable) unlinkSync(`${dir}/${STARTING}`)
      } catch {
        // A full disk, a read-only root: the next start compiles again.
      }
    },
  }
}

/** Puts the mark. @returns whether the caches may be used: not when there is none, and not after a start that failed */
function begin(dir: string): boolean {
  try {
    closeSync(openSync(`${dir}/${STARTING}`, 'wx', 0o600))
    return true
  } catch {
    return false
  }
}

/** The code in a cache file; undefined when there is none, or none of this text and Node. */
function codeOf(file: string, text: Buffer): Buffer | undefined {
  let cache: Buffer
  try {
    cache = readFileSync(file)
  } catch {
    return undefined
  }
  if (cache.length < HEAD_BYTES || !cache.subarray(0, WORDS.length).equals(WORDS)) return undefined
  const textAt = HEAD_BYTES + cache.readUInt32LE(WORDS.length)
  return cache.subarray(textAt).equals(text) ? cache.subarray(HEAD_BYTES, textAt) : undefined
}

function write(dir: string, compiled: readonly Compiled[], used: readonly string[]): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  for (const { name, script, text } of compiled) {
    const code = script.createCachedData()
    const length = Buffer.alloc(HEAD_BYTES - WORDS.length)
    length.writeUInt32LE(code.length)
    const half = `${dir}/${name}.${process.pid}`
    const opened = openSync(half, 'w', 0o600)
    try {
      for (const part of [WORDS, length, code, text]) writeSync(opened, part)
      fsyncSync(opened)
    } finally {
      closeSync(opened)
    }
    renameSync(half, `${dir}/${name}.cache`)
  }
  const wanted = new Set(used.map((name) => `${name}.cache`))
  for (const name of readdirSync(dir)) if (!wanted.has(name)) rmSync(`${dir}/${name}`, { force: true })
}
