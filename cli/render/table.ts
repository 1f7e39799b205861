/** Tables of text: a head, rows, columns as wide as their widest cell, two spaces between. */
import { padEnd, padStart, type Style, width } from './style.js'

/** One column: its title, and on which side its cells are aligned (default `left`). */
export interface Column {
  readonly title: string
  readonly align?: 'left' | 'right'
}

/**
 * Renders a table as lines without trailing spaces.
 *
 * @param rows cells by column; a missing cell is empty
 * @returns the head line, then one line for each row; only the head when there are no rows
 */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[], style: Style): string[] {
  const widths = columns.map(({ title }, index) =>
    rows.reduce((most, row) => Math.max(most, width(row[index] ?? '')), width(title)),
  )
  const line = (cells: readonly string[]) =>
    columns
      .map(({ align }, index) => {
        const pad = align === 'right' ? padStart : padEnd
        return pad(cells[index] ?? '', widths[index] ?? 0)
      })
      .join('  ')
      .replace(/ +$/, '')
  return [style.bold(line(columns.map(({ title }) => title))), ...rows.map(line)]
}
