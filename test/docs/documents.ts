/** The documents of the project, and what stands in them: blocks of code, links, headings. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository's folder. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** A fenced block of a document. */
export interface Block {
  /** Its document, from the repository's folder. */
  readonly document: string
  /** The line of its first line of text, from 1. */
  readonly line: number
  /** First word after the fence: `ts`, `json`, `console`; empty where there is none. */
  readonly language: string
  /** Second word: the file that the block is the content of. */
  readonly path: string | undefined
  readonly text: string
}

/** Every document for readers, from the repository's folder, sorted. */
export const DOCUMENTS: readonly string[] = [
  ...['README.md', 'ARCHITECTURE.md', 'CHANGELOG.md', 'CONTRIBUTING.md'],
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`)
    .sort(),
]

/** The text of a document. */
export const textOf = (document: string): string => readFileSync(join(ROOT, document), 'utf8')

/** The fenced blocks of a document, in order. */
export function blocksOf(document: string): Block[] {
  const blocks: Block[] = []
  let open: { readonly line: number; readonly info: string; readonly lines: string[] } | undefined
  for (const [index, line] of textOf(document).split('\n').entries()) {
    const fence = /^```(.*)$/.exec(line)
    if (fence === null) open?.lines.push(line)
    else if (open === undefined) open = { line: index + 2, info: fence[1] ?? '', lines: [] }
    else {
      const [language = '', path] = open.info.split(/\s+/)
      blocks.push({ document, line: open.line, language, path, text: `${open.lines.join('\n')}\n` })
      open = undefined
    }
  }
  return blocks
}

/** A document without its fenced blocks; lines stay where they are. */
export function proseOf(document: string): string {
  let inside = false
  return textOf(document)
    .split('\n')
    .map((line) => {
      const isFence = line.startsWith('```')
      if (isFence) inside = !inside
      return inside || isFence ? '' : line
    })
    .join('\n')
}

/** The anchors of a document's headings, as GitHub makes them. */
export function anchorsOf(document: string): ReadonlySet<string> {
  const anchors = new Set<string>()
  for (const [, heading = ''] of proseOf(document).matchAll(/^#{1,6} +(.+)$/gm)) {
    const base = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_\- ]/gu, '')
      .replaceAll(' ', '-')
    let anchor = base
    for (let n = 1; anchors.has(anchor); n++) anchor = `${base}-${n}`
    anchors.add(anchor)
  }
  return anchors
}
