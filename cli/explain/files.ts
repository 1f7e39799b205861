/** Pages of files: formats that all files share, otp.config.json, app.json, appup.json and sys.config.json. */

import type { VariableProblem } from '../../runtime/kernel/src/config_variables.js'
import type { LayerError } from '../release/config_layers.js'
import { type Page, type Pages, page } from './page.js'

const FORMATS: Pages = {
  parse_error: page(
    'The file is not JSON.',
    'Comments and a last comma are allowed; single quotes and keys without quotes are not.',
    'Look at the line and column; the fault is there or just before.',
    '{ "name": "shop", "vsn": "1.0.0", } // this is fine',
  ),
  unknown_key: page(
    'The format has no such key.',
    'A misspelt key would otherwise be silently without effect.',
    'Take the one that is offered; docs/formats.md lists them all.',
    '"aplications": [...]   did you mean "applications"?',
  ),
  missing_key: page(
    'A key that the format needs is not there.',
    'It has no sensible default.',
    'Add it.',
    '{ "name": "shop", "vsn": "1.0.0" }',
  ),
  bad_value: page(
    'A value is not of the kind that the format allows.',
    'It is refused here, with its place, rather than where it is used.',
    'The message says what is allowed.',
    '"vsn": "1.0.0"   not   "vsn": 1.0',
  ),
  duplicate_key: page(
    'A key stands twice in the same object.',
    'JSON takes the last, Erlang the first: nobody should have to know which.',
    'Keep one.',
    '{ "vsn": "1.0.0", "vsn": "1.1.0" }',
  ),
  unknown_op: page(
    'There is no upgrade instruction of that name.',
    'An instruction that is not understood cannot be checked.',
    'Take the one that is offered; docs/upgrade.md lists them.',
    '{ "op": "update", "module": "counter", "change": { "advanced": [] } }',
  ),
  cannot_read: page(
    'A file or folder is there and cannot be read.',
    'The operating system says why.',
    'Check owner, permission, and whether it is a file.',
    'ls -l otp.config.json',
  ),
}

