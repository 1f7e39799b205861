/**
 * The commands of `otp-rel`: those on the project, `start`, and those on a node, which `bin/NAME` has too.
 *
 * A command is loaded only when it is run, so that none pays for the others. Longer than a file should be: one entry a
 * command, and nothing else.
 */

import { DEFAULT_TIMEOUT_MS } from '../node/client.js'
import { type Arguments, type CommandSpec, number, type Option } from '../node/command.js'
import { NODE_COMMANDS, NODE_OPTIONS, type NodeCommandEntry } from '../node/commands/table.js'
import type { Outcome } from '../render/failure.js'
import { type CliContext, locate } from './project.js'

/** A command of `otp-rel`. */
export type CliCommand = (args: Arguments, context: CliContext) => Promise<Outcome>

/** A command with the way to it. */
export interface CliCommandEntry extends CommandSpec {
  readonly load: () => Promise<CliCommand>
}

/** Options of every command of `otp-rel`. */
export const SHARED_OPTIONS: readonly Option[] = [
  {
    name: 'json',
    type: 'boolean',
    describe: 'print JSON: the same words as data, progress as lines on standard error',
  },
  {
    name: 'project',
    type: 'string',
    value: 'DIR',
    describe: 'the project (default: the nearest folder with otp.config.json)',
  },
  {
    name: 'profile',
    type: 'string',
    value: 'NAME',
    describe: 'a profile of otp.config.json, or several: prod,eu (default: OTP_REL_PROFILE, else none)',
  },
  {
    name: 'set',
    type: 'string',
    value: 'PATH=VALUE',
    repeated: true,
    describe: 'another setting than in otp.config.json: releases.NAME.KEY=VALUE, defaults.KEY=VALUE; may be repeated',
  },
]

const RELEASES = {
  name: 'release',
  required: false,
  variadic: true,
  describe: 'names of releases (default: all of otp.config.json)',
} as const
const FORCE: Option = {
  name: 'force',
  type: 'boolean',
  describe: 'replace what was built before under the same versions; never where a node runs from it',
}

