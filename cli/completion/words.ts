/** What can be completed on a command line, read off the descriptions of the commands: the same for every shell. */
import type { CommandSpec, Option } from '../node/command.js'

/** Where words come from: files and folders of the shell, or of the project. */
export type Kind = 'files' | 'dirs' | 'versions' | 'releases' | 'applications' | 'none'

/** Words that a value can be: of a kind, or these. */
export type Values = Kind | readonly string[]

/** An option with what its value can be; switches have none. */
export interface CompletedOption {
  readonly name: string
  readonly describe: string
  readonly values?: Values
}

/** A command with everything that can follow it. */
export interface CompletedCommand {
  /** Its name, then the other names for it. */
  readonly names: readonly string[]
  readonly summary: string
  readonly options: readonly CompletedOption[]
  /** What its arguments can be. */
  readonly values: Values
}

const DIRS = new Set(['root', 'project', 'outdir'])
const BY_NAME: Readonly<Record<string, Kind>> = {
  vsn: 'versions',
  from: 'versions',
  to: 'versions',
  old: 'versions',
  new: 'versions',
  release: 'releases',
  modules: 'applications',
  files: 'files',
  package: 'files',
  out: 'files',
  tar: 'files',
  key: 'files',
  sign: 'files',
}

/** @param words arguments that are one of a list, by command */
export function completed(
  commands: readonly CommandSpec[],
  shared: readonly Option[],
  words: Readonly<Record<string, Values>>,
): readonly CompletedCommand[] {
  return commands
    .filter(({ hidden }) => hidden !== true)
    .map(({ name, aliases = [], summary, options, positionals }) => ({
      names: [name, ...aliases],
      summary,
      options: [...options, ...shared].map((option) => optionOf(option)),
      values: words[name] ?? BY_NAME[positionals[0]?.name ?? ''] ?? 'none',
    }))
}

function optionOf({ name, type, describe }: Option): CompletedOption {
  if (type === 'boolean') return { name, describe }
  // --name is that of a release on every command that has it
  const values = DIRS.has(name) ? 'dirs' : name === 'name' ? 'releases' : (BY_NAME[name] ?? 'none')
  return { name, describe, values }
}

/** Options with values, each name once: what can stand behind them. */
export function valuedOptions(commands: readonly CompletedCommand[]): ReadonlyMap<string, Values> {
  const all = commands.flatMap(({ options }) => options)
  return new Map(all.flatMap(({ name, values }) => (values === undefined ? [] : [[name, values] as const])))
}

/** A text in single quotes, for bash and zsh. */
export const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`
