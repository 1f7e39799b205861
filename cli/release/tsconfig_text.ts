/**
 * The tsconfig.json that applies to a folder, as text: part of what a compiled module depends on.
 *
 * esbuild looks for the nearest one itself; this repeats its search only to know when the answer has changed.
 */
import { readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'

const known = new Map<string, { readonly text: Promise<string | undefined>; readonly readAtMs: number }>()

/** For how long a file that was read is believed, in ms: within one build it does not change. */
const BELIEVED_MS = 1_000

/**
 * The nearest tsconfig.json at or above a folder followed by those that it extends by path; empty where there is none.
 * Folders inside node_modules have none, as for esbuild.
 */
export async function tsconfigText(dir: string): Promise<string> {
  if (/[/\\]node_modules([/\\]|$)/.test(dir)) return ''
  const text = await read(join(dir, 'tsconfig.json'))
  if (text !== undefined) return withExtended(text, dir, 0)
  const up = dirname(dir)
  return up === dir ? '' : tsconfigText(up)
}

async function withExtended(text: string, dir: string, depth: number): Promise<string> {
  const paths = /"extends"\s*:\s*(\[[^\]]*\]|"[^"]*")/.exec(text)?.[1]?.match(/"(\.[^"]*)"/g) ?? []
  if (depth > 8) return text
  const extended = paths.map(async (quoted) => {
    const path = resolve(dir, quoted.slice(1, -1))
    const base = (await read(path)) ?? (await read(`${path}.json`)) ?? ''
    return withExtended(base, dirname(path), depth + 1)
  })
  return [text, ...(await Promise.all(extended))].join('\0')
}

function read(file: string): Promise<string | undefined> {
  const nowMs = performance.now()
  const last = known.get(file)
  if (last !== undefined && nowMs - last.readAtMs < BELIEVED_MS) return last.text
  // The promise is kept, since all modules of a folder ask at once.
  const text = readFile(file, 'utf8').catch(() => undefined)
  known.set(file, { text, readAtMs: nowMs })
  return text
}
