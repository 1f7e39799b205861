/** All pages, by area, and how one is found. To explain a new code, add its page to the file of its area. */
import { EXIT_CODES, type ExitClass } from '../render/exit_codes.js'
import { BUILD_PAGES } from './build.js'
import { CODE_PAGES } from './code.js'
import { COMMAND_LINE_PAGES } from './command_line.js'
import { EXIT_CODE_PAGES } from './exit_codes.js'
import { FILE_PAGES } from './files.js'
import { INSTRUCTION_PAGES } from './instructions.js'
import { NODE_PAGES } from './node.js'
import type { Page, Pages } from './page.js'
import { RELEASE_HANDLER_PAGES } from './release_handler.js'
import { SYSTOOLS_PAGES } from './systools.js'

/** A part of otp-rel with the codes it gives. */
export interface Area {
  readonly name: string
  /** What it is, for a heading. */
  readonly title: string
  readonly pages: Pages
}

/** In the order in which a user meets them. The exit codes come first; their pages are found by number, too. */
export const AREAS: readonly Area[] = [
  { name: 'exit_codes', title: 'Exit codes', pages: EXIT_CODE_PAGES },
  { name: 'command_line', title: 'Command line', pages: COMMAND_LINE_PAGES },
  { name: 'files', title: 'Configuration and other files', pages: FILE_PAGES },
  { name: 'code', title: 'Source code and npm packages', pages: CODE_PAGES },
  { name: 'build', title: 'Build', pages: BUILD_PAGES },
  { name: 'systools', title: 'systools: releases and appup files', pages: SYSTOOLS_PAGES },
  { name: 'instructions', title: 'systools: upgrade instructions', pages: INSTRUCTION_PAGES },
  { name: 'release_handler', title: 'Release handler: versions and upgrades', pages: RELEASE_HANDLER_PAGES },
  { name: 'node', title: 'Running node', pages: NODE_PAGES },
]

/** A page with where it belongs. */
export interface Found {
  readonly area: Area
  readonly code: string
  /** The number, of an exit code. */
  readonly exit?: number
  readonly page: Page
}

/** The pages of a code, which several areas may have: its name, or the number of an exit code. None: no such code. */
export function pagesOf(code: string): readonly Found[] {
  const byNumber = Object.entries(EXIT_CODES).find(([, exit]) => String(exit.code) === code)?.[0]
  const name = byNumber ?? code.toLowerCase().replaceAll('-', '_')
  return AREAS.flatMap((area) => {
    const page = Object.hasOwn(area.pages, name) ? area.pages[name] : undefined
    if (page === undefined || (byNumber !== undefined && area.name !== 'exit_codes')) return []
    // the keys of that area are the classes: its type says so
    const exit = area.name === 'exit_codes' ? { exit: EXIT_CODES[name as ExitClass].code } : {}
    return [{ area, code: name, ...exit, page }]
  })
}

/** Every code there is, once, in order of the areas. */
export const codes = (): readonly string[] => [...new Set(AREAS.flatMap(({ pages }) => Object.keys(pages)))]
