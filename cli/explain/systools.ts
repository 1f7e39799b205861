/** Pages of systools: what it refuses of a release or of an appup file, and what it warns about. OTP's words. */
import type { ReadingFault, SystoolsError } from '../../runtime/sasl/src/systools_error.js'
import type { RcError } from '../../runtime/sasl/src/systools_rc_error.js'
import type { SystoolsWarning } from '../../runtime/sasl/src/systools_warning.js'
import { type Page, type Pages, page } from './page.js'

const READING = {
  not_found: page(
    'An application of the release is in none of the places that were searched.',
    'Its app.json says what it needs.',
    'Correct the name, or add its folder to the path.',
    'otp-rel systools make-script shop --path "lib/*/ebin"',
  ),
  no_valid_version: page(
    'The application was found, in other versions only.',
    'A release names exact versions.',
    'Correct the version in the rel file.',
    '{ "name": "shop", "vsn": "1.1.0" }',
  ),
  override_include: page(
    'The release includes applications that the app.json does not.',
    'A release can only choose among those.',
    'Add them to "included_applications" of app.json, or take them out.',
    '"included_applications": ["words"]',
  ),
  missing_param: page('app.json lacks a key that systools needs.', 'It has no default.', 'Add it.', '"vsn": "1.0.0"'),
  bad_param: page(
    'A key of app.json has a value that it cannot have.',
    'It would fail at boot.',
    'The message says what is allowed.',
    '"registered": ["counter"]',
  ),
  parse_error: page(
    'A file is not JSON.',
    'Nothing of it can be used.',
    'Look at the place.',
    '{ "name": "shop", "vsn": "1.0.0" }',
  ),
  badly_formatted_application: page(
    'An app.json that is no object.',
    'It must be one.',
    'Write an object.',
    '{ "name": "shop", "vsn": "1.0.0" }',
  ),
} satisfies Record<ReadingFault['tag'], Page>

type Own = Exclude<SystoolsError, RcError>['tag']

