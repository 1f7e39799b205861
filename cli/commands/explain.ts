/** `explain`: what a code means. The pages are those of cli/explain. */
import { err, ok } from '../../schemas/result.js'
import { AREAS, codes, type Found, pagesOf } from '../explain/pages.js'
import { type Arguments, text } from '../node/command.js'
import { EXIT_CODES } from '../render/exit_codes.js'
import { areaLines, pageLines } from '../render/explain.js'
import { type Outcome, usage } from '../render/failure.js'
import { didYouMean } from '../render/nearest.js'
import type { CliContext } from './project.js'

/** Shows the pages of a code, or lists all codes. */
export async function explain(args: Arguments, { program }: CliContext): Promise<Outcome> {
  const code = text(args, 'code')
  if (code === undefined) {
    return ok({
      data: {
        areas: AREAS.map(({ name, title, pages }) => ({
          area: name,
          title,
          codes: Object.entries(pages).map(([one, { means }]) => ({ code: one, means })),
        })),
      },
      lines: (style) => [...AREAS.flatMap((area) => areaLines(area, style)), `One of them: ${program} explain CODE`],
    })
  }
  const found = pagesOf(code)
  if (found.length === 0) {
    const known = [...codes(), ...Object.values(EXIT_CODES).map((exit) => String(exit.code))]
    // Of a number no other one is meant.
    const near = /^\d+$/.test(code) ? '' : didYouMean(code, known)
    return err(usage('unknown_code', `there is no code "${code}"${near}`, [`see all with "${program} explain"`]))
  }
  return ok({ data: { code, pages: found.map(facts) }, lines: (style) => pageLines(found, style) })
}

const facts = ({ area, code, exit, page }: Found) => ({
  area: area.name,
  code,
  ...(exit === undefined ? {} : { exit }),
  ...page,
})