const PROJECT_COMMANDS: readonly CliCommandEntry[] = [
  {
    name: 'new',
    group: 'Project',
    summary: 'Make a project whose tests, build, first upgrade, systemd unit, Dockerfile and CI work as they are',
    details: [
      'The project asks the registry for this version of otp-rel. A copy of otp-rel that comes from a clone, or from a file of "npm pack", travels with the project instead, in vendor/.',
    ],
    positionals: [
      { name: 'name', required: true, describe: 'of the project, its folder, its application and release' },
    ],
    options: [
      {
        name: 'template',
        type: 'string',
        value: 'KIND',
        describe:
          'service (default): one application with HTTP; umbrella: two applications in one release; library: an application for others to use',
      },
    ],
    examples: [
      ['new shop', 'a service in the folder shop'],
      ['new shop --template umbrella', 'several applications'],
    ],
    load: async () => (await import('./new.js')).newProject,
  },
  {
    name: 'build',
    group: 'Project',
    summary: 'Build releases: compile, check, assemble',
    details: [
      'A release goes to _build/rel/NAME, beside the versions built before. While a node runs there, the same version of an application with other code is refused: change its "vsn" in app.json.',
    ],
    positionals: [RELEASES],
    options: [
      { name: 'dry-run', type: 'boolean', describe: 'list the files that would be written, and write none' },
      FORCE,
    ],
    examples: [
      ['build', 'every release of otp.config.json'],
      ['build shop admin', 'two of several'],
      ['build --dry-run', 'what would be written?'],
    ],
    load: async () => (await import('./build.js')).build,
  },
  {
    name: 'check',
    group: 'Project',
    summary: 'Find everything a build would refuse, without writing anything',
    details: [
      'Configuration, applications, modules, dependencies, appups: all faults in one run, each with its place.',
    ],
    positionals: [RELEASES],
    options: [],
    examples: [
      ['check', 'for editors and commit hooks'],
      ['check --json', 'faults as data'],
    ],
    load: async () => (await import('./build.js')).check,
  },
  {
    name: 'tar',
    group: 'Project',
    summary: 'Build releases and pack each into one file to deploy',
    details: [
      'A package goes to _build/tar/NAME-VSN.tar.gz. It is one to upgrade a node with and one to install first: unpacked into an empty folder, bin/NAME starts it.',
    ],
    positionals: [RELEASES],
    options: [
      FORCE,
      {
        name: 'sign',
        type: 'string',
        value: 'KEY',
        describe: 'sign it with this Ed25519 private key (default: that of the environment variable OTP_REL_SIGN_KEY)',
      },
    ],
    examples: [
      ['tar', '_build/tar/NAME-VSN.tar.gz; the same input gives the same bytes'],
      ['tar --sign deploy.key', 'a package that nodes can ask to be signed'],
    ],
    load: async () => (await import('./build.js')).tar,
  },
  {
    name: 'verify',
    group: 'Project',
    summary: 'Find out whether a package is whole, and who signed it',
    details: ['Every file and link is compared with the list in the package, as a node does before it takes one.'],
    positionals: [{ name: 'package', required: true, describe: 'a file that "tar" made' }],
    options: [
      {
        name: 'key',
        type: 'string',
        value: 'FILE',
        describe: 'the public key that must have signed it',
      },
    ],
    examples: [
      ['verify shop-1.0.0.tar.gz', 'is it whole?'],
      ['verify shop-1.0.0.tar.gz --key deploy.key.pub', 'and from us?'],
    ],
    load: async () => (await import('./verify.js')).verify,
  },
  {
    name: 'keygen',
    group: 'Project',
    summary: 'Make a pair of keys to sign packages with',
    positionals: [{ name: 'file', required: true, describe: 'the private key; the public one goes to FILE.pub' }],
    options: [],
    examples: [['keygen deploy.key', 'deploy.key and deploy.key.pub']],
    load: async () => (await import('./keygen.js')).keygen,
  },
  {
    name: 'relup',
    group: 'Project',
    summary: 'Build releases and show the instructions that take a node from and to earlier versions',
    details: [
      'The versions are those that "upgrade_from" in otp.config.json lists, else every older one in _build/rel/NAME that the appups lead from.',
    ],
    positionals: [RELEASES],
    options: [FORCE],
    examples: [
      ['relup', 'what would happen on the way?'],
      ['relup --json', 'as in releases/VSN/relup.json'],
    ],
    load: async () => (await import('./build.js')).relup,
  },
]

const PLAN: CliCommandEntry = {
  name: 'plan',
  group: 'Project',
  summary: 'Show what an upgrade between two built versions will do, before anything runs',
  details: [
    'Every application and module with what becomes of it, changed parameters and npm packages, calls that no failure could take back, and whether anything restarts. Up and down.',
    'Where a node of this release runs FROM, its processes are counted.',
  ],
  positionals: [
    { name: 'from', required: true, describe: 'version to come from' },
    { name: 'to', required: true, describe: 'version to go to, newer or older' },
  ],
  options: NODE_OPTIONS.filter(({ name }) => name !== 'timeout'),
  examples: [
    ['plan 1.0.0 1.1.0', 'what will the upgrade do?'],
    ['plan 1.1.0 1.0.0', 'and the way back?'],
    ['plan 1.0.0 1.1.0 --json', 'for scripts: "verdict" says whether anything restarts'],
  ],
  load: async () => (await import('./plan.js')).plan,
}

const WHICH: Option = {
  name: 'release',
  type: 'string',
  value: 'NAME',
  describe: 'the release, NAME or NAME-VSN, where there are several (default: its newest version)',
}

const GRAPH: CliCommandEntry = {
  name: 'graph',
  group: 'Project',
  summary: 'Draw who needs whom: the applications of a release, or the modules of one of them',
  details: [
    'As a tree, as Mermaid for Markdown, as DOT for Graphviz, or as an SVG drawing. Dependencies that follow from others are left out unless --all is given; the order of starting is below the tree.',
  ],
  positionals: [{ name: 'release', required: false, describe: WHICH.describe }],
  options: [
    {
      name: 'format',
      type: 'string',
      value: 'FORMAT',
      describe: "text, mermaid, dot or svg (default: as FILE's name says, else text)",
    },
    { name: 'modules', type: 'string', value: 'APPLICATION', describe: 'draw the imports of its modules' },
    { name: 'all', type: 'boolean', describe: 'also dependencies that follow from others' },
    { name: 'out', type: 'string', value: 'FILE', describe: 'write it there' },
  ],
  examples: [
    ['graph', 'the applications as a tree'],
    ['graph --out shop.svg', 'a drawing'],
    ['graph --modules shop --format mermaid', 'for a README'],
  ],
  load: async () => (await import('./graph.js')).graph,
}

