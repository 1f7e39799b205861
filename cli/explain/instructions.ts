/** Pages of upgrade instructions: what systools refuses of the lists in an appup.json. OTP's words. */
import type { FormTag, RcError } from '../../runtime/sasl/src/systools_rc_error.js'
import { type Page, type Pages, page } from './page.js'

/** A value of an instruction that is not what it must be. */
const form = (what: string, example: string): Page =>
  page(
    `An instruction has something else where ${what} must stand.`,
    'It is refused by the build, with file, list and index, rather than on the node.',
    'The message says what was found and what it may be.',
    example,
  )

const FORMS = {
  bad_module: form(
    'a module (without the application, without ending)',
    '{ "op": "load_module", "module": "http/router" }',
  ),
  bad_application: form('the name of an application', '{ "op": "restart_application", "application": "shop" }'),
  bad_func: form('the name of an exported function', '{ "op": "apply", "module": "shop/db", "function": "migrate" }'),
  bad_node: form('the name of a node', '{ "op": "sync_nodes", "nodes": ["shop@host"] }'),
  bad_change: form('a kind of change', '{ "op": "update", "module": "counter", "change": { "advanced": [] } }'),
  bad_mod_type: form('"static" or "dynamic"', '{ "op": "update", "module": "counter", "mod_type": "dynamic" }'),
  bad_purge_method: form('a way to purge', '{ "op": "load_module", "module": "words", "post_purge": "soft_purge" }'),
  bad_timeout: form('a time in milliseconds', '{ "op": "update", "module": "counter", "timeout": 10000 }'),
  bad_start_type: form(
    'a type of start',
    '{ "op": "add_application", "application": "words", "start_type": "permanent" }',
  ),
  bad_mode: form('"up" or "down"', '{ "op": "code_change", "mode": "up", "modules": [] }'),
  bad_list: form('a list', '{ "op": "suspend", "modules": ["counter"] }'),
  bad_args_list: form('a list of arguments', '{ "op": "apply", "args": [1, "x"] }'),
  bad_lib_vsn: form('a version', '{ "op": "load_object_code", "application": "shop", "vsn": "1.1.0" }'),
  bad_code_change: form('a module with its extra', '{ "module": "counter", "extra": [] }'),
} satisfies Record<FormTag, Page>

type Others = Exclude<RcError['tag'], FormTag>

const RULES = {
  bad_instruction: page(
    'This is no instruction, or not in this combination.',
    'What is not understood cannot be undone either.',
    'The message has the reason; docs/upgrade.md lists all instructions.',
    '{ "op": "load_module", "module": "words" }',
  ),
  not_yet_implemented: page(
    'OTP names this instruction and never implemented it.',
    'It would do nothing.',
    'Take it out.',
    '{ "op": "sync_nodes" }',
  ),
  bad_op_before_point_of_no_return: page(
    'Before point_of_no_return stands something that changes the node.',
    'Only load_object_code and apply may stand there: until then nothing needs to be undone.',
    'Move it behind.',
    '[load_object_code, point_of_no_return, suspend, load, resume]',
  ),
  too_many_point_of_no_return: page(
    'There are two points of no return.',
    'A script has one at most.',
    'Take one out; it is added by itself where it is missing.',
    '{ "op": "point_of_no_return" }',
  ),
  no_object_code: page(
    'A low-level load of a module whose code nothing loads before.',
    'There would be nothing to replace it with.',
    'Use load_module, or add load_object_code.',
    '{ "op": "load_object_code", "application": "shop", "vsn": "1.1.0", "modules": ["words"] }',
  ),
  suspended_not_resumed: page(
    'Modules are suspended and not resumed.',
    'Their processes would stand still for ever.',
    'Add a resume, or use update.',
    '{ "op": "resume", "modules": ["counter"] }',
  ),
  resumed_not_suspended: page(
    'Modules are resumed that were not suspended before.',
    'Most often the order is wrong.',
    'Put suspend first, or use update.',
    '{ "op": "suspend", "modules": ["counter"] }',
  ),
  start_not_stop: page(
    'Processes are started that were not stopped.',
    'They run already.',
    'Put stop first.',
    '{ "op": "stop", "modules": ["counter"] }',
  ),
  stop_not_start: page(
    'Processes are stopped and not started again.',
    'They would be missing after the upgrade.',
    'Add a start.',
    '{ "op": "start", "modules": ["counter"] }',
  ),
  code_change_not_suspended: page(
    'States of a module are to be converted that is not suspended.',
    'Only a process that stands still has a state to convert.',
    'Suspend it first, or use update.',
    '{ "op": "update", "module": "counter", "change": { "advanced": [] } }',
  ),
  no_such_application: page(
    'The application is not in the release that the instruction needs it in.',
    'add needs it in the new release, remove in the old one.',
    'Correct the name.',
    '{ "op": "add_application", "application": "words" }',
  ),
  removed_application_present: page(
    'An application is removed that the new release still has.',
    'It would be missing at once and back at the next start.',
    'Take it out of the release, or use restart_application.',
    '{ "op": "restart_application", "application": "words" }',
  ),
  no_such_module: page(
    'The module is not in the application of that version.',
    'The instruction would do nothing.',
    'Correct the name: without application, without ending.',
    '{ "op": "load_module", "module": "words" }',
  ),
  undef_module: page(
    'mod_deps names a module that no instruction is about.',
    'Dependencies only order instructions.',
    'Add an instruction for it, or take it out of "mod_deps".',
    '{ "op": "update", "module": "counter", "mod_deps": ["words"] }',
  ),
  muldef_module: page(
    'Two instructions are about the same module.',
    'It changes once.',
    'Keep one.',
    '{ "op": "load_module", "module": "words" }',
  ),
  conflicting_versions: page(
    'Code of one application in two versions.',
    'One release has one.',
    'Keep that of the release gone to.',
    '{ "op": "load_object_code", "application": "shop", "vsn": "1.1.0" }',
  ),
  module_present: page(
    'A module is deleted that the version gone to still lists.',
    'It would be missing until the next start.',
    'Take the instruction out, or the module out of "modules".',
    '{ "op": "delete_module", "module": "old_words" }',
  ),
  object_code_vsn: page(
    'Code of a version that is not the one gone to.',
    'The node would run what the release does not hold.',
    'Correct the version.',
    '{ "op": "load_object_code", "application": "shop", "vsn": "1.1.0" }',
  ),
  application_twice: page(
    'An application is added or removed that the releases add or remove by themselves.',
    'It would happen twice.',
    'Take the instruction out.',
    '{ "op": "add_application", "application": "words" }',
  ),
} satisfies Record<Others, Page>

/** By code. */
export const INSTRUCTION_PAGES: Pages = { ...FORMS, ...RULES }
