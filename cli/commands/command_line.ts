/**
 * The command line of `otp-rel`, read with the parser of yargs. The rest of yargs, its checks and its help, is not
 * loaded: that takes longer than most commands.
 *
 * It finds options and their values; which ones a command has, what is missing and what is one too many is decided
 * by the command's description, as in `bin/NAME`, so that both refuse with the same words.
 */
import { Parser } from 'yargs/helpers'
import { err, type Result } from '../../schemas/result.js'
import { optionMeant, place, takesNoValue } from '../node/arguments.js'
import type { Arguments, CommandSpec, Option } from '../node/command.js'
import { type Failure, usage } from '../render/failure.js'
import { signature } from '../render/help.js'

/**
 * Reads what follows the name of a command.
 *
 * @param shared options of every command
 * @returns the arguments by name; what a command passes through is in `rest`
 */
export function readCommandLine(
  argv: readonly string[],
  command: CommandSpec,
  shared: readonly Option[],
): Result<Arguments, Failure> {
  const options = [...command.options, ...shared]
  const hints = [`otp-rel ${signature(command)}`, `see "otp-rel help ${command.name}"`]
  const [switches, valued] = [options.filter(isSwitch), options.filter((one) => !isSwitch(one))].map((some) =>
    some.map(({ name }) => name),
  )
  const refused = switchWithValue(argv, switches ?? [])
  if (refused !== undefined) return err(usage('bad_option', refused, hints))
  const { argv: parsed, error } = Parser.detailed([...argv], {
    boolean: switches,
    string: valued,
    configuration: {
      'boolean-negation': false,
      'camel-case-expansion': false,
      'dot-notation': false,
      // A version such as 1.0 is a text.
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'populate--': true,
      // Words that look like options and are none of ours are ours to refuse, or to pass through.
      'unknown-options-as-args': true,
    },
  })
  if (error !== null) return err(usage('bad_option', error.message, hints))

  const words = parsed._.map(String)
  const afterDashes = parsed['--']
  const plain: readonly string[] = Array.isArray(afterDashes) ? afterDashes.map(String) : []
  const args: Record<string, Arguments[string]> = {}
  for (const { name, type, repeated, value: word = 'VALUE' } of options) {
    const given = parsed[name]
    if (given === undefined) continue
    // Of what can be given once, the last one counts.
    const value: unknown = Array.isArray(given) && repeated !== true ? given.at(-1) : given
    if (repeated === true) {
      const values: readonly unknown[] = Array.isArray(given) ? given : [given]
      args[name] = values.map(String)
      continue
    }
    if (type === 'boolean') {
      args[name] = value === true
      continue
    }
    if (typeof value !== 'string' || value === '')
      return err(usage('bad_option', `"--${name}" needs a value: --${name} ${word}`, hints))
    if (type === 'string') {
      args[name] = value
      continue
    }
    const number = Number(value)
    if (!Number.isFinite(number) || number < 0) {
      return err(usage('bad_option', `"--${name}" must be a number, 0 or more; got "${value}"`, hints))
    }
    args[name] = number
  }
  if (command.passThrough === true) return place([], command, { ...args, rest: [...words, ...plain] }, hints)
  const unknown = words.find((word) => /^--?[A-Za-z]/.test(word))
  if (unknown !== undefined) {
    const written = unknown.replace(/=.*$/s, '')
    const near = optionMeant(
      written.replace(/^-+/, ''),
      options.map(({ name }) => name),
    )
    return err(usage('unknown_option', `unknown option "${written}"${near}`, hints))
  }
  return place([...words, ...plain], command, args, hints)
}

/** The parser takes `--dry-run=1` for a switch that is off, and a build that was to write nothing writes. */
function switchWithValue(argv: readonly string[], switches: readonly string[]): string | undefined {
  const end = argv.indexOf('--')
  for (const word of end < 0 ? argv : argv.slice(0, end)) {
    const [, name, value] = /^--([^=]+)=(.*)$/s.exec(word) ?? []
    if (name !== undefined && value !== undefined && switches.includes(name)) return takesNoValue(name, value)
  }
  return undefined
}

const isSwitch = ({ type }: Option): boolean => type === 'boolean'