const WHY: CliCommandEntry = {
  name: 'why',
  group: 'Project',
  summary: 'Say why an application or an npm package is in a release',
  details: [
    'The shortest ways that lead to it from what otp.config.json asks for, each step with the versions that would do and the place where it is written; who else asks for it; and what decided the version.',
  ],
  positionals: [{ name: 'name', required: true, describe: 'an application, or npm:PACKAGE' }],
  options: [WHICH],
  examples: [
    ['why stdlib', 'who needs it?'],
    ['why npm:ws', 'which module imports it?'],
  ],
  load: async () => (await import('./why.js')).why,
}

const APPUP: CliCommandEntry = {
  name: 'appup',
  group: 'Project',
  summary: 'Write the appup.json files that lead from older releases, or check them',
  details: [
    'The project is compiled and compared with the versions in "upgrade_from", else every older one in _build/rel/NAME. What appup.json says of a module counts; what it leaves out is written in, up and down, with the reason for each module.',
    'With --check nothing is written: a change that no appup.json covers is a failure of its own (exit code 18).',
  ],
  positionals: [RELEASES],
  options: [
    {
      name: 'from',
      type: 'string',
      value: 'VSN',
      repeated: true,
      describe: 'an older version that is built, or its package (NAME-VSN.tar.gz); may be repeated',
    },
    { name: 'check', type: 'boolean', describe: 'fail where a change is not covered; write nothing' },
    { name: 'dry-run', type: 'boolean', describe: 'say what would be written, and write nothing' },
  ],
  examples: [
    ['appup', 'write what is missing'],
    ['appup --dry-run', 'what would that be, and why?'],
    ['appup --check --from shop-1.0.0.tar.gz', 'in CI, against the package that is deployed'],
  ],
  load: async () => (await import('./appup.js')).appup,
}

const DIFF: CliCommandEntry = {
  name: 'diff',
  group: 'Project',
  summary: 'Show what differs between two releases',
  details: [
    'Applications, modules, fields of app.json, parameters, npm packages, priv files and size. Each side is a version that is built, or a package (NAME-VSN.tar.gz); NEW left out is the project as it is now, compiled and not written.',
    'Modules are compared by what was built from them: a comment alone changes none of their instructions.',
  ],
  positionals: [
    { name: 'old', required: true, describe: 'a version that is built, or a package' },
    { name: 'new', required: false, describe: 'another one (default: the project as it is now)' },
  ],
  options: NODE_OPTIONS.filter(({ name }) => name !== 'timeout'),
  examples: [
    ['diff 1.0.0', 'what did I change since 1.0.0?'],
    ['diff 1.0.0 1.1.0', 'between two versions that are built'],
    ['diff a-1.0.0.tar.gz a-1.1.0.tar.gz --json', 'between two packages, as data'],
  ],
  load: async () => (await import('./diff.js')).diff,
}

const REHEARSE: CliCommandEntry = {
  name: 'rehearse',
  group: 'Upgrade',
  summary: 'Try an upgrade: on copies of the states of the node that runs, or with --from on a node of its own',
  details: [
    'Without --from: the states of all processes that the upgrade would convert are copied into another operating system process with the code of the new version, converted there, and back. The node that runs is not touched.',
    'With --from, for build servers: FROM is booted in a folder of its own, the traffic started, its states rehearsed, and the node upgraded, downgraded and upgraded again. Ends with 9 where a state cannot be converted or the traffic fails.',
  ],
  positionals: [{ name: 'vsn', required: true, describe: 'version to go to' }],
  options: [
    ...(NODE_COMMANDS.find(({ name }) => name === 'rehearse')?.options ?? []),
    { name: 'from', type: 'string', value: 'VSN', describe: 'the version to come from, which is booted for this' },
    {
      name: 'traffic',
      type: 'string',
      value: 'COMMAND',
      describe:
        'a program that uses the node meanwhile, until SIGTERM: fails when it ends with another code than 0. It gets RELEASE_BIN (bin/NAME) and RELEASE_ROOT, and begins with its first line of output',
    },
    { name: 'settle', type: 'string', value: 'TIME', describe: 'time between two changes (default: 1s)' },
    ...NODE_OPTIONS,
  ],
  examples: [
    ['rehearse 1.1.0', 'would it work, with what is in memory now?'],
    ['rehearse 1.1.0 --from 1.0.0 --traffic "node test/load.mjs"', 'a step of a build server'],
  ],
  load: async () => (await import('./rehearse.js')).rehearse,
}

