/**
 * `otp-rel`, from a command line to what is printed: find the command, read its arguments, load it, run it, show.
 *
 * Everything but the streams and the end of the process, which are `main.ts`'s.
 */
import type { Fault } from '../../schemas/fault.js'
import { err, ok } from '../../schemas/result.js'
import type { Arguments, CommandSpec } from '../node/command.js'
import { NODE_OPTIONS } from '../node/commands/table.js'
import { helpLines, unknownCommand } from '../node/tool.js'
import { findConfig } from '../release/config_file.js'
import { EXIT_CODES } from '../render/exit_codes.js'
import type { Failure, Outcome } from '../render/failure.js'
import type { Program } from '../render/help.js'
import { print, printOutcome, printPart, printStep, type Terminal } from '../render/terminal.js'
import { type CliContext, CONFIG_FILE, shownFault, shownProse } from './project.js'
import { type CliCommandEntry, COMMANDS, SHARED_OPTIONS } from './table.js'

/** What runs `otp-rel` besides its command line. */
export type CliWorld = Omit<CliContext, 'program' | 'otpRel' | 'progress' | 'show'> &
  Omit<Terminal, 'json'> & {
    /** The version of this otp-rel. */
    readonly version: string
  }

const PROGRAM: Program = {
  name: 'otp-rel',
  summary: 'Versioned releases of TypeScript applications, and upgrades of a running node (Erlang/OTP for TypeScript).',
  commands: COMMANDS,
  options: SHARED_OPTIONS,
}

/** Runs a command line. @returns the exit code */
export async function runCli(line: readonly string[], world: CliWorld): Promise<number> {
  const argv = commandFirst(line)
  // After "--" nothing is ours.
  const own = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv
  const terminal: Terminal = { ...world, json: own.includes('--json'), explain: PROGRAM.name }
  const [given, ...rest] = argv
  if (given === '--version' || given === '-v' || given === 'version') {
    return printOutcome(ok({ data: { version: world.version }, lines: () => [world.version] }), terminal)
  }
  const asked = given === undefined || given === 'help' || given === '--help' || given === '-h'
  if (asked || own.includes('--help')) {
    const found = helpLines(asked ? rest[0] : given, PROGRAM, terminal)
    if (!found.ok) return printOutcome(found, terminal)
    print(terminal.out, found.value)
    return EXIT_CODES.ok.code
  }
  const entry = COMMANDS.find(({ name, aliases }) => name === given || aliases?.includes(given))
  if (entry === undefined) return printOutcome(withShownPaths(err(notACommand(given, world.cwd)), world.cwd), terminal)
  const outcome = withShownPaths(await run(entry, rest, world, terminal), world.cwd)
  return printOutcome(outcome, { ...terminal, jsonLines: entry.endless === true })
}

async function run(
  entry: CliCommandEntry,
  rest: readonly string[],
  world: CliWorld,
  terminal: Terminal,
): Promise<Outcome> {
  const { readCommandLine } = await import('./command_line.js')
  const args = readCommandLine(rest, entry, SHARED_OPTIONS)
  if (!args.ok) return args
  const command = await entry.load()
  const running = command(args.value, {
    ...world,
    program: calledWith(args.value, entry, ['project', 'profile', 'set', 'root', 'name']),
    otpRel: calledWith(args.value, entry, ['project', 'profile', 'set']),
    progress: (step, facts) => printStep(step, terminal, facts),
    show: (part) => printPart(part, terminal),
  })
  // What asks a node hears of Ctrl-C itself and waits for the node's answer; nothing else has anything to wait for.
  return entry.group === 'Project' ? Promise.race([running, interrupted(world.signal)]) : running
}

/** Options in front of the command are the command's, so that what is told to type next can repeat them. */
function commandFirst(line: readonly string[]): readonly string[] {
  const leading = [...SHARED_OPTIONS, ...NODE_OPTIONS]
  let at = 0
  while (at < line.length) {
    const word = line[at] ?? ''
    const option = leading.find(({ name }) => word === `--${name}` || word.startsWith(`--${name}=`))
    if (option === undefined) break
    at += option.type === 'boolean' || word.includes('=') ? 1 : 2
  }
  const command = line[at]
  return at === 0 || command === undefined ? line : [command, ...line.slice(0, at), ...line.slice(at + 1)]
}

/** How `otp-rel` is called to mean the same project and node again. */
function calledWith(args: Arguments, command: CommandSpec, names: readonly string[]): string {
  const known = [...SHARED_OPTIONS, ...command.options].map(({ name }) => name)
  const given = names.filter((name) => known.includes(name))
  const words = given.flatMap((name) => {
    const value = args[name]
    const values = Array.isArray(value) ? value : value === undefined ? [] : [value]
    return values.flatMap((one) => [`--${name}`, shellWord(String(one))])
  })
  return [PROGRAM.name, ...words].join(' ')
}

const shellWord = (word: string): string =>
  /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`

function interrupted(signal: AbortSignal): Promise<Outcome> {
  const outcome: Outcome = err({ exit: 'interrupted', tag: 'interrupted', message: 'interrupted' })
  return new Promise((resolve) => {
    if (signal.aborted) resolve(outcome)
    signal.addEventListener('abort', () => resolve(outcome), { once: true })
  })
}

/** An unknown command outside a project is most often a known one of another directory. */
function notACommand(given: string, cwd: string): Failure {
  const failure = unknownCommand(given, PROGRAM)
  if (findConfig(cwd) !== undefined || failure.message.includes('did you mean')) return failure
  return {
    ...failure,
    hints: [...(failure.hints ?? []), `there is no ${CONFIG_FILE} here: commands of a project need one`],
  }
}

/** Files as the user would type them, in sentences too. */
function withShownPaths(outcome: Outcome, cwd: string): Outcome {
  const prose = (said: string): string => shownProse(said, { cwd })
  const show = (fault: Fault): Fault => shownFault(fault, { cwd })
  if (outcome.ok) {
    const { warnings } = outcome.value
    return warnings === undefined ? outcome : ok({ ...outcome.value, warnings: warnings.map(show) })
  }
  const { faults, hints, message } = outcome.error
  return err({
    ...outcome.error,
    message: prose(message),
    ...(hints === undefined ? {} : { hints: hints.map(prose) }),
    ...(faults === undefined ? {} : { faults: faults.map(show) }),
  })
}
