/**
 * The commands on a node: the one list that `otp-rel` and `bin/NAME` both offer.
 *
 * A command is loaded only when it is run. Longer than a file should be: one entry a command, and nothing else.
 */
import type { CommandSpec, NodeCommand, Option } from '../command.js'

/** A command on a node, with the way to it. */
export interface NodeCommandEntry extends CommandSpec {
  readonly load: () => Promise<NodeCommand>
}

/** Options of every command on a node. */
export const NODE_OPTIONS: readonly Option[] = [
  {
    name: 'root',
    type: 'string',
    value: 'DIR',
    describe: "the release's folder (default: _build/rel/NAME of this project)",
  },
  { name: 'name', type: 'string', value: 'NAME', describe: 'the name of the release, where there are several' },
  {
    name: 'timeout',
    type: 'number',
    value: 'SECONDS',
    describe: 'time the node gets to show that it is alive (default: 5)',
  },
]

const WAIT: Option = {
  name: 'wait',
  type: 'number',
  value: 'SECONDS',
  describe: 'how long to wait for it (default: 60)',
}
const INSTALL_OPTIONS: readonly Option[] = [
  {
    name: 'dry-run',
    type: 'boolean',
    describe: 'show what would be done and whether it can be, and change nothing that runs',
  },
  { name: 'suspend-timeout', type: 'number', value: 'MS', describe: 'time each process gets to suspend' },
  { name: 'code-change-timeout', type: 'number', value: 'MS', describe: 'time each process gets to migrate its state' },
  {
    name: 'start-timeout',
    type: 'number',
    value: 'MS',
    describe: 'time each child and application gets to start (default: 60000)',
  },
  {
    name: 'unsuspended',
    type: 'string',
    value: 'WHAT',
    describe: 'a process not suspended in time: abort (default), skip (it keeps the old code), kill',
  },
  {
    name: 'error-action',
    type: 'string',
    value: 'restart',
    describe: 'restart the node should something not be taken back after a failure (default: it goes on)',
  },
  {
    name: 'keep-children',
    type: 'boolean',
    describe: 'start and stop no children of changed supervisors: the appup does so by calls',
  },
]
const PROBATION_OPTIONS: readonly Option[] = [
  {
    name: 'commit-after',
    type: 'string',
    value: 'TIME',
    describe: 'commit by itself when it was healthy for so long: 500ms, 60s, 5m (default with --health: 60s)',
  },
  {
    name: 'health',
    type: 'string',
    value: 'WHOM',
    describe: 'a URL, or APPLICATION/MODULE:FUNCTION on the node; bad answers go back to the version before',
  },
  { name: 'health-interval', type: 'string', value: 'TIME', describe: 'time between two questions (default: 2s)' },
  { name: 'health-timeout', type: 'string', value: 'TIME', describe: 'time for an answer (default: 5s)' },
  {
    name: 'health-failures',
    type: 'number',
    value: 'N',
    describe: 'bad answers in a row that are too many (default: 3)',
  },
  { name: 'again', type: 'boolean', describe: 'install a build that was not healthy before all the same' },
]
const VSN = { name: 'vsn', required: true, describe: 'version of the release' } as const