const SYSTOOLS: CliCommandEntry = {
  name: 'systools',
  group: 'Project',
  summary: 'Make boot scripts, relups and packages from rel and appup files that you write yourself',
  details: [
    'make-script NAME: NAME.rel.json to NAME.script.json. make-relup NAME: relup.json, from and to the releases named. make-tar NAME: NAME.tar.gz of what lies beside NAME.rel.json (its boot script, relup.json, sys.config.json) and of the applications, which have to be built. script2boot NAME: checks NAME.script.json and makes it compact.',
    'No otp.config.json is needed. The same as functions: "otp-rel/systools".',
  ],
  positionals: [
    { name: 'tool', required: true, describe: 'make-script, make-relup, make-tar or script2boot' },
    { name: 'name', required: true, describe: 'the rel file, with or without its ending; for script2boot the script' },
  ],
  options: [
    {
      name: 'path',
      type: 'string',
      value: 'DIRS',
      describe: 'where applications are, in order, by commas; "*" for any name (default: lib/*/ebin,apps/*)',
    },
    { name: 'outdir', type: 'string', value: 'DIR', describe: 'where results go (default: beside the rel file)' },
    { name: 'from', type: 'string', value: 'RELS', describe: 'make-relup: releases that can be upgraded, by commas' },
    { name: 'to', type: 'string', value: 'RELS', describe: 'make-relup: releases that can be gone back to, by commas' },
    { name: 'restart-emulator', type: 'boolean', describe: 'make-relup: end with a restart of the node' },
    { name: 'script-name', type: 'string', value: 'NAME', describe: 'make-script: another name for the script' },
    { name: 'local', type: 'boolean', describe: 'make-script: paths as found, not below $ROOT' },
    { name: 'dirs', type: 'string', value: 'DIRS', describe: 'make-tar: further folders of applications, such as src' },
    { name: 'erts', type: 'string', value: 'DIR', describe: 'make-tar: the folder with bin/node that travels' },
    { name: 'extra', type: 'string', value: 'FILES', describe: 'make-tar: further files, FROM=TO by commas' },
    { name: 'no-warn-sasl', type: 'boolean', describe: 'do not warn about a release without sasl' },
    { name: 'warnings-as-errors', type: 'boolean', describe: 'make nothing where there is a warning' },
    FORCE,
  ],
  examples: [
    ['systools make-script shop', 'shop.rel.json to shop.script.json'],
    ['systools make-relup shop-2 --from shop-1 --to shop-1', 'relup.json, up and down'],
    ['systools make-tar shop --path "_build/rel/shop/lib/*/ebin"', 'a package of what was built'],
  ],
  load: async () => (await import('./systools.js')).systools,
}

const DOCTOR: CliCommandEntry = {
  name: 'doctor',
  group: 'Project',
  summary: 'Find out what is wrong with a project, a release, or why its node cannot be reached',
  details: [
    'Looks at Node, otp-rel, the configuration, applications, whether the releases can be built (what "check" says), git, what is built and which upgrades it has, the node with its socket, processes that are left over, ports, disk and limits. Changes nothing.',
    'Ends with 0, or with the exit code of the first fault; warnings do not count.',
  ],
  positionals: [],
  options: NODE_OPTIONS,
  examples: [
    ['doctor', 'the project and its releases'],
    ['doctor --root /srv/shop', 'a release on a server'],
    ['doctor --json', 'findings as data'],
  ],
  load: async () => (await import('./doctor.js')).doctor,
}

