/** Help: the overview of a program, and the help of one command, both made from the commands' descriptions. */
import type { CommandSpec, Option } from '../node/command.js'
import { EXIT_CODES } from './exit_codes.js'
import { padEnd, type Style, width } from './style.js'

/** What the overview of a program says besides its commands. */
export interface Program {
  /** How it is called: `otp-rel` or `bin/shop`. */
  readonly name: string
  /** One sentence. */
  readonly summary: string
  readonly commands: readonly CommandSpec[]
  /** Options of every command. */
  readonly options: readonly Option[]
}

/** The headings, in order. */
const GROUPS = ['Project', 'Node', 'Upgrade', 'Live'] as const

const HEADINGS: Record<(typeof GROUPS)[number], string> = {
  Project: 'Building',
  Node: 'Running',
  Upgrade: 'Changing versions while it runs',
  Live: 'Looking inside',
}

/** Columns of the left side of a list. */
const LEFT = 34
/** Columns of an example that still has its words beside it. */
const LONG = 50
/** Fewer columns than this have no room for two sides. */
const NARROW = 80

/** How help is to look. */
export interface Page {
  readonly style: Style
  /** Columns of a line. */
  readonly columns: number
}

/** All commands by group, the options they share, and the exit codes. */
export function overview(program: Program, page: Page): string[] {
  const { style, columns } = page
  const listed = program.commands.filter(({ hidden }) => hidden !== true)
  return [
    ...wrap(program.summary, columns < NARROW ? columns : Number.POSITIVE_INFINITY),
    '',
    `${style.bold('Usage')}  ${program.name} COMMAND [arguments] [options]`,
    ...GROUPS.flatMap((group) => {
      const commands = listed.filter((command) => command.group === group)
      if (commands.length === 0) return []
      return [
        '',
        style.bold(HEADINGS[group]),
        ...commands.flatMap((command) => pair(signature(command), command.summary, page)),
      ]
    }),
    '',
    style.bold('Options of every command'),
    ...program.options.flatMap((option) => pair(optionName(option), option.describe, page)),
    '',
    ...exitCodeHelp(page),
    '',
    `More about a command: ${program.name} help COMMAND`,
  ]
}

/** The table of exit codes: the end of the overview, and `help exit-codes` alone. */
export function exitCodeHelp({ style, columns }: Page): string[] {
  return [
    style.bold('Exit codes'),
    ...Object.entries(EXIT_CODES).flatMap(([name, { code, means }]) => {
      const start = `  ${padEnd(String(code).padStart(3), 5)}`
      return columns < NARROW ? [`${start}${name}`, ...below(means, columns)] : [`${start}${padEnd(name, 20)}${means}`]
    }),
  ]
}

/** The help of one command. */
export function commandHelp(program: Program, command: CommandSpec, page: Page): string[] {
  const { style, columns } = page
  const section = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : ['', style.bold(title), ...lines]
  const { positionals, options, examples, details = [], aliases = [] } = command
  // What a very long one does stands below it, so that the others stay together.
  const examplesWidth = Math.max(0, ...examples.map(([line]) => width(line)).filter((columns) => columns <= LONG))
  return [
    ...wrap(command.summary, columns),
    ...details.flatMap((paragraph) => ['', ...wrap(paragraph, columns)]),
    '',
    `${style.bold('Usage')}  ${program.name} ${signature(command)} [options]`,
    ...(aliases.length === 0 ? [] : [`       also: ${aliases.join(', ')}`]),
    ...section(
      'Arguments',
      positionals.flatMap(({ name, describe }) => pair(name.toUpperCase(), describe, page)),
    ),
    ...section(
      'Options',
      options.flatMap((option) => pair(optionName(option), option.describe, page)),
    ),
    ...section(
      'Options of every command',
      program.options.flatMap((option) => pair(optionName(option), option.describe, page)),
    ),
    ...section(
      'Examples',
      examples.flatMap(([line, does]) =>
        width(line) > LONG || columns < NARROW
          ? [`  ${program.name} ${line}`, ...wrap(does, columns - 4).map((said) => `    ${style.dim(said)}`)]
          : [`  ${program.name} ${padEnd(line, examplesWidth)}   ${style.dim(does)}`],
      ),
    ),
  ]
}

/** `upgrade VSN`, `commit [VSN]`, `build [RELEASE..]`. */
export function signature({ name, positionals }: CommandSpec): string {
  return [
    name,
    ...positionals.map(({ name: value, required, variadic }) => {
      const word = `${value.toUpperCase()}${variadic === true ? '..' : ''}`
      return required ? word : `[${word}]`
    }),
  ].join(' ')
}

function optionName({ name, type, value }: Option): string {
  return type === 'boolean' ? `--${name}` : `--${name} ${value ?? 'VALUE'}`
}

function pair(left: string, right: string, { style, columns }: Page): string[] {
  if (columns < NARROW) return [`  ${style.cyan(left)}`, ...below(right, columns)]
  const [first = '', ...more] = wrap(right, columns - LEFT)
  return [`  ${style.cyan(padEnd(left, LEFT - 4))}  ${first}`, ...more.map((line) => ' '.repeat(LEFT) + line)]
}

const below = (text: string, columns: number): string[] => wrap(text, columns - 8).map((line) => `        ${line}`)

/** Breaks a text at spaces into lines of at most so many columns; a longer word stands alone. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= columns) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}
