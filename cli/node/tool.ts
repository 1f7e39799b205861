/**
 * `bin/NAME`'s commands on its node, from a command line to what is printed.
 *
 * Everything but the streams and the end of the process, which are `main.ts`'s.
 */
import { resolve } from 'node:path'
import { didYouMean } from '../../schemas/nearest.js'
import { err, ok, type Result } from '../../schemas/result.js'
import { EXIT_CODES } from '../render/exit_codes.js'
import { type Failure, usage } from '../render/failure.js'
import { commandHelp, exitCodeHelp, overview, type Program } from '../render/help.js'
import { columnsOf, outStyle, print, printOutcome, printPart, printStep, type Terminal } from '../render/terminal.js'
import { readArguments } from './arguments.js'
import { DEFAULT_TIMEOUT_MS } from './client.js'
import { type CommandSpec, type Context, number, type Option, type Target } from './command.js'
import { NODE_COMMANDS, NODE_OPTIONS } from './commands/table.js'

/** Commands of the start script itself: it needs no node and no nodetool for them. */
const SCRIPT_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'foreground',
    group: 'Node',
    summary: 'Start the node here; Ctrl-C stops it in order',
    details: [
      'A crashed node is started again: 5 times within 60 seconds; RELEASE_RESTARTS=0 in the environment says otherwise.',
      'What follows is given to the node: --APP key=value sets a parameter of an application.',
    ],
    positionals: [],
    options: [],
    examples: [
      ['foreground', 'for containers and service managers'],
      ['foreground --shop port=8080', 'with another parameter'],
    ],
  },
  {
    name: 'daemon',
    aliases: ['start'],
    group: 'Node',
    summary: 'Start the node in the background and wait until it has started',
    details: [
      'What follows is given to the node: --APP key=value sets a parameter of an application.',
      'It gets 60 seconds; the environment variable START_TIMEOUT says otherwise. Its output goes to log/NAME.log.',
    ],
    positionals: [],
    options: [],
    examples: [['daemon', 'log in log/NAME.log']],
  },
  {
    name: 'console',
    group: 'Node',
    summary: 'Start the node with a prompt in it, here; the end of the prompt stops it',
    details: ['What follows is given to the node: --APP key=value sets a parameter of an application.'],
    positionals: [],
    options: [],
    examples: [['console', 'to try things']],
  },
  {
    name: 'version',
    group: 'Node',
    summary: 'Print name and version of the release that boots',
    details: ['No node has to run.'],
    positionals: [],
    options: [],
    examples: [['version', 'for scripts']],
  },
  {
    name: 'unit',
    group: 'Node',
    summary: 'Print a unit of systemd for this installation',
    details: [
      'For the user who calls it, and with RELEASE_NODE_NAME, RELEASE_RUN_DIR and RELEASE_LOG_DIR as they are set.',
    ],
    positionals: [],
    options: [],
    examples: [['unit > /etc/systemd/system/NAME.service', 'then "systemctl enable --now NAME"']],
  },
]

const JSON_OPTION: Option = { name: 'json', type: 'boolean', describe: 'print JSON: the same words as data' }

/** The environment of a call, apart from its command line. */
export type ToolContext = Omit<Context, 'program' | 'progress' | 'show'> & Omit<Terminal, 'json'>

interface Calling {
  readonly target: Target
  readonly program: string
  readonly rest: readonly string[]
}

/**
 * Runs a command line `--root DIR [--name NAME] [--program TEXT] [--run-dir DIR] [--log-dir DIR] COMMAND ...`.
 *
 * @returns the exit code
 */
export async function runTool(argv: readonly string[], context: ToolContext): Promise<number> {
  const { target, program, rest } = calling(argv)
  const [given = 'help', ...more] = rest
  const terminal: Terminal = { ...context, json: more.includes('--json') }
  const about: Program = {
    name: program,
    summary: `The commands of the release in ${target.root}`,
    commands: [...SCRIPT_COMMANDS, ...NODE_COMMANDS],
    // The start script says which release this is.
    options: [...NODE_OPTIONS.filter((option) => option.name === 'timeout'), JSON_OPTION],
  }
  if (given === 'help' || given === '--help' || more.includes('--help')) {
    return help(given === 'help' || given === '--help' ? more[0] : given, about, terminal)
  }
  const entry = NODE_COMMANDS.find((command) => command.name === given || command.aliases?.includes(given))
  if (entry === undefined) return printOutcome(err(unknownCommand(given, about)), terminal)
  const args = readArguments(more, entry, about.options, program)
  if (!args.ok) return printOutcome(args, terminal)
  const command = await entry.load()
  const seconds = number(args.value, 'timeout')
  const outcome = await command(args.value, {
    ...context,
    program,
    target,
    timeoutMs: seconds === undefined ? DEFAULT_TIMEOUT_MS : seconds * 1_000,
    progress: (step, facts) => printStep(step, terminal, facts),
    show: (part) => printPart(part, terminal),
    packagesOf: () => [],
  })
  return printOutcome(outcome, terminal)
}

/** The failure for a command that is none. */
export function unknownCommand(given: string, program: Program): Failure {
  const names = program.commands
    .filter(({ hidden }) => hidden !== true)
    .flatMap(({ name, aliases = [] }) => [name, ...aliases])
  const what = given.startsWith('-') ? 'no command, only the option' : 'unknown command'
  return usage('unknown_command', `${what} "${given}"${didYouMean(given.replace(/^-+/, ''), names)}`, [
    `see "${program.name} help"`,
  ])
}

function help(name: string | undefined, about: Program, terminal: Terminal): number {
  const found = helpLines(name, about, terminal)
  if (!found.ok) return printOutcome(found, terminal)
  print(terminal.out, found.value)
  return EXIT_CODES.ok.code
}

/** What `help` shows besides commands. */
const EXIT_CODES_TOPIC = 'exit-codes'

/** The overview, the help of one command, or the table of exit codes. */
export function helpLines(name: string | undefined, about: Program, terminal: Terminal): Result<string[], Failure> {
  const page = { style: outStyle(terminal), columns: columnsOf(terminal) }
  if (name === undefined || name.startsWith('-')) return ok(overview(about, page))
  if (name === EXIT_CODES_TOPIC) return ok(exitCodeHelp(page))
  const command = about.commands.find((one) => one.name === name || one.aliases?.includes(name))
  return command === undefined ? err(unknownCommand(name, about)) : ok(commandHelp(about, command, page))
}

const SAID: ReadonlySet<string> = new Set(['--root', '--name', '--program', '--run-dir', '--log-dir'])

/** What the start script says before the command. */
function calling(argv: readonly string[]): Calling {
  let index = 0
  const said: Record<string, string> = {}
  for (; index + 1 < argv.length; index += 2) {
    const word = argv[index] ?? ''
    if (!SAID.has(word)) break
    said[word] = argv[index + 1] ?? ''
  }
  const { '--name': name, '--run-dir': runDir, '--log-dir': logDir } = said
  return {
    target: {
      root: resolve(said['--root'] ?? '.'),
      ...(name === undefined ? {} : { name }),
      ...(runDir === undefined ? {} : { runDir: resolve(runDir) }),
      ...(logDir === undefined ? {} : { logDir: resolve(logDir) }),
    },
    program: said['--program'] ?? 'nodetool',
    rest: argv.slice(index),
  }
}