const COMPLETION: CliCommandEntry = {
  name: 'completion',
  group: 'Project',
  summary: 'Print a script with which bash, zsh or fish completes otp-rel: commands, options, versions, names',
  details: [
    'For otp-rel as a command of its own; where it is called through npx, "alias otp-rel=\'npx otp-rel\'" makes it one.',
  ],
  positionals: [{ name: 'shell', required: true, describe: 'bash, zsh or fish' }],
  options: [],
  examples: [
    ['completion bash >> ~/.bashrc', 'bash: from the next terminal on'],
    ['completion zsh > ~/.zfunc/_otp-rel', 'zsh: with "fpath+=~/.zfunc" before compinit in ~/.zshrc'],
    ['completion fish > ~/.config/fish/completions/otp-rel.fish', 'fish'],
  ],
  load: async () => {
    const { completion } = await import('./completion.js')
    return (args) => completion(COMMANDS, SHARED_OPTIONS, args)
  },
}

const EXPLAIN: CliCommandEntry = {
  name: 'explain',
  group: 'Project',
  summary: 'Say what an error, a warning or an exit code means, why it is there, and the way out',
  details: [
    'A code is the "tag" of a failure or fault in --json, or an exit code. Without one all are listed, by area.',
  ],
  positionals: [{ name: 'code', required: false, describe: 'for example no_matching_relup, or 10' }],
  options: [],
  examples: [
    ['explain', 'every code there is'],
    ['explain no_matching_relup', 'why is there no way?'],
    ['explain 10', 'what does this exit code mean?'],
  ],
  load: async () => (await import('./explain.js')).explain,
}

const START: CliCommandEntry = {
  name: 'start',
  group: 'Node',
  summary: 'Start the node in the background and wait until it has started',
  details: ['What else is given goes to the node: --APP key=value sets a parameter of an application.'],
  positionals: [],
  options: NODE_OPTIONS,
  examples: [
    ['start', 'the release of this project'],
    ['start --shop port=8080', 'with another parameter'],
    ['start --root /srv/shop', 'a release elsewhere'],
  ],
  passThrough: true,
  load: async () => (await import('./start.js')).start,
}

const DEV: CliCommandEntry = {
  name: 'dev',
  group: 'Node',
  summary: 'Run the project here, and put every save into the running node, its state kept',
  details: [
    'A changed module goes through the upgrade path of the node: its processes are suspended, its code replaced, its states converted by codeChange, and all is taken back when a step fails. A fault of compilation is shown, and what ran before runs on.',
    'A change of app.json, of the configuration, of priv or of npm packages builds the release anew and restarts the node. It is built in _build/dev, apart from what "build" makes. Of a release with several versions the last one is run.',
    'What else is given goes to the node: --APP key=value sets a parameter of an application. Keys in a terminal: r restart, c clear, q quit.',
  ],
  positionals: [],
  options: [{ name: 'name', type: 'string', value: 'NAME', describe: 'the release, where the project has several' }],
  examples: [
    ['dev', 'the release of this project'],
    ['dev --shop port=8080', 'with another parameter'],
    ['dev --json', 'one JSON document a line for each thing that happens'],
  ],
  passThrough: true,
  endless: true,
  load: async () => (await import('./dev.js')).dev,
}

/** In the order they are listed. */
export const COMMANDS: readonly CliCommandEntry[] = [
  ...PROJECT_COMMANDS,
  DEV,
  PLAN,
  GRAPH,
  WHY,
  DIFF,
  APPUP,
  SYSTOOLS,
  DOCTOR,
  EXPLAIN,
  COMPLETION,
  START,
  REHEARSE,
  // The project has a plan of its own, between any two versions, and rehearses without a node, too.
  ...NODE_COMMANDS.filter(({ name }) => name !== PLAN.name && name !== REHEARSE.name).map(onNode),
]

/** The same command as in `bin/NAME`, the node found by the project. */
function onNode(entry: NodeCommandEntry): CliCommandEntry {
  return {
    ...entry,
    options: [...entry.options, ...NODE_OPTIONS],
    load: async () => {
      const command = await entry.load()
      return async (args, context) => {
        const located = await locate(args, context)
        if (!located.ok) return located
        const seconds = number(args, 'timeout')
        const { packagesOf, ...target } = located.value
        const timeoutMs = seconds === undefined ? DEFAULT_TIMEOUT_MS : seconds * 1_000
        return command(args, { ...context, target, packagesOf, timeoutMs })
      }
    },
  }
}