const CONFIG: Pages = {
  no_config: page(
    'No otp.config.json here or in any folder above, and not one application alone.',
    'Without it there is no project to build.',
    'Go to the folder of the project, name it with --project, or make one.',
    'otp-rel new shop',
  ),
  several_applications: page(
    'There are several applications and no otp.config.json.',
    'One application is a release by itself; of several nobody knows which are to run together.',
    'Write otp.config.json beside them: the name of the release, its version and its applications.',
    '{ "releases": [{ "name": "shop", "vsn": "1.0.0", "applications": ["shop", "cart"] }] }',
  ),
  bad_config: page(
    'otp.config.json has faults; they stand above with their places.',
    'Commands on a node read it to find the release.',
    'Correct them, or name the node with --root.',
    'otp-rel check',
  ),
  bad_project: page(
    'The project has several faults; they stand above.',
    'Without its applications there is nothing to look at.',
    'Correct them; "otp-rel check" finds the rest.',
    'otp-rel check',
  ),
  two_configs: page(
    'There are two configuration files in the folder.',
    'One would be silently without effect.',
    'Keep otp.config.json or otp.config.ts.',
    'rm otp.config.ts',
  ),
  bad_config_module: page(
    'otp.config.ts does not run, or what it exports is no configuration.',
    'It must export plain data as default, or a function that returns it.',
    'Look at the error it threw.',
    "import { defineConfig } from 'otp-rel/config'\nexport default defineConfig({ releases: [...] })",
  ),
  bad_setting: page(
    'What --set says is no setting.',
    'It names a place in otp.config.json and a value.',
    'Write releases.NAME.KEY=VALUE or defaults.KEY=VALUE.',
    'otp-rel build --set releases.shop.vsn=1.2.0',
  ),
  unknown_profile: page(
    'There is no profile of that name.',
    'dev and prod are always there; others stand in "profiles" of otp.config.json.',
    'Take one of those that are listed.',
    'otp-rel build --profile prod',
  ),
  duplicate_release: page(
    'A release stands twice, with the same name and version.',
    'They would be built into the same folder.',
    'Give each its own name or version.',
    '{ "name": "shop", "vsn": "1.1.0" }',
  ),
  duplicate_goal: page(
    'An application stands twice in one release.',
    'A release has one version of each.',
    'Keep one.',
    '"applications": ["shop"]',
  ),
  missing_file: page(
    'A file that otp.config.json names is not there, or is a folder.',
    'The build needs it.',
    'Correct the path: it counts from the folder of otp.config.json.',
    '"sys_config": "config/sys.config.json"',
  ),
  bad_mod: page(
    'The callback module of an application is none of its modules.',
    'The application could not start; OTP notices that only then.',
    'Correct "mod" in app.json.',
    '"mod": ["shop_app", []]',
  ),
  bad_vm_args: page(
    'A line of vm.args is nothing that node takes, or would keep it from running the release.',
    'The node would not start, on the server.',
    'One flag a line, its value after "=".',
    '--max-old-space-size=512',
  ),
  missing_config: page(
    'A configuration file that is named by another cannot be read.',
    'The node would not start.',
    'Correct the name, or add the file.',
    '"sys_config": "config/sys.config.json"',
  ),
  config_outside: page(
    'A configuration names another one outside of its own folder.',
    'It could not travel with the release.',
    'Move it beside, or give its absolute path on the server.',
    '["extra/limits.config.json", { "shop": {} }]',
  ),
  bad_provider: page(
    'A config provider names a module or a function that the release does not have.',
    'It is called at boot, before any application could tell.',
    'It is [MODULE, FUNCTION, ...], a module being APPLICATION/MODULE.',
    '"kernel": { "config_providers": [["shop/secrets", "read"]] }',
  ),
  bad_overlay: page(
    'An overlay cannot be carried out: a path outside the release, a file that is missing, a variable that is not set.',
    'All overlays are checked before anything is written.',
    'The message says which; docs/configuration.md lists the kinds.',
    '{ "copy": "etc/motd", "to": "etc/motd" }',
  ),
  bad_variables: page(
    'A file of variables for overlays is no JSON object.',
    'Names need values.',
    'Write one.',
    '{ "port": 8080 }',
  ),
  reserved_variable: page(
    'A variable for overlays has a name that otp-rel gives itself.',
    'Templates could not tell which one they get.',
    'Give it another name.',
    '{ "my_release_name": "shop" }',
  ),
}

const LAYERS = {
  unknown_extended: page(
    'A release extends one that does not exist.',
    '"extend" takes its settings from there.',
    'Correct the name.',
    '{ "name": "shop_eu", "extend": "shop" }',
  ),
  circular_extend: page(
    'Releases extend each other in a circle.',
    'None of them could be read first.',
    'Take one "extend" out.',
    'shop -> base -> shop',
  ),
  unknown_release: page(
    'otp.config.json has no release of that name.',
    'A profile, --set, --name or an argument speaks of it.',
    'Take the one that is offered.',
    'otp-rel build shop',
  ),
  missing_setting: page(
    'A release has no "vsn" or no "applications", nor does anything that it extends.',
    'Both are needed, and could come from "defaults", "extend" or a profile.',
    'Add it.',
    '{ "name": "shop", "vsn": { "from": "git" }, "applications": ["shop"] }',
  ),
} satisfies Record<LayerError['tag'], Page>

const VARIABLES = {
  unset_variable: page(
    'An environment variable that the configuration needs is not set.',
    'The node would start with a hole in its configuration. All missing ones are named at once.',
    'Set it, or give a default.',
    `"port": "\${PORT:-8080|number}"`,
  ),
  bad_variable: page(
    'An environment variable is not of the kind that the configuration asks for.',
    'What it holds is not shown: it may be a secret.',
    'Set it to a number, true or false, or JSON.',
    'PORT=8080 bin/shop start',
  ),
  bad_reference: page(
    'A "$" before a "{" in the configuration is no reference to an environment variable.',
    'It would stay in the text unnoticed.',
    `Write \${NAME} or \${NAME:-default}; "$\${" for the characters themselves.`,
    `"price": "$\${amount}"`,
  ),
} satisfies Record<VariableProblem['tag'], Page>

/** By code. */
export const FILE_PAGES: Pages = { ...FORMATS, ...CONFIG, ...LAYERS, ...VARIABLES }
