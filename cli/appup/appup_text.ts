/** The text of an appup.json: a new one, or one that a person wrote with what is missing put in, comments kept. */
import { applyEdits, modify } from 'jsonc-parser'
import type { Appup, AppupInstruction } from '../../schemas/types.js'
import { instructionsOf, type MergedEntry } from './merge.js'

/** A new file: each instruction a line. */
export function newText({ vsn, up, down }: Appup): string {
  const entries = (list: readonly (Appup['up'][number] | Appup['down'][number])[]) =>
    list.length === 0 ? '[]' : `[\n${list.map((entry) => `    ${entryText(entry)}`).join(',\n')}\n  ]`
  return `{\n  "vsn": ${JSON.stringify(vsn)},\n  "up": ${entries(up)},\n  "down": ${entries(down)}\n}\n`
}

function entryText(entry: Appup['up'][number] | Appup['down'][number]): string {
  const { instructions } = entry
  const head = 'from' in entry ? `"from": ${line(entry.from)}` : `"to": ${line(entry.to)}`
  const all = instructions.map((one) => `        ${line(one)}`).join(',\n')
  return `{\n      ${head},\n      "instructions": [${all === '' ? '' : `\n${all}\n      `}]\n    }`
}

/** JSON on one line, with spaces as people write it. */
export function line(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(line).join(', ')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).map(([key, one]) => `${JSON.stringify(key)}: ${line(one)}`)
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`
}

/**
 * A file that is there with what is missing put in.
 *
 * @param appup   what the text says
 * @param vsn     the version it is for from now on: entries of another for single versions go
 * @param entries indices are those of what is left then
 */
export function editedText(text: string, appup: Appup, vsn: string, entries: readonly MergedEntry[]): string {
  let edited = text
  const edit = (path: (string | number)[], value: unknown, insert = false, shown = line(value)): void => {
    const edits = modify(edited, path, value, { isArrayInsertion: insert })
    const compact = JSON.stringify(value)
    edited = applyEdits(
      edited,
      compact === undefined
        ? edits
        : edits.map((one) => ({ ...one, content: one.content.replace(compact, () => shown) })),
    )
  }
  if (appup.vsn !== vsn) {
    edit(['vsn'], vsn)
    for (const direction of ['up', 'down'] as const) {
      const list = appup[direction].map((entry) => ('from' in entry ? entry.from : entry.to))
      for (const index of [...list.keys()].reverse())
        if (typeof list[index] === 'string') edit([direction, index], undefined)
    }
  }
  for (const direction of ['up', 'down'] as const) {
    const mine = entries.filter((one) => one.direction === direction)
    for (const entry of mine) {
      if (entry.index === undefined || entry.isPattern) continue
      const at = (instruction: AppupInstruction, index: number) =>
        edit([direction, entry.index ?? 0, 'instructions', index], instruction, true, `\n        ${line(instruction)}`)
      for (const instruction of entry.before.toReversed()) at(instruction, 0)
      for (const [offset, instruction] of entry.after.entries())
        at(instruction, entry.before.length + entry.written.length + offset)
    }
    for (const entry of mine.toReversed()) {
      const isNew = entry.index === undefined || (entry.isPattern && entry.missing.length > 0)
      if (!isNew) continue
      const instructions = instructionsOf(entry)
      const value = direction === 'up' ? { from: entry.vsn, instructions } : { to: entry.vsn, instructions }
      edit([direction, 0], value, true, `\n    ${entryText(value)}`)
    }
  }
  // An entry put into an empty list stands at its end as well.
  return edited.replace(/\n {4}\}\](?=,|\s*\})/g, '\n    }\n  ]').replace(/(\n {8}\{[^\n]*\})\]/g, '$1\n      ]')
}