/** In the order they are listed. */
export const NODE_COMMANDS: readonly NodeCommandEntry[] = [
  {
    name: 'status',
    group: 'Node',
    summary: 'Show what runs: release, process, applications, memory',
    details: ['Ends with exit code 19 where an application that the release starts permanently does not run.'],
    positionals: [],
    options: [],
    examples: [
      ['status', 'for people'],
      ['status --json', 'for scripts; the exit code alone tells why there is no answer'],
    ],
    load: async () => (await import('./status.js')).status,
  },
  {
    name: 'ping',
    group: 'Node',
    summary: 'Ask whether the node answers',
    positionals: [],
    options: [],
    examples: [['ping', 'prints pong']],
    load: async () => (await import('./status.js')).ping,
  },
  {
    name: 'pid',
    group: 'Node',
    summary: "Print the node's process id",
    positionals: [],
    options: [],
    examples: [['pid', 'for kill and for monitoring']],
    load: async () => (await import('./status.js')).pid,
  },
  {
    name: 'stop',
    group: 'Node',
    summary: 'Stop the node in order and wait until it has ended',
    positionals: [],
    options: [WAIT],
    examples: [['stop', 'applications stop in reverse order of their start']],
    load: async () => (await import('./stop.js')).stop,
  },
  {
    name: 'restart',
    aliases: ['reboot'],
    group: 'Node',
    summary: 'Stop the applications and boot the permanent release again',
    positionals: [],
    options: [WAIT],
    examples: [['restart', 'what is not committed is not booted']],
    load: async () => (await import('./stop.js')).restart,
  },
  {
    name: 'wait',
    group: 'Node',
    summary: 'Wait until the node has started',
    positionals: [],
    options: [WAIT, { name: 'pid', type: 'number', value: 'PID', describe: 'give up when this process ends' }],
    examples: [['wait --wait 10', 'at most ten seconds']],
    hidden: true,
    load: async () => (await import('./stop.js')).wait,
  },
  {
    name: 'logs',
    group: 'Node',
    summary: 'Show what the node has logged, from all its log files',
    details: [
      'Reads ROOT/log, the files that sys.config.json names, and the multi-file log of sasl, with their archives, in order of time. No node has to run.',
      'With --follow the newest 10 come first, unless --max or --since says otherwise; rotated files are followed. With --json each entry is a line then.',
    ],
    positionals: [
      { name: 'files', required: false, variadic: true, describe: 'log files or folders instead of all there are' },
    ],
    options: [
      {
        name: 'level',
        type: 'string',
        value: 'LEVEL',
        describe: 'of this level and more severe ones: error, warning ...',
      },
      {
        name: 'type',
        type: 'string',
        value: 'TYPE',
        describe: 'crash_report, supervisor_report, progress, message, output; several with commas',
      },
      { name: 'since', type: 'string', value: 'TIME', describe: 'from then on: 2026-01-31T12:00, or 10m, 2h, 1d ago' },
      { name: 'until', type: 'string', value: 'TIME', describe: 'up to then' },
      { name: 'grep', type: 'string', value: 'REGEXP', describe: 'that hold a text' },
      { name: 'max', type: 'number', value: 'COUNT', describe: 'the newest of them, at most so many' },
      { name: 'follow', type: 'boolean', describe: 'go on with what is logged from now on, until Ctrl-C' },
    ],
    examples: [
      ['logs --level error --since 1h', 'what went wrong lately'],
      ['logs --type crash_report --max 1', 'the last crash'],
      ['logs --follow --level warning', 'what goes wrong, as it happens'],
      ['logs --grep timeout --json', 'for scripts'],
    ],
    load: async () => (await import('./logs.js')).logs,
  },
  {
    name: 'versions',
    aliases: ['releases'],
    group: 'Upgrade',
    summary: 'List the releases the node knows, and their status',
    positionals: [],
    options: [],
    examples: [['versions', 'newest first; "current" runs, "permanent" boots']],
    load: async () => (await import('./versions.js')).versions,
  },
  {
    name: 'plan',
    group: 'Upgrade',
    summary: 'Show what an upgrade to a version on the node will do, and to how many processes',
    details: [
      'Every application and module with what becomes of it, changed parameters and npm packages, calls that no failure could take back, and whether anything restarts. Nothing is tried: "upgrade VSN --dry-run" does that.',
    ],
    positionals: [VSN],
    options: [
      { name: 'from', type: 'string', value: 'VSN', describe: 'come from this version, not from the one that runs' },
    ],
    examples: [
      ['plan 1.1.0', 'from the version that runs'],
      ['plan 1.1.0 --json', 'for scripts: "verdict" says whether anything restarts'],
    ],
    load: async () => (await import('./plan.js')).plan,
  },
  {
    name: 'rehearse',
    group: 'Upgrade',
    summary: 'Try an upgrade on copies of the states that the node has now',
    details: [
      'The states of all processes that the upgrade would convert are copied into another operating system process with the code of the new version, converted there, and back. The node that runs is not touched.',
      'States that cannot be copied (those with sockets, functions or instances of classes) are named. Ends with 9 where one cannot be converted.',
    ],
    positionals: [VSN],
    options: [
      {
        name: 'tar',
        type: 'string',
        value: 'FILE',
        describe: 'the package, where it is not on the node, as for upgrade',
      },
    ],
    examples: [
      ['rehearse 1.1.0', 'would it work, with what is in memory now?'],
      ['rehearse 1.1.0 --json', 'every process, with its state before and after'],
    ],
    load: async () => (await import('./rehearse.js')).rehearse,
  },
  {
    name: 'upgrade',
    aliases: ['install'],
    group: 'Upgrade',
    summary: 'Make the running node another version, without a restart',
    details: [
      'The package is unpacked first where the node does not have the version yet. Everything is checked before anything is touched; a failure on the way is undone, and the node goes on with the release it ran.',
      'The new version is not permanent: a restart boots the one before, until "commit" is given.',
    ],
    positionals: [VSN],
    options: [
      {
        name: 'tar',
        type: 'string',
        value: 'FILE',
        describe:
          'the package, where it is not on the node (default: _build/tar/NAME-VSN.tar.gz, then ROOT/releases/NAME-VSN.tar.gz)',
      },
      {
        name: 'restart',
        type: 'boolean',
        describe: 'boot it, on trial, instead of changing the node: needs no relup, and keeps no states',
      },
      ...INSTALL_OPTIONS,
      ...PROBATION_OPTIONS,
    ],
    examples: [
      ['upgrade 1.1.0', 'as built or unpacked before, else from its package'],
      ['upgrade 1.1.0 --tar /srv/shop-1.1.0.tar.gz', 'from that package'],
      ['upgrade 1.1.0 --dry-run', 'what would it do?'],
      [
        'upgrade 1.1.0 --commit-after 60s --health http://localhost:8080/health',
        'permanent when it stays healthy, back when it does not',
      ],
    ],
    load: async () => (await import('./upgrade.js')).upgrade,
  },
  {
    name: 'downgrade',
    group: 'Upgrade',
    summary: 'Take the running node back to a version it still has',
    positionals: [
      {
        ...VSN,
        required: false,
        describe: 'version of the release (default: the one that boots, else the one that ran before)',
      },
    ],
    options: INSTALL_OPTIONS,
    examples: [
      ['downgrade 1.0.0', 'with the instructions for going down of the version that runs'],
      ['downgrade', 'back to what boots: an upgrade that did not prove itself'],
    ],
    load: async () => (await import('./upgrade.js')).downgrade,
  },
  {
    name: 'commit',
    group: 'Upgrade',
    summary: 'Make the version that runs the one that boots',
    details: [
      'With a version it needs no node: while none runs, or the launcher waits to try it again, any version on the disk is made the one that boots.',
    ],
    positionals: [{ ...VSN, required: false, describe: 'version of the release (default: the one that runs)' }],
    options: [
      {
        name: 'end-old-code',
        type: 'boolean',
        describe: 'kill processes that still run code of before, in a callback that has not returned',
      },
    ],
    examples: [
      ['commit', 'after an upgrade that proved itself'],
      ['commit 1.0.0', 'while 1.1.0 does not boot: have 1.0.0 boot'],
    ],
    load: async () => (await import('./upgrade.js')).commit,
  },
  {
    name: 'unpack',
    group: 'Upgrade',
    summary: 'Put a package on the node without installing it',
    positionals: [
      { name: 'package', required: true, describe: 'a package file, or a version whose package lies in releases' },
    ],
    options: [],
    examples: [
      ['unpack 1.1.0', 'releases/NAME-1.1.0.tar.gz'],
      ['unpack /srv/shop-1.1.0.tar.gz', 'a file elsewhere'],
    ],
    load: async () => (await import('./upgrade.js')).unpack,
  },
  {
    name: 'remove',
    group: 'Upgrade',
    summary: 'Remove a version and the files only it uses',
    positionals: [VSN],
    options: [],
    examples: [['remove 0.9.0', 'refused for the version that runs and the one that boots']],
    load: async () => (await import('./upgrade.js')).remove,
  },
  {
    name: 'history',
    group: 'Upgrade',
    summary: 'List what was installed, when and by whom',
    positionals: [],
    options: [],
    examples: [['history', 'newest last']],
    load: async () => (await import('./versions.js')).history,
  },
  {
    name: 'remote',
    group: 'Live',
    summary: 'Open a prompt inside the running node',
    details: ['Leave it with .exit or Ctrl-D; the node goes on.'],
    positionals: [],
    options: [],
    examples: [
      ['remote', 'look around'],
      ['remote < script.js', 'run lines from a file'],
    ],
    load: async () => (await import('./remote.js')).remote,
  },
  {
    name: 'rpc',
    group: 'Live',
    summary: 'Call a function of a module on the running node',
    positionals: [
      { name: 'module', required: true, describe: 'APPLICATION/MODULE' },
      { name: 'function', required: true, describe: 'an exported function of it' },
      { name: 'args', required: false, describe: 'its arguments, a JSON array (default: [])' },
    ],
    options: [
      {
        name: 'wait',
        type: 'number',
        value: 'SECONDS',
        describe: 'how long to wait for its result (default: as long as it takes)',
      },
    ],
    examples: [
      ['rpc shop/cart count', 'no arguments'],
      ['rpc shop/cart add \'["apple", 2]\'', 'two arguments'],
      ['rpc shop/cart count --json', 'the result as JSON'],
    ],
    load: async () => (await import('./rpc.js')).rpc,
  },
  {
    name: 'eval',
    group: 'Live',
    summary: 'Evaluate JavaScript on the running node',
    positionals: [{ name: 'code', required: true, describe: 'an expression; it may await' }],
    options: [],
    examples: [["eval 'process.memoryUsage()'", 'prints its value']],
    load: async () => (await import('./rpc.js')).evaluate,
  },
]
