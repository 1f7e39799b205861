/**
 * What a command is: its description, enough for help, parsing and "did you mean" without loading it; what it is
 * given; and what it gives back.
 */
import { join } from 'node:path'
import type { Outcome, Report } from '../render/failure.js'
import type { Step } from '../render/steps.js'

/** A value given by its position. */
export interface Positional {
  readonly name: string
  readonly required: boolean
  /** The last one may stand for all that follow. */
  readonly variadic?: boolean
  readonly describe: string
}

/** A value given by its name. */
export interface Option {
  /** As written after `--`, words joined by `-`. */
  readonly name: string
  readonly type: 'string' | 'boolean' | 'number'
  /** May be given several times; only texts. */
  readonly repeated?: boolean
  /** The word for the value in help, in capitals. */
  readonly value?: string
  readonly describe: string
}

/** A command, before it is loaded. */
export interface CommandSpec {
  readonly name: string
  /** Other names for the same. */
  readonly aliases?: readonly string[]
  /** The heading it is listed under. */
  readonly group: 'Project' | 'Node' | 'Upgrade' | 'Live'
  /** One line, beginning with a verb, without full stop. */
  readonly summary: string
  /** Paragraphs of help, one a string. */
  readonly details?: readonly string[]
  readonly positionals: readonly Positional[]
  readonly options: readonly Option[]
  /** Command lines, without the program's name, and what each does. */
  readonly examples: readonly (readonly [line: string, does: string])[]
  /** Left out of lists of commands: for scripts. */
  readonly hidden?: boolean
  /** Everything after the positionals belongs to the command, options included (`--APP key=value`). */
  readonly passThrough?: boolean
  /** It shows parts until it is told to end: as `--json` its end is a line, too. */
  readonly endless?: boolean
}

/** What was given on the command line: options by name, positionals by name, `rest` for what is passed through. */
export type Arguments = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>

/** A text, or `undefined` when it was not given. */
export function text(args: Arguments, name: string): string | undefined {
  const value = args[name]
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined
}

/** A switch; not given is off. */
export function flag(args: Arguments, name: string): boolean {
  return args[name] === true
}

/** A number, or `undefined` when it was not given. */
export function number(args: Arguments, name: string): number | undefined {
  const value = args[name]
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

/** Several texts; not given is none. */
export function list(args: Arguments, name: string): readonly string[] {
  const value = args[name]
  return Array.isArray(value) ? value.map(String) : typeof value === 'string' ? [value] : []
}

/** Which node is meant. */
export interface Target {
  /** Absolute path of the release's root folder. */
  readonly root: string
  /** The release's name, where the user or the project says it. */
  readonly name?: string
  /** Where its node keeps its socket, absolute; default: `run` below the root. */
  readonly runDir?: string
  /** Where its logs are, absolute; default: `log` below the root. */
  readonly logDir?: string
}

/** The run folder of a target's node. */
export const runDirOf = ({ root, runDir }: Target): string => runDir ?? join(root, 'run')

/** The folder of its logs. */
export const logDirOf = ({ root, logDir }: Target): string => logDir ?? join(root, 'log')

/** What every command may touch besides its arguments. */
export interface Context {
  /** How the user calls this program, for the commands named in messages: `otp-rel` or `bin/shop`. */
  readonly program: string
  /** Shows a step of a long command as it happens; `facts` is what `--json` prints of it, the step itself by default. */
  readonly progress: (step: Step, facts?: unknown) => void
  /** Shows a part of a report that has no end; `--json` prints its data on one line. */
  readonly show: (part: Omit<Report, 'warnings'>) => void
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal
  readonly stdin: NodeJS.ReadStream
  readonly stdout: NodeJS.WriteStream
}

/** What a command on a node gets besides. */
export interface NodeContext extends Context {
  readonly target: Target
  /** How long a node may take to show that it is alive, in ms. */
  readonly timeoutMs: number
  /** Where a package of this version of a release may lie besides the release's own `releases` folder, likeliest first. */
  readonly packagesOf: (vsn: string, name: string) => readonly string[]
}

/** A command that talks to a node; the same for `otp-rel` and `bin/NAME`. */
export type NodeCommand = (args: Arguments, context: NodeContext) => Promise<Outcome>
