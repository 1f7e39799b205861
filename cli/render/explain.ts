/** Pages of `explain`, and the list of them, as lines. */
import type { Area, Found } from '../explain/pages.js'
import { EXIT_CODES } from './exit_codes.js'
import { wrap } from './help.js'
import { padEnd, type Style } from './style.js'

/** Columns of a line of text. */
const LINE = 100
/** Columns of the word before a paragraph. */
const LEFT = 11

/** The pages of one code, an empty line between two. */
export function pageLines(found: readonly Found[], style: Style): string[] {
  return found.flatMap(({ area, code, exit, page }, index) => [
    ...(index === 0 ? [] : ['']),
    `${style.bold(code)}  ${style.dim(exit === undefined ? area.title : `exit code ${exit}`)}`,
    ...wrap(page.means, LINE).map((line) => `  ${line}`),
    ...part('why', page.why, style),
    ...part('way out', page.way, style),
    ...page.example
      .split('\n')
      .map((line, at) => `  ${padEnd(at === 0 ? style.cyan('example') : '', LEFT - 2)}${line}`),
  ])
}

function part(word: string, said: string, style: Style): string[] {
  return wrap(said, LINE - LEFT).map((line, at) => `  ${padEnd(at === 0 ? style.cyan(word) : '', LEFT - 2)}${line}`)
}

/** Below each other, as many beside each other as fit. */
function inColumns(names: readonly string[]): string[] {
  const width = Math.max(...names.map((name) => name.length)) + 2
  const across = Math.max(1, Math.floor((LINE - 2) / width))
  const rows = Array.from({ length: Math.ceil(names.length / across) }, (_, row) =>
    names.slice(row * across, (row + 1) * across),
  )
  return rows.map((row) =>
    row
      .map((name) => padEnd(name, width))
      .join('')
      .trimEnd(),
  )
}

/** An area with its codes, as many on a line as fit; exit codes with their numbers, one a line. */
export function areaLines({ name, title, pages }: Area, style: Style): string[] {
  const names = Object.keys(pages)
  const lines =
    name === 'exit_codes'
      ? Object.entries(EXIT_CODES).map(
          ([one, { code, means }]) => `${padEnd(String(code), 5)}${padEnd(one, 20)}${means}`,
        )
      : inColumns([...names].sort())
  return [style.bold(title), ...lines.map((line) => `  ${line}`), '']
}