const ERRORS = {
  badly_formatted_release: page(
    'The rel file is no release.',
    'It must be an object with name, vsn, erts and applications.',
    'Write one.',
    '{ "name": "shop", "vsn": "1.0.0", "erts": "22.0.0", "applications": [...] }',
  ),
  illegal_name: page(
    'The release has a name that cannot be that of a folder.',
    'Its folder and its start script are called so.',
    'Take out path separators and spaces.',
    '"name": "shop"',
  ),
  illegal_form: page(
    'The version of the release or of erts is no word.',
    'releases/VSN is a folder.',
    'Write a version.',
    '"vsn": "1.0.0"',
  ),
  illegal_applications: page(
    'An entry of "applications" has a form that it cannot have.',
    'Each is a name with a version, perhaps a type.',
    'The message has the index of each.',
    '{ "name": "shop", "vsn": "1.0.0", "type": "permanent" }',
  ),
  duplicate_application: page(
    'An application is listed twice.',
    'A release has one version of each.',
    'Keep one.',
    '"applications": [shop 1.0.0, shop 1.1.0]',
  ),
  missing_mandatory_app: page(
    'kernel or stdlib is not listed.',
    'Every release needs them.',
    'Add it.',
    '{ "name": "stdlib", "vsn": "1.0.0" }',
  ),
  mandatory_app: page(
    'kernel or stdlib with a type that leaves it stopped.',
    'Nothing runs without them.',
    'Leave the type out.',
    '{ "name": "kernel", "vsn": "1.0.0" }',
  ),
  error_reading: page(
    'An application could not be read; the message says which of the other reasons it is.',
    'Its app.json says what it needs and starts.',
    'See not_found, no_valid_version, override_include, missing_param, bad_param, parse_error.',
    'otp-rel explain not_found',
  ),
  bad_application_name: page(
    'The app.json found for an application is that of another one.',
    'Folder and name do not go together.',
    'Correct "name", or rename the folder.',
    'lib/shop-1.0.0/ebin/app.json: "name": "shop"',
  ),
  undefined_applications: page(
    'Applications need others that the release does not list.',
    'They could not be started.',
    'Add them to the release, or make the dependency optional.',
    '"optional_applications": ["metrics"]',
  ),
  bad_range: page(
    'A dependency asks for a version range that is none.',
    'It would match nothing, or everything.',
    'Write a semver range.',
    '{ "name": "words", "vsn": "^1.2.0" }',
  ),
  version_not_in_range: page(
    'The release has another version of an application than one that needs it takes.',
    'They were never meant to run together.',
    'Change the range, or the version in the release.',
    'shop needs words ^2.0.0, the release has 1.4.0',
  ),
  duplicate_register: page(
    'Two applications register the same name.',
    'A name leads to one process.',
    'Rename one, or take it out of "registered".',
    '"registered": ["shop_counter"]',
  ),
  duplicate_include: page(
    'Two applications include the same one.',
    'It can be part of one supervision tree.',
    'Include it in one; the other may depend on it.',
    '"included_applications": []',
  ),
  duplicate_modules: page(
    'Two applications list the same module.',
    'There is one of each name in a node.',
    'List it once.',
    '"modules": ["counter"]',
  ),
  circular_inclusions: page(
    'Applications include each other in a circle.',
    'Neither is the outer one.',
    'Take one of the inclusions out.',
    'shop includes words, words includes shop',
  ),
  circular_dependencies: page(
    'Applications need each other in a circle.',
    'None could be started first.',
    'Move what both need into a third one.',
    'shop -> words -> shop',
  ),
  module_not_found: page(
    'A module that app.json lists has no built file.',
    'The boot would fail when it is loaded.',
    'Build it, or take it out of "modules".',
    'lib/shop-1.0.0/ebin/counter.js',
  ),
  error_add_appl: page(
    'A file of an application that is packed is not there.',
    'A package without it would not start.',
    'Build the application first.',
    'otp-rel build',
  ),
  tar_error: page(
    'A file of the release that is packed is missing or of another kind.',
    'A package needs its boot script; relup.json and sys.config.json must be what they are called.',
    'Make it, or take it away.',
    'otp-rel systools make-script shop',
  ),
  missing_sasl: page(
    'The release has no sasl. A warning, and an error for a relup.',
    'sasl holds the release handler: without it no upgrade can be installed.',
    'Add it.',
    '"applications": ["sasl", "shop"]',
  ),
  file_problem: page(
    'The appup.json of a changed application is missing or cannot be used.',
    'Nobody else knows how a running node comes to its new version.',
    'Write it, or let "otp-rel appup" do it.',
    'otp-rel appup',
  ),
  no_relup: page(
    'No appup entry leads from, or to, a version.',
    'That step would be a restart.',
    'Add an entry for the version, or a pattern.',
    '{ "from": "1.0.0", "instructions": [{ "op": "load_module", "module": "words" }] }',
  ),
  bad_regex: page(
    'A pattern of versions in an appup is no regular expression.',
    'It would match nothing.',
    'Correct it.',
    '{ "from": { "regex": "1\\\\.[0-9]+" } }',
  ),
  bad_appup_range: page(
    'A range of versions in an appup is none.',
    'It would match nothing.',
    'Write a semver range.',
    '{ "from": { "range": "^1.0.0" } }',
  ),
  warnings_treated_as_errors: page(
    'There are warnings, and they were asked to be errors.',
    'Nothing was made.',
    'Correct them, or leave --warnings-as-errors out.',
    'otp-rel systools make-script shop',
  ),
} satisfies Record<Own, Page>

const WARNINGS = {
  missing_sasl: ERRORS.missing_sasl,
  source_not_found: page(
    'A module has no source beside it. A warning.',
    'Nobody could say whether it is up to date.',
    'Keep sources with the application, or ignore it.',
    'lib/shop-1.0.0/src/counter.ts',
  ),
  obj_out_of_date: page(
    'The source of a module was changed after it was built. A warning.',
    'The release would have the old code.',
    'Build it again.',
    'otp-rel build',
  ),
  dupl_entry: page(
    'A name stands twice in one list of app.json. A warning.',
    'It counts once; the second is most often meant to be another.',
    'Take one out.',
    '"applications": ["kernel", "kernel"]',
  ),
  needs_itself: page(
    'An application lists itself. A warning.',
    'The entry is dropped.',
    'Take it out.',
    '"applications": ["kernel", "stdlib"]',
  ),
  dependency_not_started: page(
    'A started application needs one that the release does not start. A warning.',
    'It would stay down after boot.',
    'Make the dependency "permanent".',
    '{ "name": "words", "vsn": "1.0.0", "type": "load" }',
  ),
  erts_vsn_changed: page(
    'The two releases run on different node binaries. A warning.',
    'That cannot be changed in place: the upgrade restarts the node.',
    'Nothing, if that is what you want.',
    'otp-rel plan 1.0.0 1.1.0',
  ),
  bad_vsn: page(
    'An appup.json says it is of another version than the app.json beside it. A warning.',
    'Most often it was not changed with the application.',
    'Correct its "vsn".',
    '{ "vsn": "1.1.0", "up": [], "down": [] }',
  ),
} satisfies Record<SystoolsWarning['tag'], Page>

/** By code. */
export const SYSTOOLS_PAGES: Pages = { ...READING, ...ERRORS, ...WARNINGS }
