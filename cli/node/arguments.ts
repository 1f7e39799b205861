/**
 * Reading a command line by the description of its command, without any library: this travels in every release.
 *
 * `--name value`, `--name=value`, `--switch`; `--` ends the options. An unknown option, a missing argument and one too
 * many are refused.
 */
import { nearest } from '../../schemas/nearest.js'
import { err, ok, type Result } from '../../schemas/result.js'
import { type Failure, usage } from '../render/failure.js'
import { signature } from '../render/help.js'
import type { Arguments, CommandSpec, Option } from './command.js'

/** The words of a command line, read by their form only. */
interface Words {
  readonly options: readonly (readonly [name: string, value: string | undefined])[]
  readonly values: readonly string[]
}

/** The option that was probably meant, as it is written; a single letter may stand for one that begins with it. */
export function optionMeant(name: string, known: readonly string[]): string {
  const begins = known.filter((one) => name.length === 1 && one.startsWith(name))
  const meant = begins.length === 1 ? begins[0] : nearest(name, known)
  return meant === undefined ? '' : `; did you mean "--${meant}"?`
}

/** What is said of a switch that was given a value. */
export const takesNoValue = (name: string, value: string): string => `"--${name}" takes no value; got "${value}"`

/**
 * Reads what follows the name of a command.
 *
 * @param shared options of every command
 * @param program how the program is called, for the way out
 */
export function readArguments(
  argv: readonly string[],
  command: CommandSpec,
  shared: readonly Option[],
  program: string,
): Result<Arguments, Failure> {
  const known = [...command.options, ...shared]
  const hints = [`${program} ${signature(command)}`, `see "${program} help ${command.name}"`]
  const { options, values } = split(argv, known)
  const args: Record<string, string | number | boolean | readonly string[]> = {}
  for (const [name, value] of options) {
    const option = known.find((one) => one.name === name)
    if (option === undefined) {
      const near = optionMeant(
        name,
        known.map((one) => one.name),
      )
      return err(usage('unknown_option', `unknown option "--${name}"${near}`, hints))
    }
    if (option.type === 'boolean') {
      if (value !== undefined) return err(usage('bad_option', takesNoValue(name, value), hints))
      args[name] = true
      continue
    }
    if (value === undefined)
      return err(usage('bad_option', `"--${name}" needs a value: --${name} ${option.value ?? 'VALUE'}`, hints))
    if (option.type === 'number') {
      const number = Number(value)
      if (value.trim() === '' || !Number.isFinite(number) || number < 0) {
        return err(usage('bad_option', `"--${name}" must be a number, 0 or more; got "${value}"`, hints))
      }
      args[name] = number
    } else {
      args[name] = value
    }
  }
  return place(values, command, args, hints)
}

/** Gives values the names of their positions. */
export function place(
  values: readonly string[],
  command: CommandSpec,
  args: Arguments,
  hints: readonly string[],
): Result<Arguments, Failure> {
  const placed: Record<string, Arguments[string]> = { ...args }
  let next = 0
  for (const { name, required, variadic } of command.positionals) {
    const value = values[next]
    if (value === undefined) {
      if (required) return err(usage('missing_argument', `"${command.name}" needs ${name.toUpperCase()}`, hints))
      continue
    }
    placed[name] = variadic === true ? values.slice(next) : value
    next = variadic === true ? values.length : next + 1
  }
  const extra = values[next]
  if (extra !== undefined) return err(usage('unknown_argument', `"${command.name}" does not take "${extra}"`, hints))
  return ok(placed)
}

function split(argv: readonly string[], known: readonly Option[]): Words {
  const options: [string, string | undefined][] = []
  const values: string[] = []
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] ?? ''
    if (word === '--') {
      values.push(...argv.slice(index + 1))
      break
    }
    if (!word.startsWith('--')) {
      values.push(word)
      continue
    }
    const equals = word.indexOf('=')
    const name = equals < 0 ? word.slice(2) : word.slice(2, equals)
    const takes = known.some((option) => option.name === name && option.type !== 'boolean')
    const next = argv[index + 1]
    if (equals >= 0) options.push([name, word.slice(equals + 1)])
    else if (takes && next !== undefined && !next.startsWith('--')) {
      options.push([name, next])
      index++
    } else options.push([name, undefined])
  }
  return { options, values }
}
