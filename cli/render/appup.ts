/** What `otp-rel appup` decided and wrote, one line for each module with its reason. */

import type { AppupInstruction } from '../../schemas/types.js'
import { keyOf } from '../appup/merge.js'
import type { AppupReport, AppupStep } from '../appup/release_appups.js'
import { padEnd, type Style } from './style.js'

/** An application, and whether its file was, or would be, written. */
export interface AppupShown {
  readonly report: AppupReport
  /** As the user would type it. */
  readonly file: string
  readonly changed: boolean
}

/** All applications. */
export function appupLines(all: readonly AppupShown[], dryRun: boolean, style: Style): string[] {
  if (all.length === 0) return ['no application has another version than in the older release: nothing to write']
  return all.flatMap(({ report, file, changed }) => [
    ...report.steps.flatMap((step) => stepLines(report, step, style)),
    `  ${fileLine(report, file, changed, dryRun, style)}`,
  ])
}

/** What `--check` found in order. */
export const coveredLines = (
  releases: readonly { readonly name: string; readonly vsn: string; readonly from: readonly string[] }[],
  style: Style,
): string[] =>
  releases.map(({ name, vsn, from }) => style.green(`${name} ${vsn}: every change from ${from.join(', ')} is covered`))

function stepLines({ application, vsn }: AppupReport, { generated, entries }: AppupStep, style: Style): string[] {
  const { pieces, notes, from } = generated
  const shown = pieces.filter(({ up, down }) => up.length > 0 || down.length > 0)
  const rows = shown.map((piece) => {
    const key = keyOf(piece)
    const isHand = entries.every(({ byHand }) => byHand.includes(key))
    return { piece, isHand, what: isHand ? 'by hand' : words(piece.up) }
  })
  const names = Math.max(12, ...shown.map(({ module }) => module.length + 1))
  const columns = Math.max(16, ...rows.map(({ what }) => what.length + 1))
  return [
    style.bold(`${application} ${from} -> ${vsn}`),
    ...rows.map(({ piece, isHand, what }) => {
      const text = `  ${padEnd(piece.module, names)} ${padEnd(what, columns)} `
      return text + style.dim(isHand ? `your instruction counts (generated: ${words(piece.up)})` : piece.reason)
    }),
    ...(rows.length === 0 ? ['  no module changed: an entry without instructions'] : []),
    ...notes.map((note) => `  ${style.yellow('look at')} ${note}`),
  ]
}

function words(instructions: readonly AppupInstruction[]): string {
  return instructions
    .map((one) => {
      if (one.op === 'apply') return one.mfa[1]
      if (one.op !== 'update') return one.op
      const { change = 'soft' } = one
      return `update ${typeof change === 'string' ? change : 'advanced'}`
    })
    .join(', ')
}

function fileLine(
  { own, application, outdated, steps }: AppupReport,
  file: string,
  changed: boolean,
  dryRun: boolean,
  style: Style,
): string {
  const lacking = steps.some(({ entries }) =>
    entries.some(({ index, missing }) => index === undefined || missing.length > 0),
  )
  if (!own && lacking)
    return style.yellow(
      `${application} is a package: nothing is written there; "appup": "generate" has the build do it`,
    )
  if (!changed) return `${file} says all of it already`
  const replaced = outdated === undefined ? '' : `; it was for ${outdated}, whose entries are replaced`
  return dryRun ? `${style.dim('would write')} ${file}${replaced}` : `${style.green('written')} ${file}${replaced}`
}
